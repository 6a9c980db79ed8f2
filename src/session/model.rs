//! Sessions under random schedules. The model checker drives the real state, flights and refreshes; only the network and the
//! service are simulated.

use super::{registry::Registry, shared::STORE_WORKERS, *};
use crate::{
    authing,
    config::Settings,
    credentials::{PasswordLogin, Way},
    protocol::{
        login::{Input, Source, Step},
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
const SCHEDULES: usize = 2_000;
const CALLERS: usize = 4;

fn explore(check: impl Fn() + Send + Sync + 'static) {
    let mut config = Config::new();
    // As much as a thread of a careful user has.
    config.stack_size = 256 * 1024;
    Runner::new(RandomScheduler::new(SCHEDULES), config).run(check);
}

/// A service that refuses the first `refusals` logins and then issues numbered tokens.
struct Service {
    logins: AtomicUsize,
    refusals: usize,
}

struct Method {
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

struct Waiting {
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
struct Yielding(MemoryStore, ReadOnly);

/// Whether a store can be read and not written, as on a full disk.
type ReadOnly = std::sync::atomic::AtomicBool;

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

fn service(refusals: usize) -> Arc<Service> {
    Arc::new(Service { logins: AtomicUsize::new(0), refusals })
}

/// Creates a client with this store, and returns its session.
fn session(service: &Arc<Service>, store: &Arc<Yielding>) -> Session {
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
        running: Arc::default(),
        service: "model",
        application: Zeroizing::new("a".to_owned()),
    };
    let application = PasswordLogin { way: Way::Password, user: "u".to_owned(), password: "p".into() };
    let method: Option<Arc<dyn LoginMethod>> = Some(Arc::new(Method { service: service.clone(), application }));
    let state = core.open(None, method.as_ref());
    let settings = core.settings.clone();
    Session::of(Arc::new(core), state, method, settings)
}

/// Returns the token that a call would be sent with.
async fn token(session: Session) -> Result<String> {
    let snapshot = session.snapshot_for(TokenUse::Required, session.deadline()).await?;
    Ok(snapshot.token().expect("a session that logs in has a token").token().expose_secret().to_owned())
}

/// Returns the tokens of concurrent callers, spread over `sessions`.
fn call_at_once(sessions: &[Session]) -> Vec<Result<String>> {
    let callers: Vec<_> = (0..CALLERS).map(|n| future::spawn(token(sessions[n % sessions.len()].clone()))).collect();
    callers.into_iter().map(|caller| future::block_on(caller).unwrap()).collect()
}

fn logins(service: &Service) -> usize {
    service.logins.load(Ordering::SeqCst)
}

#[test]
fn callers_at_once_make_one_login_in_every_schedule() {
    let check = || {
        let (service, store) = (service(0), Arc::default());
        let tokens = call_at_once(&[session(&service, &store)]);
        assert!(tokens.iter().all(|token| token.as_ref().unwrap() == "token 0"), "{tokens:?}");
        assert_eq!(logins(&service), 1);
    };
    explore(check);
}

#[test]
fn clients_that_share_a_store_make_one_login_in_every_schedule() {
    let check = || {
        let (service, store) = (service(0), Arc::default());
        let tokens = call_at_once(&[session(&service, &store), session(&service, &store)]);
        assert!(tokens.iter().all(|token| token.as_ref().unwrap() == "token 0"), "{tokens:?}");
        assert_eq!(logins(&service), 1);
    };
    explore(check);
}

#[test]
fn callers_who_wait_for_flight_a_login_that_fails_learn_so() {
    let check = || {
        let (service, store) = (service(1), Arc::default());
        let tokens = call_at_once(&[session(&service, &store)]);
        // Callers that came after the failure tried again, once for all of them.
        assert!(logins(&service) <= 2 && tokens.iter().any(Result::is_err), "{tokens:?}");
        assert!(tokens.iter().flatten().all(|token| token == "token 1"), "{tokens:?}");
    };
    explore(check);
}

#[test]
fn callers_whose_token_was_refused_replace_it_once() {
    let check = || {
        let (service, store) = (service(0), Arc::default());
        let session = session(&service, &store);
        assert_eq!(future::block_on(token(session.clone())).unwrap(), "token 0");
        let replace = || {
            let session = session.clone();
            future::spawn(async move {
                let refused = UserToken::from("token 0");
                session.wait_for_flight(flight::Goal::Replace, Some(refused), session.deadline()).await?;
                token(session).await
            })
        };
        let callers: Vec<_> = (0..CALLERS).map(|_| replace()).collect();
        for caller in callers {
            assert_eq!(future::block_on(caller).unwrap().unwrap(), "token 1");
        }
        assert_eq!(logins(&service), 2);
    };
    explore(check);
}

#[test]
fn a_callers_own_token_is_not_undone_and_the_store_agrees() {
    let check = || {
        let (service, store) = (service(0), Arc::default());
        let session = session(&service, &store);
        let login = future::spawn(token(session.clone()));
        let own = {
            let session = session.clone();
            future::spawn(async move {
                session.state.set(session.issued(StoredToken::new("own".into()))?, Origin::Found);
                session.save(std::time::Instant::now()).await
            })
        };
        let _ = future::block_on(login).unwrap();
        future::block_on(own).unwrap().unwrap();
        let key = session.state.key.clone().unwrap();
        let stored = store.get(&key).unwrap().unwrap();
        let current = session.state.snapshot();
        assert_eq!(current.token().unwrap().token(), &UserToken::from("own"));
        assert_eq!(stored.token, UserToken::from("own"));
    };
    explore(check);
}

#[test]
fn a_token_is_cleared_only_if_it_is_still_the_sessions() {
    let check = || {
        let (service, store) = (service(0), Arc::default());
        let session = session(&service, &store);
        session.state.set(session.issued(StoredToken::new("old".into())).unwrap(), Origin::Issued);
        let (out, login) = (session.clone(), session.clone());
        let out = shuttle::thread::spawn(move || out.state.clear_token_if(&"old".into()));
        let login = shuttle::thread::spawn(move || {
            let state = login.issued(StoredToken::new("new".into())).unwrap();
            login.state.set(state, Origin::Issued)
        });
        out.join().unwrap();
        login.join().unwrap();
        assert_eq!(session.state.snapshot().token().unwrap().token(), &UserToken::from("new"));
    };
    explore(check);
}

/// The lines of a log.
#[derive(Clone, Default)]
struct Lines(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_token_that_could_not_be_stored_is_stored_later_and_told_once() {
    use decide::{Next, next};
    // With one subscriber alone, tracing may ask a thread of another test, which has none.
    let _other = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let check = || {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        let _default = tracing::subscriber::set_default(subscriber);
        let (service, store) = (service(0), Arc::<Yielding>::default());
        let session = session(&service, &store);
        let stored = || store.get(session.state.key.as_ref().unwrap()).unwrap();
        store.1.store(true, Ordering::SeqCst);
        for _ in 0..2 {
            assert_eq!(future::block_on(token(session.clone())).unwrap(), "token 0");
            let snapshot = session.state.snapshot();
            let again = snapshot.save_at.expect("the write is tried again");
            assert_eq!(next(&snapshot, TokenUse::Required, true, again), Next::GoAndStart(flight::Goal::Save));
            // Fails once more.
            future::block_on(session.wait_for_flight(flight::Goal::Save, None, session.deadline())).unwrap_err();
            assert_eq!(stored(), None);
        }
        store.1.store(false, Ordering::SeqCst);
        future::block_on(session.wait_for_flight(flight::Goal::Save, None, session.deadline())).unwrap();
        assert_eq!(stored().unwrap().token, "token 0".into());
        assert!(session.state.snapshot().save_at.is_none() && logins(&service) == 1);
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.matches("could not be stored").count(), 1, "{text}");
    };
    explore(check);
}

#[test]
fn a_session_of_a_given_token_ends_with_its_handles() {
    let check = || {
        let client = session(&service(0), &Arc::default());
        let given = client.with_token("given".into()).unwrap();
        let state = Arc::downgrade(&given.state);
        let other = given.clone();
        drop(given);
        assert!(state.upgrade().is_some());
        drop(other);
        assert!(state.upgrade().is_none(), "something keeps it");
    };
    shuttle::check_random(check, 1);
}

#[test]
#[should_panic(expected = "a stampede")]
fn the_model_finds_a_stampede() {
    let check = || {
        let (service, store) = (service(0), Arc::default());
        // Sessions that share neither state nor store know nothing of each other.
        let own: Arc<Yielding> = Arc::default();
        call_at_once(&[session(&service, &store), session(&service, &own)]);
        assert!(logins(&service) == 1, "a stampede");
    };
    explore(check);
}
