//! What a client is built from.

use super::{APP_HEADER, CredentialLogin, Credentials, DIALECT, RESERVED_HEADERS};
use crate::{
    AppToken, Error, Result,
    config::{Settings, settings_methods},
    protocol::{application::Application, login::LoginMethod},
};
use http::{HeaderMap, HeaderValue};
use std::{marker::PhantomData, sync::Arc};

/// Builds a client of Digiwin, `C`: of one flavour or the other.
#[derive(Clone, Debug)]
pub struct ClientBuilder<C> {
    settings: Settings,
    app_token: AppToken,
    credentials: Option<Credentials>,
    client: PhantomData<fn() -> C>,
}

impl<C> ClientBuilder<C> {
    pub(crate) fn new(base_url: String, app_token: AppToken) -> Self {
        Self { settings: Settings::new(base_url), app_token, credentials: None, client: PhantomData }
    }

    settings_methods!();

    /// Sets the credentials with which the client's own session logs in.
    ///
    /// It does so at its first call, when its token has expired or is refused, and after a logout. A token that is about to expire is
    /// refreshed, in the same tenant. In such a session explicit logins and `set_current_token(Some(…))` fail with
    /// [`Configuration`](crate::ErrorKind::Configuration); use `with_session` for them.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sets how long logins use the service's public key without asking for it again. Default: 5 minutes. With zero, each login asks.
    ///
    /// With a key that it knows, a login takes two requests instead of three. A service that has another key by then cannot read
    /// what is encrypted with the known one: the login notices before it sends the password, and asks for the new key. What no
    /// client can notice is that the service has a new key while it still accepts the old one.
    pub fn login_key_lifetime(mut self, lifetime: std::time::Duration) -> Self {
        self.settings.login_key_lifetime = lifetime;
        self
    }

    pub(crate) fn prepare(self) -> Result<(Application, Settings)> {
        let application = Application {
            service: "digiwin",
            dialect: &DIALECT,
            headers: headers(&self.settings, &self.app_token)?,
            identity: self.app_token.expose_secret().to_owned().into(),
            method: self.credentials.map(login_method),
        };
        Ok((application, self.settings))
    }
}

/// How a session with these credentials logs in.
pub(crate) fn login_method(credentials: Credentials) -> Arc<dyn LoginMethod> {
    Arc::new(CredentialLogin(credentials.0))
}

/// The headers of every request.
fn headers(settings: &Settings, app_token: &AppToken) -> Result<HeaderMap> {
    if app_token.expose_secret().trim().is_empty() {
        return Err(Error::configuration("app token: it is empty"));
    }
    let mut value = HeaderValue::from_str(app_token.expose_secret())
        .map_err(|_| Error::configuration("app token: not a valid header value"))?;
    value.set_sensitive(true);
    let mut headers = settings.header_map(&RESERVED_HEADERS)?;
    headers.insert(APP_HEADER, value);
    Ok(headers)
}
