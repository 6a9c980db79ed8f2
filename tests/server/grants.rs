//! Sources of roles and permissions, and clients, of users' own.

use super::*;
use directory::Person;
use iam_sdk::{
    Client, Error, ErrorKind, UserToken,
    r#async::cloudspot::LicenseClient,
    digiwin::UserTokenInfo,
    emulator::{Emulator, Fault, cloudspot, digiwin},
    server::{ActsFor, Caller, Identity, Introspection, Permissions, SourceId},
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Says of everybody what it was made with, or fails.
struct Table {
    id: SourceId,
    permission: Result<&'static str, (ErrorKind, u16)>,
    asked: AtomicUsize,
}

impl Table {
    fn new(permission: Result<&'static str, (ErrorKind, u16)>) -> Arc<Self> {
        Arc::new(Self { id: SourceId::new(), permission, asked: AtomicUsize::new(0) })
    }
}

impl Permissions<Person> for Table {
    fn source_id(&self) -> SourceId {
        self.id
    }

    async fn permissions(&self, who: &Caller<Person>, company_id: &str) -> iam_sdk::Result<Vec<String>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let permission = self.permission.map_err(|(kind, status)| Error::new(kind).with_status(status))?;
        Ok(vec![format!("{permission} {company_id} {}", who.user_id())])
    }
}

#[tokio::test]
async fn what_one_source_says_is_not_what_another_one_says() {
    let directory = Directory::default();
    let (guard, clock) = guard(&directory, |builder| builder);
    let ann = guard.check(&bearer("t")).await.unwrap();
    let (first, second) = (Table::new(Ok("read")), Table::new(Ok("write")));
    for _ in 0..3 {
        ann.require_permission(&first, "c1", "read c1 ann").await.unwrap();
        assert_eq!(ann.require_permission(&first, "c1", "write c1 ann").await.unwrap_err().status(), 403);
        ann.require_permission(&second, "c1", "write c1 ann").await.unwrap();
        assert_eq!(ann.require_permission(&second, "c1", "read c1 ann").await.unwrap_err().status(), 403);
    }
    let asked = || (first.asked.load(Ordering::SeqCst), second.asked.load(Ordering::SeqCst));
    assert_eq!(asked(), (1, 1));
    clock.advance(30 * SECOND);
    ann.require_permission(&first, "c1", "read c1 ann").await.unwrap();
    assert_eq!(asked(), (2, 1));
}

#[tokio::test]
async fn two_clients_of_a_service_are_two_sources() {
    let els = |application: &str, slug: &str| {
        cloudspot::Person::new("els@x.example", "secret").may(application, "c1", &[slug]).may(
            "other",
            "c1",
            &["order.read"],
        )
    };
    let seed = cloudspot::Seed::new().company("c1", "One").person(els("app", "order.delete"));
    let emulator = Emulator::builder().cloudspot(seed).start().unwrap();
    let client = |application: &str| {
        let base_url = format!("{}/api/v1", emulator.base_url());
        LicenseClient::builder(application).base_url(base_url).build().unwrap()
    };
    let (app, other) = (client("app"), client("other"));
    let token = app.with_session("login").authenticate("els@x.example", "secret").await.unwrap().token.unwrap();
    let guard = Guard::builder(app.clone()).build().unwrap();
    let who = guard.check(&bearer(token.expose_secret())).await.unwrap();
    emulator.clear_requests();
    // Clones, sessions and copies with options ask the same service with the same token.
    let copies = [app.clone(), app.with_session("another"), who.client().unwrap()];
    for app in &copies {
        who.require_permission(app, "c1", "order.delete").await.unwrap();
    }
    assert_eq!(emulator.requests_of("cloudspot.get_company_permissions").len(), 1);
    let allowed = who.require_permission(&other, "c1", "order.delete").await;
    assert!(allowed.is_err(), "another application's permissions are others");
    assert_eq!(emulator.requests_of("cloudspot.get_company_permissions").len(), 2);
}

