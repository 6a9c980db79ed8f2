//! Whether the service accepts the application's own token, remembered for a moment.

use crate::{Error, Result};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long an app token that was accepted counts as good: a flood of wrong tokens asks once in this time.
const ACCEPTED: Duration = Duration::from_secs(5);

/// What the service said last, and when. One asks at a time, and all that wait get its result; a failure counts for those alone.
#[derive(Debug, Default)]
pub(crate) struct AppTokenCheck(Mutex<Option<(Instant, Option<Error>)>>);

impl AppTokenCheck {
    /// Confirms that the service accepts the app token, with `ask` if that is not known.
    pub(crate) async fn confirm(&self, ask: impl Future<Output = Result<()>>) -> Result<()> {
        let came = Instant::now();
        let mut last = self.0.lock().await;
        if let Some((when, error)) = &*last {
            match error {
                None if when.elapsed() < ACCEPTED => return Ok(()),
                Some(error) if *when >= came => return Err(error.clone()),
                _ => {}
            }
        }
        let result = ask.await;
        *last = Some((Instant::now(), result.as_ref().err().cloned()));
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
            let results = futures_util::future::join_all((0..50).map(|_| check.confirm(ask()))).await;
            assert!(results.iter().all(|result| result.is_err() == fails));
            assert_eq!(asked.load(Ordering::Relaxed), 1, "fails: {fails}");
        }
    }
}
