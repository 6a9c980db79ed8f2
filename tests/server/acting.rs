//! Calls that a handler makes as the caller.

use super::*;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    routing::get,
};
use iam_sdk::{
    Client,
    emulator::{Emulator, Fault},
    server::Caller,
};
use tower::ServiceExt as _;

async fn name(who: Caller) -> Result<String, Rejection> {
    let users = who.client()?.users().get_user_simple().await?;
    Ok(users.into_iter().filter_map(|user| user.name).collect())
}

async fn other(who: Caller) -> Result<String, Rejection> {
    let user = who.client()?.users().get_user("no such user").await?;
    Ok(user.name.unwrap_or_default())
}

#[tokio::test]
async fn a_handler_acts_as_the_caller_and_errors_become_responses() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let client = Client::builder(emulator.base_url(), account.app_token.clone()).build().unwrap();
    let token = client.with_session("login").identity().login(&account.user_id, account.password.clone()).await;
    let token = token.unwrap().token.unwrap();
    let guard = Guard::builder(client.clone()).build().unwrap();
    let app = Router::new().route("/name", get(name)).route("/other", get(other)).route_layer(guard.layer());
    let ask = async |path: &str| {
        let mut request = Request::builder().uri(path).body(Body::empty()).unwrap();
        *request.headers_mut() = bearer(token.expose_secret());
        app.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!((ask("/name").await, ask("/other").await), (200, 404));
    for (fault, expected) in [("status=503", 503), ("status=403", 403), ("status=429", 503), ("html", 503)] {
        emulator.fault(fault.parse::<Fault>().unwrap().on("digiwin.users"));
        assert_eq!(ask("/name").await, expected, "{fault}");
        emulator.clear_faults();
    }
    // The token is revoked, which the guard does not know yet: the call for the caller is refused, and the guard asks anew.
    assert_eq!((ask("/name").await, guard.stats().entries), (200, 1));
    emulator.digiwin().revoke_tokens(&account.user_id);
    assert_eq!((ask("/name").await, guard.stats().entries), (401, 0));
    let introspections = guard.stats().introspections;
    assert_eq!((ask("/name").await, guard.stats().introspections), (401, introspections), "it is known");
    // The client's own session never had a token.
    assert!(client.current_token().await.unwrap().is_none());
}

async fn role(State(iam): State<Client>, who: Caller) -> Result<String, Rejection> {
    who.require_role(&iam, "no such role").await?;
    Ok(String::new())
}

async fn logs_in(who: Caller) -> Result<String, Rejection> {
    let own = who.client()?.with_session("the handler's");
    own.identity().login("nobody", "wrong").await?;
    Ok(String::new())
}

/// The service says 401 to both; the guard asks whose it is before it believes that it is the caller's.
#[tokio::test]
async fn an_app_token_that_is_revoked_is_no_fault_of_the_caller() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let client = Client::builder(emulator.base_url(), account.app_token.clone()).build().unwrap();
    let token = client.with_session("login").identity().login(&account.user_id, account.password.clone()).await;
    let token = token.unwrap().token.unwrap();
    let guard = Guard::builder(client.clone()).build().unwrap();
    let routes = Router::new().route("/name", get(name)).route("/role", get(role)).route("/login", get(logs_in));
    let app = routes.route_layer(guard.layer()).with_state(client);
    let ask = async |path: &str| {
        let mut request = Request::builder().uri(path).body(Body::empty()).unwrap();
        *request.headers_mut() = bearer(token.expose_secret());
        app.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!(ask("/name").await, 200);
    // The handler logs in with what a user typed: a failure is the fault of the user, not of this server.
    assert_eq!(ask("/login").await, 401);
    // Whatever the introspection fails with is no fault of the caller's, either.
    for fault in ["status=401", "status=403", "status=404", "html"] {
        emulator.fault(Fault::status(401).on("digiwin.users"));
        emulator.fault(fault.parse::<Fault>().unwrap().on("digiwin.identity.analyze_token"));
        assert_eq!((ask("/name").await, guard.stats().entries), (503, 1), "{fault}");
        emulator.clear_faults();
    }
    emulator.fault(Fault::status(401).on("digiwin"));
    for path in ["/name", "/role", "/name"] {
        assert_eq!((ask(path).await, guard.stats().entries), (503, 1), "{path}");
    }
    emulator.clear_faults();
    assert_eq!((ask("/name").await, ask("/role").await), (200, 403));
}
