use super::{Call, Session, client_methods, options_method};
use crate::{
    Password, Result, UserToken,
    cloudspot::{self, AuthenticatedLicense, CompanyPermissions, Credentials, Impersonation, LicenseUser, auth},
};

/// Builds a [`LicenseClient`].
pub type LicenseClientBuilder = cloudspot::LicenseClientBuilder<LicenseClient>;

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
        LicenseClientBuilder::new(application_id.into())
    }

    client_methods!(sessions: cloudspot::login_method, "authenticate");
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

impl LicenseClientBuilder {
    /// Builds the client. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration), naming the setting that is wrong.
    pub fn build(self) -> Result<LicenseClient> {
        Ok(LicenseClient { session: Session::new(self.prepare()?)? })
    }
}
