//! Cloudspot License: the user's profile, and permissions by company.

use crate::{
    Error, ErrorKind, Result, UserToken,
    r#async::cloudspot::LicenseClient,
    cloudspot::LicenseUser,
    server::{ActingClient, Identity, Introspect, Known, fault::is_definite_no},
};

/// The id is the mail address: the service names no other one.
impl Identity for LicenseUser {
    fn user_id(&self) -> &str {
        self.email.as_deref().unwrap_or_default()
    }

    fn bytes(&self) -> usize {
        super::bytes(self)
    }
}

/// Asks `get_user`. The service does not say when a token expires, nor what it responds to an unknown application id: that is taken for
/// a wrong token, so that with a wrong id everybody is refused with 401.
impl Introspect for LicenseClient {
    type Identity = LicenseUser;

    async fn introspect(&self, token: &UserToken) -> Result<Option<Known<LicenseUser>>> {
        match self.with_token(token.clone())?.get_user().await {
            Ok(user) if user.user_id().is_empty() => Err(Error::new(ErrorKind::Decode)
                .operation_named("cloudspot.get_user")
                .detail("the response has no mail address")),
            // No cache holds a PIN.
            Ok(user) => Ok(Some(Known::new(LicenseUser { pin: None, ..user }))),
            Err(error) if is_definite_no(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn permissions(&self, token: &UserToken, _: &LicenseUser, company: &str) -> Result<Vec<String>> {
        match self.with_token(token.clone())?.get_company_permissions(company).await {
            Ok(granted) => Ok(granted.permissions),
            // The service itself says that there is no such company, or not for this user.
            Err(error) if error.is_not_found() && error.code().is_some() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn service(&self) -> &'static str {
        "cloudspot"
    }

    fn acting_client(&self) -> Option<ActingClient> {
        Some(self.clone().into())
    }
}
