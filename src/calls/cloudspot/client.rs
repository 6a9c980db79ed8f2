use super::{Call, Session, client_methods, options_method};
use crate::{
    Password, Result, UserToken,
    cloudspot::{
        self, AuthenticatedLicense, CompanyPermissions, CredentialLogin, Credentials, Impersonation, LicenseUser, auth,
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
    /// Begins a client for the application with this id (`X-LICENSE-MODULE`).
    pub fn builder(application_id: impl Into<String>) -> LicenseClientBuilder {
        LicenseClientBuilder {
            settings: Settings::new(cloudspot::PUBLIC_SERVICE.to_owned()),
            application_id: application_id.into(),
            credentials: None,
        }
    }

    client_methods!(sessions: cloudspot::CredentialLogin, "authenticate");
    client_methods!();
    options_method!();
    client_methods!(request: cloudspot::REQUEST);

    /// Logs a user in, and makes the token the session's.
    #[doc = auth::docs!(AUTHENTICATE)]
    pub fn authenticate(&self, username: impl AsRef<str>, password: impl Into<Password>) -> Call<AuthenticatedLicense> {
        self.session.call_for_token(cloudspot::authenticate(username.as_ref(), &password.into()), Ok)
    }

    /// Returns the user that is logged in.
    ///
    /// Needs a token.
    #[doc = auth::docs!(GET_USER)]
    pub fn get_user(&self) -> Call<LicenseUser> {
        self.session.call(cloudspot::get_user())
    }

    /// Returns what the user may do, by company.
    ///
    /// Needs a token. A token in the response does not become the session's.
    #[doc = auth::docs!(GET_PERMISSIONS)]
    pub fn get_permissions(&self) -> Call<AuthenticatedLicense> {
        self.session.call(cloudspot::get_permissions())
    }

    /// Returns what the user may do in a company.
    ///
    /// Needs a token.
    #[doc = auth::docs!(GET_COMPANY_PERMISSIONS)]
    pub fn get_company_permissions(&self, company_id: impl AsRef<str>) -> Call<CompanyPermissions> {
        let company_id = company_id.as_ref().to_owned();
        let request = cloudspot::get_company_permissions(&company_id);
        self.session.call_then(request, move |permissions| cloudspot::of_company(company_id, permissions))
    }

    /// Returns the user behind an impersonation's token.
    ///
    /// Needs no token of the session's, and leaves it as it is.
    #[doc = auth::docs!(VALIDATE_IMPERSONATION)]
    pub fn validate_impersonation(&self, token: impl Into<UserToken>) -> Call<Impersonation> {
        self.session.call(cloudspot::validate_impersonation(&token.into()))
    }
}

/// Builds a [`LicenseClient`].
#[derive(Clone, Debug)]
pub struct LicenseClientBuilder {
    settings: Settings,
    application_id: String,
    credentials: Option<Credentials>,
}

impl LicenseClientBuilder {
    /// Sets the credentials with which the client's own session logs in.
    ///
    /// It does so at its first call, and when its token is refused. In such a session `authenticate` and `set_current_token(Some(…))`
    /// fail with [`Configuration`](crate::ErrorKind::Configuration); use [`with_session`](LicenseClient::with_session) for them.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    settings_methods!();

    /// Builds the client. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration), naming the setting that is wrong.
    pub fn build(self) -> Result<LicenseClient> {
        let headers = cloudspot::headers(&self.settings, &self.application_id)?;
        let method = self.credentials.map(|credentials| Arc::new(CredentialLogin(credentials.0)) as _);
        let id = &self.application_id;
        let session = Session::new("cloudspot", &cloudspot::DIALECT, id, self.settings, headers, method)?;
        Ok(LicenseClient { session })
    }
}
