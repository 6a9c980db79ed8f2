//! Every operation with every fault of the emulator.

use super::super::{
    Outcome,
    every_call::{CallOf, EVERY_CALL, Names, Target},
    outcome,
};
use super::{Client, LicenseClient, ManagementClient, maybe_async};
use iam_sdk::{
    CallOptions, ErrorKind, Result, RetryPolicy, UserToken,
    authing::{NodeId, UserInfo},
    digiwin::{LoginOptions, TenantId},
    emulator::{Emulator, Fault, authing, cloudspot, digiwin},
};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Far more than any call takes that no fault slows down, and far less than a call without a time limit.
const SOON: Duration = Duration::from_secs(8);
/// The time limit of calls that a fault slows down.
const LIMIT: Duration = Duration::from_secs(1);
/// The number of threads on which calls wait for their time limit.
const WAITING: usize = 16;
const MAX_BYTES: usize = 1024 * 1024;
const PASSWORD: &str = "Secret-12345";

/// What a call with a fault must return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// An error of this kind.
    Error(ErrorKind),
    /// An error of one of these kinds, by the form that the service has for it.
    OneOf(&'static [ErrorKind]),
    /// A decode error, unless the call returns any JSON.
    DecodeErrorOfModel,
    /// A decode error, if the response has a body; what it returns without the fault, else.
    DecodeErrorOfBody,
    /// What the call returns without the fault.
    Unchanged,
    /// What the call returns without the fault where the session can log in again, a refusal elsewhere.
    AnotherToken,
    /// A timeout.
    Timeout,
}

struct Case {
    name: &'static str,
    fault: fn() -> Fault,
    expected: Expected,
}

const fn case(name: &'static str, fault: fn() -> Fault, expected: Expected) -> Case {
    Case { name, fault, expected }
}

const CASES: &[Case] = &[
    case("reset_before", Fault::reset_before, Expected::Error(ErrorKind::Transport)),
    case("reset_within", || Fault::reset_within(40), Expected::Error(ErrorKind::Transport)),
    case("reset_after", Fault::reset_after, Expected::Error(ErrorKind::Transport)),
    case("reset_response", || Fault::reset_response(30), Expected::Error(ErrorKind::Transport)),
    case("cut_response", || Fault::cut_response(30), Expected::Error(ErrorKind::Transport)),
    case("cut_body", Fault::cut_body, Expected::Error(ErrorKind::Transport)),
    case("hang", Fault::hang, Expected::Timeout),
    case("stall_body", Fault::stall_body, Expected::Timeout),
    case("drip", || Fault::drip(Duration::from_millis(20)), Expected::Timeout),
    case("delay", || Fault::delay(Duration::from_millis(1)), Expected::Unchanged),
    case("status 500", || Fault::status(500), Expected::Error(ErrorKind::Server)),
    case("status 503", || Fault::status(503).retry_after(7), Expected::Error(ErrorKind::Server)),
    case("status 429", || Fault::status(429).retry_after(7), Expected::Error(ErrorKind::RateLimited)),
    case("html", Fault::html, Expected::Error(ErrorKind::Decode)),
    case("truncated_json", Fault::truncated_json, Expected::DecodeErrorOfBody),
    case("deep_json", Fault::deep_json, Expected::DecodeErrorOfModel),
    case("endless_body", Fault::endless_body, Expected::Error(ErrorKind::TooLarge)),
    case("endless_headers", Fault::endless_headers, Expected::Error(ErrorKind::Transport)),
    case("redirect", || Fault::redirect("https://elsewhere.example/"), Expected::Error(ErrorKind::Api)),
    case(
        "envelope_error",
        || Fault::envelope_error(4711),
        Expected::OneOf(&[ErrorKind::Business, ErrorKind::Validation, ErrorKind::Authentication]),
    ),
    case("unknown_members", Fault::unknown_members, Expected::Unchanged),
    case("numbers_as_text", Fault::numbers_as_text, Expected::Unchanged),
    case("refuse_token", Fault::refuse_token, Expected::AnotherToken),
    case("clock_moved", || Fault::clock_moved(-60), Expected::Unchanged),
];

