//! The token that a response brings.

use crate::{Error, ErrorKind, Result, UserToken, token_store::StoredToken};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use std::time::{Duration, SystemTime};

/// A response that ends in a new token. One without a token is an error: taken for a success it would end the session.
pub(crate) trait TokenResponse {
    /// The token, in place of `previous` if it replaces another: what the response does not tell of it is as it was.
    fn to_stored_token(&self, previous: Option<&StoredToken>) -> Result<StoredToken>;
}

/// The first of several tokens that is there, and what it tells of its lifetime if it is a JWT.
pub(crate) fn first_token<const N: usize>(tokens: [&Option<UserToken>; N]) -> Result<StoredToken> {
    let mut given = tokens.into_iter().flatten().filter(|token| !token.expose_secret().is_empty());
    let token = given
        .next()
        .ok_or_else(|| Error::new(ErrorKind::Decode).http_status(200).detail("the response brings no token"))?;
    Ok(with_lifetime(StoredToken::new(token.clone()), jwt_lifetime(token.expose_secret())))
}

/// A token that was just issued and lives so long; a lifetime of zero is not known.
pub(crate) fn with_lifetime(token: StoredToken, lifetime: Option<Duration>) -> StoredToken {
    match lifetime.filter(|lifetime| !lifetime.is_zero()) {
        Some(lifetime) => token.expires_in(lifetime),
        None => token,
    }
}

/// A token whose lifetime the response does not tell lives as long as the one that it replaces did when it was issued.
pub(crate) fn with_lifetime_of(token: StoredToken, previous: Option<&StoredToken>) -> StoredToken {
    match previous.and_then(|previous| previous.lifetime) {
        Some(lifetime) if token.expires_at.is_none() => with_lifetime(token, Some(lifetime)),
        _ => token,
    }
}

/// The time from `issued` to `expires`, in Unix seconds by the service's clock, which no difference of clocks touches; without
/// `issued` what is left until `expires` by this machine's clock.
pub(crate) fn lifetime_between(issued: Option<u64>, expires: u64) -> Duration {
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Duration::from_secs(expires.saturating_sub(issued.unwrap_or_else(now)))
}

/// What a JWT tells of its lifetime. The signature is the service's to check.
fn jwt_lifetime(token: &str) -> Option<Duration> {
    #[derive(Deserialize)]
    struct Claims {
        exp: u64,
        iat: Option<u64>,
    }
    let mut parts = token.split('.').skip(1);
    let (payload, _signature) = (parts.next()?, parts.next()?);
    let claims: Claims = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    Some(lifetime_between(claims.iat, claims.exp))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.sig", BASE64_URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_jwt_tells_its_lifetime() {
        let lifetime = |claims: &str| jwt_lifetime(&jwt(claims));
        assert_eq!(lifetime(r#"{"iat": 5000, "exp": 5600, "sub": "ann"}"#), Some(Duration::from_secs(600)));
        assert_eq!(lifetime(r#"{"exp": 5600}"#), Some(Duration::ZERO));
        assert!(lifetime(r#"{"exp": 99999999999}"#).unwrap() > Duration::from_secs(1_000_000));
        for none in ["{}", r#"{"exp": "soon"}"#, "no JSON"] {
            assert_eq!(lifetime(none), None, "{none}");
        }
        for token in ["opaque", "a.b", "a.%%%.c", ""] {
            assert_eq!(jwt_lifetime(token), None, "{token}");
        }
    }

    #[test]
    fn a_lifetime_of_zero_right_after_the_login_is_not_known() {
        let ended = first_token([&Some(UserToken::from(jwt(r#"{"exp": 5600}"#)))]).unwrap();
        assert_eq!((ended.lifetime, ended.expires_at), (None, None));
        let previous = StoredToken::new("p".into()).expires_in(Duration::from_secs(60));
        let next = with_lifetime_of(StoredToken::new("n".into()), Some(&previous));
        assert_eq!(next.lifetime, Some(Duration::from_secs(60)));
        assert_eq!(with_lifetime_of(StoredToken::new("n".into()), None).lifetime, None);
    }
}
