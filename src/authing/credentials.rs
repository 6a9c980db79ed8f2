use crate::{
    Password,
    credentials::{Credentials as Inner, Kind, ProviderFuture, Way, credentials_methods},
};

/// Credentials with which a session of Authing's management client fetches its management token.
///
/// It fetches one at the first call that needs it, before the token ends, and when the service refuses the token.
///
/// ```
/// use iam_sdk::authing::Credentials;
///
/// let own = Credentials::secret("user pool id", "another secret of the pool");
/// let from_a_file = Credentials::from_fn("reports", || {
///     let secret = std::fs::read_to_string("/run/secrets/user-pool")?;
///     std::io::Result::Ok(Credentials::secret("user pool id", secret.trim()))
/// });
/// ```
///
/// What the service does not have cannot be given to it:
///
/// ```compile_fail,E0599
/// iam_sdk::authing::Credentials::active_directory("ann", "her password");
/// ```
#[derive(Clone, Debug)]
pub struct Credentials(pub(crate) Inner);

impl Credentials {
    /// Creates credentials from the client's user pool and a secret of it. Another pool's id is an error of kind
    /// [`Configuration`](crate::ErrorKind::Configuration) at the login.
    pub fn secret(user_pool_id: impl Into<String>, secret: impl Into<Password>) -> Self {
        Self(Inner::login(Way::Password, user_pool_id, secret))
    }

    credentials_methods!();
}
