//! An in-process emulator of the three services, for tests and demonstrations.
//!
//! It listens on a loopback port, keeps state (a login issues a token that later calls require, a deleted organization is gone)
//! and stops when it is dropped. It is tested with the vendors' own Python clients.
//!
//! # Examples
//!
//! A test with the blocking client:
//!
//! ```
//! # #[cfg(feature = "blocking")] {
//! use iam_sdk::{blocking::Client, emulator::Emulator};
//!
//! #[test]
//! # fn takes_the_attribute_that_would_remove_the_example() {}
//! fn an_expired_session_is_reported() {
//!     let emulator = Emulator::start().unwrap();
//!     let account = emulator.digiwin().account();
//!     let client = Client::builder(emulator.base_url(), account.app_token.clone()).build().unwrap();
//!     client.identity().login(&account.user_id, account.password.clone()).unwrap();
//!
//!     emulator.digiwin().expire_tokens();
//!     assert!(client.users().get_user_simple().unwrap_err().is_authentication());
//! }
//! # an_expired_session_is_reported();
//! # }
//! ```
//!
//! A test with the async client, and a [`Fault`]:
//!
//! ```
//! # #[cfg(feature = "async")] {
//! use iam_sdk::{Client, digiwin::Credentials, emulator::{Emulator, Fault}};
//!
//! #[tokio::test]
//! # async fn takes_the_attribute_that_would_remove_the_example() {}
//! async fn a_read_is_retried() {
//!     let emulator = Emulator::start().unwrap();
//!     let account = emulator.digiwin().account();
//!     let client = Client::builder(emulator.base_url(), account.app_token.clone())
//!         .credentials(Credentials::password(&account.user_id, account.password.clone()))
//!         .build()
//!         .unwrap();
//!
//!     let operation = "digiwin.users.get_user_simple";
//!     emulator.fault(Fault::status(503).on(operation).times(1));
//!     client.users().get_user_simple().await.unwrap();
//!     assert_eq!(emulator.requests().iter().filter(|request| request.is_operation(operation)).count(), 2);
//! }
//! # tokio::runtime::Runtime::new().unwrap().block_on(a_read_is_retried());
//! # }
//! ```

// The examples run their functions themselves: hidden lines take the attribute.
#![allow(clippy::test_attr_in_doctest)]

pub mod authing;
pub mod cloudspot;
pub mod digiwin;
mod fault;
mod log;
mod operation;
mod redact;
mod seed_check;
mod service;
mod store;

pub use fault::{AddedFault, Fault, FaultError};
pub use log::ReceivedRequest;

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    thread,
    time::Duration,
};
use tokio::sync::oneshot;

service::services! {
    authing: Authing {
        "Returns Authing's side: its account, and what a test can change or look up directly."
        "Sets Authing's seed (users, organizations and so on), or its settings with a seed."
    }
    cloudspot: Cloudspot {
        "Returns Cloudspot's side, which is served below `/api/v1`: its account, and what a test can change directly."
        "Sets Cloudspot's seed (companies and people), or its settings with a seed."
    }
    digiwin: Digiwin {
        "Returns Digiwin's side: its account, and what a test can change directly."
        "Sets Digiwin's seed (people and tenants), or its settings with a seed."
    }
}

/// A running emulator.
pub struct Emulator {
    address: SocketAddr,
    services: Services,
    log: Arc<log::Log>,
    plan: fault::Plan,
    server: Option<Server>,
}

struct Server {
    stop: oneshot::Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl Emulator {
    /// Starts an emulator with the default seeds on a free loopback port.
    ///
    /// # Errors
    ///
    /// The operating system's, if a socket cannot be opened or a thread cannot be started.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Returns a builder, to choose the port, and seeds and settings of the services.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder { port: 0, latency: Duration::ZERO, settings: Settings::default() }
    }

    /// Returns the base URL that clients of Digiwin and Authing connect to: `http://127.0.0.1:port`. Those of Cloudspot need
    /// `/api/v1` after it, as at the public service.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the requests received so far, in order. All but the last 10,000 are without query, headers and body.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.log.received()
    }

    /// Forgets the requests received so far.
    pub fn clear_requests(&self) {
        self.log.clear();
    }

    /// Adds a fault, which the next requests that fit it meet. Returns what tells how often it was applied, and removes it.
    ///
    /// # Panics
    ///
    /// If the fault could never apply, such as by an operation that does not exist or a probability above 1.
    pub fn fault(&self, fault: Fault) -> AddedFault {
        match self.try_fault(fault) {
            Ok(added) => added,
            Err(error) => panic!("{error}"),
        }
    }

    /// Adds a fault as [`fault`](Self::fault) does.
    ///
    /// # Errors
    ///
    /// If the fault could never apply, such as by an operation that does not exist or a probability above 1.
    pub fn try_fault(&self, fault: Fault) -> Result<AddedFault, FaultError> {
        fault.check()?;
        Ok(self.plan.add(fault))
    }

    /// Removes all faults, those of [`respond_next`](Self::respond_next) included.
    pub fn clear_faults(&self) {
        self.plan.clear();
    }

    /// Responds to the next request to `path` with `status` and `body`, instead of carrying it out. Several responses for one
    /// path are used in the order in which they were given.
    ///
    /// It is short for [`Fault::status`] with [`body`](Fault::body), [`on_path`](Fault::on_path) and [`times(1)`](Fault::times).
    pub fn respond_next(&self, path: impl Into<String>, status: u16, body: impl Into<String>) {
        self.plan.add(Fault::status(status).body(body).on_path(path).times(1));
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("base_url", &self.base_url()).finish_non_exhaustive()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let Some(Server { stop, thread }) = self.server.take() else { return };
        // It fails when the server is gone already, which the join tells.
        let _ = stop.send(());
        if let Err(panic) = thread.join()
            && !thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Builds an [`Emulator`].
#[derive(Clone, Debug)]
pub struct EmulatorBuilder {
    port: u16,
    latency: Duration,
    settings: Settings,
}

impl EmulatorBuilder {
    /// Sets the loopback port. Default: 0, which takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets how long the emulator waits before each response. Default: zero.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Starts the emulator.
    ///
    /// # Errors
    ///
    /// Those of [`Emulator::start`]; [`InvalidInput`](io::ErrorKind::InvalidInput) if a seed contradicts itself, such as by a name
    /// that is there twice or a member who does not exist: the text says which; and an error if no RSA key of the requested size
    /// can be generated.
    pub fn start(self) -> io::Result<Emulator> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let listener = TcpListener::bind(address).map_err(|error| {
            io::Error::new(error.kind(), format!("the emulator cannot listen on {address}: {error}"))
        })?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let log = Arc::<log::Log>::default();
        let switch = fault::Switch::default();
        let plan = fault::Plan::new(switch.clone());
        let surroundings = fault::Surroundings { log: log.clone(), plan: plan.clone(), latency: self.latency };
        let services = Services::new(self.settings)?;
        services.listen_at(&format!("http://{address}"));
        let router = services.router()?.layer(axum::middleware::from_fn_with_state(surroundings, fault::serve));

        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let listener = fault::FaultListener::new(listener, switch, plan.clone())?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("iam-emulator".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = serve(listener, router) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Emulator { address, services, log, plan, server: Some(Server { stop, thread }) })
    }
}

async fn serve(listener: fault::FaultListener, router: axum::Router) -> io::Result<()> {
    axum::serve(listener, router.into_make_service_with_connect_info::<fault::Wire>()).await
}
