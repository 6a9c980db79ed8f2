//! The three services, by the emulator.

use super::*;
use iam_sdk::{
    Client, UserToken,
    r#async::{authing::ManagementClient, cloudspot::LicenseClient},
    emulator::{Emulator, Fault, authing, cloudspot, digiwin::ResponseStyle, digiwin::Settings},
    token_store::{MemoryStore, StoreKey, StoreLock, StoredToken, TokenStore},
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Returns a guard that asks Digiwin, with this app token or the right one, and a token of the account's user.
async fn digiwin(emulator: &Emulator, app_token: Option<&str>) -> (Guard<Client>, UserToken) {
    let account = emulator.digiwin().account();
    let right = Client::builder(emulator.base_url(), account.app_token.clone()).build().unwrap();
    let user = right.identity().login(&account.user_id, account.password.clone()).await.unwrap();
    let app_token = app_token.unwrap_or(account.app_token.expose_secret());
    let client = Client::builder(emulator.base_url(), app_token).build().unwrap();
    (Guard::builder(client).build().unwrap(), user.token.unwrap())
}

fn asked(emulator: &Emulator, operation: &str) -> usize {
    emulator.requests().iter().filter(|request| request.is_operation(operation)).count()
}

const ANALYZE: &str = "digiwin.identity.analyze_token";

#[tokio::test]
async fn trap_04_an_outage_a_wrong_app_token_and_a_wrong_user_token_are_503_503_and_401() {
    for style in [ResponseStyle::Mixed, ResponseStyle::Enveloped] {
        let emulator = Emulator::builder().digiwin(Settings::new().response_style(style)).start().unwrap();
        let (guard, token) = digiwin(&emulator, None).await;
        let (misconfigured, _) = digiwin(&emulator, Some("wrong")).await;
        let outage = emulator.fault(Fault::status(503).on(ANALYZE));
        assert_eq!(status(&guard, token.expose_secret()).await, 503, "{style:?}");
        drop(outage);
        emulator.clear_faults();
        let rejected = rejection(&misconfigured, &bearer(token.expose_secret())).await;
        assert!(rejected.status() == 503 && rejected.error().unwrap().is_application(), "{style:?} {rejected:?}");
        assert_eq!(status(&guard, "wrong").await, 401, "{style:?}");
        assert_eq!(status(&guard, token.expose_secret()).await, 200, "{style:?}");
    }
}

#[tokio::test]
async fn trap_04_no_fault_of_the_service_makes_a_good_token_invalid() {
    let emulator = Emulator::start().unwrap();
    let (guard, token) = digiwin(&emulator, None).await;
    let faults = [
        "status=429",
        "status=500",
        "status=404",
        "status=403",
        "html",
        "truncated-json",
        "reset-after",
        "cut-body",
        "deep-json",
    ];
    for fault in faults {
        for on in [ANALYZE, "digiwin.identity.get_public_key"] {
            // The second one matters for a token that the service refuses.
            let token = if on == ANALYZE { token.expose_secret() } else { "wrong" };
            emulator.fault(fault.parse::<Fault>().unwrap().on(on));
            assert_eq!(status(&guard, token).await, 503, "{fault} on {on}");
            emulator.clear_faults();
        }
        assert_eq!(status(&guard, token.expose_secret()).await, 200, "{fault}");
        guard.clear();
    }
    // An app token that is revoked later, by what the service says of it.
    emulator.fault(Fault::status(401).on("digiwin"));
    assert_eq!(status(&guard, token.expose_secret()).await, 503);
}

/// A gateway, a proxy or a firewall before a service has a 401 of its own.
#[tokio::test]
async fn trap_04_a_401_that_is_not_the_services_own_makes_no_token_invalid() {
    let authing_seed = authing::Seed::new("pool", "secret").user([("id", "u-1"), ("username", "ann")]);
    let els = cloudspot::Person::new("els@x.example", "secret").pin("1234").may("app", "c1", &[]);
    let cloudspot = cloudspot::Seed::new().company("c1", "One").person(els);
    let emulator = Emulator::builder().authing(authing_seed).cloudspot(cloudspot).start().unwrap();
    let (by_digiwin, digiwin_token) = digiwin(&emulator, None).await;
    let client = ManagementClient::builder("pool", "secret").base_url(emulator.base_url()).build().unwrap();
    let by_authing = Guard::builder(client).build().unwrap();
    let authing_token = emulator.authing().sign_in("u-1", None).unwrap();
    let base_url = format!("{}/api/v1", emulator.base_url());
    let client = LicenseClient::builder("app").base_url(base_url).build().unwrap();
    let user = client.with_session("login").authenticate("els@x.example", "secret").await.unwrap();
    let (by_cloudspot, cloudspot_token) = (Guard::builder(client).build().unwrap(), user.token.unwrap());
    for body in [
        "",
        "<html><body><h1>401 Authorization Required</h1></body></html>",
        r#"{"message":"Unauthorized"}"#,
        r#"{"code":401,"message":"Unauthorized"}"#,
    ] {
        emulator.fault(Fault::status(401).body(body));
        for _ in 0..2 {
            assert_eq!(status(&by_digiwin, digiwin_token.expose_secret()).await, 503, "digiwin: {body}");
            assert_eq!(status(&by_authing, authing_token.expose_secret()).await, 503, "authing: {body}");
            assert_eq!(status(&by_cloudspot, cloudspot_token.expose_secret()).await, 503, "cloudspot: {body}");
        }
        emulator.clear_faults();
        // Nothing of it was cached.
        assert_eq!(status(&by_digiwin, digiwin_token.expose_secret()).await, 200, "digiwin: {body}");
        assert_eq!(status(&by_authing, authing_token.expose_secret()).await, 200, "authing: {body}");
        assert_eq!(status(&by_cloudspot, cloudspot_token.expose_secret()).await, 200, "cloudspot: {body}");
        by_digiwin.clear();
        by_authing.clear();
        by_cloudspot.clear();
    }
}

/// The service's own wait is longer than the second that a client is asked for otherwise.
#[tokio::test]
async fn a_wait_that_the_service_asks_for_is_passed_on() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let client = Client::builder(emulator.base_url(), account.app_token.clone()).retry(iam_sdk::RetryPolicy::never());
    let guard = Guard::builder(client.build().unwrap()).build().unwrap();
    for (status, seconds, expected) in [(503, 40, "40"), (429, 7, "7"), (503, 0, "1"), (503, 100_000, "3600")] {
        emulator.fault(Fault::status(status).retry_after(seconds).on(ANALYZE));
        let rejection = rejection(&guard, &bearer("t")).await;
        assert_eq!(
            (rejection.status().as_u16(), rejection.headers()["retry-after"].to_str().unwrap()),
            (503, expected),
            "{status}"
        );
        emulator.clear_faults();
    }
}

