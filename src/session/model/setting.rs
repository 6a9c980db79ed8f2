//! The service, the store and the sessions that the model checker explores.

use crate::session::{login_keys::LoginKeys, registry::Registry, shared::STORE_WORKERS, *};
use crate::{
    authing,
    config::Settings,
    credentials::{PasswordLogin, Way},
    protocol::{
        decode::Data,
        login::{Input, Login, Source, Step},
        retry::Budget,
    },
    token_store::{MemoryStore, StoreKey, StoreLock, StoredToken, TokenStore},
    transport::{runtime::Flavour, worker::Workers},
};
use shuttle::{Config, Runner, future, scheduler::RandomScheduler, sync::atomic::AtomicUsize};
use std::{sync::atomic::Ordering, time::Duration};
use url::Url;
use zeroize::Zeroizing;

/// The number of random schedules.
pub(super) const SCHEDULES: usize = 2_000;
pub(super) const CALLERS: usize = 4;

pub(super) fn explore(check: impl Fn() + Send + Sync + 'static) {
    let mut config = Config::new();
    // As much as a thread of a careful user has.
    config.stack_size = 256 * 1024;
    Runner::new(RandomScheduler::new(SCHEDULES), config).run(check);
}

/// A service that refuses the first `refusals` logins and then issues numbered tokens.
pub(super) struct Service {
    pub(super) logins: AtomicUsize,
    pub(super) refusals: usize,
}

pub(super) struct Method {
    service: Arc<Service>,
    application: PasswordLogin,
}

impl LoginMethod for Method {
    fn source(&self) -> Source<'_> {
        Source::Application(&self.application)
    }

    fn log_in(&self, _: PasswordLogin, _: Option<&str>, _: Option<&str>) -> Result<Box<dyn Login>> {
        Ok(Box::new(Waiting { service: self.service.clone() }))
    }
}

pub(super) struct Waiting {
    service: Arc<Service>,
}

impl Login for Waiting {
    fn operation(&self) -> &'static str {
        "model.login"
    }

    fn next(&mut self, _: Input) -> Result<Step> {
        let number = self.service.logins.fetch_add(1, Ordering::SeqCst);
        shuttle::thread::yield_now();
        match number < self.service.refusals {
            true => Err(Error::new(ErrorKind::Authentication).http_status(401)),
            false => Ok(Step::Done(StoredToken::new(format!("token {number}").as_str().into()), Data::empty())),
        }
    }
}

/// A memory store that yields to other threads before each operation.
#[derive(Debug, Default)]
pub(super) struct Yielding(pub(super) MemoryStore, pub(super) ReadOnly);

/// Whether a store can be read and not written, as on a full disk.
pub(super) type ReadOnly = std::sync::atomic::AtomicBool;

impl TokenStore for Yielding {
    fn get(&self, key: &StoreKey) -> Result<Option<StoredToken>> {
        shuttle::thread::yield_now();
        self.0.get(key)
    }

    fn put(&self, key: &StoreKey, token: &StoredToken) -> Result<()> {
        shuttle::thread::yield_now();
        if self.1.load(Ordering::SeqCst) {
            return Err(Error::store("the disk is full"));
        }
        self.0.put(key, token)
    }

    fn remove(&self, key: &StoreKey) -> Result<()> {
        shuttle::thread::yield_now();
        self.0.remove(key)
    }

    fn try_lock(&self, key: &StoreKey) -> Result<Option<StoreLock>> {
        shuttle::thread::yield_now();
        self.0.try_lock(key)
    }

    fn may_block(&self) -> bool {
        false
    }
}

pub(super) fn service(refusals: usize) -> Arc<Service> {
    Arc::new(Service { logins: AtomicUsize::new(0), refusals })
}

/// Creates a client with this store, and returns its session.
pub(super) fn session(service: &Arc<Service>, store: &Arc<Yielding>) -> Session {
    let settings =
        CallSettings { timeout: Duration::from_secs(3600), ..CallSettings::of(&Settings::new("https://h".into())) };
    let core = Core {
        flavour: Flavour::Shuttle,
        transport: None,
        dialect: &authing::DIALECT,
        base_url: Url::parse("https://h").unwrap(),
        settings: Arc::new(settings),
        budget: Budget::new(),
        store: store.clone(),
        store_workers: Workers::new(STORE_WORKERS),
        registry: Registry::default(),
        login_keys: LoginKeys::new(Duration::ZERO),
        running: Arc::default(),
        service: "model",
        observing: crate::observe::Observing::default(),
        application: Zeroizing::new("a".to_owned()),
        #[cfg(feature = "server")]
        app_token: Default::default(),
        #[cfg(feature = "server")]
        source_id: crate::server::SourceId::new(),
    };
    let application = PasswordLogin { way: Way::Password, user: "u".to_owned(), password: "p".into() };
    let method: Option<Arc<dyn LoginMethod>> = Some(Arc::new(Method { service: service.clone(), application }));
    let state = core.open(None, method.as_ref());
    let settings = core.settings.clone();
    Session::of(Arc::new(core), state, method, settings)
}

/// Returns the token that a call would be sent with.
pub(super) async fn token(session: Session) -> Result<String> {
    let snapshot = session.snapshot_for(TokenUse::Required).await?;
    Ok(snapshot.token().expect("a session that logs in has a token").token().expose_secret().to_owned())
}

/// Returns the tokens of concurrent callers, spread over `sessions`.
pub(super) fn call_at_once(sessions: &[Session]) -> Vec<Result<String>> {
    let callers: Vec<_> = (0..CALLERS).map(|n| future::spawn(token(sessions[n % sessions.len()].clone()))).collect();
    callers.into_iter().map(|caller| future::block_on(caller).unwrap()).collect()
}

pub(super) fn logins(service: &Service) -> usize {
    service.logins.load(Ordering::SeqCst)
}
