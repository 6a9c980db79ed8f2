//! Authing's settings.

use super::seed::Seed;
use serde::{
    Deserialize,
    de::{IntoDeserializer as _, value::Error},
};
use std::{str::FromStr, time::Duration};

/// The form of error responses.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorStyle {
    /// `{"code", "message", "data"}`, with HTTP status 200.
    #[default]
    Code,
    /// `{"uniqueId", "statusCode", "apiCode", "message", "data"}`, as in newer deployments; REST with HTTP status 4xx.
    ApiCode,
}

/// Reads `code` or `api-code`.
impl FromStr for ErrorStyle {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::deserialize(name.into_deserializer())
    }
}

/// The seed and the settings of the emulated Authing. A [`Seed`] alone becomes settings with everything else as by default.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(super) seed: Seed,
    pub(super) error_style: ErrorStyle,
    pub(super) token_lifetime: Duration,
}

impl Settings {
    /// Creates settings with the default seed.
    pub fn new() -> Self {
        let token_lifetime = Duration::from_secs(14 * 24 * 60 * 60);
        Self { seed: Seed::default(), error_style: ErrorStyle::default(), token_lifetime }
    }

    /// Sets the user pool and its initial contents.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the form of error responses. Default: [`ErrorStyle::Code`].
    pub fn error_style(mut self, style: ErrorStyle) -> Self {
        self.error_style = style;
        self
    }

    /// Sets the lifetime of management tokens, in whole seconds. Default: 14 days.
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
