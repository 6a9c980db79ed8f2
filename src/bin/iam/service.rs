//! The services, by the names that commands have for them.

use clap::ValueEnum;
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Service {
    /// Digiwin IAM
    Digiwin,
    /// Authing management
    Authing,
    /// Cloudspot License
    License,
}

impl Service {
    pub const ALL: [Self; 3] = [Self::Digiwin, Self::Authing, Self::License];

    /// Returns the service's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Digiwin => "digiwin",
            Self::Authing => "authing",
            Self::License => "license",
        }
    }

    /// Returns the service of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
