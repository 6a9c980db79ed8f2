//! The blocking flavour, for scripts and command-line tools.
//!
//! ```no_run
//! # fn quick_start() -> iam_sdk::Result<()> {
//! let client = iam_sdk::blocking::Client::builder("https://iam.example.com", "app-token").build()?;
//! let user = client.identity().login("ann", "her password")?;
//! println!("{:?} in {:?}", user.user_name, client.tenants().get_tenants()?);
//! # Ok(()) }
//! ```
//!
//! Each call runs on the caller's own thread; no runtime and no thread waits in the background. Token stores, providers, refreshes
//! ahead of expiry and the making of key pairs run on short-lived threads. Dropping the last handle of a client waits up to 2 s for a refresh that is under way,
//! so that its token is stored. Any number of threads may share a client.
//!
//! On a thread that drives an async runtime every call, and `build` of a client, is an error of kind
//! [`BlockingInAsync`](crate::ErrorKind::BlockingInAsync), never a panic. Inside `tokio::task::spawn_blocking` calls work.
//!
//! The section *Errors* of a method names what is particular to it; [`ErrorKind`](crate::ErrorKind#errors-that-any-call-can-meet)
//! has what any call can meet.
//!
//! # Certificates of your own authority
//!
//! ```no_run
//! # fn with_root() -> Result<(), Box<dyn std::error::Error>> {
//! let root = std::fs::read("company-ca.pem")?;
//! let client = iam_sdk::blocking::Client::builder("https://iam.example.com", "app-token").add_root_certificate(root).build()?;
//! # Ok(()) }
//! ```
//!
//! The certificates that the operating system trusts stay trusted.

use crate::{
    Result, session,
    transport::{
        park::{self, CallContext, block_on_anywhere},
        runtime,
    },
};
use std::{sync::Arc, time::Duration};

#[allow(clippy::duplicate_mod)]
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
/// A list of many pages is a [`Pager`](authing::Pager), an [`Iterator`] of its items:
///
/// ```no_run
/// # fn all(client: iam_sdk::blocking::authing::ManagementClient) -> iam_sdk::Result<()> {
/// use iam_sdk::authing::UserListOptions;
///
/// for user in client.users().list_all(UserListOptions::new().limit(50)) {
///     println!("{:?}", user?.username);
/// }
///
/// // Or page by page.
/// let mut users = client.users().list_all(UserListOptions::new().limit(50));
/// while let Some(page) = users.next_page()? {
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

/// The result of a call. The blocking flavour has sent it by the time it returns; the async flavour's `Call` is a future.
pub type Call<T> = Result<T>;

/// How long the last handle of a client waits for a refresh that is under way: a process that ends would lose its token.
const LAST_REFRESH: Duration = Duration::from_secs(2);

/// Shared by the handles of a client: the last one waits.
#[derive(Clone, Debug)]
struct Driver {
    _last: Arc<LastHandle>,
}

impl session::Drive for Driver {
    const RUNTIME: runtime::Flavour = runtime::Flavour::Blocking;

    type Call<T: Send + 'static> = Result<T>;

    fn of(session: &session::Session) -> Self {
        Self { _last: Arc::new(LastHandle(session.running())) }
    }

    fn run<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
        // By reference: the future of a session is large, and each frame that it is moved through would have room for it.
        block_on_anywhere(std::pin::pin!(work))
    }
}

#[derive(Debug)]
struct LastHandle(Arc<session::Running>);

impl Drop for LastHandle {
    fn drop(&mut self) {
        // An executor's thread must not wait.
        if park::context() != CallContext::Executor {
            self.0.wait_for_all(LAST_REFRESH);
        }
    }
}
