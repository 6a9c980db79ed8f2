//! The token that an answer brings.

#[cfg(any(feature = "async", feature = "blocking"))]
use super::session::ActiveToken;
use crate::{Error, ErrorKind, Result, UserToken, token_store::StoredToken};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use std::time::{Duration, SystemTime};

/// An answer that ends in a new token. One without a token is an error: taken for a success it would end the session.
pub(crate) trait BringsToken {
    fn stored(&self) -> Result<StoredToken>;

    /// The same for a token that comes in place of another: what the answer does not tell of it is as it was.
    #[cfg(any(feature = "async", feature = "blocking"))]
    fn stored_after(&self, _previous: Option<&ActiveToken>) -> Result<StoredToken> {
        self.stored()
    }
}

/// The first token there is, and what it tells of its life if it is a JWT.
pub(crate) fn first<const N: usize>(tokens: [&Option<UserToken>; N]) -> Result<StoredToken> {
    let mut given = tokens.into_iter().flatten().filter(|token| !token.expose_secret().is_empty());
    match given.next() {
        Some(token) => {
            let stored = StoredToken::new(token.clone());
            Ok(match life_of_jwt(token.expose_secret()) {
                Some(life) => stored.expires_in(life),
                None => stored,
            })
        }
        None => Err(Error::new(ErrorKind::Decode).http_status(200).detail("the answer brings no token")),
    }
}

/// `exp - iat`, which no difference of clocks touches; without `iat` what is left until `exp` by this machine's clock. The
/// signature is the service's to check.
fn life_of_jwt(token: &str) -> Option<Duration> {
    #[derive(Deserialize)]
    struct Claims {
        exp: u64,
        iat: Option<u64>,
    }
    let mut parts = token.split('.').skip(1);
    let (payload, _signature) = (parts.next()?, parts.next()?);
    let claims: Claims = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let life = claims.exp.saturating_sub(claims.iat.unwrap_or_else(now));
    Some(Duration::from_secs(life))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(claims: &str) -> Option<Duration> {
        life_of_jwt(&format!("e30.{}.sig", BASE64_URL_SAFE_NO_PAD.encode(claims)))
    }

    #[test]
    fn a_jwt_tells_its_life() {
        assert_eq!(life(r#"{"iat": 5000, "exp": 5600, "sub": "ann"}"#), Some(Duration::from_secs(600)));
        assert_eq!(life(r#"{"exp": 5600}"#), Some(Duration::ZERO));
        assert!(life(r#"{"exp": 99999999999}"#).unwrap() > Duration::from_secs(1_000_000));
        for none in ["{}", r#"{"exp": "soon"}"#, "no JSON"] {
            assert_eq!(life(none), None, "{none}");
        }
        for token in ["opaque", "a.b", "a.%%%.c", ""] {
            assert_eq!(life_of_jwt(token), None, "{token}");
        }
    }
}
