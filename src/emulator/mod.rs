//! The services' wire protocols, in process: for demonstrations and for tests, yours too.
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! let emulator = iam_sdk::emulator::Emulator::start()?;
//! let account = emulator.digiwin().account();
//! println!("{} at {}", account.user_id, emulator.base_url());
//! # Ok(()) }
//! ```
//!
//! It listens on a loopback port, keeps state (a login gives a token that later calls need, a deleted organization is gone)
//! and stops when it is dropped. It is checked with the vendors' own Python clients.

pub mod authing;
pub mod cloudspot;
pub mod digiwin;
mod log;

pub use log::Served;

use authing::Authing;
use cloudspot::Cloudspot;
use digiwin::{AnswerStyle, Digiwin};
use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    thread,
    time::Duration,
};
use tokio::sync::oneshot;

/// Returns the names of all operations of the three services, as errors and logs have them: for a test that must make every
/// call.
pub fn operations() -> impl Iterator<Item = &'static str> {
    let all = crate::digiwin::operations().chain(crate::authing::operations()).chain(crate::cloudspot::operations());
    all.map(|operation| operation.name)
}

/// A running emulator.
pub struct Emulator {
    address: SocketAddr,
    authing: Arc<Authing>,
    cloudspot: Arc<Cloudspot>,
    digiwin: Arc<Digiwin>,
    log: Arc<log::Log>,
    server: Option<Server>,
}

struct Server {
    stop: oneshot::Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl Emulator {
    /// Starts one with the default seed on a free port.
    ///
    /// # Errors
    ///
    /// Those of opening a socket and of starting a thread.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Starts one with a seed, a port, a style of answers and so on.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder {
            port: 0,
            latency: Duration::ZERO,
            authing: authing::Seed::default(),
            authing_errors: authing::ErrorStyle::default(),
            authing_token_life: Duration::from_secs(14 * 24 * 60 * 60),
            cloudspot: cloudspot::Seed::default(),
            digiwin: digiwin::Seed::default(),
            style: AnswerStyle::default(),
            token_life: Duration::from_secs(2 * 60 * 60),
            server_key_bits: 1024,
        }
    }

    /// `http://127.0.0.1:port`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Authing's side: its account, and what a test may do behind the service's back.
    pub fn authing(&self) -> &Authing {
        &self.authing
    }

    /// Cloudspot's side: its account. It is served below `/api/v1`.
    pub fn cloudspot(&self) -> &Cloudspot {
        &self.cloudspot
    }

    /// Digiwin's side: its account, and what a test may do behind the service's back.
    pub fn digiwin(&self) -> &Digiwin {
        &self.digiwin
    }

    /// What was asked so far, in order.
    pub fn requests(&self) -> Vec<Served> {
        self.log.served()
    }

    /// Answers the next request to `path` with this status and body instead. Many of them are used up one by one.
    pub fn answer_next(&self, path: impl Into<String>, status: u16, body: impl Into<String>) {
        self.log.plan(path.into(), status, body.into());
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
    authing: authing::Seed,
    authing_errors: authing::ErrorStyle,
    authing_token_life: Duration,
    cloudspot: cloudspot::Seed,
    digiwin: digiwin::Seed,
    style: AnswerStyle,
    token_life: Duration,
    server_key_bits: usize,
}

impl EmulatorBuilder {
    /// Listens on this port. Default: 0, a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Waits this long before every answer. Default: not at all.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// What Authing has at the beginning.
    pub fn authing(mut self, seed: authing::Seed) -> Self {
        self.authing = seed;
        self
    }

    /// How Authing spells errors.
    pub fn authing_errors(mut self, style: authing::ErrorStyle) -> Self {
        self.authing_errors = style;
        self
    }

    /// How long Authing's management tokens live, in whole seconds. Default: 14 days.
    pub fn authing_token_life(mut self, life: Duration) -> Self {
        self.authing_token_life = life;
        self
    }

    /// What Digiwin has at the beginning.
    pub fn digiwin(mut self, seed: digiwin::Seed) -> Self {
        self.digiwin = seed;
        self
    }

    /// What Cloudspot has at the beginning.
    pub fn cloudspot(mut self, seed: cloudspot::Seed) -> Self {
        self.cloudspot = seed;
        self
    }

    /// Which of Digiwin's answers stand in an envelope.
    pub fn answer_style(mut self, style: AnswerStyle) -> Self {
        self.style = style;
        self
    }

    /// How long Digiwin's tokens live, in whole seconds. Default: two hours.
    pub fn token_life(mut self, life: Duration) -> Self {
        self.token_life = life;
        self
    }

    /// The size of Digiwin's RSA key, in bits, from 1024 on. Default: 1024.
    pub fn server_key_bits(mut self, bits: usize) -> Self {
        self.server_key_bits = bits;
        self
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// As [`Emulator::start`], and those of making an RSA key of the size asked for.
    pub fn start(self) -> io::Result<Emulator> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let log = Arc::new(log::Log::new(self.latency));
        let authing = Arc::new(Authing::new(&self.authing, self.authing_errors, self.authing_token_life));
        let cloudspot = Arc::new(Cloudspot::new(self.cloudspot));
        let digiwin = Arc::new(Digiwin::new(self.digiwin, self.style, self.token_life, self.server_key_bits)?);
        let router = digiwin::router(digiwin.clone())
            .merge(authing::router(authing.clone())?)
            .merge(cloudspot::router(cloudspot.clone()))
            .layer(axum::middleware::from_fn_with_state(log.clone(), log::keep));

        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("iam-emulator".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = serve(listener, router) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Emulator { address, authing, cloudspot, digiwin, log, server: Some(Server { stop, thread }) })
    }
}

async fn serve(listener: TcpListener, router: axum::Router) -> io::Result<()> {
    use axum::serve::ListenerExt as _;
    let listener = tokio::net::TcpListener::from_std(listener)?.tap_io(|stream| {
        // Without it an answer may wait 40 ms for an acknowledgement; a stream that refuses is slower, not wrong.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await
}
