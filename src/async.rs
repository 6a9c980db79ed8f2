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
//! Futures are `Send` and cancel-safe: a call dropped half way leaves the session as it was, and a login, refresh, tenant
//! switch or logout that was begun runs to its end.
//!
//! The section *Errors* of a method names what is particular to it; [`ErrorKind`](crate::ErrorKind#errors-that-any-call-can-meet)
//! has what any call can meet.

use crate::{Result, protocol::paging::Received, session::Session, transport::runtime::Flavour};
use calls::authing::Source;
use futures_core::Stream;
use maybe_async::must_be_async as maybe_async;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// What drives the futures of these clients.
const FLAVOUR: Flavour = Flavour::Async;

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

/// A page that is under way.
type Fetching<T> = Option<Pin<Box<dyn Future<Output = Result<Received<T>>> + Send>>>;

/// The page that is under way, or this one.
fn under_way<'a, T: Send + 'static>(
    fetching: &'a mut Fetching<T>,
    source: &Source<T>,
    page: i64,
) -> Pin<&'a mut (dyn Future<Output = Result<Received<T>>> + Send)> {
    let started = fetching.get_or_insert_with(|| {
        let source = source.clone();
        Box::pin(async move { source.fetch(page).await })
    });
    started.as_mut()
}

/// Fetches a page. One that was begun and not awaited to its end is gone on with, also after an item was asked for.
async fn fetch_page<T: Send + 'static>(
    fetching: &mut Fetching<T>,
    source: &Source<T>,
    page: i64,
) -> Result<Received<T>> {
    let result = under_way(fetching, source, page).await;
    *fetching = None;
    result
}

impl<T: Clone + PartialEq + Send + Unpin + 'static> Stream for authing::Pager<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (cursor, source, fetching) = self.parts();
        loop {
            if let Some(item) = cursor.next_item() {
                return Poll::Ready(Some(Ok(item)));
            }
            let Some(page) = cursor.next() else { return Poll::Ready(None) };
            let result = ready!(under_way(fetching, source, page).poll(context));
            *fetching = None;
            if let Err(error) = cursor.on_page(result) {
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}
