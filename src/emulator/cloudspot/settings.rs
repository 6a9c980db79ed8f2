//! Cloudspot's settings.

use super::seed::Seed;
use std::time::Duration;

/// The seed and the settings of the emulated Cloudspot License. A [`Seed`] alone becomes settings with everything else as by
/// default.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(super) seed: Seed,
    pub(super) token_lifetime: Duration,
}

impl Settings {
    /// Creates settings with the default seed.
    pub fn new() -> Self {
        Self { seed: Seed::default(), token_lifetime: Duration::from_secs(24 * 60 * 60) }
    }

    /// Sets the initial companies and people.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the lifetime of license tokens. The vendor does not document it. Default: 24 hours.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Seed> for Settings {
    fn from(seed: Seed) -> Self {
        Self::new().seed(seed)
    }
}
