//! Digiwin's settings.

use super::seed::Seed;
use serde::{
    Deserialize,
    de::{IntoDeserializer as _, value::Error},
};
use std::{str::FromStr, time::Duration};

/// Which responses are wrapped in the envelope `{"status", "message", "data"}`. Releases of the server differ in this.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ResponseStyle {
    /// All but those below `/api/iam/v2/identity`, as the vendor's Python client expects.
    #[default]
    Mixed,
    /// No response is wrapped.
    Bare,
    /// All responses are wrapped, and error responses have HTTP status 200.
    Enveloped,
}

/// Reads `mixed`, `bare` or `enveloped`.
impl FromStr for ResponseStyle {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::deserialize(name.into_deserializer())
    }
}

/// The seed and the settings of the emulated Digiwin IAM. A [`Seed`] alone becomes settings with everything else as by default.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(super) seed: Seed,
    pub(super) response_style: ResponseStyle,
    pub(super) token_lifetime: Duration,
    pub(super) server_key_bits: usize,
}

impl Settings {
    /// Creates settings with the default seed.
    pub fn new() -> Self {
        let (seed, response_style) = Default::default();
        Self { seed, response_style, token_lifetime: Duration::from_secs(2 * 60 * 60), server_key_bits: 1024 }
    }

    /// Sets the initial people and tenants.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// Sets which responses are wrapped in an envelope. Default: [`ResponseStyle::Mixed`].
    pub fn response_style(mut self, style: ResponseStyle) -> Self {
        self.response_style = style;
        self
    }

    /// Sets the lifetime of user tokens, in whole seconds. Default: two hours.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// Sets the size of the server's RSA key, in bits, 1024 or more. Default: 1024.
    pub fn server_key_bits(mut self, bits: usize) -> Self {
        self.server_key_bits = bits;
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