/// The kind of the error that a call returned, if it failed.
type Observed = Option<ErrorKind>;

/// The operations whose calls return the JSON of the response as it is, or nothing.
const ANY_JSON: [&str; 7] = [
    "digiwin.request",
    "digiwin.identity.logout",
    "digiwin.users.update_user",
    "digiwin.tenants.invite_user",
    "digiwin.tenants.remove_user",
    "digiwin.orgs.delete",
    "cloudspot.request",
];

/// Whether the call leaves its session without a token, or with another one.
fn ends_its_token(operation: &str) -> bool {
    matches!(
        operation,
        "digiwin.identity.logout"
            | "digiwin.identity.refresh_token_with_tenant"
            | "digiwin.identity.refresh_user_token"
    )
}

/// Whether the session gets another token by itself: that of a user pool has its secret, the others have a token alone.
fn renews(operation: &str) -> bool {
    operation.starts_with("authing") && row(requested(operation))[4] != "none"
}

/// Returns whether a call with a fault may return this, which returns `plain` without it.
fn is_right(operation: &str, expected: Expected, plain: Observed, observed: Observed) -> bool {
    match expected {
        Expected::Error(kind) => observed == Some(kind),
        Expected::OneOf(kinds) => observed.is_some_and(|kind| kinds.contains(&kind)),
        Expected::DecodeErrorOfModel if ANY_JSON.contains(&operation) => observed.is_none(),
        Expected::DecodeErrorOfModel => observed == Some(ErrorKind::Decode),
        Expected::DecodeErrorOfBody => observed == Some(ErrorKind::Decode) || observed == plain,
        Expected::Unchanged => observed == plain,
        Expected::AnotherToken if renews(operation) => observed == plain,
        Expected::AnotherToken => matches!(observed, Some(ErrorKind::Authentication | ErrorKind::Application)),
        Expected::Timeout => observed == Some(ErrorKind::Timeout),
    }
}

/// The row of an operation in the guide's tables, by column.
fn row(operation: &str) -> Vec<&'static str> {
    const TABLES: [&str; 3] = [
        include_str!("../../src/digiwin/operations.md"),
        include_str!("../../src/authing/operations.md"),
        include_str!("../../src/cloudspot/operations.md"),
    ];
    let name = format!("| `{operation}` |");
    let row = TABLES.iter().flat_map(|table| table.lines()).find(|row| row.starts_with(&name));
    row.unwrap_or_else(|| panic!("no row of {operation}")).split('|').map(str::trim).collect()
}

/// The operation that a raw call requests.
fn requested(operation: &str) -> &str {
    match operation {
        "digiwin.request" => "digiwin.users.get_user_simple",
        "cloudspot.request" => "cloudspot.get_user",
        "authing.request" => "authing.orgs.export_all",
        "authing.graphql" => "authing.userpool_detail",
        operation => operation,
    }
}

/// An emulator with all that the calls name.
pub fn emulator() -> Emulator {
    let tenant = digiwin::Tenant::new("T1", "Tenant")
        .application("app", "2099-01-01 00:00:00")
        .member("ann", "admin")
        .member("bob", "staff")
        .org(digiwin::Org::new("hq", "HQ").member("bob"));
    let person = |id: &str| digiwin::Person::new(id, PASSWORD).email(format!("{id}@digiwin.com"));
    let people =
        digiwin::Seed::new("app", "an-app").person(person("ann").telephone("13800000000")).person(person("bob"));
    let licensed = cloudspot::Person::new("ann", PASSWORD).may("app", "c1", &[]);
    let license = cloudspot::Seed::new().company("c1", "One").person(licensed);
    let pool = authing::Seed::new("pool", "a-secret")
        .user([("id", "u1"), ("username", "ann")])
        .group("g", "G", &["ann"])
        .role("admin", &["ann"])
        .custom_field("school", "STRING")
        .organization(
            authing::Org::new("acme", "Acme").child(authing::Org::new("a", "A")).child(authing::Org::new("b", "B")),
        );
    Emulator::builder().digiwin(people.tenant(tenant)).cloudspot(license).authing(pool).start().unwrap()
}

