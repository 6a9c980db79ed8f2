//! Concurrent logins of many users.

use super::{Client, in_parallel, maybe_async, test};
use crate::support::{
    handshake::Keys,
    same,
    server::{Request, Response, Server, json},
};
use iam_sdk::digiwin::Credentials;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

const USERS: usize = 200;

/// Responds so that a token names its user.
fn respond(keys: &Keys, logins: &AtomicUsize, request: &Request) -> Response {
    if let Some(response) = keys.respond(request) {
        return response;
    }
    if request.path.ends_with("/identity/login") {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let user = body["userId"].as_str().unwrap();
        assert_eq!(keys.password(body["passwordHash"].as_str().unwrap()), format!("pw-{user}"));
        logins.fetch_add(1, Ordering::SeqCst);
        return json(serde_json::json!({"token": format!("token-{user}"), "userId": user}));
    }
    let user = request.headers["digi-middleware-auth-user"].strip_prefix("token-").unwrap();
    json(serde_json::json!({"userId": user}))
}

#[maybe_async]
async fn who_am_i(client: &Client) -> String {
    client.identity().analyze_token().await.unwrap().user_id.unwrap()
}

#[maybe_async]
async fn log_in_or_read(client: Client, n: usize, logins: Arc<AtomicUsize>) {
    let user = format!("u{n}");
    let own = client.with_session_as(&user, Credentials::password(&user, format!("pw-{user}")));
    if n > 0 {
        same(who_am_i(&own).await, user);
        return;
    }
    // This one needs no login, and does not wait until the others have theirs.
    let reader = client.with_session("reader");
    reader.set_current_token(Some("token-reader".into())).await.unwrap();
    for _ in 0..5 {
        same(who_am_i(&reader).await, "reader");
    }
    let done = logins.load(Ordering::SeqCst);
    assert!(done < USERS, "a call without a login came after all {done} logins");
}

#[maybe_async]
#[test]
async fn two_hundred_users_log_in_at_once() {
    let (keys, logins) = (Keys::new(), Arc::new(AtomicUsize::new(0)));
    let counted = logins.clone();
    let server = Server::start(move |request| respond(&keys, &counted, request));
    let client = Client::builder(server.url(), "a").build().unwrap();
    let noted = logins.clone();
    in_parallel(USERS + 1, move |n| log_in_or_read(client.clone(), n, noted.clone())).await;
    assert_eq!(logins.load(Ordering::SeqCst), USERS);
}
