//! Why a token is not accepted.

use crate::{Error, ErrorKind};
use std::fmt;

/// Why a token is not accepted. No text repeats anything of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    TooLong,
    NotThreeParts,
    Header,
    Algorithm,
    CriticalHeader,
    Nested,
    Type,
    UnknownKey,
    AmbiguousKey,
    Signature,
    Claims,
    DuplicateClaim,
    NoExpiry,
    Expired,
    NotYetValid,
    Issuer,
    Audience,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the token is longer than 8 KiB",
            Self::NotThreeParts => "the token is not a signed JWT: it does not have three parts of base64url",
            Self::Header => "the token's header cannot be read",
            Self::Algorithm => "the token is signed with an algorithm that is not accepted",
            Self::CriticalHeader => "the token's header has extensions that must be understood (crit)",
            Self::Nested => "the token has another token inside (cty)",
            Self::Type => "the token is of a type that is not accepted (typ, or the claim events)",
            Self::UnknownKey => "the token is signed with a key that the issuer does not publish",
            Self::AmbiguousKey => "the token does not say which of the issuer's keys it is signed with (kid)",
            Self::Signature => "the token's signature is wrong",
            Self::Claims => "the token's claims cannot be read",
            Self::DuplicateClaim => "the token has a claim twice",
            Self::NoExpiry => "the token has no expiry (exp)",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not valid yet (nbf)",
            Self::Issuer => "the token is another issuer's (iss)",
            Self::Audience => "the token is for another audience (aud)",
        })
    }
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Self::new(ErrorKind::Authentication).detail(rejection.to_string())
    }
}