#[tokio::test]
async fn digiwin_tells_who_calls_and_which_roles_they_have() {
    let emulator = Emulator::start().unwrap();
    let (guard, token) = digiwin(&emulator, None).await;
    let caller = guard.check(&bearer(token.expose_secret())).await.unwrap();
    let account = emulator.digiwin().account();
    assert_eq!((caller.user_id(), caller.tenant_id()), (account.user_id.as_str(), None));
    let in_tenant = caller.client().unwrap();
    let changed = in_tenant.identity().refresh_token_with_tenant(account.tenant_id.as_str()).await.unwrap();
    let token = changed.token.unwrap();
    let caller = guard.check(&bearer(token.expose_secret())).await.unwrap();
    assert!(caller.require_tenant(&account.tenant_id).is_ok());
    let iam = caller.client().unwrap();
    let roles = iam.users().get_user_roles(account.user_id.as_str()).await.unwrap().roles;
    let role = roles[0].id.clone().unwrap();
    emulator.clear_requests();
    for _ in 0..3 {
        caller.require_role(&iam, &role).await.unwrap();
        assert_eq!(caller.require_role(&iam, "no such role").await.unwrap_err().status(), 403);
    }
    assert_eq!(asked(&emulator, "digiwin.users.get_user_roles"), 1);
    emulator.fault(Fault::status(503).on("digiwin.users.get_user_roles"));
    guard.clear();
    assert_eq!(caller.require_role(&iam, &role).await.unwrap_err().status(), 503);
    emulator.clear_faults();
    // It responds with 401 to a wrong app token, too: only the introspection can tell, which is asked.
    emulator.fault(Fault::status(401).on("digiwin"));
    assert_eq!(caller.require_role(&iam, &role).await.unwrap_err().status(), 503);
    emulator.clear_faults();
    emulator.digiwin().revoke_tokens(&account.user_id);
    assert_eq!(caller.require_role(&iam, &role).await.unwrap_err().status(), 401);
}

