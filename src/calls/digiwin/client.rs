use super::{Call, Identity, Orgs, Session, Tenants, Users, client_methods, options_method};
use crate::{
    Result,
    config::{Settings, settings_methods},
    digiwin::{self, Credentials},
    secret::AppToken,
};
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
    /// Begins a client of the service at `base_url`, for the application that `app_token` names.
    pub fn builder(base_url: impl Into<String>, app_token: impl Into<AppToken>) -> ClientBuilder {
        ClientBuilder { settings: Settings::new(base_url.into()), app_token: app_token.into(), credentials: None }
    }

    client_methods!(sessions: digiwin::CredentialLogin, "identity().login");
    client_methods!();
    options_method!();
    client_methods!(request: digiwin::REQUEST);

    /// Returns the calls that log users in and out, and switch tenants.
    pub fn identity(&self) -> Identity {
        Identity { session: self.session.clone() }
    }

    /// Returns the calls about users.
    pub fn users(&self) -> Users {
        Users { session: self.session.clone() }
    }

    /// Returns the calls about tenants and their applications.
    pub fn tenants(&self) -> Tenants {
        Tenants { session: self.session.clone() }
    }

    /// Returns the calls about organizations, which need a token in a tenant.
    pub fn orgs(&self) -> Orgs {
        Orgs { session: self.session.clone() }
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

    /// Sets the credentials with which the client's own session logs in.
    ///
    /// It does so at its first call, when its token has expired or is refused, and after a logout. A token that is about to expire is
    /// refreshed, in the same tenant. In such a session explicit logins and `set_current_token(Some(…))` fail with
    /// [`Configuration`](crate::ErrorKind::Configuration); use [`with_session`](Client::with_session) for them.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Builds the client. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration), naming the setting that is wrong.
    pub fn build(self) -> Result<Client> {
        let headers = digiwin::headers(&self.settings, &self.app_token)?;
        let application = self.app_token.expose_secret();
        let method = self.credentials.map(|credentials| Arc::new(digiwin::CredentialLogin(credentials.0)) as _);
        let session = Session::new("digiwin", &digiwin::DIALECT, application, self.settings, headers, method)?;
        Ok(Client { session })
    }
}
