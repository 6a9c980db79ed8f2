//! Cloudspot License: the user's profile, and permissions by company.

use crate::{
    Error, ErrorKind, Result, UserToken,
    r#async::cloudspot::LicenseClient,
    cloudspot::LicenseUser,
    server::{Caller, Identity, Introspect, Introspection, Permissions, SourceId, fault::is_definite_no},
};

/// The id is the mail address: the service names no other one.
impl Identity for LicenseUser {
    type Client = LicenseClient;

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

    async fn introspect(&self, token: &UserToken) -> Result<Introspection<LicenseUser>> {
        match self.with_token(token.clone())?.get_user().await {
            Ok(user) if user.user_id().is_empty() => Err(Error::new(ErrorKind::Decode)
                .operation_named("cloudspot.get_user")
                .detail("the response has no mail address")),
            // No cache holds a PIN.
            Ok(user) => Ok(Introspection::active(LicenseUser { pin: None, ..user })),
            Err(error) if is_definite_no(&error) => Ok(Introspection::inactive().reason(error)),
            Err(error) => Err(error),
        }
    }

    fn client(&self) -> Result<LicenseClient> {
        Ok(self.clone())
    }

    fn service(&self) -> &'static str {
        "cloudspot"
    }
}

/// The slugs of the permissions. They are asked with the caller's own token: no other service's token is one of Cloudspot's.
impl Permissions<LicenseUser> for LicenseClient {
    fn source_id(&self) -> SourceId {
        self.source_id()
    }

    async fn permissions(&self, who: &Caller<LicenseUser>, company_id: &str) -> Result<Vec<String>> {
        match self.with_token(who.token().clone())?.get_company_permissions(company_id).await {
            Ok(granted) => Ok(granted.permissions),
            // The service itself says that there is no such company, or not for this user.
            Err(error) if error.is_not_found() && error.code().is_some() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