fn management(emulator: &Emulator) -> ManagementClient {
    let builder = ManagementClient::builder("pool", "a-secret").base_url(emulator.base_url());
    builder.retry(RetryPolicy::never()).max_response_bytes(MAX_BYTES).build().unwrap()
}

/// Clients that send each request once.
pub fn target(emulator: &Emulator) -> Target {
    let once = RetryPolicy::never;
    let digiwin = Client::builder(emulator.base_url(), "an-app").retry(once());
    let cloudspot = LicenseClient::builder("app").base_url(emulator.base_url() + "/api/v1").retry(once());
    let impersonation = emulator.cloudspot().impersonate("ann", "c1").unwrap();
    let mut target = Target {
        digiwin: digiwin.max_response_bytes(MAX_BYTES).build().unwrap(),
        authing: management(emulator),
        cloudspot: cloudspot.max_response_bytes(MAX_BYTES).build().unwrap(),
        names: Names {
            password: PASSWORD.to_owned(),
            license_password: PASSWORD.to_owned(),
            impersonation: impersonation.expose_secret().to_owned(),
            user: "u1".to_owned(),
            ..Names::default()
        },
    };
    target = signed_in(&target);
    let learned = Mutex::new(target.names.clone());
    outcome(learn(&target, &learned)).unwrap();
    target.names = learned.into_inner().unwrap();
    target
}

/// Clients with new sessions and the same connections.
pub fn signed_in(target: &Target) -> Target {
    let tokens = Mutex::default();
    outcome(sign_in(target, &tokens)).unwrap();
    let (digiwin, cloudspot) = tokens.into_inner().unwrap().unwrap();
    let digiwin = target.digiwin.with_token(digiwin).unwrap();
    Target { digiwin, cloudspot: target.cloudspot.with_token(cloudspot).unwrap(), ..target.clone() }
}

#[maybe_async]
async fn sign_in(target: &Target, tokens: &Mutex<Option<(UserToken, UserToken)>>) -> Result<()> {
    let digiwin = target.digiwin.with_session("sign-in");
    let user = digiwin.identity().login_with("ann", PASSWORD, LoginOptions::new().tenant_id("T1")).await?;
    let license = target.cloudspot.authenticate("ann", PASSWORD).await?;
    *tokens.lock().unwrap() = Some((user.token.unwrap(), license.token.unwrap()));
    Ok(())
}

/// Asks the services for what they have named.
#[maybe_async]
async fn learn(target: &Target, names: &Mutex<Names>) -> Result<()> {
    let hq = target.digiwin.orgs().get_cascade().await?["defaultOrgAspect"][0].sid.unwrap();
    let org = target.authing.orgs().list().await?.list.remove(0);
    let root = org.root_node.unwrap().id.unwrap();
    let mut children = target.authing.orgs().list_children(&root).await?.into_iter().map(|node| node.id.unwrap());
    let mut names = names.lock().unwrap();
    names.org_sid = hq;
    names.org = org.id.unwrap();
    (names.node, names.other_node) = (children.next().unwrap(), children.next().unwrap());
    names.root = root;
    Ok(())
}

/// Makes a call of the same service that succeeds without a fault.
fn next_call(target: &Target, operation: &str) -> Outcome {
    match operation.split('.').next() {
        // It needs no token.
        Some("digiwin") => outcome(target.digiwin.identity().get_public_key()),
        Some("cloudspot") => outcome(target.cloudspot.get_user()),
        _ => outcome(target.authing.userpool_detail()),
    }
}

fn kind_of(outcome: &Outcome) -> Observed {
    outcome.as_ref().err().map(iam_sdk::Error::kind)
}

