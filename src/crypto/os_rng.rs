//! The operating system's random numbers, as RSA takes them.

use getrandom::SysRng;
use rsa::rand_core::UnwrapErr;

/// Returns the operating system's generator.
pub(crate) fn os_rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}
