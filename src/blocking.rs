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
//! Each call runs on the caller's own thread; there is no runtime in the background. Any number of threads may share a client.
//!
//! On a thread that drives an async runtime every call, and [`ClientBuilder::build`], is an error of kind
//! [`BlockingInAsync`](crate::ErrorKind::BlockingInAsync), never a panic. Inside `tokio::task::spawn_blocking` calls work.
//!
//! The section *Errors* of a method names what is particular to it; [`ErrorKind`](crate::ErrorKind#errors-that-any-call-can-meet)
//! has what any call can meet.

use crate::{
    Result, UserToken,
    config::Settings,
    protocol::{
        batches::Batches,
        decode::Data,
        dialect::Dialect,
        login::{Login, LoginMethod},
        paging::Received,
        request::Request,
        token::TokenResponse,
    },
    session,
    transport::{
        park::{self, CallContext, block_on_anywhere},
        runtime::Flavour,
    },
};
use calls::authing::Source;
use http::HeaderMap;
use maybe_async::must_be_sync as maybe_async;
use serde::de::DeserializeOwned;
use std::{marker::PhantomData, sync::Arc, time::Duration};

/// What drives the futures of these clients.
const FLAVOUR: Flavour = Flavour::Blocking;

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
fn fetch_page<T: Send>(_: &mut Fetching<T>, source: &Source<T>, page: i64) -> Result<Received<T>> {
    source.fetch(page)
}

impl<T: Clone + PartialEq + Send> Iterator for authing::Pager<T> {
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

/// The session, under the same names: each call runs its future to the end.
#[derive(Clone, Debug)]
struct Session(session::Session, Arc<Ending>);

/// How long the last handle of a client waits for a refresh that is under way: a process that ends would lose its token.
const LAST_REFRESH: Duration = Duration::from_secs(2);

/// The end of a client's last handle.
#[derive(Debug)]
struct Ending(Arc<session::Running>);

impl Drop for Ending {
    fn drop(&mut self) {
        // An executor's thread must not wait.
        if park::context() != CallContext::Executor {
            self.0.wait_for_all(LAST_REFRESH);
        }
    }
}

impl Session {
    fn new(
        flavour: Flavour,
        service: &'static str,
        dialect: &'static dyn Dialect,
        application: &str,
        settings: Settings,
        headers: HeaderMap,
        method: Option<Arc<dyn LoginMethod>>,
    ) -> Result<Self> {
        let session = session::Session::new(flavour, service, dialect, application, settings, headers, method)?;
        let ending = Arc::new(Ending(session.running()));
        Ok(Self(session, ending))
    }

    fn with_session(&self, name: &str, method: Option<Arc<dyn LoginMethod>>) -> Self {
        Self(self.0.with_session(name, method), self.1.clone())
    }

    fn with_token(&self, token: UserToken) -> Result<Self> {
        Ok(Self(self.0.with_token(token)?, self.1.clone()))
    }

    fn with_initial_token(self, token: UserToken) -> Result<Self> {
        Ok(Self(self.0.with_initial_token(token)?, self.1))
    }

    fn call<T: DeserializeOwned + Send>(&self, request: Request) -> Result<T> {
        block_on_anywhere(self.0.call(request))
    }

    fn run(&self, request: Request) -> Result<()> {
        block_on_anywhere(self.0.run(request))
    }

    fn call_with<T: Send>(&self, request: Request, read: fn(&Data) -> Result<T>) -> Result<T> {
        block_on_anywhere(self.0.call_with(request, read))
    }

    fn call_in_batches<T: Send + 'static>(
        &self,
        batches: Batches,
        request: impl Fn(&[String]) -> Result<Request> + Send,
        read: fn(&Data) -> Result<T>,
    ) -> Result<Vec<T>> {
        block_on_anywhere(self.0.call_in_batches(batches, request, read))
    }

    fn call_for_token<T>(&self, request: Request) -> Result<T>
    where
        T: DeserializeOwned + TokenResponse + Send + 'static,
    {
        block_on_anywhere(self.0.call_for_token(request))
    }

    fn log_in<T: DeserializeOwned + Send + 'static>(&self, login: Box<dyn Login>) -> Result<T> {
        block_on_anywhere(self.0.log_in(login))
    }

    fn log_out(&self, request: Request) -> Result<()> {
        block_on_anywhere(self.0.log_out(request))
    }

    fn current_token(&self) -> Result<Option<UserToken>> {
        block_on_anywhere(self.0.current_token())
    }

    fn set_token(&self, token: Option<UserToken>) -> Result<()> {
        block_on_anywhere(self.0.set_token(token))
    }
}
