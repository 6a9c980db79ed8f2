//! Refreshes ahead of a token's end, beside the calls.

use super::{Client, REFRESH, maybe_async, received, test};
use crate::support::{
    same,
    server::{Server, json, status},
};
use iam_sdk::{Result, digiwin::Credentials, token_store::StoredToken};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A token that is due for a refresh and valid for another minute.
fn due_token() -> StoredToken {
    let (lifetime, left) = (Duration::from_secs(2 * 60 * 60), Duration::from_secs(60));
    let mut token = StoredToken::new("old".into()).expires_in(lifetime);
    token.expires_at = Some(SystemTime::now() + left);
    token
}

/// A service with this response to a refresh, and a session whose credentials provider first returns a token that is due.
struct Setting {
    server: Server,
    client: Client,
    /// Receives a message for each refresh.
    refreshes: UnboundedReceiver<()>,
    /// Receives the number of each call of the provider.
    logins: UnboundedReceiver<usize>,
}

impl Setting {
    fn new(refresh_status: u16, refresh_body: &'static str) -> Self {
        let (refreshed, refreshes) = unbounded_channel();
        let server = Server::start(move |request| {
            if request.path != REFRESH {
                return json(r#"{"id": "u"}"#);
            }
            let _ = refreshed.send(());
            match refresh_status {
                200 => json(refresh_body),
                refused => status(refused, refresh_body),
            }
        });
        let (logged_in, logins) = unbounded_channel();
        let calls = Arc::new(AtomicUsize::new(0));
        let credentials = Credentials::from_fn("ann", move || {
            let call = calls.fetch_add(1, Ordering::SeqCst) + 1;
            let _ = logged_in.send(call);
            std::io::Result::Ok(Credentials::token(if call == 1 {
                due_token()
            } else {
                StoredToken::new("from a login".into())
            }))
        });
        let client = Client::builder(server.url(), "a").credentials(credentials).build().unwrap();
        Self { server, client, refreshes, logins }
    }

    /// Returns the tokens of the calls, without repetitions in a row.
    fn tokens(&self) -> Vec<String> {
        let calls = self.server.requests().into_iter().filter(|request| request.path != REFRESH);
        let mut tokens: Vec<String> = calls.map(|call| call.headers["digi-middleware-auth-user"].clone()).collect();
        tokens.dedup();
        tokens
    }
}

#[maybe_async]
impl Setting {
    async fn call(&self) -> Result<()> {
        self.client.users().get_user("u").await.map(drop)
    }

    /// Makes calls until one of them is sent with `token`.
    async fn call_until(&self, token: &str) {
        for _ in 0..10_000 {
            self.call().await.unwrap();
            if self.tokens().last().unwrap() == token {
                return;
            }
        }
        panic!("no call was sent with {token:?}: {:?}", self.tokens());
    }
}

#[maybe_async]
#[test]
async fn a_token_is_refreshed_ahead_of_its_end() {
    let mut setting = Setting::new(200, r#"{"token": "refreshed"}"#);
    // The call that finds the token due is sent with it, and does not wait for the refresh.
    setting.call().await.unwrap();
    received(&mut setting.refreshes).await;
    setting.call_until("refreshed").await;
    for _ in 0..10 {
        setting.call().await.unwrap();
    }
    assert_eq!(setting.tokens(), ["old", "refreshed"]);
    same(received(&mut setting.logins).await, 1);
    assert!(setting.refreshes.try_recv().is_err() && setting.logins.try_recv().is_err(), "one login, one refresh");
}

#[maybe_async]
#[test]
async fn while_a_token_is_valid_a_refresh_that_fails_stops_no_call() {
    let mut setting = Setting::new(500, "{}");
    setting.call().await.unwrap();
    received(&mut setting.refreshes).await;
    for _ in 0..10 {
        setting.call().await.unwrap();
    }
    assert_eq!(setting.tokens(), ["old"]);
    same(received(&mut setting.logins).await, 1);
    assert!(
        setting.refreshes.try_recv().is_err() && setting.logins.try_recv().is_err(),
        "the next refresh is deferred"
    );
}

#[maybe_async]
#[test]
async fn a_refused_refresh_is_a_login() {
    let mut setting = Setting::new(401, "{}");
    setting.call().await.unwrap();
    received(&mut setting.refreshes).await;
    same(received(&mut setting.logins).await, 1);
    same(received(&mut setting.logins).await, 2);
    setting.call_until("from a login").await;
    assert_eq!(setting.tokens(), ["old", "from a login"]);
    assert!(setting.refreshes.try_recv().is_err() && setting.logins.try_recv().is_err(), "one refresh, one login more");
}
