//! The management token: asked for with the pool's secret, by the session itself.

use super::documents;
use crate::{
    Error, ErrorKind, Password, Result, UserToken,
    protocol::{
        decode::Data,
        request::{Effect, Request},
        token::{lifetime_between, with_lifetime},
    },
    token_store::StoredToken,
};
use crate::{
    credentials::Credentials,
    protocol::login::{Login, LoginMethod, SingleRequestLogin},
};
use serde::Deserialize;
use serde_json::json;

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

impl LoginMethod for ManagementToken {
    fn log_in(&self, _: Option<Credentials>, _: Option<&str>) -> Result<Box<dyn Login>> {
        Ok(SingleRequestLogin::new(self.request()?, token))
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

fn token(response: &Data) -> Result<StoredToken> {
    let AccessToken { access_token, iat, exp } = response.decode()?;
    let given = access_token.filter(|token| !token.expose_secret().is_empty());
    let token = given.ok_or_else(|| response.error(ErrorKind::Decode).detail("the response brings no token"))?;
    Ok(with_lifetime(StoredToken::new(token), exp.map(|exp| lifetime_between(iat, exp))))
}

/// What the settings of a client are checked for.
pub(crate) fn check(user_pool_id: &str, secret: &Password) -> Result<()> {
    match (user_pool_id.trim(), secret.expose_secret().trim()) {
        ("", _) => Err(Error::configuration("user pool id: it is empty")),
        (_, "") => Err(Error::configuration("secret: it is empty")),
        _ => Ok(()),
    }
}