/// Creates what the call is about to create or delete, and returns the target that names it.
fn prepared(target: &Target, operation: &str) -> Target {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let mut target = if ends_its_token(operation) { signed_in(target) } else { target.clone() };
    target.names.fresh = format!("n{}@x.example", NEXT.fetch_add(1, Ordering::Relaxed));
    let doomed = Mutex::default();
    outcome(create_doomed(&target, operation, &doomed)).unwrap();
    match doomed.into_inner().unwrap() {
        Some(Doomed::Id(id)) => target.names.doomed = id,
        Some(Doomed::Sid(sid)) => target.names.doomed_sid = sid,
        None => {}
    }
    target
}

enum Doomed {
    Id(String),
    Sid(i64),
}

#[maybe_async]
async fn create_doomed(target: &Target, operation: &str, doomed: &Mutex<Option<Doomed>>) -> Result<()> {
    let (authing, digiwin, name) = (&target.authing, &target.digiwin, target.names.fresh.as_str());
    let created = match operation {
        "authing.users.delete" | "authing.users.delete_many" => {
            Doomed::Id(authing.users().create(&UserInfo::new().username(name)).await?.id.unwrap())
        }
        "authing.groups.delete" | "authing.groups.delete_many" => {
            Doomed::Id(authing.groups().create(name, "Doomed").await?.code.unwrap())
        }
        "authing.orgs.delete_by_id" => Doomed::Id(authing.orgs().create("Doomed").await?.id.unwrap()),
        "authing.orgs.delete_node" => {
            let (org, root) = (&target.names.org, NodeId(&target.names.root));
            let org = authing.orgs().add_node(org, name, root).await?;
            let node = org.nodes.into_iter().find(|node| node.name.as_deref() == Some(name));
            Doomed::Id(node.and_then(|node| node.id).unwrap())
        }
        "digiwin.orgs.delete" => {
            let org = serde_json::json!({"name": "Doomed", "parentSid": target.names.org_sid});
            Doomed::Sid(digiwin.orgs().create_or_update(&org).await?.unwrap())
        }
        "digiwin.tenants.remove_user" => {
            digiwin.tenants().invite_user(TenantId("T1"), name).await?;
            Doomed::Id(name.to_owned())
        }
        _ => return Ok(()),
    };
    *doomed.lock().unwrap() = Some(created);
    Ok(())
}

/// Returns the clients with a time limit.
fn limited(target: &Target) -> Target {
    let options = CallOptions::new().timeout(LIMIT);
    Target {
        digiwin: target.digiwin.with_options(options.clone()).unwrap(),
        authing: target.authing.with_options(options.clone()).unwrap(),
        cloudspot: target.cloudspot.with_options(options).unwrap(),
        names: target.names.clone(),
    }
}

