//! What a client is built from.

use super::{
    APP, Credentials, DEFAULT_PUBLIC_KEY_PEM, DIALECT, FROM, LANGUAGE, ManagementToken, PUBLIC_SERVICE, PasswordKey,
    RESERVED_HEADERS, USER_POOL, VERSION,
};
use crate::{
    Error, Password, Result,
    config::{Settings, settings_methods},
    protocol::application::Application,
};
use http::{HeaderMap, HeaderValue};
use std::{marker::PhantomData, sync::Arc};

/// Builds a client of Authing's management API, `C`: of one flavour or the other.
#[derive(Clone, Debug)]
pub struct ManagementClientBuilder<C> {
    settings: Settings,
    user_pool_id: String,
    secret: Password,
    credentials: Option<Credentials>,
    public_key_pem: String,
    app_id: Option<String>,
    language: Option<String>,
    client: PhantomData<fn() -> C>,
}

/// A client's application, and what its calls need besides.
pub(crate) struct Prepared {
    pub(crate) application: Application,
    pub(crate) settings: Settings,
    pub(crate) token: Arc<ManagementToken>,
    pub(crate) key: Arc<PasswordKey>,
}

impl<C> ManagementClientBuilder<C> {
    pub(crate) fn new(user_pool_id: String, secret: Password) -> Self {
        Self {
            settings: Settings::new(PUBLIC_SERVICE.to_owned()),
            user_pool_id,
            secret,
            credentials: None,
            public_key_pem: DEFAULT_PUBLIC_KEY_PEM.to_owned(),
            app_id: None,
            language: None,
            client: PhantomData,
        }
    }

    settings_methods!();

    /// Sets the credentials with which the client's own session fetches its management token, in the place of the pool's secret.
    ///
    /// They are a provider of secrets or tokens, such as a vault, or another secret of the pool. Sessions of `with_session` use
    /// them too.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sets the public key, as PEM, under which users' passwords are encrypted. Default: [`DEFAULT_PUBLIC_KEY_PEM`].
    pub fn public_key_pem(mut self, pem: impl Into<String>) -> Self {
        self.public_key_pem = pem.into();
        self
    }

    /// Sets which application calls (`x-authing-app-id`). Default: none.
    pub fn app_id(mut self, id: impl Into<String>) -> Self {
        self.app_id = Some(id.into());
        self
    }

    /// Sets the language of the service's messages (`x-authing-lang`), such as `zh-CN` or `en-US`. Default: the service's.
    pub fn lang(mut self, language: impl Into<String>) -> Self {
        self.language = Some(language.into());
        self
    }

    pub(crate) fn prepare(self) -> Result<Prepared> {
        check(&self.user_pool_id, &self.secret, self.credentials.is_some())?;
        let key = Arc::new(PasswordKey::from_pem(&self.public_key_pem)?);
        let (app_id, language) = (self.app_id.as_deref(), self.language.as_deref());
        let headers = headers(&self.settings, &self.user_pool_id, app_id, language)?;
        // A client with another secret for the same pool must not find this one's token in a shared store.
        let identity = format!("{} {}", self.user_pool_id, self.secret.expose_secret());
        let token = ManagementToken::new(self.user_pool_id, self.secret);
        let token = Arc::new(match self.credentials {
            Some(credentials) => token.with_credentials(credentials.0),
            None => token,
        });
        let method = Some(token.clone() as _);
        let application =
            Application { service: "authing", dialect: &DIALECT, identity: identity.into(), headers, method };
        Ok(Prepared { application, settings: self.settings, token, key })
    }
}

/// What the settings of a client are checked for.
fn check(user_pool_id: &str, secret: &Password, has_credentials: bool) -> Result<()> {
    match (user_pool_id.trim(), secret.expose_secret().trim()) {
        ("", _) => Err(Error::configuration("user pool id: it is empty")),
        (_, "") if !has_credentials => Err(Error::configuration("secret: it is empty")),
        _ => Ok(()),
    }
}

/// The headers of every request.
fn headers(settings: &Settings, user_pool_id: &str, app_id: Option<&str>, language: Option<&str>) -> Result<HeaderMap> {
    let mut headers = settings.header_map(&RESERVED_HEADERS)?;
    headers.insert(FROM, HeaderValue::from_static("sdk"));
    headers.insert(VERSION, HeaderValue::from_static(concat!("rust:", env!("CARGO_PKG_VERSION"))));
    let own = [
        ("user pool id", USER_POOL, Some(user_pool_id)),
        ("application id", APP, app_id),
        ("language", LANGUAGE, language),
    ];
    for (what, name, value) in own {
        let Some(value) = value else { continue };
        let wrong = |_| Error::configuration(format!("{what}: not a valid header value"));
        headers.insert(name, HeaderValue::from_str(value).map_err(wrong)?);
    }
    Ok(headers)
}
