//! Flights, forgetting and expiry under random schedules. The model checker drives the real cache and flights; the service is simulated.

use super::{
    entry::{Expiry, Times},
    key::{Key, Keys},
    lookup::{CacheStatus, Lookup, LookupCache},
    store::{Bounds, LookupResult, Value},
};
use crate::{clock::Clock, sync::Mutex, transport::runtime::Flavour};
use futures_util::FutureExt as _;
use shuttle::{Config, Runner, future, scheduler::RandomScheduler};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

const SCHEDULES: usize = 2_000;
const CALLERS: usize = 3;
const TTL: Duration = Duration::from_secs(30);

/// A user, and how often the service was asked before.
#[derive(Debug)]
struct User(&'static str, usize);

impl Value for User {
    fn user(&self) -> &str {
        self.0
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

/// A service that knows a token until it is revoked or expires, and says how often it was asked.
#[derive(Clone, Default)]
struct Service {
    state: Arc<Mutex<State>>,
    clock: Clock,
}

#[derive(Default)]
struct State {
    asked: usize,
    is_revoked: bool,
    fails: bool,
    expires: Option<SystemTime>,
    /// Whether the service says when the token expires.
    tells_expiry: bool,
    /// Whether the responses are held back.
    holds: bool,
}

impl Service {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap())
    }

    fn look_up(&self) -> impl Future<Output = LookupResult<User>> + Send + 'static + use<> {
        let service = self.clone();
        async move {
            let now = service.clock.wall();
            let result = service.change(|state| {
                state.asked += 1;
                let is_over = state.is_revoked || state.expires.is_some_and(|expires| expires <= now);
                let told = state.expires.filter(|_| state.tells_expiry).map(|at| Expiry { at, is_exact: true });
                match state.fails {
                    true => Err(crate::Error::new(crate::ErrorKind::Server)),
                    false => Ok((!is_over).then_some((User("ann", state.asked), told))),
                }
            });
            // The response is under way.
            future::yield_now().await;
            while service.change(|state| state.holds) {
                future::yield_now().await;
            }
            result
        }
    }
}

#[derive(Clone)]
struct Model {
    service: Service,
    cache: Arc<LookupCache<User>>,
    clock: Clock,
    key: Key,
}

impl Model {
    fn new(stale_if_error: Duration) -> Self {
        let (second, clock) = (Duration::from_secs(1), Clock::manual());
        let times = Times {
            ttl: TTL,
            negative_ttl: 5 * second,
            stale_if_error,
            refresh_ahead: true,
            skew: second,
            retry_stale: second,
        };
        let bounds = Bounds { entries: 100, bytes: 1 << 20, in_flight: Some(8) };
        let cache = Arc::new(LookupCache::new(Flavour::Shuttle, clock.clone(), 3600 * second, times, &bounds));
        Self {
            service: Service { clock: clock.clone(), ..Service::default() },
            cache,
            clock,
            key: Keys::new().of(&["token"]),
        }
    }

    async fn get(self) -> Lookup<User> {
        self.cache.get(self.key, || self.service.look_up()).await
    }

    fn spawn(&self) -> future::JoinHandle<Lookup<User>> {
        future::spawn(self.clone().get())
    }

    fn now(&self) -> Lookup<User> {
        future::block_on(self.clone().get())
    }

    /// Revokes the token at the service, and then forgets it here.
    fn revoke(&self, forget: impl FnOnce(&LookupCache<User>)) {
        self.service.change(|state| state.is_revoked = true);
        shuttle::thread::yield_now();
        forget(&self.cache);
    }
}

fn explore_once(check: impl Fn() + Send + Sync + 'static) {
    Runner::new(RandomScheduler::new(1), Config::new()).run(check);
}

fn explore(check: impl Fn() + Send + Sync + 'static) {
    let mut config = Config::new();
    config.stack_size = 256 * 1024;
    Runner::new(RandomScheduler::new(SCHEDULES), config).run(check);
}

