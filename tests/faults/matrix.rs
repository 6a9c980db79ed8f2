//! Every operation with every fault of the emulator.

use super::super::{
    Outcome,
    every_call::{CallOf, EVERY_CALL, Names, Target},
    outcome,
};
use super::{Client, LicenseClient, ManagementClient, maybe_async};
use iam_sdk::{
    CallOptions, ErrorKind, Result, RetryPolicy, UserToken,
    digiwin::LoginOptions,
    emulator::{Emulator, Fault, authing, cloudspot, digiwin},
};
use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};

/// Far more than any call takes that no fault slows down, and far less than a call without a time limit.
const SOON: Duration = Duration::from_secs(8);
/// The time limit of calls that a fault slows down.
const LIMIT: Duration = Duration::from_millis(150);
/// Of calls that wait for their time limit, each so-manieth is made.
const SLOW_EACH: usize = 8;
const MAX_BYTES: usize = 1024 * 1024;
const PASSWORD: &str = "Secret-12345";

/// What a fault must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comes {
    /// To an error of this kind.
    To(ErrorKind),
    /// To an error of one of these kinds, by the form that the service has for it.
    ToOneOf(&'static [ErrorKind]),
    /// To an error of this kind, unless the call returns whatever JSON there is.
    IfModel(ErrorKind),
    /// To this, if the response has a body; to what it comes to without the fault, else.
    IfBody(ErrorKind),
    /// To what it comes to without the fault.
    ToNothing,
    /// To nothing where the session can get another token by itself, to a refusal elsewhere.
    ToAnotherToken,
    /// To the time limit.
    ToTheLimit,
}

struct Case {
    name: &'static str,
    fault: fn() -> Fault,
    comes: Comes,
}

const fn case(name: &'static str, fault: fn() -> Fault, comes: Comes) -> Case {
    Case { name, fault, comes }
}

const CASES: &[Case] = &[
    case("reset_before", Fault::reset_before, Comes::To(ErrorKind::Transport)),
    case("reset_within", || Fault::reset_within(40), Comes::To(ErrorKind::Transport)),
    case("reset_after", Fault::reset_after, Comes::To(ErrorKind::Transport)),
    case("reset_response", || Fault::reset_response(30), Comes::To(ErrorKind::Transport)),
    case("cut_response", || Fault::cut_response(30), Comes::To(ErrorKind::Transport)),
    case("cut_body", Fault::cut_body, Comes::To(ErrorKind::Transport)),
    case("hang", Fault::hang, Comes::ToTheLimit),
    case("stall_body", Fault::stall_body, Comes::ToTheLimit),
    case("drip", || Fault::drip(Duration::from_millis(20)), Comes::ToTheLimit),
    case("delay", || Fault::delay(Duration::from_millis(1)), Comes::ToNothing),
    case("status 500", || Fault::status(500), Comes::To(ErrorKind::Server)),
    case("status 503", || Fault::status(503).retry_after(7), Comes::To(ErrorKind::Server)),
    case("status 429", || Fault::status(429).retry_after(7), Comes::To(ErrorKind::RateLimited)),
    case("html", Fault::html, Comes::To(ErrorKind::Decode)),
    case("truncated_json", Fault::truncated_json, Comes::IfBody(ErrorKind::Decode)),
    case("deep_json", Fault::deep_json, Comes::IfModel(ErrorKind::Decode)),
    case("endless_body", Fault::endless_body, Comes::To(ErrorKind::TooLarge)),
    case("endless_headers", Fault::endless_headers, Comes::To(ErrorKind::Transport)),
    case("redirect", || Fault::redirect("https://elsewhere.example/"), Comes::To(ErrorKind::Api)),
    case(
        "envelope_error",
        || Fault::envelope_error(4711),
        Comes::ToOneOf(&[ErrorKind::Business, ErrorKind::Validation, ErrorKind::Authentication]),
    ),
    case("unknown_members", Fault::unknown_members, Comes::ToNothing),
    case("numbers_as_text", Fault::numbers_as_text, Comes::ToNothing),
    case("refuse_token", Fault::refuse_token, Comes::ToAnotherToken),
    case("clock_moved", || Fault::clock_moved(-60), Comes::ToNothing),
];

/// What a call came to: nothing, or the kind of an error.
type Came = Option<ErrorKind>;

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

