use super::{FLAVOUR, Identity, Orgs, Session, Tenants, Users, maybe_async};
use crate::{
    Method, Result,
    config::{Settings, settings_methods},
    digiwin::{self, Credentials, RequestOptions},
    secret::{AppToken, UserToken},
};
use serde_json::Value;
use std::sync::Arc;

/// A client of Digiwin IAM.
///
/// Cheap to clone; clones share the connections and the session. To serve many users, create one session per user with
/// [`with_session`](Self::with_session); to call with a token that a request brought, use [`with_token`](Self::with_token).
#[derive(Clone, Debug)]
pub struct Client {
    session: Session,
}

impl Client {
    /// A client of the service at `base_url`, for the application that `app_token` names.
    pub fn builder(base_url: impl Into<String>, app_token: impl Into<AppToken>) -> ClientBuilder {
        ClientBuilder { settings: Settings::new(base_url.into()), app_token: app_token.into(), credentials: None }
    }

    /// A session of its own over the same connections, named by `key`: say, your user's id. No other session sees its token.
    /// The same key gives the same session, also in another process if they share a token store.
    pub fn with_session(&self, key: impl AsRef<str>) -> Self {
        Self { session: self.session.with_session(key.as_ref(), None) }
    }

    /// Creates a session with this token, over the same connections, for a server that was handed one: in no token store, never
    /// refreshed, gone with its handles. An empty token, or one that cannot stand in a header, is
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub fn with_token(&self, token: impl Into<UserToken>) -> Result<Self> {
        Ok(Self { session: self.session.with_token(token.into())? })
    }

    /// A session of its own that logs in by itself: see [`ClientBuilder::credentials`].
    pub fn with_session_as(&self, key: impl AsRef<str>, credentials: Credentials) -> Self {
        let method = Some(Arc::new(digiwin::CredentialLogin(credentials.0)) as _);
        Self { session: self.session.with_session(key.as_ref(), method) }
    }

    /// Logins, tokens and tenant switches.
    pub fn identity(&self) -> Identity {
        Identity { session: self.session.clone() }
    }

    /// Users.
    pub fn users(&self) -> Users {
        Users { session: self.session.clone() }
    }

    /// Tenants and their applications.
    pub fn tenants(&self) -> Tenants {
        Tenants { session: self.session.clone() }
    }

    /// Organizations; all calls need a token in a tenant.
    pub fn orgs(&self) -> Orgs {
        Orgs { session: self.session.clone() }
    }
}

#[maybe_async]
impl Client {
    /// Makes a call that this crate has no method for, with the same headers, session, errors and limits, and returns the
    /// response's data, taken out of its envelope; `null` where there is none.
    ///
    /// `path` stands below the base URL and can hold a query (`/api/iam/v2/user/simple?x=1`). The call is not sent again once
    /// the service may have seen it, not even with GET: see [`RequestOptions::repeatable`].
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument): the path does not begin with `/`, or has a segment `.` or `..`, a
    /// backslash or a control character, percent-encoded or not.
    pub async fn request(&self, method: Method, path: &str) -> Result<Value> {
        self.request_with(method, path, RequestOptions::new()).await
    }

    /// [`request`](Self::request) with a body or query parameters.
    pub async fn request_with(&self, method: Method, path: &str, options: RequestOptions) -> Result<Value> {
        self.session.call(digiwin::raw_request(method, path, options)?).await
    }
}

/// Builds a [`Client`].
#[derive(Clone, Debug)]
pub struct ClientBuilder {
    settings: Settings,
    app_token: AppToken,
    credentials: Option<Credentials>,
}

impl ClientBuilder {
    settings_methods!();

    /// Has the client's own session log in by itself: at its first call, and when its token has ended or is refused, after a
    /// logout too. A token that is about to end is refreshed, in the same tenant. Explicit logins, and tokens from elsewhere, are
    /// errors then: use other sessions. Those of [`with_session`](Client::with_session) have no credentials.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration), naming the setting that is wrong.
    pub fn build(self) -> Result<Client> {
        let headers = digiwin::headers(&self.settings, &self.app_token)?;
        let application = self.app_token.expose_secret();
        let method = self.credentials.map(|credentials| Arc::new(digiwin::CredentialLogin(credentials.0)) as _);
        let session = Session::new(FLAVOUR, "digiwin", &digiwin::DIALECT, application, self.settings, headers, method)?;
        Ok(Client { session })
    }
}
