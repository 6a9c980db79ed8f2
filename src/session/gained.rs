//! Where the token of a flight came from.

use super::state::Origin;

/// The origin of a token that a flight got, for those who watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gained {
    /// The store, or a caller, while the flight was under way.
    Found,
    /// The credentials provider. It may be old.
    Provided,
    /// The service, for the token before it.
    Refreshed,
    /// The service, for the credentials.
    LoggedIn,
}

impl Gained {
    pub(super) fn origin(self) -> Origin {
        match self {
            Self::Found | Self::Provided => Origin::Found,
            Self::Refreshed | Self::LoggedIn => Origin::Issued,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Provided => "provided",
            Self::Refreshed => "refreshed",
            Self::LoggedIn => "logged_in",
        }
    }
}
