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

use crate::{Result, protocol::paging::Received, transport::blocking::Transport};
use calls::authing::Source;
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

/// Fetches a page.
fn fetch_page<T>(_: &mut Fetching<T>, source: &Source<T>, page: i64) -> Result<Received<T>> {
    source.fetch(page)
}

impl<T: Clone + PartialEq> Iterator for authing::Pager<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        let (cursor, source, fetching) = self.parts();
        loop {
            if let Some(item) = cursor.next_item() {
                return Some(Ok(item));
            }
            let result = fetch_page(fetching, source, cursor.next()?);
            if let Err(error) = cursor.on_page(result) {
                return Some(Err(error));
            }
        }
    }
}
