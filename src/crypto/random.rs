//! Random numbers from the operating system.
//!
//! Never from a generator in this process: after a `fork`, parent and child would draw the same nonces, salts and keys.

/// Draws `N` bytes.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Nothing can go on without: any key that was used instead could be guessed.
    getrandom::fill(&mut bytes).unwrap_or_else(|error| panic!("the operating system has no random numbers: {error}"));
    bytes
}

/// Draws a number from 0 up to 1, which is left out.
pub(crate) fn random_unit() -> f64 {
    const BITS: u32 = f64::MANTISSA_DIGITS;
    (u64::from_ne_bytes(random_bytes()) >> (u64::BITS - BITS)) as f64 / (1_u64 << BITS) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        assert_ne!(random_bytes::<16>(), random_bytes::<16>());
    }

    #[test]
    fn numbers_fill_the_range_from_0_to_1() {
        let numbers: Vec<_> = (0..1000).map(|_| random_unit()).collect();
        assert!(numbers.iter().all(|number| (0.0..1.0).contains(number)));
        // Of 1,000 even draws none falls into a given tenth once in 10^45 runs.
        assert!((0..10).all(|tenth| numbers.iter().any(|number| (number * 10.0) as i32 == tenth)));
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