/// The source is another service than the one that the guard asks: only the latter can tell whether the token is bad.
#[tokio::test]
async fn a_source_that_refuses_a_good_token_is_503() {
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder);
    let ann = guard.check(&bearer("t")).await.unwrap();
    use ErrorKind::*;
    for (kind, status, expected) in [
        (Authentication, 401, 503),
        (Authentication, 400, 503),
        (Authentication, 403, 403),
        (Authorization, 403, 403),
        (Application, 401, 503),
        (NotFound, 404, 503),
        (Server, 500, 503),
        (Configuration, 0, 500),
    ] {
        let source = Table::new(Err((kind, status)));
        let rejection = ann.require_permission(&source, "c1", "read").await.unwrap_err();
        assert_eq!(rejection.status(), expected, "{kind:?} {status}");
        assert_eq!(guard.stats().entries, 1, "{kind:?}");
    }
    directory.revoke("t");
    let source = Table::new(Err((Authentication, 401)));
    assert_eq!(ann.require_permission(&source, "c1", "read").await.unwrap_err().status(), 401);
    assert_eq!(guard.stats().entries, 0);
}

/// Cloudspot's 403 is about what the caller may do: nobody asks whose the token is, and no operator has anything to mend.
#[tokio::test]
async fn a_403_of_cloudspot_is_403_and_needs_no_introspection() {
    let log = crate::support::log::Log::start();
    let els = cloudspot::Person::new("els@x.example", "secret").may("app", "c1", &["order.delete"]);
    let seed = cloudspot::Seed::new().company("c1", "One").person(els);
    let emulator = Emulator::builder().cloudspot(seed).start().unwrap();
    let base_url = format!("{}/api/v1", emulator.base_url());
    let app = LicenseClient::builder("app").base_url(base_url).build().unwrap();
    let token = app.with_session("login").authenticate("els@x.example", "secret").await.unwrap().token.unwrap();
    let guard = Guard::builder(app.clone()).build().unwrap();
    let who = guard.check(&bearer(token.expose_secret())).await.unwrap();
    let introspections = || guard.stats().introspections;
    let before = introspections();
    emulator.fault(Fault::status(403).on("cloudspot.get_company_permissions"));
    let rejection = who.require_permission(&app, "c1", "order.delete").await.unwrap_err();
    assert!(rejection.status() == 403 && rejection.error().unwrap().is_authentication(), "{rejection:?}");
    assert_eq!((introspections(), guard.stats().entries), (before, 1));
    assert!(!log.text().contains("WARN"), "{}", log.text());
}

/// A client of somebody else's service, which takes its users' tokens.
#[derive(Clone)]
struct Ledger {
    token: Option<UserToken>,
    timeout: Duration,
}

impl ActsFor for Ledger {
    fn acting_for<I: Identity<Client = Self>>(&self, who: &Caller<I>) -> iam_sdk::Result<Self> {
        Ok(Self { token: Some(who.token().clone()), timeout: self.timeout.min(who.time_limit()) })
    }
}

#[derive(Clone)]
struct Employee(String);

impl Identity for Employee {
    type Client = Ledger;

    fn user_id(&self) -> &str {
        &self.0
    }
}

/// Asks another introspection, and has a client of its own.
struct Staff(Directory);

impl Introspect for Staff {
    type Identity = Employee;

    async fn introspect(&self, token: &UserToken) -> iam_sdk::Result<Introspection<Employee>> {
        Ok(self.0.introspect(token).await?.map(|person| Employee(person.id)))
    }

    fn client(&self) -> iam_sdk::Result<Ledger> {
        Ok(Ledger { token: None, timeout: 60 * SECOND })
    }
}

#[tokio::test]
async fn a_client_of_ones_own_acts_for_callers() {
    let directory = Directory::default();
    let guard = Guard::builder(Staff(directory.clone())).timeout(3 * SECOND).build().unwrap();
    let who = guard.check(&bearer("t")).await.unwrap();
    let client = who.client().unwrap();
    assert_eq!((client.token.unwrap().expose_secret(), client.timeout), ("t", 3 * SECOND));
    // Its service refuses a call: the guard asks anew whose the token is.
    let refusal = || Error::new(ErrorKind::Authentication).with_status(401);
    assert!(who.confirm_refusal(refusal()).await.is_application());
    assert_eq!((directory.asked(), guard.stats().entries), (2, 1));
    directory.revoke("t");
    assert!(who.confirm_refusal(refusal()).await.is_authentication());
    assert_eq!((status(&guard, "t").await, guard.stats().entries), (401, 0));
}

