//! Options of single calls: which requests have them, and which are refused.

use super::{Client, LicenseClient, ManagementClient, all, maybe_async, test};
use crate::support::{
    holds, same,
    server::{Request, Server, json},
};
use iam_sdk::{
    CallOptions, Error, Result, RetryPolicy, authing::UserListOptions, cloudspot, digiwin, token_store::StoredToken,
};
use std::time::Duration;

/// Responds to everything with something that every call of these tests can read.
fn server() -> Server {
    Server::start(|request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        json(match () {
            () if body.contains("accessToken(") => {
                r#"{"data": {"accessToken": {"accessToken": "t", "iat": 100, "exp": 100000}}}"#
            }
            // Two pages of a list.
            () if body.contains("users(") && body.contains(r#""page":2"#) => {
                r#"{"data": {"users": {"totalCount": 2, "list": [{"id": "b"}]}}}"#
            }
            () if body.contains("users(") => r#"{"data": {"users": {"totalCount": 2, "list": [{"id": "a"}]}}}"#,
            () if body.contains("userBatch(") => r#"{"data": {"userBatch": []}}"#,
            () => r#"{"id": "u", "email": "e", "token": "t", "permissions": [], "user": {}, "companies": []}"#,
        })
    })
}

fn traced(id: &str) -> CallOptions {
    CallOptions::new().header("X-Trace", id)
}

/// Returns the traces of the requests that pass the filter.
fn traces(server: &Server, which: impl Fn(&Request) -> bool) -> Vec<Option<String>> {
    let requests = server.requests();
    requests.iter().filter(|request| which(request)).map(|request| request.headers.get("x-trace").cloned()).collect()
}

fn some(traces: &[&str]) -> Vec<Option<String>> {
    traces.iter().map(|trace| Some((*trace).to_owned()).filter(|trace| !trace.is_empty())).collect()
}

#[maybe_async]
#[test]
async fn what_is_made_from_a_client_with_options_has_them_too() {
    let server = server();
    let plain = Client::builder(server.url(), "a").header("x-gateway", "g").build().unwrap();
    let client = plain.with_options(traced("1")).unwrap();
    let credentials = digiwin::Credentials::token(StoredToken::new("t".into()));
    let sessions = [
        client.with_token("t").unwrap(),
        client.with_session("s"),
        client.with_session_as("own", credentials),
        client.with_token("t").unwrap().with_options(traced("2")).unwrap().with_session("s"),
        plain.with_token("t").unwrap(),
    ];
    for session in &sessions {
        session.users().get_user("u").await.unwrap();
    }
    let session = &sessions[0];
    session.tenants().get_current().await.unwrap();
    session.orgs().get_org_list(&[1]).await.unwrap_err();
    session.identity().analyze_token().await.unwrap();
    session.request(iam_sdk::Method::GET, "/x").await.unwrap();
    // A handle with options, and the one that it was made from.
    let users = session.users();
    users.with_options(traced("3")).unwrap().get_user("u").await.unwrap();
    users.get_user("u").await.unwrap();
    same(traces(&server, |_| true), some(&["1", "1", "1", "2", "", "1", "1", "1", "1", "3", "1"]));
    let requests = server.requests();
    holds(requests.iter().all(|request| request.headers["x-gateway"] == "g"));
    // In place of the client's own.
    let gateway = CallOptions::new().header("X-Gateway", "h");
    session.users().with_options(gateway).unwrap().get_user("u").await.unwrap();
    let last = server.requests().pop().unwrap();
    assert_eq!((&*last.headers["x-gateway"], &*last.headers["x-trace"]), ("h", "1"));
}

#[maybe_async]
#[test]
async fn a_session_is_shared_with_the_handles_that_have_options() {
    let server = server();
    let client = Client::builder(server.url(), "a").build().unwrap();
    let traced = client.with_options(traced("1")).unwrap();
    traced.set_current_token(Some("mine".into())).await.unwrap();
    same(client.current_token().await.unwrap(), Some("mine".into()));
    client.users().get_user("u").await.unwrap();
    traced.users().get_user("u").await.unwrap();
    let requests = server.requests();
    holds(requests.iter().all(|request| request.headers["digi-middleware-auth-user"] == "mine"));
    assert_eq!(requests[0].connection, requests[1].connection, "they share the connections");
}

#[maybe_async]
#[test]
async fn every_batch_and_every_page_has_the_options_and_the_sessions_own_login_has_none() {
    let server = server();
    let client = ManagementClient::builder("p", "s").base_url(server.url()).build().unwrap();
    let users = client.with_options(traced("1")).unwrap().users();
    let ids: Vec<String> = (0..200).map(|id| id.to_string()).collect();
    users.batch_get(&ids).await.unwrap();
    let (items, error) = all(users.list_all(UserListOptions::new().limit(1))).await;
    assert_eq!((items.len(), error.is_none()), (2, true));
    let is_login = |request: &Request| String::from_utf8_lossy(&request.body).contains("accessToken(");
    same(traces(&server, is_login), some(&[""]));
    let others = traces(&server, |request| !is_login(request));
    assert!(others.len() >= 4 && others.iter().all(|trace| trace.as_deref() == Some("1")), "{others:?}");
}

#[maybe_async]
#[test]
async fn a_login_that_the_caller_asks_for_has_the_options() {
    let server = server();
    let builder = LicenseClient::builder("app").base_url(server.url());
    let client = builder.clone().build().unwrap().with_options(traced("1")).unwrap();
    client.authenticate("u", "p").await.unwrap();
    client.get_user().await.unwrap();
    same(traces(&server, |_| true), some(&["1", "1"]));
    let own = builder.credentials(cloudspot::Credentials::password("u", "p")).build().unwrap();
    own.with_options(traced("2")).unwrap().get_user().await.unwrap();
    same(traces(&server, |_| true)[2..].to_vec(), some(&["", "2"]));
}