/// Makes a call with a fault and another one without it. Returns what is wrong with them.
fn run_case(
    emulator: &Emulator,
    target: &Target,
    (operation, call): (&'static str, CallOf),
    case: &Case,
    plain: Observed,
) -> Option<String> {
    let mut target = prepared(target, operation);
    if case.expected == Expected::AnotherToken {
        // Its limit of logins is its own.
        target.authing = management(emulator);
    }
    let waits = case.expected == Expected::Timeout;
    let calling = if waits { limited(&target) } else { target.clone() };
    let added = emulator.fault((case.fault)().on(requested(operation)).times(1));
    let begun = Instant::now();
    let result = call(&calling);
    let took = begun.elapsed();
    let applied = added.applied();
    added.remove();
    let then = next_call(&target, operation);
    let error = result.as_ref().err();
    let wrong = match case.expected {
        _ if applied != 1 => "it was not applied",
        expected if !is_right(operation, expected, plain, kind_of(&result)) => "it returns something else",
        _ if took > SOON => "it took too long",
        Expected::Error(ErrorKind::Transport) | Expected::Timeout if error.is_some_and(|error| !error.was_sent()) => {
            "was_sent() is false"
        }
        _ if then.is_err() => "the next call fails",
        _ => return None,
    };
    let result = result.map_err(|error| format!("{error} ({:?})", error.kind()));
    Some(format!(
        "{operation}, {}: {wrong}: {result:.300?}; plain {plain:?}; {took:?}; then {:?}",
        case.name,
        then.err()
    ))
}

/// Runs the cases of some operations on an emulator of their own. Returns what is wrong, and how many calls succeed without a fault.
fn run_cases(cases: &[&Case], calls: &[(&'static str, CallOf)]) -> (Vec<String>, usize) {
    let emulator = emulator();
    let target = target(&emulator);
    let (mut wrong, mut succeed) = (Vec::new(), 0);
    for &(operation, call) in calls {
        // Twice: what the first one has created, the second one finds.
        let [_, plain] = [(); 2].map(|()| kind_of(&call(&prepared(&target, operation))));
        succeed += usize::from(plain.is_none());
        wrong.extend(cases.iter().filter_map(|case| run_case(&emulator, &target, (operation, call), case, plain)));
    }
    (wrong, succeed)
}

#[test]
fn every_operation_meets_every_fault() {
    let (slow, fast): (Vec<_>, Vec<_>) = CASES.iter().partition(|case| case.expected == Expected::Timeout);
    let (wrong, succeed) = thread::scope(|scope| {
        // Calls that wait for their time limit wait side by side.
        let waiting: Vec<_> = EVERY_CALL
            .chunks(EVERY_CALL.len().div_ceil(WAITING))
            .map(|calls| scope.spawn(|| run_cases(&slow, calls)))
            .collect();
        let (mut wrong, succeed) = run_cases(&fast, EVERY_CALL);
        wrong.extend(waiting.into_iter().flat_map(|thread| thread.join().unwrap().0));
        (wrong, succeed)
    });
    let (operations, all) = (EVERY_CALL.len(), EVERY_CALL.len() * CASES.len());
    println!("{operations} operations ({succeed} succeed), {} faults, {all} cases", CASES.len());
    assert!(wrong.is_empty(), "{} of {all} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    // A key that is no key is refused, and so are a policy that does not exist and the like: few calls.
    assert!(operations - succeed < 12, "{} operations fail without a fault", operations - succeed);
}

type MakeFault = fn() -> Fault;

/// Faults that pass, after which a request may be sent again if that does no harm.
const PASSING: [(&str, MakeFault, ErrorKind); 6] = [
    ("reset_before", Fault::reset_before, ErrorKind::Transport),
    ("reset_within", || Fault::reset_within(40), ErrorKind::Transport),
    ("reset_after", Fault::reset_after, ErrorKind::Transport),
    ("reset_response", || Fault::reset_response(30), ErrorKind::Transport),
    ("cut_body", Fault::cut_body, ErrorKind::Transport),
    ("status 503", || Fault::status(503), ErrorKind::Server),
];

#[test]
fn what_may_be_repeated_recovers_and_nothing_else_is_sent_twice() {
    let emulator = emulator();
    let target = repeating(&emulator);
    let (mut recovered, mut failed, mut wrong) = (0, 0, Vec::new());
    for &(operation, call) in EVERY_CALL {
        let repeatable = match operation {
            // A raw call is repeated if its caller permits it, and a document if it is a query.
            "digiwin.request" | "cloudspot.request" | "authing.request" => false,
            "authing.graphql" => true,
            operation => ["read", "idempotent"].contains(&row(operation)[3]),
        };
        let [_, plain] = [(); 2].map(|()| kind_of(&call(&prepared(&target, operation))));
        for (name, fault, kind) in &PASSING {
            let session = prepared(&target, operation);
            emulator.clear_requests();
            let added = emulator.fault(fault().on(requested(operation)).times(1));
            let observed = kind_of(&call(&session));
            let sent = emulator.requests().iter().filter(|request| request.is_operation(requested(operation))).count();
            let expected = if repeatable { plain } else { Some(*kind) };
            // Several requests can be one operation of a call: what must not be repeated is sent once.
            if observed != expected || added.applied() != 1 || (!repeatable && sent > 1) {
                wrong.push(format!("{operation}, {name}: {observed:?} in place of {expected:?}, sent {sent} times"));
            }
            added.remove();
            *(if repeatable { &mut recovered } else { &mut failed }) += 1;
        }
    }
    println!(
        "{recovered} repeated calls come to what they come to without a fault; {failed} others are sent once and fail"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(recovered > 100 && failed > 100);
}

#[test]
fn while_connections_are_refused_every_operation_says_so() {
    let emulator = emulator();
    let target = target(&emulator);
    let fault = emulator.fault(Fault::refuse());
    for (operation, call) in EVERY_CALL {
        let error = call(&target).unwrap_err();
        // A connection that was open is reset, and may be noticed at the first request alone.
        assert!(matches!(error.kind(), ErrorKind::Connect | ErrorKind::Transport), "{operation}: {error}");
    }
    for service in ["digiwin", "authing", "cloudspot"] {
        let error = next_call(&target, service).unwrap_err();
        assert_eq!((error.kind(), error.was_sent()), (ErrorKind::Connect, false), "{error}");
    }
    fault.remove();
    for service in ["digiwin", "authing", "cloudspot"] {
        next_call(&target, service).unwrap();
    }
}

/// A write, by its operation, and how often the emulator has carried it out.
struct Write {
    operation: &'static str,
    call: fn(&Target, usize) -> Outcome,
}

const WRITES: [Write; 3] = [
    Write {
        operation: "digiwin.tenants.invite_user",
        call: |t, n| outcome(t.digiwin.tenants().invite_user(TenantId("T1"), format!("u{n:06}@x.example"))),
    },
    Write {
        operation: "authing.users.create",
        call: |t, n| {
            let user = UserInfo::new().username(format!("u{n:06}"));
            outcome(t.authing.users().create(&user))
        },
    },
    Write { operation: "cloudspot.authenticate", call: |t, _| outcome(t.cloudspot.authenticate("ann", PASSWORD)) },
];

/// Clients that send again what may be sent again.
fn repeating(emulator: &Emulator) -> Target {
    let once = target(emulator);
    let often = CallOptions::new().retry(RetryPolicy::new().initial_backoff(Duration::ZERO).budget(false));
    Target {
        digiwin: once.digiwin.with_options(often.clone()).unwrap(),
        authing: once.authing.with_options(often.clone()).unwrap(),
        cloudspot: once.cloudspot.with_options(often).unwrap(),
        names: once.names,
    }
}

/// Resets the connection of a write after each number of bytes, until the write succeeds. Returns how often it was reset.
fn reset_at_every_byte(
    emulator: &Emulator,
    target: &Target,
    write: &Write,
    first: usize,
    fault: fn(usize) -> Fault,
    executes: usize,
) -> usize {
    for bytes in 0.. {
        emulator.clear_requests();
        let added = emulator.fault(fault(bytes).on(write.operation).times(1));
        let result = (write.call)(target, first + bytes);
        let times = emulator.requests().iter().filter(|request| request.is_operation(write.operation)).count();
        let applied = added.applied();
        added.remove();
        match result {
            // A request that is not longer is not interrupted.
            Ok(_) => {
                assert_eq!(times, 1, "{} after {bytes} bytes", write.operation);
                return bytes;
            }
            Err(error) => {
                assert_eq!(applied, 1);
                assert_eq!(error.kind(), ErrorKind::Transport, "{} after {bytes} bytes: {error}", write.operation);
                assert_eq!(times, executes, "{} after {bytes} bytes", write.operation);
                assert!(error.was_sent(), "{} after {bytes} bytes", write.operation);
            }
        }
    }
    unreachable!()
}

#[test]
fn a_write_that_is_reset_at_any_byte_is_carried_out_once_at_the_most() {
    let emulator = emulator();
    let target = repeating(&emulator);
    for write in &WRITES {
        (write.call)(&target, 0).unwrap();
        let within = reset_at_every_byte(&emulator, &target, write, 1, Fault::reset_within, 0);
        let response = reset_at_every_byte(&emulator, &target, write, 10_000, Fault::reset_response, 1);
        println!("{}: reset at {within} bytes of the request, {response} of the response", write.operation);
        assert!(within > 100 && response > 50);
    }
}