/// The introspection that is under way has asked before the token was revoked.
#[tokio::test]
async fn what_was_asked_before_a_refusal_does_not_decide_about_it() {
    let directory = Directory::default();
    let (guard, clock) = guard(&directory, |builder| builder.refresh_ahead(true));
    let who = guard.check(&bearer("t")).await.unwrap();
    clock.advance(25 * SECOND);
    let gate = directory.hold();
    assert_eq!(status(&guard, "t").await, 200, "nobody waits for it");
    until(|| directory.asked() == 2).await;
    directory.revoke("t");
    let confirm = || {
        let who = who.clone();
        tokio::spawn(async move { who.confirm_refusal(Error::new(ErrorKind::Authentication).with_status(401)).await })
    };
    let (first, second) = (confirm(), confirm());
    until(|| directory.asked() == 3 && guard.stats().waiting == 2).await;
    drop(gate);
    assert!(first.await.unwrap().is_authentication() && second.await.unwrap().is_authentication());
    assert_eq!((status(&guard, "t").await, guard.stats().entries, directory.asked()), (401, 0, 3));
}

/// Cloudspot's permissions of Digiwin's users, each of whom has a Cloudspot session under their Digiwin id.
#[derive(Clone)]
struct Licenses(LicenseClient, SourceId);

impl Permissions<UserTokenInfo> for Licenses {
    fn source_id(&self) -> SourceId {
        self.1
    }

    async fn permissions(&self, who: &Caller, company_id: &str) -> iam_sdk::Result<Vec<String>> {
        let session = self.0.with_session(who.user_id());
        match session.current_token().await? {
            Some(_) => Ok(session.get_company_permissions(company_id).await?.permissions),
            None => Ok(Vec::new()),
        }
    }
}

#[tokio::test]
async fn digiwin_tells_who_calls_and_cloudspot_what_they_may_do() {
    let els = cloudspot::Person::new("els@x.example", "secret").may("app", "c1", &["order.delete"]);
    let people = digiwin::Seed::new("app", "app-token").person(digiwin::Person::new("els", "secret"));
    let people = people.person(digiwin::Person::new("ann", "secret"));
    let people = people.tenant(digiwin::Tenant::new("T1", "One").application("app", "2099-01-01 00:00:00"));
    let seed = cloudspot::Seed::new().company("c1", "One").person(els);
    let emulator = Emulator::builder().digiwin(people).cloudspot(seed).start().unwrap();
    let iam = Client::builder(emulator.base_url(), "app-token").build().unwrap();
    let base_url = format!("{}/api/v1", emulator.base_url());
    let cloudspot = LicenseClient::builder("app").base_url(base_url).build().unwrap();
    let licenses = Licenses(cloudspot.clone(), SourceId::new());
    let guard = Guard::builder(iam.clone()).build().unwrap();
    let log_in = async |id: &str| {
        let user = iam.with_session(id).identity().login(id, "secret").await.unwrap();
        guard.check(&bearer(user.token.unwrap().expose_secret())).await.unwrap()
    };
    let (els, ann) = (log_in("els").await, log_in("ann").await);
    cloudspot.with_session("els").authenticate("els@x.example", "secret").await.unwrap();
    els.require_permission(&licenses, "c1", "order.delete").await.unwrap();
    assert_eq!(els.require_permission(&licenses, "c1", "order.create").await.unwrap_err().status(), 403);
    assert_eq!(ann.require_permission(&licenses, "c1", "order.delete").await.unwrap_err().status(), 403);
    emulator.fault(Fault::status(503).on("cloudspot"));
    guard.clear();
    assert_eq!(els.require_permission(&licenses, "c1", "order.delete").await.unwrap_err().status(), 503);
    // No request to one service had the other one's token.
    let cloudspots = emulator.requests_of("cloudspot.get_company_permissions");
    assert!(!cloudspots.is_empty());
    for request in cloudspots {
        assert!(request.header("digi-middleware-auth-user").is_none(), "{request:?}");
    }
}
