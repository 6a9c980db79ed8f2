//! Sharing one request for the service's key among logins.

use super::flight::Follower;
use crate::{Error, ErrorKind, call_options::CallSettings, crypto::ServiceKey, protocol::login::KeyRequest};
use futures_util::future::{Either, OptionFuture, select};
use std::{pin::pin, sync::Arc};
use tokio::sync::watch;

/// The result of a key request, and its settings.
#[derive(Clone)]
pub(super) struct Fetched {
    pub(super) result: Result<Arc<ServiceKey>, Error>,
    pub(super) settings: Arc<CallSettings>,
}

/// The outcome of a key request, as seen by a login that waited for it.
#[derive(Clone, Copy, Debug)]
enum KeyOutcome {
    /// The key. `is_refused`: it is the one that the service has refused to this login.
    Key { is_refused: bool },
    /// `is_alike`: the request that failed had the headers that this login's would have.
    Failure { kind: ErrorKind, is_alike: bool },
}

impl Fetched {
    /// Returns whether the result holds for this login too. `is_later`: it is of a request that was begun after this login wanted a
    /// key.
    pub(super) fn is_shared_with(&self, wanted: &KeyRequest, settings: &CallSettings, is_later: bool) -> bool {
        let outcome = match &self.result {
            Ok(key) => KeyOutcome::Key { is_refused: !may_use(wanted, key) },
            // Time limits and retries are no reason to ask a service again that has just failed: many logins with limits of their own
            // would ask one after another.
            Err(error) => {
                KeyOutcome::Failure { kind: error.kind(), is_alike: self.settings.headers == settings.headers }
            }
        };
        is_shared(outcome, is_later)
    }
}

/// Returns whether a key is another one than the service has refused to this login.
pub(super) fn may_use(wanted: &KeyRequest, key: &ServiceKey) -> bool {
    wanted.refused.as_deref() != Some(key)
}

/// Returns whether the result holds for this login too.
fn is_shared(outcome: KeyOutcome, is_later: bool) -> bool {
    match outcome {
        // Then the service has no other one.
        KeyOutcome::Key { is_refused } => is_later || !is_refused,
        // A time limit ends earlier for one than for the other.
        KeyOutcome::Failure { kind: ErrorKind::Timeout | ErrorKind::Configuration, .. } => false,
        KeyOutcome::Failure { is_alike, .. } => is_alike,
    }
}

/// The end of a wait for the service's key.
pub(super) enum Wait {
    /// The request has ended; `None` if it was abandoned.
    Ended(Option<Fetched>),
    /// A key has become known, of whatever request.
    Changed,
}

/// Waits for another login's request to end, or if `changes` are given for a key to become known.
pub(super) async fn wait(follower: Follower<Fetched>, mut changes: Option<watch::Receiver<()>>) -> Wait {
    let changed = OptionFuture::from(changes.as_mut().map(watch::Receiver::changed));
    let changed = async {
        if changed.await.is_none() {
            std::future::pending::<()>().await;
        }
    };
    match select(pin!(follower.outcome()), pin!(changed)).await {
        Either::Left((outcome, _)) => Wait::Ended(outcome),
        Either::Right(_) => Wait::Changed,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::flight::{Flight, Goal, SingleFlight},
        *,
    };
    use crate::{CallOptions, config::Settings, digiwin::identity};
    use futures_util::FutureExt as _;
    use std::time::{Duration, Instant};

    #[test]
    fn a_login_takes_what_holds_for_it_too() {
        let key = |is_refused| KeyOutcome::Key { is_refused };
        let failure = |kind, is_alike| KeyOutcome::Failure { kind, is_alike };
        for (outcome, earlier, later) in [
            (key(false), true, true),
            (key(true), false, true),
            (failure(ErrorKind::Server, true), true, true),
            (failure(ErrorKind::RateLimited, true), true, true),
            (failure(ErrorKind::Connect, true), true, true),
            (failure(ErrorKind::Transport, true), true, true),
            (failure(ErrorKind::Application, true), true, true),
            (failure(ErrorKind::Decode, true), true, true),
            (failure(ErrorKind::Server, false), false, false),
            (failure(ErrorKind::Application, false), false, false),
            (failure(ErrorKind::Timeout, true), false, false),
            (failure(ErrorKind::Timeout, false), false, false),
            (failure(ErrorKind::Configuration, true), false, false),
        ] {
            assert_eq!((is_shared(outcome, false), is_shared(outcome, true)), (earlier, later), "{outcome:?}");
        }
    }

    #[test]
    fn a_failure_holds_for_logins_with_the_same_headers_whatever_their_limits() {
        let (wanted, new) = (identity::login_keys(None).unwrap(), CallOptions::new);
        let own = CallSettings::of(&Settings::new("https://h".into()));
        let with = |options| Arc::new(own.with(options, &[]).unwrap());
        let settings = with(new().header("a", "1"));
        let fetched = Fetched { result: Err(Error::new(ErrorKind::Server)), settings };
        for (options, is_shared) in [
            (new().header("a", "1"), true),
            (new().header("a", "1").timeout(Duration::from_secs(1)), true),
            (new().header("a", "1").attempt_timeout(Duration::from_secs(1)), true),
            (new().header("a", "1").retry(crate::RetryPolicy::never()), true),
            (new(), false),
            (new().header("a", "2"), false),
        ] {
            let debug = format!("{options:?}");
            assert_eq!(fetched.is_shared_with(&wanted, &with(options), false), is_shared, "{debug}");
        }
    }

    #[test]
    fn who_asks_in_any_case_waits_for_the_request_alone() {
        let check = || {
            let (flights, changes) = (SingleFlight::new(), watch::Sender::new(()));
            let deadline = Instant::now() + Duration::from_secs(3600);
            let Flight::Leader(leader, follower) = flights.begin(Goal::Read, deadline) else {
                panic!("it is the first")
            };
            let Flight::Follower(other, _) = flights.begin(Goal::Read, deadline) else { panic!("one is under way") };
            let mut alone = pin!(wait(follower, None));
            let either = wait(other, Some(changes.subscribe()));
            // The key is known, and the request has not ended.
            changes.send_replace(());
            assert!(alone.as_mut().now_or_never().is_none(), "it would ask again");
            assert!(matches!(either.now_or_never(), Some(Wait::Changed)));
            let settings = Arc::new(CallSettings::of(&Settings::new("https://h".into())));
            leader.complete(Fetched { result: Err(Error::new(ErrorKind::Server)), settings });
            assert!(matches!(alone.now_or_never(), Some(Wait::Ended(Some(_)))));
        };
        shuttle::check_random(check, 1);
    }
}
