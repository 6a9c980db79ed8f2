//! The async flavour, on tokio.
//!
//! ```no_run
//! # async fn quick_start() -> iam_sdk::Result<()> {
//! let client = iam_sdk::r#async::Client::builder("https://iam.example.com", "app-token").build()?;
//! let user = client.identity().login("ann", "her password").await?;
//! println!("{:?} in {:?}", user.user_name, client.tenants().get_tenants().await?);
//! # Ok(()) }
//! ```
//!
//! Each method that makes a call returns a [`Call`], a future. It is `Send` and cancel-safe. Dropping a call that only
//! reads or writes data does not touch the session. A login, refresh, tenant switch or logout that has begun runs to its end in a task
//! of its own, and its result becomes the session's.
//!
//! The section *Errors* of a method names what is particular to it; [`ErrorKind`](crate::ErrorKind#errors-that-any-call-can-meet)
//! has what any call can meet.
//!
//! # Certificates of your own authority
//!
//! ```no_run
//! # fn with_root() -> Result<(), Box<dyn std::error::Error>> {
//! let root = std::fs::read("company-ca.pem")?;
//! let client = iam_sdk::r#async::Client::builder("https://iam.example.com", "app-token").add_root_certificate(root).build()?;
//! # Ok(()) }
//! ```
//!
//! The certificates that the operating system trusts stay trusted.

use crate::{Result, session, transport::runtime};
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

#[path = "calls/mod.rs"]
mod calls;
#[cfg(feature = "authing")]
mod pages;

#[cfg(feature = "digiwin")]
pub use calls::digiwin::{Client, ClientBuilder};

/// Digiwin IAM.
#[cfg(feature = "digiwin")]
pub mod digiwin {
    pub use super::calls::digiwin::{Client, ClientBuilder, Identity, Orgs, Tenants, Users};
}

/// Authing management.
///
/// A list of many pages is a [`Pager`](authing::Pager), a [`Stream`](futures_core::Stream) of its items:
///
/// ```no_run
/// # async fn all(client: iam_sdk::r#async::authing::ManagementClient) -> iam_sdk::Result<()> {
/// use futures_util::TryStreamExt;
/// use iam_sdk::authing::UserListOptions;
///
/// let mut users = client.users().list_all(UserListOptions::new().limit(50));
/// while let Some(user) = users.try_next().await? {
///     println!("{:?}", user.username);
/// }
///
/// // Or page by page.
/// let mut users = client.users().list_all(UserListOptions::new().limit(50));
/// while let Some(page) = users.next_page().await? {
///     println!("{} of {}", page.list.len(), page.total_count);
/// }
/// # Ok(()) }
/// ```
#[cfg(feature = "authing")]
pub mod authing {
    pub use super::calls::authing::{Groups, ManagementClient, ManagementClientBuilder, Orgs, Pager, Users};
}

/// Cloudspot License.
#[cfg(feature = "cloudspot")]
pub mod cloudspot {
    pub use super::calls::cloudspot::{LicenseClient, LicenseClientBuilder};
}

/// Users' JWTs, checked without a round trip.
#[cfg(feature = "jwt")]
pub mod jwt {
    pub use super::calls::jwt::{Verifier, VerifierBuilder};
}

/// A call that is sent when it is awaited: a future of its result.
///
/// It borrows nothing, so calls can be joined, and spawned as tasks:
///
/// ```no_run
/// # async fn both(client: &iam_sdk::r#async::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let (ann, bob) = tokio::try_join!(client.users().get_user("ann"), client.users().get_user("bob"))?;
/// let carl = tokio::spawn(client.users().get_user("carl")).await??;
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct Call<T>(Pin<Box<dyn Future<Output = Result<T>> + Send>>);

impl<T> Future for Call<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        self.0.as_mut().poll(context)
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}

/// Nothing waits for the end of a client's last handle: tasks go on by themselves.
#[derive(Clone, Debug)]
struct Driver;

impl session::Drive for Driver {
    const RUNTIME: runtime::Flavour = runtime::Flavour::Async;

    type Call<T: Send + 'static> = Call<T>;

    fn of(_: &session::Session) -> Self {
        Self
    }

    /// Boxed: the future of a session is large, and handles are used on small stacks.
    fn run<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Call<T> {
        Call(Box::pin(work))
    }
}
