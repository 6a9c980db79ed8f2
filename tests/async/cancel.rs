//! Who renews a session's token may go away at any moment.

use iam_sdk::{Client, Credentials, emulator::Emulator};
use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

/// Polls `future` so many times and then drops it; `true` if it came to its end before.
pub async fn polled(times: usize, future: impl Future) -> bool {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|context| {
        if polls == times {
            return Poll::Ready(false);
        }
        polls += 1;
        future.as_mut().poll(context).map(|_| true)
    })
    .await
}

#[tokio::test]
async fn a_renewal_whose_caller_goes_away_at_any_await_is_the_only_one() {
    let emulator = Emulator::builder().latency(Duration::from_millis(2)).start().unwrap();
    let account = emulator.digiwin().account();
    let client = Client::builder(emulator.base_url(), account.app_token.clone()).build().unwrap();
    let logins = || emulator.requests().iter().filter(|served| served.path.ends_with("/identity/login")).count();
    for times in 0.. {
        let credentials = Credentials::password(&account.user_id, account.password.clone());
        let session = client.with_session_as(times.to_string(), credentials);
        let before = logins();
        let ended = polled(times, session.identity().analyze_token()).await;
        let others: Vec<_> = (0..20)
            .map(|_| {
                let session = session.clone();
                tokio::spawn(async move { session.identity().analyze_token().await })
            })
            .collect();
        for other in others {
            assert_eq!(other.await.unwrap().unwrap().user_id.as_deref(), Some("ann"));
        }
        assert_eq!(logins() - before, 1, "gone after {times} polls");
        if ended {
            assert!(times > 2, "there were awaits to go away at");
            return;
        }
    }
}