/// A store that counts the writes.
#[derive(Debug, Default)]
struct Counting(MemoryStore, Arc<AtomicUsize>);

impl TokenStore for Counting {
    fn get(&self, key: &StoreKey) -> iam_sdk::Result<Option<StoredToken>> {
        self.0.get(key)
    }

    fn put(&self, key: &StoreKey, token: &StoredToken) -> iam_sdk::Result<()> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.put(key, token)
    }

    fn remove(&self, key: &StoreKey) -> iam_sdk::Result<()> {
        self.0.remove(key)
    }

    fn try_lock(&self, key: &StoreKey) -> iam_sdk::Result<Option<StoreLock>> {
        self.0.try_lock(key)
    }
}

#[tokio::test]
async fn trap_16_a_callers_token_is_in_no_query_and_no_store() {
    let emulator = Emulator::start().unwrap();
    let (_, token) = digiwin(&emulator, None).await;
    let store = Counting::default();
    let writes = store.1.clone();
    let account = emulator.digiwin().account();
    let client = Client::builder(emulator.base_url(), account.app_token.clone()).token_store(store).build().unwrap();
    let guard = Guard::builder(client.clone()).build().unwrap();
    emulator.clear_requests();
    let caller = guard.check(&bearer(token.expose_secret())).await.unwrap();
    caller.client().unwrap().users().get_user_simple().await.unwrap();
    assert_eq!(status(&guard, "wrong").await, 401);
    assert_eq!(writes.load(Ordering::SeqCst), 0);
    assert!(client.current_token().await.unwrap().is_none());
    let requests = emulator.requests();
    assert!(requests.len() >= 3 && requests.iter().all(|request| request.query().is_empty()), "{requests:?}");
}

#[tokio::test]
async fn authing_tells_who_calls_and_until_when() {
    let ann = [("username", "ann")];
    let seed = authing::Seed::new("pool", "secret").user(ann).role("admin", &["ann"]);
    let emulator = Emulator::builder().authing(seed).start().unwrap();
    let client = ManagementClient::builder("pool", "secret").base_url(emulator.base_url()).build().unwrap();
    let user = client.users().find(iam_sdk::authing::UserLookup::username("ann")).await.unwrap();
    let id = user.id.unwrap();
    let token = emulator.authing().sign_in(&id, None).unwrap();
    let clock = Clock::manual();
    let guard = Guard::builder(client.clone()).ttl(100 * 24 * 3600 * SECOND).clock(clock.clone()).build().unwrap();
    let caller = guard.check(&bearer(token.expose_secret())).await.unwrap();
    assert_eq!((caller.user_id(), caller.tenant_id()), (id.as_str(), Some("pool")));
    caller.require_tenant("pool").unwrap();
    caller.require_role(&client, "admin").await.unwrap();
    assert_eq!(caller.require_role(&client, "owner").await.unwrap_err().status(), 403);
    assert_eq!(status(&guard, "wrong").await, 401);
    emulator.clear_requests();
    // Its TTL is longer than the token lives: the token's expiry counts.
    assert_eq!((status(&guard, token.expose_secret()).await, asked(&emulator, "authing.check_login_status")), (200, 0));
    clock.advance(99 * 24 * 3600 * SECOND);
    status(&guard, token.expose_secret()).await;
    assert_eq!(asked(&emulator, "authing.check_login_status"), 1);
    guard.clear();
    emulator.fault(Fault::status(502).on("authing"));
    assert_eq!(status(&guard, token.expose_secret()).await, 503);
}