#[maybe_async]
#[test]
async fn what_a_caller_must_not_set_is_refused_by_name() {
    let client = Client::builder("https://h", "a").build().unwrap();
    let authing = ManagementClient::builder("p", "s").build().unwrap();
    let cloudspot = LicenseClient::builder("a").build().unwrap();
    type With<'a> = &'a dyn Fn(CallOptions) -> Option<Error>;
    let (users, tenants, orgs, identity) = (client.users(), client.tenants(), client.orgs(), client.identity());
    let (pool_users, groups, pool_orgs) = (authing.users(), authing.groups(), authing.orgs());
    fn error<T>(result: Result<T>) -> Option<Error> {
        result.err()
    }
    let digiwin: [With<'_>; 5] = [
        &|options| error(client.with_options(options)),
        &|options| error(users.with_options(options)),
        &|options| error(tenants.with_options(options)),
        &|options| error(orgs.with_options(options)),
        &|options| error(identity.with_options(options)),
    ];
    let pool: [With<'_>; 4] = [
        &|options| error(authing.with_options(options)),
        &|options| error(pool_users.with_options(options)),
        &|options| error(groups.with_options(options)),
        &|options| error(pool_orgs.with_options(options)),
    ];
    let license: [With<'_>; 1] = [&|options| error(cloudspot.with_options(options))];
    let services: [(&[With<'_>], &[&str]); 3] = [
        (&digiwin, &["Digi-Middleware-Auth-App", "digi-middleware-auth-user"]),
        (&pool, &["Authorization", "x-authing-userpool-id", "x-authing-app-id", "x-authing-lang"]),
        (&license, &["X-License-Module", "x-license-token"]),
    ];
    for (handles, own) in services {
        for with in handles {
            let general = ["Content-Type", "content-length", "Host", "connection", "transfer-encoding", "User-Agent"];
            for name in own.iter().chain(&general) {
                let error = with(CallOptions::new().header(*name, "canary")).unwrap();
                let text = format!("{error} {error:#?}");
                assert!(error.is_configuration() && text.contains(&format!("header `{name}`")), "{text}");
                assert!(!text.contains("canary"), "{text}");
            }
            for (setting, options) in [
                ("timeout: ", CallOptions::new().timeout(Duration::ZERO)),
                ("attempt_timeout: ", CallOptions::new().attempt_timeout(Duration::ZERO)),
                ("retry: max_attempts: ", CallOptions::new().retry(RetryPolicy::new().max_attempts(0))),
            ] {
                let error = with(options).unwrap();
                assert!(error.is_configuration() && error.to_string().contains(setting), "{error}");
            }
            assert_eq!(with(traced("1").timeout(Duration::MAX)).map(|error| error.to_string()), None);
        }
    }
    // What one service has a use for is another one's ordinary header.
    holds(client.with_options(CallOptions::new().header("authorization", "Basic x")).is_ok());
}

#[maybe_async]
#[test]
async fn a_dry_run_shows_each_request_and_sends_none() {
    let server = server();
    let dry = CallOptions::new().dry_run(true);
    let credentials = digiwin::Credentials::password("ann", "canary");
    let digiwin = Client::builder(server.url(), "canary").credentials(credentials).build().unwrap();
    let digiwin = digiwin.with_options(dry.clone()).unwrap();
    let other = digiwin.with_session("other");
    let authing = ManagementClient::builder("pool", "canary").base_url(server.url()).build().unwrap();
    let authing = authing.with_options(dry.clone()).unwrap();
    let cloudspot = LicenseClient::builder("app").base_url(server.url()).build().unwrap();
    let cloudspot = cloudspot.with_options(dry).unwrap();
    let ids: Vec<_> = (0..200).map(|n| format!("u{n}")).collect();
    let (listed, ended) = all(authing.users().list_all(UserListOptions::new())).await;
    holds(listed.is_empty());
    let results: [(Option<Error>, &str); 7] = [
        (digiwin.users().get_user("bob").await.err(), "POST /api/iam/v2/user"),
        (other.identity().login("ann", "canary").await.err(), "GET /api/iam/v2/identity/publickey"),
        (cloudspot.authenticate("ann", "canary").await.err(), "POST /auth/authenticate/"),
        (cloudspot.get_company_permissions("c/1").await.err(), "GET /auth/get-company-permissions/c%2F1/"),
        (authing.is_password_valid("canary").await.err(), "POST /api/v2/password/check"),
        (authing.users().delete_many(&ids).await.err(), "POST /graphql/v2"),
        (ended, "POST /graphql/v2"),
    ];
    for (error, expected) in results {
        let error = error.unwrap();
        let request = error.dry_run().unwrap();
        same(request.to_string(), expected.replacen(' ', &format!(" {}", server.url()), 1));
        holds(error.is_dry_run() && !error.was_sent() && !error.is_retryable());
        let body = request.body.as_ref().map(|body| body.as_text().to_owned());
        holds(!format!("{error} {error:#?} {body:?}").contains("canary"));
    }
    same(server.requests().len(), 0);
    let again = authing.with_options(CallOptions::new().dry_run(false)).unwrap();
    holds(!again.is_password_valid("canary").await.is_err_and(|error| error.is_dry_run()));
    holds(!server.requests().is_empty());
}
