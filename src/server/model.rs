//! Flights, forgetting and expiry under random schedules. The model checker drives the real cache and flights; the service is simulated.

use super::{
    clock::Clock,
    entry::Times,
    key::{Key, Keys},
    memo::{Answer, How, Memo},
    store::{Bounds, LookedUp, Value},
};
use crate::{sync::Mutex, transport::runtime::Flavour};
use futures_util::FutureExt as _;
use shuttle::{Config, Runner, future, scheduler::RandomScheduler};
use std::{sync::Arc, time::Duration};

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

/// A service that knows a token until it is revoked, and says when it was asked.
#[derive(Clone, Default)]
struct Service(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    asked: usize,
    is_revoked: bool,
    fails: bool,
}

impl Service {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap())
    }

    fn look_up(&self) -> impl Future<Output = LookedUp<User>> + Send + 'static + use<> {
        let service = self.clone();
        async move {
            let seen = service.change(|state| {
                state.asked += 1;
                (state.asked, state.is_revoked, state.fails)
            });
            // The response is under way.
            future::yield_now().await;
            match seen {
                (_, _, true) => Err(crate::Error::new(crate::ErrorKind::Server)),
                (_, true, _) => Ok(None),
                (asked, ..) => Ok(Some((User("ann", asked), None))),
            }
        }
    }
}

#[derive(Clone)]
struct Model {
    service: Service,
    memo: Arc<Memo<User>>,
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
        let memo = Arc::new(Memo::new(Flavour::Shuttle, clock.clone(), 3600 * second, times, &bounds));
        Self { service: Service::default(), memo, clock, key: Keys::new().of(&["token"]) }
    }

    async fn get(self) -> Answer<User> {
        self.memo.get(self.key, || self.service.look_up()).await
    }

    fn spawn(&self) -> future::JoinHandle<Answer<User>> {
        future::spawn(self.clone().get())
    }

    fn now(&self) -> Answer<User> {
        future::block_on(self.clone().get())
    }

    /// Revokes the token at the service, and then forgets it here.
    fn revoke(&self, forget: impl FnOnce(&Memo<User>)) {
        self.service.change(|state| state.is_revoked = true);
        shuttle::thread::yield_now();
        forget(&self.memo);
    }
}

fn explore(check: impl Fn() + Send + Sync + 'static) {
    let mut config = Config::new();
    config.stack_size = 256 * 1024;
    Runner::new(RandomScheduler::new(SCHEDULES), config).run(check);
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
            assert!(matches!(&answer, Answer::Known(user, _) if user.1 == 1), "{answer:?}");
        }
        assert_eq!((asked(&model), model.memo.store().counts().1), (1, 0));
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
            assert!(matches!(future::block_on(caller).unwrap(), Answer::Known(..)));
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
                assert!(matches!(answer, Answer::Refused(_)), "an answer from before: {answer:?}");
            })
        };
        revoking.join().unwrap();
        for caller in callers {
            drop(future::block_on(caller).unwrap());
        }
        let answer = model.now();
        assert!(matches!(answer, Answer::Refused(_)), "an answer from before: {answer:?}");
        assert_eq!(model.memo.store().counts().1, 0, "a flight was left");
    });
}

#[test]
fn no_answer_outlives_the_forgetting_of_its_token() {
    nothing_outlives(|model| model.revoke(|memo| memo.store().forget(&model.key)));
}

#[test]
fn no_answer_outlives_the_forgetting_of_its_user() {
    nothing_outlives(|model| model.revoke(|memo| memo.store().forget_user("ann")));
}

#[test]
fn no_answer_outlives_the_forgetting_of_everything() {
    nothing_outlives(|model| model.revoke(|memo| memo.store().clear()));
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
        let waits = model.spawn();
        let forget = {
            let model = model.clone();
            shuttle::thread::spawn(move || {
                let begun = asked(&model);
                model.memo.store().forget(&model.key);
                begun
            })
        };
        let before = forget.join().unwrap();
        let _ = future::block_on(waits).unwrap();
        let Answer::Known(user, _) = model.now() else { panic!("the token is good") };
        assert!(user.1 > before, "asked {before} times before the forget, and the answer is number {}", user.1);
    });
}

#[test]
fn no_answer_is_used_past_its_time_and_one_flight_renews_it() {
    explore(|| {
        let model = Model::new(Duration::ZERO);
        assert!(matches!(model.now(), Answer::Known(_, How::Miss)));
        let ages = {
            let clock = model.clock.clone();
            shuttle::thread::spawn(move || clock.advance(TTL))
        };
        let callers: Vec<_> = (0..CALLERS).map(|_| model.spawn()).collect();
        ages.join().unwrap();
        for caller in callers {
            assert!(matches!(future::block_on(caller).unwrap(), Answer::Known(..)));
        }
        // One that was stored before the clock moved is not used after that.
        let Answer::Known(user, _) = model.now() else { panic!("the token is good") };
        assert_eq!((user.1, asked(&model)), (2, 2));
    });
}

#[test]
fn a_definite_no_ends_stale_answers() {
    explore(|| {
        let model = Model::new(TTL);
        assert!(matches!(model.now(), Answer::Known(..)));
        model.clock.advance(TTL);
        model.service.change(|state| state.fails = true);
        assert!(matches!(model.now(), Answer::Known(_, How::Stale)));
        model.clock.advance(Duration::from_secs(1));
        let callers: Vec<_> = (0..CALLERS).map(|_| model.spawn()).collect();
        let recovers = {
            let service = model.service.clone();
            shuttle::thread::spawn(move || service.change(|state| (state.fails, state.is_revoked) = (false, true)))
        };
        recovers.join().unwrap();
        let mut refused = false;
        for caller in callers {
            refused |= matches!(future::block_on(caller).unwrap(), Answer::Refused(_));
        }
        model.clock.advance(Duration::from_secs(1));
        assert!(matches!(model.now(), Answer::Refused(_)), "the service said no, earlier: {refused}");
        model.service.change(|state| state.fails = true);
        assert!(matches!(model.now(), Answer::Refused(How::Negative)));
    });
}
