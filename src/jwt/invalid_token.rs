//! Why a token is not accepted.

use crate::{Error, ErrorKind};
use std::fmt;

/// Declares the reasons: what logs and metrics have, and the text of errors.
macro_rules! reasons {
    ($($reason:ident = $text:literal;)+) => {
        /// Why a token is not accepted. No text repeats anything of the token.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum InvalidToken {
            $($reason,)+
        }

        impl InvalidToken {
            /// Every reason, for tests.
            #[cfg(test)]
            pub(super) const ALL: &[Self] = &[$(Self::$reason),+];

            /// Returns the reason in snake case, such as `unknown_key`: what events, observers and metrics have.
            pub(crate) fn as_str(self) -> &'static str {
                pastey::paste! {
                    match self {
                        $(Self::$reason => stringify!([<$reason:snake>]),)+
                    }
                }
            }
        }

        impl fmt::Display for InvalidToken {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$reason => $text,)+
                })
            }
        }
    };
}

reasons! {
    TooLong = "the token is longer than 8 KiB";
    NotThreeParts = "the token is not a signed JWT: it does not have three parts of base64url";
    Header = "the token's header cannot be read";
    DuplicateHeader = "the token's header has a member twice";
    Algorithm = "the token is signed with an algorithm that is not accepted";
    CriticalHeader = "the token's header has extensions that must be understood (crit, b64)";
    Encrypted = "the token is encrypted or compressed (enc, zip)";
    Nested = "the token has another token inside (cty)";
    Type = "the token is of a type that is not accepted (typ, or the claim events)";
    UnknownKey = "the token is signed with a key that the issuer does not publish";
    AmbiguousKey = "the token does not say which of the issuer's keys it is signed with (kid)";
    Signature = "the token's signature is wrong";
    Claims = "the token's claims cannot be read";
    DuplicateClaim = "the token has a claim twice";
    NoExpiry = "the token has no expiry (exp)";
    Expired = "the token has expired";
    NotYetValid = "the token is not valid yet (nbf)";
    Issuer = "the token is another issuer's (iss)";
    Audience = "the token is for another audience (aud)";
}

impl From<InvalidToken> for Error {
    fn from(reason: InvalidToken) -> Self {
        Self::new(ErrorKind::Authentication).detail(reason.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_lists_every_reason() {
        const GUIDE: &str = include_str!("../guide/observability.md");
        let (_, list) = GUIDE.split_once("- `iam.jwt.reason`").unwrap();
        let (list, _) = list.split_once("\n- ").unwrap();
        let listed: Vec<_> = list.split('`').skip(1).step_by(2).collect();
        let reasons: Vec<_> = InvalidToken::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(listed, reasons);
    }
}
