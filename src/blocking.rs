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
//! Inside an async runtime every call, and [`ClientBuilder::build`], is an error of kind
//! [`BlockingInAsync`](crate::ErrorKind::BlockingInAsync), never a panic. That includes `spawn_blocking`, which tokio does
//! not tell apart: use the async flavour there.

use crate::transport::blocking::Transport;
use maybe_async::must_be_sync as maybe_async;

#[allow(clippy::duplicate_mod)]
#[path = "calls/mod.rs"]
mod calls;

pub use calls::digiwin::{Client, ClientBuilder, Identity, Orgs, Tenants, Users};

/// Cloudspot License.
pub mod cloudspot {
    pub use super::calls::cloudspot::{LicenseClient, LicenseClientBuilder};
}
