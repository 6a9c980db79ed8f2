//! Random numbers from the operating system.
//!
//! Never from a generator in this process: after a `fork`, parent and child would draw the same nonces, salts and keys.

use rand::{Rng, rand_core::UnwrapErr, rngs::SysRng};

/// Returns the operating system's generator.
pub(crate) fn os_rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// Draws `N` bytes.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    os_rng().fill_bytes(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        assert_ne!(random_bytes::<16>(), random_bytes::<16>());
    }

    /// `tests/token_store/fork.rs` shows it for what a store writes; a key pair of a login cannot be seen from outside.
    #[test]
    fn nothing_that_must_be_secret_comes_from_a_generator_of_this_process() {
        let sources = [
            include_str!("digest.rs"),
            include_str!("handshake.rs"),
            include_str!("sealed.rs"),
            include_str!("../authing/password.rs"),
            include_str!("../token_store/keyring.rs"),
            include_str!("../token_store/redis/lock.rs"),
        ];
        for (n, source) in sources.into_iter().enumerate() {
            let (code, _tests) = source.split_once("#[cfg(test)]").unwrap_or((source, ""));
            assert!(!code.contains("rand::"), "source {n}");
        }
    }
}
