//! Random numbers from the operating system.
//!
//! Never from a generator in this process: after a `fork`, parent and child would draw the same nonces, salts and keys.

use rand::{Rng, rand_core::UnwrapErr, rngs::SysRng};

/// The operating system's generator.
pub(crate) fn os_rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// `N` random bytes.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    os_rng().fill_bytes(&mut bytes);
    bytes
}
