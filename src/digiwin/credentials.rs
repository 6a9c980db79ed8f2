use super::TenantId;
use crate::{
    Password,
    credentials::{Credentials as Inner, Kind, ProviderFuture, Way, credentials_methods},
};

/// Credentials with which a session of Digiwin logs in by itself.
///
/// It logs in at the first call that needs a token, when its token cannot be refreshed, and when the service refuses the token.
///
/// ```
/// use iam_sdk::digiwin::Credentials;
///
/// let ann = Credentials::password("ann", "her password").tenant_id("T1");
/// let from_a_file = Credentials::from_fn("ann", || {
///     let password = std::fs::read_to_string("/run/secrets/ann")?;
///     std::io::Result::Ok(Credentials::password("ann", password.trim()))
/// });
/// ```
#[derive(Clone, Debug)]
pub struct Credentials(pub(crate) Inner);

impl Credentials {
    /// Creates credentials from a user and their password: `login`.
    pub fn password(user: impl Into<String>, password: impl Into<Password>) -> Self {
        Self(Inner::login(Way::Password, user, password))
    }

    /// Creates credentials from a user of the Active Directory: `login_ad`.
    pub fn active_directory(user: impl Into<String>, password: impl Into<Password>) -> Self {
        Self(Inner::login(Way::Directory, user, password))
    }

    /// Creates credentials from a tenant's internal user: `internal_login`.
    pub fn internal(tenant_id: TenantId<'_>, user: impl Into<String>, password: impl Into<Password>) -> Self {
        Self(Inner::login(Way::Internal, user, password)).tenant_id(tenant_id.0)
    }

    credentials_methods!();

    /// Sets the tenant to log in to. After a tenant switch the next token is in the tenant that was switched to.
    pub fn tenant_id(self, id: impl Into<String>) -> Self {
        Self(self.0.tenant_id(id))
    }
}
