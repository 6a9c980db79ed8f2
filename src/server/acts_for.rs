//! The clients that act for a caller.

use super::{Caller, Identity};
use crate::Result;

/// A client whose calls can be made with a caller's own token: what [`Caller::client`] gives.
///
/// The clients of Digiwin and Cloudspot implement it. Authing's does not: its calls are made with the user pool's own token.
///
/// ```
/// use iam_sdk::{Result, UserToken, server::{ActsFor, Caller, Identity}};
/// use std::time::Duration;
///
/// /// A service of the same company, which accepts its users' tokens.
/// #[derive(Clone)]
/// struct Orders {
///     token: Option<UserToken>,
///     timeout: Duration,
/// }
///
/// impl ActsFor for Orders {
///     fn acting_for<I: Identity<Client = Self>>(&self, who: &Caller<I>) -> Result<Self> {
///         Ok(Self { token: Some(who.token().clone()), timeout: self.timeout.min(who.time_limit()) })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "no client acts for a caller of this guard",
    note = "`Identity::Client` of the caller's identity is `{Self}`: only Digiwin's and Cloudspot's identities have a client; one of your own names it"
)]
pub trait ActsFor: Send + Sync + Sized + 'static {
    /// Returns a client whose calls are made with the caller's token, and in the caller's [time limit](Caller::time_limit).
    ///
    /// Where the service refuses the token, the client SHOULD ask [`Caller::confirm_refusal`] which error counts.
    ///
    /// # Errors
    ///
    /// What hinders it.
    fn acting_for<I: Identity<Client = Self>>(&self, who: &Caller<I>) -> Result<Self>;
}

#[cfg(any(feature = "cloudspot", feature = "digiwin"))]
macro_rules! acts_for {
    ($Client:ty) => {
        impl ActsFor for $Client {
            fn acting_for<I: Identity<Client = Self>>(&self, who: &Caller<I>) -> Result<Self> {
                self.with_watched_token(who.token().clone(), who.on_refusal(), who.time_limit())
            }
        }
    };
}

#[cfg(feature = "digiwin")]
acts_for!(crate::r#async::Client);
#[cfg(feature = "cloudspot")]
acts_for!(crate::r#async::cloudspot::LicenseClient);
