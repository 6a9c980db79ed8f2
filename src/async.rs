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
//! Futures are `Send` and cancel-safe: a call dropped half way leaves the session as it was.

use crate::transport::r#async::Transport;
use maybe_async::must_be_async as maybe_async;

#[path = "calls/mod.rs"]
mod calls;

pub use calls::digiwin::{Client, ClientBuilder, Identity, Orgs, Tenants, Users};

/// Cloudspot License.
pub mod cloudspot {
    pub use super::calls::cloudspot::{LicenseClient, LicenseClientBuilder};
}
