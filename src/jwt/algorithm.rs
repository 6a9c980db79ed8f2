//! The algorithms that a token can be signed with.

use super::secret::Secret;
use std::fmt;

macro_rules! algorithms {
    ($($(#[$doc:meta])* $name:ident of $family:ident;)+) => {
        /// An algorithm that a token is signed with, as RFC 7518 and RFC 8037 name it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Algorithm {
            $($(#[$doc])* $name,)+
        }

        impl Algorithm {
            /// Returns the name that headers of tokens have, such as `RS256`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// Returns the algorithm with this name. There is none with the name `none`.
            pub(crate) fn from_name(name: &str) -> Option<Self> {
                match name {
                    $(stringify!($name) => Some(Self::$name),)+
                    _ => None,
                }
            }

            pub(super) fn family(self) -> Family {
                match self {
                    $(Self::$name => Family::$family,)+
                }
            }

            pub(super) fn implementation(self) -> jsonwebtoken::Algorithm {
                match self {
                    $(Self::$name => jsonwebtoken::Algorithm::$name,)+
                }
            }

            #[cfg(test)]
            pub(super) const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
}

algorithms! {
    /// RSASSA-PKCS1-v1_5 with SHA-256: what OpenID Connect has every provider support.
    RS256 of Rsa;
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384 of Rsa;
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512 of Rsa;
    /// RSASSA-PSS with SHA-256.
    PS256 of Rsa;
    /// RSASSA-PSS with SHA-384.
    PS384 of Rsa;
    /// RSASSA-PSS with SHA-512.
    PS512 of Rsa;
    /// ECDSA on P-256 with SHA-256.
    ES256 of P256;
    /// ECDSA on P-384 with SHA-384.
    ES384 of P384;
    /// Ed25519.
    EdDSA of Ed25519;
    /// HMAC with SHA-256, and a secret of 32 bytes at least.
    HS256 of Hmac;
    /// HMAC with SHA-384, and a secret of 48 bytes at least.
    HS384 of Hmac;
    /// HMAC with SHA-512, and a secret of 64 bytes at least.
    HS512 of Hmac;
}

/// The kinds of keys. A key of one kind is never used with an algorithm of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Rsa,
    P256,
    P384,
    Ed25519,
    Hmac,
}

impl Algorithm {
    /// Returns whether the algorithm takes a secret that the issuer and the checking service share.
    pub(super) fn is_symmetric(self) -> bool {
        self.family() == Family::Hmac
    }

    /// Returns whether the secret is as long as RFC 7518 (3.2) demands: no shorter than the hash.
    pub(super) fn takes(self, secret: &Secret) -> bool {
        let least = match self {
            Self::HS384 => 48,
            Self::HS512 => 64,
            _ => 32,
        };
        secret.expose_secret().len() >= least
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_standard_and_none_is_no_algorithm() {
        for &algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::from_name(algorithm.name()), Some(algorithm));
            assert_eq!(format!("{:?}", algorithm.implementation()), algorithm.name());
        }
        for name in ["none", "None", "NONE", "nOnE", "", "rs256", "RS256 ", "HS1", "RSA-OAEP", "dir"] {
            assert_eq!(Algorithm::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_short_secret_is_not_taken() {
        for (algorithm, least) in [(Algorithm::HS256, 32), (Algorithm::HS384, 48), (Algorithm::HS512, 64)] {
            assert!(algorithm.takes(&Secret::from("x".repeat(least))), "{algorithm}");
            assert!(!algorithm.takes(&Secret::from("x".repeat(least - 1))), "{algorithm}");
        }
    }
}
