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

use crate::{Result, transport::blocking::Transport};
use maybe_async::must_be_sync as maybe_async;
use std::marker::PhantomData;

#[allow(clippy::duplicate_mod)]
#[path = "calls/mod.rs"]
mod calls;

pub use calls::digiwin::{Client, ClientBuilder, Identity, Orgs, Tenants, Users};

/// Authing management.
pub mod authing {
    pub use super::calls::authing::{Groups, ManagementClient, ManagementClientBuilder, Orgs, Pager, Users};
}

/// Cloudspot License.
pub mod cloudspot {
    pub use super::calls::cloudspot::{LicenseClient, LicenseClientBuilder};
}

/// Nothing is ever under way between two calls.
type Fetching<T> = PhantomData<T>;

impl<T: Clone + PartialEq> Iterator for authing::Pager<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (items, source, due, _) = self.parts();
            if let Some(item) = items.next() {
                return Some(Ok(item));
            }
            let result = source.fetch(due?);
            match self.arrived(result) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
