use crate::{
    Password,
    credentials::{Credentials as Inner, Kind, ProviderFuture, Way, credentials_methods},
};

/// Credentials with which a session of Cloudspot logs in by itself.
///
/// It logs in at the first call that needs a token, and when the service refuses the token.
///
/// ```
/// use iam_sdk::cloudspot::Credentials;
///
/// let ann = Credentials::password("ann@example.com", "her password");
/// let from_a_file = Credentials::from_fn("ann@example.com", || {
///     let password = std::fs::read_to_string("/run/secrets/ann")?;
///     std::io::Result::Ok(Credentials::password("ann@example.com", password.trim()))
/// });
/// ```
///
/// What the service does not have cannot be given to it:
///
/// ```compile_fail,E0599
/// iam_sdk::cloudspot::Credentials::active_directory("ann", "her password");
/// ```
#[derive(Clone, Debug)]
pub struct Credentials(pub(crate) Inner);

impl Credentials {
    /// Creates credentials from a user and their password: `authenticate`.
    pub fn password(user: impl Into<String>, password: impl Into<Password>) -> Self {
        Self(Inner::login(Way::Password, user, password))
    }

    credentials_methods!();
}
