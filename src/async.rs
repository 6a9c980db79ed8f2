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

use crate::{Result, authing::Page, session::Session, transport::runtime::Flavour};
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
type Fetching<T> = Option<Pin<Box<dyn Future<Output = Result<Page<T>>> + Send>>>;

impl<T: Clone + PartialEq + Send + Unpin + 'static> Stream for authing::Pager<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let (items, source, due, fetching) = self.parts();
            if let Some(item) = items.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            let Some(page) = due else { return Poll::Ready(None) };
            let under_way = fetching.get_or_insert_with(|| {
                let source = source.clone();
                Box::pin(async move { source.fetch(page).await })
            });
            let result = ready!(under_way.as_mut().poll(context));
            *fetching = None;
            match self.arrived(result) {
                Ok(true) => {}
                Ok(false) => return Poll::Ready(None),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}
