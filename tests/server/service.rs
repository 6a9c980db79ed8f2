//! The guide's service, whole, with 200 users at once.

#[allow(dead_code, reason = "its `main` connects to the real services")]
mod orders {
    include!("../../src/guide/orders.rs");

    pub(super) fn router(iam: Client, cloudspot: LicenseClient, guard: Guard<Client>) -> Router {
        app(Orders { iam, licenses: Licenses { cloudspot, id: SourceId::new() }, guard })
    }
}

use super::*;
use iam_sdk::{
    Client,
    r#async::cloudspot::LicenseClient,
    digiwin::TenantId,
    emulator::{
        Emulator, Fault, cloudspot,
        digiwin::{Person, Seed, Tenant},
    },
};

const USERS: usize = 200;

fn user(n: usize) -> String {
    format!("user-{n}")
}

/// What stands in the guide is what runs here.
#[test]
fn the_guide_shows_this_service() {
    let (page, service) = (include_str!("../../src/guide/servers.md"), include_str!("../../src/guide/orders.rs"));
    assert!(page.contains(&format!("```rust,no_run\n{service}```\n")), "copy orders.rs into servers.md");
}

/// Returns the emulator, and the guide's service on it. Even users are admins and may delete; every third one has no license.
async fn service() -> (Emulator, Client, axum::Router) {
    let mut seed = Seed::new("app", "app-token");
    let mut tenant = Tenant::new("T1", "One").application("app", "2099-01-01 00:00:00");
    let mut licensed = cloudspot::Seed::new().company("T1", "One");
    for n in 0..USERS {
        seed = seed.person(Person::new(user(n), "secret"));
        tenant = tenant.member(user(n), if n % 2 == 0 { "admin" } else { "staff" });
        licensed = licensed.person(cloudspot::Person::new(user(n), "secret").may("orders", "T1", &["order.delete"]));
    }
    let emulator = Emulator::builder().digiwin(seed.tenant(tenant)).cloudspot(licensed).start().unwrap();
    let iam = Client::builder(emulator.base_url(), "app-token").build().unwrap();
    let base_url = format!("{}/api/v1", emulator.base_url());
    let cloudspot = LicenseClient::builder("orders").base_url(base_url).build().unwrap();
    for n in (0..USERS).filter(|n| n % 3 != 0) {
        cloudspot.with_session(user(n)).authenticate(user(n), "secret").await.unwrap();
    }
    let guard = Guard::builder(iam.clone()).bearer().header("digi-middleware-auth-user").realm("orders");
    let app = orders::router(iam.clone(), cloudspot, guard.build().unwrap());
    (emulator, iam, app)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_users_at_once_are_each_themselves() {
    let (emulator, client, app) = service().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    emulator.clear_requests();

    let http = reqwest::Client::new();
    let users = (0..USERS).map(|n| {
        let (http, client) = (http.clone(), client.clone());
        tokio::spawn(async move {
            let token = client.identity().create_access_token(TenantId("T1"), user(n)).await.unwrap().token.unwrap();
            let ask = |method: http::Method, path: &str| {
                let request = http.request(method, format!("http://{address}{path}"));
                // Half of them come through a gateway.
                match n % 4 < 2 {
                    true => request.bearer_auth(token.expose_secret()),
                    false => request.header("digi-middleware-auth-user", token.expose_secret()),
                }
                .send()
            };
            for _ in 0..3 {
                let hello = ask(http::Method::GET, "/hello").await.unwrap().text().await.unwrap();
                assert_eq!(hello, format!("hello {}", user(n)));
                let roles = ask(http::Method::GET, "/me").await.unwrap().text().await.unwrap();
                let role = if n % 2 == 0 { "admin" } else { "staff" };
                assert_eq!(roles, format!("[\"{role}\"]"));
                let removed = ask(http::Method::DELETE, "/orders/T1/7").await.unwrap().status();
                assert_eq!(removed, if n % 2 == 0 && n % 3 != 0 { 200 } else { 403 }, "{n}");
                assert_eq!(ask(http::Method::DELETE, "/orders/T2/7").await.unwrap().status(), 403);
            }
            if n < 20 {
                assert_eq!(ask(http::Method::POST, "/logout").await.unwrap().status(), 200);
                assert_eq!(ask(http::Method::GET, "/hello").await.unwrap().status(), 401, "it is known at once");
            }
        })
    });
    for user in users.collect::<Vec<_>>() {
        user.await.unwrap();
    }
    let asked = |operation: &str| emulator.requests_of(operation).len();
    // The tokens that were logged out are introspected again, once.
    assert_eq!(asked("digiwin.identity.analyze_token"), USERS + 20, "each token is introspected once");
    let decided = asked("cloudspot.get_company_permissions");
    assert_eq!(decided, (0..USERS).filter(|n| n % 2 == 0 && n % 3 != 0).count(), "each decision is made once");
    let unknown = http.get(format!("http://{address}/nothing")).send().await.unwrap();
    let without = http.get(format!("http://{address}/me")).send().await.unwrap();
    assert_eq!((unknown.status().as_u16(), without.status().as_u16()), (404, 401));
    assert_eq!(without.headers()["www-authenticate"], "Bearer realm=\"orders\"");
    server.abort();
}

/// Returns the request of a user with this token.
fn request(method: &str, path: &str, token: &str) -> axum::extract::Request {
    let mut request = http::Request::builder().method(method).uri(path).body(axum::body::Body::empty()).unwrap();
    *request.headers_mut() = bearer(token);
    request
}

#[tokio::test]
async fn who_logs_out_is_forgotten_although_the_service_fails_or_the_client_hangs_up() {
    use tower::ServiceExt as _;
    let (emulator, client, app) = service().await;
    let send = async |method, path, token: &str| {
        app.clone().oneshot(request(method, path, token)).await.unwrap().status().as_u16()
    };
    let token = client.identity().create_access_token(TenantId("T1"), user(1)).await.unwrap().token.unwrap();
    let token = token.expose_secret();
    let introspections = || emulator.requests_of("digiwin.identity.analyze_token").len();
    assert_eq!((send("GET", "/hello", token).await, send("GET", "/hello", token).await), (200, 200));
    let known = introspections();
    emulator.fault(Fault::status(400).on("digiwin.identity.logout"));
    assert_ne!(send("POST", "/logout", token).await, 200);
    assert_eq!((send("GET", "/hello", token).await, introspections()), (200, known + 1), "it was forgotten");
    emulator.clear_faults();
    emulator.clear_requests();
    emulator.fault(Fault::delay(Duration::from_millis(50)).on("digiwin.identity.logout"));
    let leaves = tokio::spawn(app.clone().oneshot(request("POST", "/logout", token)));
    until(|| !emulator.requests_of("digiwin.identity.logout").is_empty()).await;
    leaves.abort();
    assert!(leaves.await.unwrap_err().is_cancelled());
    let gone = async {
        while send("GET", "/hello", token).await != 401 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(20 * SECOND, gone).await.expect("the token was ended, and is known still");
}

#[tokio::test]
async fn what_a_gateway_says_is_no_decision_about_a_user() {
    use tower::ServiceExt as _;
    let (emulator, client, app) = service().await;
    let send = async |token: &str| {
        app.clone().oneshot(request("DELETE", "/orders/T1/7", token)).await.unwrap().status().as_u16()
    };
    let token = client.identity().create_access_token(TenantId("T1"), user(2)).await.unwrap().token.unwrap();
    let token = token.expose_secret();
    for status in [401, 404] {
        emulator.fault(Fault::status(status).body("<html>no</html>").on("cloudspot.get_company_permissions"));
        assert_eq!(send(token).await, 503, "{status}");
        emulator.clear_faults();
    }
    assert_eq!(send(token).await, 200, "no refusal was remembered");
}
