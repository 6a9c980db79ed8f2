use super::{FLAVOUR, Session, maybe_async};
use crate::{
    Password, Result, UserToken,
    cloudspot::{
        self, AuthenticatedLicense, CompanyId, CompanyPermissions, CredentialLogin, Credentials, Impersonation,
        LicenseUser,
    },
    config::{Settings, settings_methods},
};
use std::sync::Arc;

/// A client of Cloudspot License.
///
/// Cheap to clone; clones share the connections and the session. Which errors mean what is in
/// [`cloudspot`](crate::cloudspot).
#[derive(Clone, Debug)]
pub struct LicenseClient {
    session: Session,
}

impl LicenseClient {
    /// A client for the application with this id (`X-LICENSE-MODULE`).
    pub fn builder(application_id: impl Into<String>) -> LicenseClientBuilder {
        LicenseClientBuilder {
            settings: Settings::new(cloudspot::PUBLIC_SERVICE.to_owned()),
            application_id: application_id.into(),
            token: None,
            credentials: None,
        }
    }

    /// A session of its own over the same connections, named by `key`. No other session sees its token.
    pub fn with_session(&self, key: impl AsRef<str>) -> Self {
        Self { session: self.session.with_session(key.as_ref(), None) }
    }

    /// Creates a session with this token, over the same connections: in no token store, never refreshed, gone with its handles. An
    /// empty token, or one that cannot stand in a header, is [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub fn with_token(&self, token: impl Into<UserToken>) -> Result<Self> {
        Ok(Self { session: self.session.with_token(token.into())? })
    }

    /// A session of its own that logs in by itself.
    pub fn with_session_as(&self, key: impl AsRef<str>, credentials: Credentials) -> Self {
        let method = Some(Arc::new(CredentialLogin(credentials.0)) as _);
        Self { session: self.session.with_session(key.as_ref(), method) }
    }
}

#[maybe_async]
impl LicenseClient {
    /// Logs in, and makes the token the session's: `POST auth/authenticate/`.
    ///
    /// # Errors
    ///
    /// [`Authentication`](crate::ErrorKind::Authentication): bad credentials, never a 429 or a 5xx. The session then keeps the
    /// token it had. [`Configuration`](crate::ErrorKind::Configuration): the session has credentials, and logs in by itself.
    pub async fn authenticate(&self, username: &str, password: impl Into<Password>) -> Result<AuthenticatedLicense> {
        self.session.call_for_token(cloudspot::authenticate(username, &password.into())?).await
    }

    /// Who is logged in: `GET auth/users/profile/`. Needs a token.
    pub async fn get_user(&self) -> Result<LicenseUser> {
        self.session.call(cloudspot::get_user()).await
    }

    /// What the user may do, by company: `GET auth/get-permissions/`. Needs a token. A token in the answer does not become
    /// the session's.
    pub async fn get_permissions(&self) -> Result<AuthenticatedLicense> {
        self.session.call(cloudspot::get_permissions()).await
    }

    /// What the user may do in a company: `GET auth/get-company-permissions/{company_id}/`. Needs a token.
    pub async fn get_company_permissions(&self, company_id: impl Into<CompanyId>) -> Result<CompanyPermissions> {
        let company_id = company_id.into();
        let permissions = self.session.call(cloudspot::get_company_permissions(&company_id)?).await?;
        Ok(cloudspot::of_company(company_id, permissions))
    }

    /// Who stands behind an impersonation's token: `POST auth/impersonation-validation/`. Needs no token of the session's, and
    /// leaves it as it is.
    pub async fn validate_impersonation(&self, token: impl Into<UserToken>) -> Result<Impersonation> {
        self.session.call(cloudspot::validate_impersonation(&token.into())?).await
    }

    /// The session's token, if it has one. Sends nothing.
    pub async fn token(&self) -> Result<Option<UserToken>> {
        self.session.current_token().await
    }

    /// Gives the session a token from elsewhere, or takes its token away. Sends nothing.
    pub async fn set_token(&self, token: Option<UserToken>) -> Result<()> {
        self.session.set_token(token).await
    }
}

/// Builds a [`LicenseClient`].
#[derive(Clone, Debug)]
pub struct LicenseClientBuilder {
    settings: Settings,
    application_id: String,
    token: Option<UserToken>,
    credentials: Option<Credentials>,
}

impl LicenseClientBuilder {
    /// Has the client's own session log in by itself, again when the service refuses its token, with
    /// [`Credentials::password`] or a provider of them. `authenticate` and `set_token` are for other sessions then.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Another service than the [public one](crate::cloudspot::PUBLIC_SERVICE).
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.settings.base_url = url.into();
        self
    }

    /// A token to begin with, for the client's own session; it is not written to the token store.
    pub fn token(mut self, token: impl Into<UserToken>) -> Self {
        self.token = Some(token.into());
        self
    }

    settings_methods!();

    /// The client.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration), naming the setting that is wrong.
    pub fn build(self) -> Result<LicenseClient> {
        let headers = cloudspot::headers(&self.settings, &self.application_id)?;
        let method = self.credentials.map(|credentials| Arc::new(CredentialLogin(credentials.0)) as _);
        let id = &self.application_id;
        let session = Session::new(FLAVOUR, "cloudspot", &cloudspot::DIALECT, id, self.settings, headers, method)?;
        let session = match self.token {
            Some(token) => session.with_initial_token(token)?,
            None => session,
        };
        Ok(LicenseClient { session })
    }
}
