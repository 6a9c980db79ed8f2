//! Keys that an issuer publishes: fetched when they are needed, shared by all callers, and fetched anew ahead of need.

use super::{
    algorithm::Algorithm,
    builder::unusable,
    documents::{self, Location},
    freshness::{Ages, Step, View, decide},
    invalid_token::InvalidToken,
    key_set::{Candidates, Found, KeySet},
};
use crate::{
    CallOptions, Error, ErrorKind, Result,
    clock::Clock,
    config::Settings,
    session::{Flight, Goal, Session, SingleFlight},
    transport::{after, runtime::Flavour},
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};
use tracing::Span;

/// How many fetches one token can wait for: one that was under way already, and one of its own.
const ROUNDS: usize = 3;
/// What a fetch may take longer than its time limit before it counts as lost: its own error says more than that it is late.
const GRACE: Duration = Duration::from_millis(250);

/// Where the keys are found.
pub(super) enum Origin {
    /// Where the issuer's discovery document says.
    Discovery { issuer: String, session: Session },
    /// Here.
    Location(Location),
}

/// Fetches keys. The connections to where they are stay for the next time.
pub(super) struct Fetcher {
    flavour: Flavour,
    settings: Settings,
    origin: Origin,
    keys_session: Mutex<Option<(String, Session)>>,
}

impl Fetcher {
    pub(super) fn of_issuer(flavour: Flavour, settings: Settings, issuer: String) -> Result<Self> {
        let session = session(flavour, &settings, &issuer)?;
        Ok(Self { flavour, settings, origin: Origin::Discovery { issuer, session }, keys_session: Mutex::default() })
    }

    pub(super) fn of_url(flavour: Flavour, settings: Settings, location: Location) -> Result<Self> {
        let session = session(flavour, &settings, &location.origin)?;
        let keys_session = Mutex::new(Some((location.origin.clone(), session)));
        Ok(Self { flavour, settings, origin: Origin::Location(location), keys_session })
    }

    async fn fetch(&self) -> Result<KeySet> {
        let begun = Instant::now();
        let location = match &self.origin {
            Origin::Location(location) => location.clone(),
            Origin::Discovery { issuer, session } => {
                let document = session.call_with(&Ok(documents::discovery()), documents::read).await?;
                let location = documents::keys_of(issuer, &document);
                location.map_err(|error| error.operation_named(documents::DISCOVERY.name))?
            }
        };
        // One limit for both requests.
        let left = self.settings.timeout.saturating_sub(begun.elapsed()).max(Duration::from_millis(1));
        let session = self.session_of(&location.origin)?;
        let session = session.with_options(CallOptions::new().timeout(left))?;
        let keys = session.call_with(&Ok(location.request()), documents::read).await?;
        KeySet::parse(&keys).map_err(|error| error.operation_named(documents::KEYS.name))
    }

    fn session_of(&self, origin: &str) -> Result<Session> {
        let mut kept = self.keys_session.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, session)) = kept.as_ref().filter(|(of, _)| of == origin) {
            return Ok(session.clone());
        }
        let session = session(self.flavour, &self.settings, origin);
        let session = session.map_err(|error| unusable("jwks_uri of the discovery document", &error))?;
        *kept = Some((origin.to_owned(), session.clone()));
        Ok(session)
    }
}

fn session(flavour: Flavour, settings: &Settings, base_url: &str) -> Result<Session> {
    let settings = Settings { base_url: base_url.to_owned(), ..settings.clone() };
    Session::new(flavour, documents::application(&settings)?, settings)
}

#[derive(Default)]
struct State {
    keys: Option<(KeySet, SystemTime)>,
    failure: Option<(Error, SystemTime)>,
    asked_for_unknown_at: Option<SystemTime>,
    /// Whether no fetch has ended since then. One that was lost has brought nothing: it is no reason to refuse a token.
    unknown_is_open: bool,
    /// How many fetches have begun.
    begun: u64,
    /// The number of the fetch whose outcome was noted last.
    noted: u64,
}

/// Keys that an issuer publishes.
pub(super) struct RemoteKeys {
    fetcher: Fetcher,
    ages: Ages,
    clock: Clock,
    state: Mutex<State>,
    flights: SingleFlight<Result<()>>,
}

impl RemoteKeys {
    pub(super) fn new(fetcher: Fetcher, ages: Ages, clock: Clock) -> Self {
        Self { fetcher, ages, clock, state: Mutex::default(), flights: SingleFlight::new() }
    }