#[tokio::test]
async fn cloudspot_tells_who_calls_and_what_they_may_do() {
    let els = cloudspot::Person::new("els@x.example", "secret").pin("1234").may("app", "c1", &["order.delete"]);
    let seed = cloudspot::Seed::new().company("c1", "One").person(els);
    let emulator = Emulator::builder().cloudspot(seed).start().unwrap();
    let base_url = format!("{}/api/v1", emulator.base_url());
    let client = LicenseClient::builder("app").base_url(base_url).build().unwrap();
    let token = client.with_session("login").authenticate("els@x.example", "secret").await.unwrap().token.unwrap();
    let guard = Guard::builder(client.clone()).build().unwrap();
    let caller = guard.check(&bearer(token.expose_secret())).await.unwrap();
    assert!(!caller.user_id().is_empty() && caller.identity().pin.is_none());
    emulator.clear_requests();
    for _ in 0..2 {
        caller.require_permission(&client, "c1", "order.delete").await.unwrap();
        assert_eq!(caller.require_permission(&client, "c1", "order.create").await.unwrap_err().status(), 403);
        assert_eq!(caller.require_permission(&client, "c9", "order.delete").await.unwrap_err().status(), 403);
    }
    assert_eq!(asked(&emulator, "cloudspot.get_company_permissions"), 2);
    assert_eq!(status(&guard, "wrong").await, 401);
    emulator.fault(Fault::status(500).on("cloudspot"));
    assert_eq!(status(&guard, "another").await, 503);
    emulator.clear_faults();
    // A token that is revoked: the guard learns it from a call for its owner.
    emulator.cloudspot().revoke_tokens("els@x.example");
    assert_eq!(status(&guard, token.expose_secret()).await, 200, "cached");
    assert!(caller.client().unwrap().get_user().await.unwrap_err().is_authentication());
    assert_eq!(status(&guard, token.expose_secret()).await, 401);
}

#[tokio::test]
async fn a_flood_of_wrong_tokens_asks_once_about_the_app_token() {
    let emulator = Emulator::start().unwrap();
    let (guard, _) = digiwin(&emulator, None).await;
    emulator.clear_requests();
    let flood = (0..1000).map(|n| {
        let guard = guard.clone();
        async move { status(&guard, &format!("wrong-{n}")).await }
    });
    let found = futures_util::StreamExt::collect::<Vec<_>>(futures_util::StreamExt::buffer_unordered(
        futures_util::stream::iter(flood),
        32,
    ));
    assert!(found.await.iter().all(|status| *status == 401));
    assert_eq!(asked(&emulator, ANALYZE), 1000);
    // One for each 5 s that it takes.
    let asked = asked(&emulator, "digiwin.identity.get_public_key");
    assert!((1..=12).contains(&asked), "{asked}");
}

#[tokio::test]
async fn authings_management_token_is_not_the_callers() {
    let seed = authing::Seed::new("pool", "secret").user([("id", "u-1"), ("username", "ann")]);
    let emulator = Emulator::builder().authing(seed).start().unwrap();
    let client = ManagementClient::builder("pool", "secret").base_url(emulator.base_url()).build().unwrap();
    let token = emulator.authing().sign_in("u-1", None).unwrap();
    let guard = Guard::builder(client.clone()).build().unwrap();
    let caller = guard.check(&bearer(token.expose_secret())).await.unwrap();
    for status in [401, 403, 404, 503] {
        emulator.fault(Fault::status(status).on("authing.users.list_roles"));
        assert_eq!(caller.require_role(&client, "admin").await.unwrap_err().status(), 503, "{status}");
        assert_eq!(guard.stats().entries, 1, "{status}");
        emulator.clear_faults();
    }
}

