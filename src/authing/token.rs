//! The management token: asked for with the pool's secret, by the session itself.

use super::documents;
use crate::{
    Error, ErrorKind, Password, Result, UserToken,
    protocol::{
        decode::Data,
        request::Request,
        token::{lifetime_between, with_lifetime},
    },
    token_store::StoredToken,
};
use crate::{
    credentials::{Credentials, PasswordLogin, Way},
    protocol::login::{Login, LoginMethod, SingleRequestLogin, Source},
};
use serde::Deserialize;
use serde_json::json;

/// Fetches management tokens, with the pool's secret or with credentials of a session's own.
#[derive(Clone, Debug)]
pub(crate) struct ManagementToken {
    application: PasswordLogin,
    credentials: Option<Credentials>,
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
    fn source(&self) -> Source<'_> {
        self.credentials.as_ref().map_or(Source::Application(&self.application), Source::Credentials)
    }

    fn log_in(&self, login: PasswordLogin, _: Option<&str>, _: Option<&str>) -> Result<Box<dyn Login>> {
        if login.user != self.application.user {
            return Err(Error::configuration("credentials: they are for another user pool than the client's"));
        }
        Ok(SingleRequestLogin::new(request(&login.user, &login.password)?, token))
    }
}

impl ManagementToken {
    pub(crate) fn new(user_pool_id: String, secret: Password) -> Self {
        let application = PasswordLogin { way: Way::Password, user: user_pool_id, password: secret };
        Self { application, credentials: None }
    }

    #[cfg(feature = "server")]
    pub(crate) fn user_pool_id(&self) -> &str {
        &self.application.user
    }

    pub(crate) fn with_credentials(&self, credentials: Credentials) -> Self {
        Self { credentials: Some(credentials), ..self.clone() }
    }
}

fn request(user_pool_id: &str, secret: &Password) -> Result<Request> {
    let variables = json!({"userPoolId": user_pool_id, "secret": secret.expose_secret()});
    let request = documents::ACCESS_TOKEN.variables(&variables)?;
    Ok(request.secret(secret.expose_secret()))
}

fn token(response: &Data) -> Result<StoredToken> {
    let AccessToken { access_token, iat, exp } = response.decode()?;
    let given = access_token.filter(|token| !token.expose_secret().is_empty());
    let token = given.ok_or_else(|| response.error(ErrorKind::Decode).detail("the response brings no token"))?;
    Ok(with_lifetime(StoredToken::new(token), exp.map(|exp| lifetime_between(iat, exp))))
}
