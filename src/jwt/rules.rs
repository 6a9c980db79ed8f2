//! What the claims of a token must say.

use super::{claims::Claims, invalid_token::InvalidToken, userinfo::without_userinfo};
use std::{
    fmt,
    time::{Duration, SystemTime},
};

/// The values of a claim that are accepted.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Accepted {
    Any,
    OneOf(Vec<String>),
}

impl Accepted {
    fn has(&self, values: &[String]) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(accepted) => values.iter().any(|value| accepted.contains(value)),
        }
    }
}

/// Shows issuers without a password that one of them may have as a URL.
impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("Any"),
            Self::OneOf(values) => f.debug_list().entries(values.iter().map(|value| without_userinfo(value))).finish(),
        }
    }
}

/// What the claims of a token must say.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) issuer: Accepted,
    pub(crate) audience: Accepted,
    /// The types (`typ`) in lower case. `None`: those that users' tokens usually have.
    pub(crate) token_types: Option<Vec<String>>,
    pub(crate) leeway: Duration,
}

/// The types of users' tokens: JWTs in general, and access tokens (RFC 9068).
const USUAL_TYPES: [&str; 2] = ["jwt", "at+jwt"];
/// The event of a logout token (OpenID Connect Back-Channel Logout, 2.4).
const LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

impl Rules {
    /// Checks the type of a token. An issuer signs tokens for other purposes with the same keys, so a token must not pass for one
    /// of another type (RFC 8725, 3.11).
    pub(super) fn check_type(&self, token_type: Option<&str>) -> Result<(), InvalidToken> {
        let is_accepted = match (&self.token_types, token_type) {
            (None, None) => true,
            (None, Some(found)) => USUAL_TYPES.contains(&found),
            (Some(_), None) => false,
            (Some(types), Some(found)) => types.iter().any(|accepted| accepted == found),
        };
        if is_accepted { Ok(()) } else { Err(InvalidToken::Type) }
    }

    /// Checks the claims of a token at the time `now`.
    pub(super) fn check(&self, claims: &Claims, now: SystemTime) -> Result<(), InvalidToken> {
        if !self.issuer.has(claims.iss.as_slice()) {
            return Err(InvalidToken::Issuer);
        }
        if !self.audience.has(&claims.aud) {
            return Err(InvalidToken::Audience);
        }
        // A logout token should say so in its header, and need not.
        let events: Option<serde_json::Map<String, serde_json::Value>> = claims.extra.get("events").unwrap_or_default();
        if events.is_some_and(|events| events.contains_key(LOGOUT)) {
            return Err(InvalidToken::Type);
        }
        // Compared by distance: no sum of two times can leave what a platform's clock can tell.
        let late_by = |limit: SystemTime| now.duration_since(limit).ok();
        let expiry = claims.expires_at().ok_or(InvalidToken::NoExpiry)?;
        if late_by(expiry).is_some_and(|late| late >= self.leeway) {
            return Err(InvalidToken::Expired);
        }
        let early = claims.nbf.and_then(|nbf| nbf.to_system_time().duration_since(now).ok());
        if early.is_some_and(|early| early > self.leeway) {
            return Err(InvalidToken::NotYetValid);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn check(claims: &str) -> Result<(), InvalidToken> {
        let one_of = |text: &str| Accepted::OneOf(vec![text.to_owned()]);
        let rules =
            Rules { issuer: one_of("i"), audience: one_of("a"), token_types: None, leeway: Duration::from_secs(60) };
        rules.check(&Claims::read(claims.as_bytes()).unwrap(), at(NOW))
    }

    #[test]
    fn issuer_and_audience_are_compared_as_they_stand() {
        for (claims, expected) in [
            (r#"{"iss":"i","aud":"a","exp":1700000001}"#, Ok(())),
            (r#"{"iss":"i","aud":["b","a"],"exp":1700000001}"#, Ok(())),
            (r#"{"iss":"I","aud":"a","exp":1700000001}"#, Err(InvalidToken::Issuer)),
            (r#"{"iss":"i/","aud":"a","exp":1700000001}"#, Err(InvalidToken::Issuer)),
            (r#"{"iss":"","aud":"a","exp":1700000001}"#, Err(InvalidToken::Issuer)),
            (r#"{"aud":"a","exp":1700000001}"#, Err(InvalidToken::Issuer)),
            (r#"{"iss":"i","aud":"b","exp":1700000001}"#, Err(InvalidToken::Audience)),
            (r#"{"iss":"i","aud":"a b","exp":1700000001}"#, Err(InvalidToken::Audience)),
            (r#"{"iss":"i","aud":[],"exp":1700000001}"#, Err(InvalidToken::Audience)),
            (r#"{"iss":"i","exp":1700000001}"#, Err(InvalidToken::Audience)),
        ] {
            assert_eq!(check(claims), expected, "{claims}");
        }
    }

    #[test]
    fn a_token_is_valid_from_nbf_to_exp_give_or_take_the_leeway() {
        let claims = |times: &str| format!(r#"{{"iss":"i","aud":"a"{times}}}"#);
        for (times, expected) in [
            (format!(r#","exp":{}"#, NOW - 59), Ok(())),
            (format!(r#","exp":{}"#, NOW - 60), Err(InvalidToken::Expired)),
            (r#","exp":0"#.to_owned(), Err(InvalidToken::Expired)),
            (r#","exp":253402300799"#.to_owned(), Ok(())),
            (String::new(), Err(InvalidToken::NoExpiry)),
            (r#","exp":null"#.to_owned(), Err(InvalidToken::NoExpiry)),
            (format!(r#","exp":{},"nbf":{}"#, NOW + 99, NOW + 60), Ok(())),
            (format!(r#","exp":{},"nbf":{}"#, NOW + 99, NOW + 61), Err(InvalidToken::NotYetValid)),
        ] {
            assert_eq!(check(&claims(&times)), expected, "{times}");
        }
    }

    #[test]
    fn types_are_those_of_users_tokens_unless_others_are_set() {
        let usual = Rules { issuer: Accepted::Any, audience: Accepted::Any, token_types: None, leeway: Duration::ZERO };
        let set = Rules { token_types: Some(vec!["at+jwt".to_owned()]), ..usual.clone() };
        for (token_type, by_default, if_set) in [
            (None, true, false),
            (Some("jwt"), true, false),
            (Some("at+jwt"), true, true),
            (Some("logout+jwt"), false, false),
            (Some("secevent+jwt"), false, false),
            (Some("dpop+jwt"), false, false),
            (Some(""), false, false),
        ] {
            let found = [&usual, &set].map(|rules| rules.check_type(token_type).is_ok());
            assert_eq!(found, [by_default, if_set], "{token_type:?}");
        }
    }

    #[test]
    fn any_is_any_and_none_too() {
        let rules = Rules { issuer: Accepted::Any, audience: Accepted::Any, token_types: None, leeway: Duration::ZERO };
        let check = |exp: u64| rules.check(&Claims::default().with_exp(at(exp)), at(NOW));
        assert_eq!((check(NOW + 1), check(NOW)), (Ok(()), Err(InvalidToken::Expired)));
    }
}