#[cfg(feature = "jwt")]
#[tokio::test]
async fn a_jwt_is_checked_at_home_and_an_outage_of_its_issuer_is_503() {
    use iam_sdk::{emulator::authing::Jwt, jwt::Verifier};
    let seed = authing::Seed::new("pool", "secret").user([("id", "u-1"), ("username", "ann")]);
    let emulator = Emulator::builder().authing(seed).start().unwrap();
    let guard = || {
        let verifier = Verifier::for_authing(emulator.base_url(), "shop").build().unwrap();
        Guard::builder(verifier).build().unwrap()
    };
    let issue = |app_id: &str| emulator.authing().issue_jwt(Jwt::new("u-1", app_id)).unwrap();
    let (token, other) = (issue("shop"), issue("another application"));
    // The keys are not at hand, and their issuer is down: nobody can tell.
    let outage = emulator.fault(Fault::status(503));
    assert_eq!(status(&guard(), token.expose_secret()).await, 503);
    outage.remove();
    let guard = guard();
    let caller = guard.check(&bearer(token.expose_secret())).await.unwrap();
    assert_eq!(caller.user_id(), "u-1");
    // Why it is refused is for logs; the response says that it is.
    for (token, reason) in [(other.expose_secret(), "another audience"), ("no.jwt.atall", "not a signed JWT")] {
        for _ in 0..2 {
            let rejection = rejection(&guard, &bearer(token)).await;
            let error = rejection.error().unwrap();
            assert!(rejection.status() == 401 && error.is_authentication(), "{rejection:?}");
            assert!(error.to_string().contains(reason), "{error}");
            let source = std::error::Error::source(&rejection).unwrap();
            assert_eq!(source.to_string(), error.to_string());
            let response = format!("{} {:?}", rejection.body(), rejection.headers());
            assert!(!response.contains(reason), "{response}");
        }
    }
    assert_eq!(guard.stats().hits, 2, "the reason is known of a cached refusal, too");
}

/// Two issuers have two names for it, so that only the claims themselves say.
#[cfg(feature = "jwt")]
#[tokio::test]
async fn a_jwts_claims_say_what_the_caller_may_do() {
    use iam_sdk::{emulator::authing::Jwt, jwt::Verifier};
    let seed = authing::Seed::new("pool", "secret").user([("id", "u-1"), ("username", "ann")]);
    let emulator = Emulator::builder().authing(seed).start().unwrap();
    let verifier = Verifier::for_authing(emulator.base_url(), "shop").build().unwrap();
    let guard = Guard::builder(verifier).build().unwrap();
    let token = emulator.authing().issue_jwt(Jwt::new("u-1", "shop")).unwrap();
    let caller = guard.check(&bearer(token.expose_secret())).await.unwrap();
    assert_eq!(caller.tenant_id(), None);
    caller.require_claim("sub", "u-1").unwrap();
    caller.require_claim("aud", "shop").unwrap();
    for (name, value) in [("aud", "desk"), ("tenant_id", "T1")] {
        let rejection = caller.require_claim(name, value).unwrap_err();
        assert_eq!((rejection.status().as_u16(), rejection.code()), (403, "insufficient_scope"));
    }
}

/// A token that the service itself refuses has the service's own reason.
#[tokio::test]
async fn a_refused_token_has_the_services_reason() {
    let emulator = Emulator::start().unwrap();
    let (guard, _) = digiwin(&emulator, None).await;
    for _ in 0..2 {
        let rejection = rejection(&guard, &bearer("wrong")).await;
        let error = rejection.error().unwrap();
        assert!(error.is_authentication() && error.operation() == Some(ANALYZE), "{error}");
        assert!(rejection.status() == 401 && !rejection.body().contains("digiwin"), "{}", rejection.body());
    }
    // It is forgotten with the token.
    guard.clear();
    emulator.fault(Fault::status(503));
    assert!(rejection(&guard, &bearer("wrong")).await.error().unwrap().is_server());
}

