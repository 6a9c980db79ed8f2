//! Builds and starts an emulator.

use super::{
    fault, gzip,
    log::Log,
    registry::{Services, Settings},
    running::{Emulator, Server},
};
use axum::{
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    thread,
    time::Duration,
};
use tokio::sync::oneshot;

/// Builds an [`Emulator`].
#[derive(Clone, Debug)]
pub struct EmulatorBuilder {
    port: u16,
    latency: Duration,
    gzip: bool,
    kept_requests: Option<usize>,
    pub(super) settings: Settings,
}

impl Emulator {
    /// Starts an emulator with the default seeds on a free loopback port.
    ///
    /// # Errors
    ///
    /// An error of the operating system if it cannot open the socket or start the thread.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Returns a builder, to choose the port, and seeds and settings of the services.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::new()
    }
}

impl EmulatorBuilder {
    fn new() -> Self {
        Self { port: 0, latency: Duration::ZERO, gzip: false, kept_requests: None, settings: Settings::default() }
    }

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

    /// Sets whether responses are compressed with gzip, where the client accepts that. Default: `false`. A response that a fault
    /// rewrites is sent as it is.
    pub fn gzip(mut self, compress: bool) -> Self {
        self.gzip = compress;
        self
    }

    /// Sets how many requests [`Emulator::requests`] keeps: the last ones. Default: 100,000. With zero it keeps none, as suits a
    /// program that serves for days.
    pub fn kept_requests(mut self, count: usize) -> Self {
        self.kept_requests = Some(count);
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
        let log = Arc::new(self.kept_requests.map_or_else(Log::default, Log::new));
        let switch = fault::Switch::default();
        let plan = fault::Plan::new(switch.clone());
        let services = Services::new(self.settings)?;
        let state = fault::MiddlewareState {
            log: log.clone(),
            plan: plan.clone(),
            latency: self.latency,
            services: Arc::new(services.error_responses()),
        };
        services.listen_at(&format!("http://{address}"));
        let mut router = services.router()?.layer(DefaultBodyLimit::disable());
        if self.gzip {
            router = router.layer(from_fn(gzip::compress));
        }
        let router = router.layer(from_fn_with_state(state, fault::serve));

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
        Ok(Emulator::new(address, services, log, plan, Server { stop, thread }))
    }
}

async fn serve(listener: fault::FaultListener, router: axum::Router) -> io::Result<()> {
    axum::serve(listener, router.into_make_service_with_connect_info::<fault::Wire>()).await
}