/// What the store has of tokens, wherever it has it: of one that is good, one that is refused, and one that is being looked up.
#[test]
fn trap_03_and_17_all_that_is_stored_of_a_token_is_a_salted_digest() {
    use sha2::{Digest as _, Sha256};
    const TOKENS: [&str; 3] = ["canary-good", "canary-refused", "canary-under-way"];
    explore_once(|| {
        let model = Model::new(Duration::ZERO);
        let keys = Keys::new();
        let of = |token: &str| Model { key: keys.of(&[token]), ..model.clone() };
        assert!(matches!(of(TOKENS[0]).now(), Lookup::Found(..)));
        model.service.change(|state| state.is_revoked = true);
        assert!(matches!(of(TOKENS[1]).now(), Lookup::Refused(_)));
        assert!(of(TOKENS[2]).get().now_or_never().is_none());
        let stored: Vec<Vec<u8>> = model.cache.store().keys().iter().map(Key::bytes).collect();
        assert_eq!(stored.len(), TOKENS.len());
        for (stored, token) in stored.iter().zip(TOKENS) {
            assert_eq!(*stored, keys.of(&[token]).bytes(), "another value stands for {token}");
            assert_eq!(stored.len(), 32);
            assert!(!token.as_bytes().windows(4).any(|part| stored.windows(4).any(|window| window == part)));
            // Without the guard's salt nobody can tell which token it is.
            assert_ne!(stored[..], Sha256::digest(token)[..]);
            assert_ne!(*stored, Keys::new().of(&[token]).bytes());
        }
    });
}

fn asked(model: &Model) -> usize {
    model.service.change(|state| state.asked)
}

#[test]
fn callers_at_once_ask_once_in_every_schedule() {
    explore(|| {
        let model = Model::new(Duration::ZERO);
        let callers: Vec<_> = (0..CALLERS).map(|_| model.spawn()).collect();
        for caller in callers {
            let answer = future::block_on(caller).unwrap();
            assert!(matches!(&answer, Lookup::Found(user, _) if user.1 == 1), "{answer:?}");
        }
        assert_eq!((asked(&model), model.cache.store().gauges().in_flight()), (1, 0));
    });
}

#[test]
fn a_caller_that_goes_away_takes_no_flight_along() {
    explore(|| {
        let model = Model::new(Duration::ZERO);
        // Polled once, which begins the flight, and dropped.
        assert!(model.clone().get().now_or_never().is_none());
        let others: Vec<_> = (0..CALLERS).map(|_| model.spawn()).collect();
        for caller in others {
            assert!(matches!(future::block_on(caller).unwrap(), Lookup::Found(..)));
        }
        assert_eq!(asked(&model), 1);
    });
}

/// A caller that asks after a `forget` gets no result from before it, whatever is forgotten and whenever.
fn nothing_outlives(forget: fn(&Model)) {
    explore(move || {
        let model = Model::new(TTL);
        let callers: Vec<_> = (0..CALLERS).map(|_| model.spawn()).collect();
        let revoking = {
            let model = model.clone();
            shuttle::thread::spawn(move || {
                forget(&model);
                // Begun after the forget, while the callers' flights can still be under way.
                let answer = model.now();
                assert!(matches!(answer, Lookup::Refused(_)), "an answer from before: {answer:?}");
            })
        };
        revoking.join().unwrap();
        for caller in callers {
            drop(future::block_on(caller).unwrap());
        }
        let answer = model.now();
        assert!(matches!(answer, Lookup::Refused(_)), "an answer from before: {answer:?}");
        assert_eq!(model.cache.store().gauges().in_flight(), 0, "a flight was left");
    });
}

#[test]
fn no_answer_outlives_the_forgetting_of_its_token() {
    nothing_outlives(|model| model.revoke(|cache| cache.store().forget(&model.key)));
}

#[test]
fn no_answer_outlives_the_forgetting_of_its_user() {
    nothing_outlives(|model| model.revoke(|cache| cache.store().forget_user("ann")));
}

#[test]
fn no_answer_outlives_the_forgetting_of_everything() {
    nothing_outlives(|model| model.revoke(|cache| cache.store().clear()));
}

#[test]
#[should_panic(expected = "an answer from before")]
fn the_model_finds_an_answer_that_nothing_forgot() {
    nothing_outlives(|model| model.revoke(|_| {}));
}

#[test]
fn who_waits_for_a_token_that_is_forgotten_gets_no_answer_from_before() {
    explore(|| {
        let model = Model::new(Duration::ZERO);
        model.service.change(|state| state.holds = true);
        let waits = model.spawn();
        let forget = {
            let model = model.clone();
            shuttle::thread::spawn(move || {
                let begun = asked(&model);
                model.cache.store().forget(&model.key);
                model.service.change(|state| state.holds = false);
                begun
            })
        };
        let before = forget.join().unwrap();
        let Lookup::Found(user, _) = future::block_on(waits).unwrap() else { panic!("the token is good") };
        assert!(user.1 > before, "asked {before} times before the forget, and the answer is number {}", user.1);
    });
}