/// Whether a fault may have made `came` of what the call comes to without it.
fn is_right(operation: &str, comes: Comes, plain: Came, came: Came) -> bool {
    match comes {
        Comes::To(kind) => came == Some(kind),
        Comes::ToOneOf(kinds) => came.is_some_and(|kind| kinds.contains(&kind)),
        Comes::IfModel(_) if ANY_JSON.contains(&operation) => came.is_none(),
        Comes::IfModel(kind) => came == Some(kind),
        Comes::IfBody(kind) => came == Some(kind) || came == plain,
        Comes::ToNothing => came == plain,
        Comes::ToAnotherToken if renews(operation) => came == plain,
        Comes::ToAnotherToken => matches!(came, Some(ErrorKind::Authentication | ErrorKind::Application)),
        Comes::ToTheLimit => came == Some(ErrorKind::Timeout),
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
fn signed_in(target: &Target) -> Target {
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

/// Returns what a call of the same service comes to that always works.
fn next_call(target: &Target, operation: &str) -> Outcome {
    match operation.split('.').next() {
        // It needs no token.
        Some("digiwin") => outcome(target.digiwin.identity().get_public_key()),
        Some("cloudspot") => outcome(target.cloudspot.get_user()),
        _ => outcome(target.authing.userpool_detail()),
    }
}

fn kind_of(outcome: &Outcome) -> Came {
    outcome.as_ref().err().map(iam_sdk::Error::kind)
}

/// Makes a call with a fault and another one without it. Returns what is wrong with them.
fn meet(
    emulator: &Emulator,
    target: &Target,
    operation: &'static str,
    call: CallOf,
    case: &Case,
    plain: Came,
) -> Option<String> {
    let name = requested(operation);
    let added = emulator.fault((case.fault)().on(name).times(1));
    let begun = Instant::now();
    let came = call(target);
    let took = begun.elapsed();
    let applied = added.applied();
    added.remove();
    let then = next_call(target, operation);
    let error = came.as_ref().err();
    let wrong = match case.comes {
        _ if applied != 1 => "it was not applied",
        comes if !is_right(operation, comes, plain, kind_of(&came)) => "it comes to something else",
        Comes::ToTheLimit if took > LIMIT + SOON => "it took too long",
        _ if took > SOON => "it took too long",
        Comes::To(ErrorKind::Transport) | Comes::ToTheLimit if error.is_some_and(|error| !error.was_sent()) => {
            "was_sent() is false"
        }
        _ if then.is_err() => "the next call fails",
        _ => return None,
    };
    let came = came.map_err(|error| format!("{error} ({:?})", error.kind()));
    Some(format!("{operation}, {}: {wrong}: {came:.300?}; plain {plain:?}; {took:?}; then {:?}", case.name, then.err()))
}

#[test]
fn every_operation_meets_every_fault() {
    let emulator = emulator();
    let target = target(&emulator);
    let limited = {
        let options = CallOptions::new().timeout(LIMIT);
        Target {
            digiwin: target.digiwin.with_options(options.clone()).unwrap(),
            authing: target.authing.with_options(options.clone()).unwrap(),
            cloudspot: target.cloudspot.with_options(options).unwrap(),
            names: target.names.clone(),
        }
    };
    let mut met: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut wrong, mut succeed) = (Vec::new(), 0);
    for (at, &(operation, call)) in EVERY_CALL.iter().enumerate() {
        let session = |target: &Target| match ends_its_token(operation) {
            true => signed_in(target),
            false => target.clone(),
        };
        // Twice: what the first one has created, the second one finds.
        let [_, plain] = [(); 2].map(|()| kind_of(&call(&session(&target))));
        succeed += usize::from(plain.is_none());
        for case in CASES {
            let waits = case.comes == Comes::ToTheLimit;
            if waits && at % SLOW_EACH != 0 {
                continue;
            }
            let mut target = session(if waits { &limited } else { &target });
            if case.comes == Comes::ToAnotherToken {
                // Its limit of logins is its own.
                target.authing = management(&emulator);
            }
            wrong.extend(meet(&emulator, &target, operation, call, case, plain));
            *met.entry(case.name).or_default() += 1;
        }
    }
    let all: usize = met.values().sum();
    let operations = EVERY_CALL.len();
    println!("{operations} operations ({succeed} succeed), {} faults, {all} meetings: {met:?}", CASES.len());
    assert!(wrong.is_empty(), "{} of {all} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(all >= (CASES.len() - 3) * EVERY_CALL.len());
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
        let session = || if ends_its_token(operation) { signed_in(&target) } else { target.clone() };
        let [_, plain] = [(); 2].map(|()| kind_of(&call(&session())));
        for (name, fault, kind) in &PASSING {
            let session = session();
            emulator.clear_requests();
            let added = emulator.fault(fault().on(requested(operation)).times(1));
            let came = kind_of(&call(&session));
            let sent = emulator.requests().iter().filter(|request| request.is_operation(requested(operation))).count();
            let expected = if repeatable { plain } else { Some(*kind) };
            // Several requests can be one operation of a call: what must not be repeated is sent once.
            if came != expected || added.applied() != 1 || (!repeatable && sent > 1) {
                wrong.push(format!("{operation}, {name}: {came:?} in place of {expected:?}, sent {sent} times"));
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
        call: |t, n| {
            outcome(t.digiwin.tenants().invite_user(iam_sdk::digiwin::TenantId("T1"), format!("u{n:06}@x.example")))
        },
    },
    Write {
        operation: "authing.users.create",
        call: |t, n| {
            let user = iam_sdk::authing::UserInfo::new().username(format!("u{n:06}"));
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
        let came = (write.call)(target, first + bytes);
        let times = emulator.requests().iter().filter(|request| request.is_operation(write.operation)).count();
        let applied = added.applied();
        added.remove();
        assert_eq!(applied, 1);
        match came {
            Ok(_) => {
                assert_eq!(times, 1, "{} after {bytes} bytes", write.operation);
                return bytes;
            }
            Err(error) => {
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
