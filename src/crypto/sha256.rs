//! SHA-256, of the library that encrypts the connections: a build has it anyway.

use aws_lc_rs::digest::{Context, SHA256, SHA256_OUTPUT_LEN};

/// The length of a digest in bytes.
pub(crate) const DIGEST: usize = SHA256_OUTPUT_LEN;

/// Returns the digest of these parts, one after the other.
pub(crate) fn sha256<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> [u8; DIGEST] {
    let mut context = Context::new(&SHA256);
    parts.into_iter().for_each(|part| context.update(part.as_ref()));
    let mut bytes = [0; DIGEST];
    bytes.copy_from_slice(context.finish().as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_standards_digest_of_all_parts() {
        // FIPS 180-2, appendix B.2.
        let expected = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
        let text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        for parts in [vec![text], vec!["", &text[..1], &text[1..40], &text[40..]]] {
            let digest: String = sha256(parts).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(digest, expected);
        }
    }
}
