//! The management token: asked for with the pool's secret, by the session itself.

use super::documents;
use crate::{
    Error, ErrorKind, Password, Result, UserToken,
    protocol::{
        decode::Data,
        request::{Effect, Request},
    },
    token_store::StoredToken,
};
#[cfg(any(feature = "async", feature = "blocking"))]
use crate::{
    credentials::Credentials,
    protocol::renewal::{Login, OneRequest, Renewal},
};
use serde::Deserialize;
use serde_json::json;
use std::time::{Duration, SystemTime};

pub(crate) struct ManagementToken {
    pub(crate) user_pool_id: String,
    pub(crate) secret: Password,
}

/// Unix seconds by the service's clock.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccessToken {
    access_token: Option<UserToken>,
    iat: Option<u64>,
    exp: Option<u64>,
}

#[cfg(any(feature = "async", feature = "blocking"))]
impl Renewal for ManagementToken {
    fn login(&self, _: Option<Credentials>, _: Option<&str>) -> Box<dyn Login> {
        Box::new(OneRequest { request: Some(self.request()), read: token })
    }
}

impl ManagementToken {
    fn request(&self) -> Result<Request> {
        let secret = self.secret.expose_secret();
        let variables = json!({"userPoolId": self.user_pool_id, "secret": secret});
        let request = documents::ACCESS_TOKEN.request(&variables)?;
        Ok(request.effect(Effect::Read).without_session().secret(secret))
    }
}

fn token(answer: &Data) -> Result<StoredToken> {
    let AccessToken { access_token, iat, exp } = answer.decode()?;
    let given = access_token.filter(|token| !token.expose_secret().is_empty());
    let token = given.ok_or_else(|| answer.error(ErrorKind::Decode).detail("the answer brings no token"))?;
    let mut stored = StoredToken::new(token);
    match (iat, exp) {
        // Its life, not its end: this machine's clock may differ from the service's.
        (Some(iat), Some(exp)) => stored = stored.expires_in(Duration::from_secs(exp.saturating_sub(iat))),
        (None, Some(exp)) => stored.expires_at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(exp)),
        (_, None) => {}
    }
    Ok(stored)
}

/// What the settings of a client are checked for.
pub(crate) fn check(user_pool_id: &str, secret: &Password) -> Result<()> {
    match (user_pool_id.trim(), secret.expose_secret().trim()) {
        ("", _) => Err(Error::configuration("user pool id: it is empty")),
        (_, "") => Err(Error::configuration("secret: it is empty")),
        _ => Ok(()),
    }
}
