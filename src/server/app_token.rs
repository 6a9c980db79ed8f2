//! Whether the service accepts the application's own token, remembered for a moment.

use crate::{Error, Result};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long an app token that was accepted counts as good: a flood of wrong tokens asks once in this time.
const ACCEPTED: Duration = Duration::from_secs(5);
/// How long others wait for the one that asks. It may never go on, say with a runtime that nobody drives.
const LONGEST_TURN: Duration = Duration::from_secs(10);

/// What the service said last, and when. One asks at a time, and all that wait get its result; a failure counts for those alone.
#[derive(Debug)]
pub(crate) struct AppTokenCheck {
    state: Mutex<State>,
    longest_turn: Duration,
}

#[derive(Debug, Default)]
struct State {
    last: Option<(Instant, Option<Error>)>,
    /// Held by the one that asks.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Default for AppTokenCheck {
    fn default() -> Self {
        Self { state: Mutex::default(), longest_turn: LONGEST_TURN }
    }
}

impl AppTokenCheck {
    /// Confirms that the service accepts the app token, with `ask` if that is not known.
    pub(crate) async fn confirm(&self, ask: impl Future<Output = Result<()>>) -> Result<()> {
        let came = Instant::now();
        let turn = loop {
            let turn = self.state().turn.clone();
            match tokio::time::timeout(self.longest_turn, turn.clone().lock_owned()).await {
                Ok(turn) => break turn,
                Err(_) => self.take_turn_from(&turn),
            }
        };
        if let Some((when, error)) = &self.state().last {
            match error {
                None if when.elapsed() < ACCEPTED => return Ok(()),
                Some(error) if *when >= came => return Err(error.clone()),
                _ => {}
            }
        }
        let result = ask.await;
        let mut state = self.state();
        // One that is so late that another has asked since knows nothing that is newer.
        if Arc::ptr_eq(&state.turn, tokio::sync::OwnedMutexGuard::mutex(&turn)) {
            state.last = Some((Instant::now(), result.as_ref().err().cloned()));
        }
        drop(state);
        drop(turn);
        result
    }

    /// Lets another one ask, unless somebody has done that already: all that wait then wait for the same one.
    fn take_turn_from(&self, turn: &Arc<tokio::sync::Mutex<()>>) {
        let mut state = self.state();
        if Arc::ptr_eq(&state.turn, turn) {
            state.turn = Arc::default();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt as _, future::join_all};
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn all_that_ask_at_once_ask_once() {
        for fails in [false, true] {
            let (check, asked) = (AppTokenCheck::default(), AtomicUsize::new(0));
            let ask = || async {
                asked.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                if fails { Err(Error::new(crate::ErrorKind::Application)) } else { Ok(()) }
            };
            let results = join_all((0..50).map(|_| check.confirm(ask()))).await;
            assert!(results.iter().all(|result| result.is_err() == fails));
            assert_eq!(asked.load(Ordering::Relaxed), 1, "fails: {fails}");
        }
    }

    #[tokio::test]
    async fn one_that_never_goes_on_keeps_nobody_waiting_for_ever() {
        let (check, asked) =
            (AppTokenCheck { longest_turn: Duration::from_millis(5), ..Default::default() }, AtomicUsize::new(0));
        // Polled once, and then by nobody: as with a runtime that nobody drives.
        let mut lost = Box::pin(check.confirm(std::future::pending()));
        assert!(lost.as_mut().now_or_never().is_none());
        let ask = || async {
            asked.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        let results = join_all((0..50).map(|_| check.confirm(ask()))).await;
        assert!(results.iter().all(Result::is_ok));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn what_comes_late_does_not_replace_what_is_newer() {
        let check = AppTokenCheck { longest_turn: Duration::from_millis(5), ..Default::default() };
        let (send, late) = tokio::sync::oneshot::channel();
        let mut first = Box::pin(check.confirm(async { late.await.unwrap() }));
        assert!(first.as_mut().now_or_never().is_none());
        check.confirm(async { Ok(()) }).await.unwrap();
        send.send(Err(Error::new(crate::ErrorKind::Application))).unwrap();
        assert!(first.await.is_err());
        check.confirm(async { panic!("it is known that the app token is good") }).await.unwrap();
    }
}