/// Refused because it has expired, a token is not refused for what was said of it before.
#[tokio::test]
async fn a_reason_is_of_the_last_refusal() {
    use iam_sdk::server::Introspection;
    let (clock, asked) = (Clock::manual(), std::sync::atomic::AtomicUsize::new(0));
    let expired = std::time::SystemTime::UNIX_EPOCH + SECOND;
    let introspect = move |_: iam_sdk::UserToken| {
        let first = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        let reason = iam_sdk::Error::new(iam_sdk::ErrorKind::Authentication).with_code("not yet");
        async move {
            Ok(match first {
                true => Introspection::inactive().reason(reason),
                false => Introspection::active("ann".to_owned()).expires_at(expired),
            })
        }
    };
    let guard = Guard::builder(introspect).clock(clock.clone()).build().unwrap();
    assert_eq!(rejection(&guard, &bearer("t")).await.error().and_then(iam_sdk::Error::code), Some("not yet"));
    clock.advance(5 * SECOND);
    let rejection = rejection(&guard, &bearer("t")).await;
    assert!(rejection.status() == 401 && rejection.error().is_none(), "{rejection:?}");
}

/// A handler that waits as long as the client itself would keep its request for half a minute.
#[tokio::test]
async fn a_call_for_the_caller_has_the_guards_time_limit() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let limit = Duration::from_millis(100);
    let client = |timeout| {
        let builder = Client::builder(emulator.base_url(), account.app_token.clone());
        builder.timeout(timeout).build().unwrap()
    };
    let login = client(30 * SECOND).with_session("login");
    let token = login.identity().login(&account.user_id, account.password.clone()).await.unwrap().token.unwrap();
    // The shorter of the two counts.
    for (of_guard, of_client) in [(limit, 30 * SECOND), (30 * SECOND, limit)] {
        let guard = Guard::builder(client(of_client)).timeout(of_guard).build().unwrap();
        let who = guard.check(&bearer(token.expose_secret())).await.unwrap();
        assert_eq!(who.time_limit(), of_guard);
        let hangs = emulator.fault(Fault::hang().on("digiwin.users"));
        let begun = std::time::Instant::now();
        let error = who.client().unwrap().users().get_user_simple().await.unwrap_err();
        assert!(error.is_timeout() && begun.elapsed() < 10 * SECOND, "{error} {:?}", begun.elapsed());
        assert_eq!(Rejection::from(error).status(), 503);
        hangs.remove();
        // A call that may take longer says so.
        let longer = iam_sdk::CallOptions::new().timeout(30 * SECOND);
        let client = who.client().unwrap().with_options(longer).unwrap();
        client.users().get_user_simple().await.unwrap();
    }
}

#[cfg(feature = "jwt")]
#[tokio::test]
async fn a_guard_and_its_verifier_age_by_one_clock() {
    use iam_sdk::{emulator::authing::Jwt, jwt::Verifier};
    let seed = authing::Seed::new("pool", "secret").user([("id", "u-1"), ("username", "ann")]);
    let emulator = Emulator::builder().authing(seed).start().unwrap();
    let clock = Clock::manual();
    let verifier = Verifier::for_authing(emulator.base_url(), "shop").clock(clock.clone()).build().unwrap();
    let guard = Guard::builder(verifier).ttl(48 * 3600 * SECOND).clock(clock.clone()).build().unwrap();
    let token = emulator.authing().issue_jwt(Jwt::new("u-1", "shop").lifetime(3600 * SECOND)).unwrap();
    assert_eq!(status(&guard, token.expose_secret()).await, 200);
    clock.advance(3500 * SECOND);
    assert_eq!((status(&guard, token.expose_secret()).await, guard.stats().introspections), (200, 1));
    clock.advance(200 * SECOND);
    assert_eq!((status(&guard, token.expose_secret()).await, guard.stats().introspections), (401, 2));
}