#[test]
fn no_answer_is_used_past_its_time_and_one_flight_renews_it() {
    explore(|| {
        let model = Model::new(Duration::ZERO);
        assert!(matches!(model.now(), Lookup::Found(_, CacheStatus::Miss)));
        let ages = {
            let clock = model.clock.clone();
            shuttle::thread::spawn(move || clock.advance(TTL))
        };
        let callers: Vec<_> = (0..CALLERS).map(|_| model.spawn()).collect();
        ages.join().unwrap();
        for caller in callers {
            assert!(matches!(future::block_on(caller).unwrap(), Lookup::Found(..)));
        }
        // One that was stored before the clock moved is not used after that.
        let Lookup::Found(user, _) = model.now() else { panic!("the token is good") };
        assert_eq!((user.1, asked(&model)), (2, 2));
    });
}

/// Flights, a forget and the token's expiry at once: no caller that asks after the expiry gets a result from before it.
fn nothing_outlives_the_expiry(tells_expiry: bool, forget: fn(&LookupCache<User>)) {
    explore(move || {
        let model = Model::new(TTL);
        // Within the TTL, so that it is the expiry that counts.
        let lifetime = TTL / 2;
        let expires = model.clock.wall() + lifetime;
        model.service.change(|state| (state.expires, state.tells_expiry) = (Some(expires), tells_expiry));
        let callers: Vec<_> = (0..CALLERS).map(|_| model.spawn()).collect();
        let forgets = {
            let model = model.clone();
            shuttle::thread::spawn(move || forget(&model.cache))
        };
        let expiry = {
            let model = model.clone();
            shuttle::thread::spawn(move || {
                model.clock.advance(lifetime);
                // Flights from before it can still be under way.
                let answer = model.now();
                assert!(matches!(answer, Lookup::Refused(_)), "an answer past its expiry: {answer:?}");
            })
        };
        expiry.join().unwrap();
        forgets.join().unwrap();
        for caller in callers {
            drop(future::block_on(caller).unwrap());
        }
        // Nor does an outage bring it back.
        model.clock.advance(TTL);
        model.service.change(|state| state.fails = true);
        let answer = model.now();
        assert!(matches!(answer, Lookup::Failed(..)), "an answer past its expiry: {answer:?}");
        assert_eq!(model.cache.store().gauges().in_flight(), 0, "a flight was left");
    });
}

#[test]
fn no_answer_outlives_its_tokens_expiry_while_the_user_is_forgotten() {
    nothing_outlives_the_expiry(true, |cache| cache.store().forget_user("ann"));
}

#[test]
fn no_answer_outlives_its_tokens_expiry_while_everything_is_forgotten() {
    nothing_outlives_the_expiry(true, |cache| cache.store().clear());
}

#[test]
#[should_panic(expected = "an answer past its expiry")]
fn the_model_finds_an_answer_whose_expiry_nobody_knows() {
    nothing_outlives_the_expiry(false, |cache| cache.store().clear());
}

#[test]
fn a_definite_no_ends_stale_answers() {
    explore(|| {
        let model = Model::new(TTL);
        assert!(matches!(model.now(), Lookup::Found(..)));
        model.clock.advance(TTL);
        model.service.change(|state| state.fails = true);
        assert!(matches!(model.now(), Lookup::Found(_, CacheStatus::Stale)));
        model.clock.advance(Duration::from_secs(1));
        let callers: Vec<_> = (0..CALLERS).map(|_| model.spawn()).collect();
        let recovers = {
            let service = model.service.clone();
            shuttle::thread::spawn(move || service.change(|state| (state.fails, state.is_revoked) = (false, true)))
        };
        recovers.join().unwrap();
        let mut refused = false;
        for caller in callers {
            refused |= matches!(future::block_on(caller).unwrap(), Lookup::Refused(_));
        }
        model.clock.advance(Duration::from_secs(1));
        assert!(matches!(model.now(), Lookup::Refused(_)), "the service said no, earlier: {refused}");
        model.service.change(|state| state.fails = true);
        assert!(matches!(model.now(), Lookup::Refused(CacheStatus::Negative)));
    });
}