    /// Finds the key that a token names, among those at hand or among new ones.
    pub(super) async fn find(
        self: &Arc<Self>,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Result<Candidates, InvalidToken>> {
        // A caller that need not wait does not read the clock for it.
        let mut deadline = None;
        for _ in 0..ROUNDS {
            let flight = {
                let mut state = self.state();
                let now = self.clock.wall();
                let found = state.keys.as_ref().map_or(Found::Unknown, |(keys, _)| keys.find(id, algorithm));
                let is_fetching = self.is_fetching();
                let asked_in_vain = state.unknown_is_open && !is_fetching;
                let view = View {
                    fetched_at: state.keys.as_ref().map(|(_, at)| *at),
                    failed_at: state.failure.as_ref().map(|(_, at)| *at),
                    asked_for_unknown_at: state.asked_for_unknown_at.filter(|_| !asked_in_vain),
                    found: !matches!(found, Found::Unknown),
                    is_fetching,
                };
                let step = decide(view, now, self.ages);
                match (step, found) {
                    (Step::UseAndRefresh, found) => {
                        self.refresh_ahead(state.failure.is_none());
                        return Ok(found.candidates());
                    }
                    (Step::Use, found) => return Ok(found.candidates()),
                    (Step::Unknown, _) => return Ok(Err(InvalidToken::UnknownKey)),
                    (Step::CannotTell, _) => {
                        return Err(state.failure.as_ref().map_or_else(fetch_lost, |(error, _)| error.clone()));
                    }
                    (Step::Fetch, _) => {
                        let flight = self.begin(Goal::Replace);
                        // Decided and noted in one: of all who meet an unknown key at once, one fetches.
                        if view.fetched_at.is_some() && matches!(flight, Flight::Leader(..)) {
                            (state.asked_for_unknown_at, state.unknown_is_open) = (Some(now), true);
                        }
                        flight
                    }
                }
            };
            let deadline = *deadline.get_or_insert_with(|| self.deadline());
            self.follow(flight, deadline).await?;
        }
        Ok(Err(InvalidToken::UnknownKey))
    }

    /// Fetches the keys now, whatever is at hand.
    pub(super) async fn fetch_now(self: &Arc<Self>) -> Result<()> {
        let flight = self.begin(Goal::Replace);
        self.follow(flight, self.deadline()).await
    }

    fn begin(&self, goal: Goal) -> Flight<Result<()>> {
        self.flights.begin(goal, self.deadline())
    }

    /// Returns when a fetch that begins now counts as lost, and when a caller that begins to wait now waits no longer: the runtime that
    /// a fetch is part of need not be driven any more.
    fn deadline(&self) -> Instant {
        after(Instant::now(), self.fetcher.settings.timeout.saturating_add(GRACE))
    }

    fn is_fetching(&self) -> bool {
        [Goal::Replace, Goal::RefreshAhead].into_iter().any(|goal| self.flights.is_under_way(goal))
    }

    /// Waits for the outcome of a fetch until `deadline`, or brings it about. A caller that goes away leaves the fetch to the others.
    async fn follow(self: &Arc<Self>, flight: Flight<Result<()>>, deadline: Instant) -> Result<()> {
        self.fetcher.flavour.check_context()?;
        self.fetcher.flavour.check_timer()?;
        let follower = match flight {
            Flight::Follower(follower, _) => follower,
            Flight::Leader(leader, follower) => {
                let keys = self.clone();
                let work = async move { leader.complete(keys.update().await) };
                match self.fetcher.flavour {
                    #[cfg(feature = "async")]
                    Flavour::Async => drop(Flavour::Async.spawn_detached(work)),
                    // A caller that blocks does not go away.
                    #[allow(unreachable_patterns)]
                    _ => work.await,
                }
                follower
            }
        };
        match self.fetcher.flavour.until(deadline, follower.outcome()).await {
            Ok(outcome) => outcome.unwrap_or_else(|| Err(fetch_lost())),
            Err(_) => Err(late()),
        }
    }

    /// Fetches new keys while those at hand are used. A failure after a success is worth a warning, and the next ones are not.
    fn refresh_ahead(self: &Arc<Self>, warn: bool) {
        if self.fetcher.flavour.check_context().is_err() {
            return;
        }
        if let Flight::Leader(leader, _) = self.begin(Goal::RefreshAhead) {
            let keys = self.clone();
            let work = async move {
                let outcome = keys.update().await;
                if let Err(error) = outcome.as_ref()
                    && warn
                {
                    tracing::warn!(target: "iam_sdk", { error = %error }, "the keys of tokens could not be refreshed; those at hand are used");
                }
                leader.complete(outcome);
            };
            // No caller waits for it, so that it does not keep the span of the request open that began it.
            drop(self.fetcher.flavour.spawn_in(Span::none(), work));
        }
    }

    /// Fetches the keys and notes the outcome. Keys at hand stay if it fails.
    async fn update(&self) -> Result<()> {
        let number = {
            let mut state = self.state();
            state.begun += 1;
            state.begun
        };
        let fetched = self.fetcher.fetch().await;
        let mut state = self.state();
        // One that counted as lost can end after a later one, whose keys are the newer ones.
        if number < state.noted {
            return fetched.map(drop);
        }
        (state.noted, state.unknown_is_open) = (number, false);
        let now = self.clock.wall();
        match fetched {
            Ok(keys) => {
                state.keys = Some((keys, now));
                state.failure = None;
                Ok(())
            }
            Err(error) => {
                state.failure = Some((error.clone(), now));
                // No response came, so the fetch may be repeated after the pause.
                state.asked_for_unknown_at = None;
                Err(error)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the error of a fetch that ended without an outcome. Another one can succeed, and the token may be good.
fn fetch_lost() -> Error {
    Error::new(ErrorKind::Transport).detail("the fetch of the keys was lost: it panicked, or its runtime was shut down")
}

/// Returns the error of a caller whose time limit ran out before the keys came.
fn late() -> Error {
    let detail = "the keys did not come in time: their issuer is slow, or the runtime that fetches them is not driven";
    Error::new(ErrorKind::Timeout).detail(detail).operation_named(documents::KEYS.name)
}
