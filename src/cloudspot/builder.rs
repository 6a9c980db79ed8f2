//! What a client is built from.

use super::{CredentialLogin, Credentials, DIALECT, MODULE_HEADER, PUBLIC_SERVICE, RESERVED_HEADERS};
use crate::{
    Error, Result,
    config::{Settings, settings_methods},
    protocol::{application::Application, login::LoginMethod},
};
use http::{HeaderMap, HeaderValue};
use std::{marker::PhantomData, sync::Arc};

/// Builds a client of Cloudspot License, `C`: of one flavour or the other.
#[derive(Clone, Debug)]
pub struct LicenseClientBuilder<C> {
    settings: Settings,
    application_id: String,
    credentials: Option<Credentials>,
    client: PhantomData<fn() -> C>,
}

impl<C> LicenseClientBuilder<C> {
    pub(crate) fn new(application_id: String) -> Self {
        let settings = Settings::new(PUBLIC_SERVICE.to_owned());
        Self { settings, application_id, credentials: None, client: PhantomData }
    }

    settings_methods!();

    /// Sets the credentials with which the client's own session logs in.
    ///
    /// It does so at its first call, and when its token is refused. In such a session `authenticate` and `set_current_token(Some(…))`
    /// fail with [`Configuration`](crate::ErrorKind::Configuration); use `with_session` for them.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    pub(crate) fn prepare(self) -> Result<(Application, Settings)> {
        let application = Application {
            service: "cloudspot",
            dialect: &DIALECT,
            headers: headers(&self.settings, &self.application_id)?,
            identity: self.application_id.into(),
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
fn headers(settings: &Settings, application_id: &str) -> Result<HeaderMap> {
    if application_id.trim().is_empty() {
        return Err(Error::configuration("application id: it is empty"));
    }
    let value = HeaderValue::from_str(application_id)
        .map_err(|_| Error::configuration("application id: not a valid header value"))?;
    let mut headers = settings.header_map(&RESERVED_HEADERS)?;
    headers.insert(MODULE_HEADER, value);
    Ok(headers)
}
