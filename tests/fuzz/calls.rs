//! Every call of every service, on bodies of any kind.

use super::{
    LicenseClient, ManagementClient, bodies,
    corpus::{self, Corpus},
    every_call::{CallOf, EVERY_CALL, Names, Target},
    runner,
};
use crate::{protocol::decode::Response, transport::stand_in};
use http::{HeaderMap, StatusCode};
use iam_sdk::{CallOptions, Error, RetryPolicy, blocking::Client};
use proptest::{prelude::*, sample::select};
use serde::de::IgnoredAny;
use shuttle::{Config, MaxSteps, Runner, scheduler::RandomScheduler};

/// Clients whose network is whatever stands in for it.
pub fn target() -> Target {
    let options = CallOptions::new().retry(RetryPolicy::never());
    let digiwin = Client::builder("https://iam.example", "an-app").build().unwrap();
    let authing = ManagementClient::builder("pool", "a-secret").base_url("https://iam.example").build().unwrap();
    let cloudspot = LicenseClient::builder("app").base_url("https://iam.example").build().unwrap();
    Target {
        digiwin: digiwin.with_token("t").unwrap().with_options(options.clone()).unwrap(),
        authing: authing.with_token("t").unwrap().with_options(options.clone()).unwrap(),
        cloudspot: cloudspot.with_token("t").unwrap().with_options(options).unwrap(),
        names: Names::default(),
    }
}

/// What must be an error, whatever the call expects.
fn is_no_success(status: u16, body: &[u8]) -> bool {
    let is_empty = body.trim_ascii().is_empty();
    !(200..300).contains(&status) || !is_empty && serde_json::from_slice::<IgnoredAny>(body).is_err()
}

/// Runs `work` on a thread of the model checker: in unit tests the locks of a session are its locks.
fn in_model(work: impl Fn() + Send + Sync + 'static) {
    let mut config = Config::new();
    config.stack_size = 4 << 20;
    config.max_steps = MaxSteps::None;
    Runner::new(RandomScheduler::new(1), config).run(work);
}

fn response(status: u16, body: Vec<u8>) -> Response {
    Response {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: body.into(),
        is_unmarked: false,
    }
}

fn decodes(service: &'static str) {
    in_model(move || decode_all(service));
}

fn decode_all(service: &str) {
    let corpus: &'static Corpus = corpus::of(service);
    let target = target();
    for (operation, call) in calls(service) {
        let status = prop_oneof![9 => Just(200), 1 => select(vec![201, 204, 301, 400, 401, 403, 404, 429, 500, 503])];
        let target = target.clone();
        let case = (status, bodies::body(corpus, operation));
        let result = runner(100).run(&case, |(status, body)| {
            let sent = body.clone();
            let outcome = stand_in::with(move |_| Ok(response(status, sent.clone())), || call(&target));
            if let Ok(value) = &outcome {
                prop_assert!(!is_no_success(status, &body), "{operation}: {value}");
            }
            if let Err(error) = outcome {
                let _: (String, String, Option<&str>) = (error.to_string(), format!("{error:#?}"), error.body());
                prop_assert!(Error::operation(&error).is_some(), "{operation}: {error}");
            }
            Ok(())
        });
        result.unwrap_or_else(|failure| panic!("{operation}: {failure}"));
    }
}

#[test]
fn every_call_of_digiwin_decodes_any_body() {
    decodes("digiwin");
}

#[test]
fn every_call_of_authing_decodes_any_body() {
    decodes("authing");
}

#[test]
fn every_call_of_cloudspot_decodes_any_body() {
    decodes("cloudspot");
}

#[test]
fn every_operation_is_called() {
    let mut called: Vec<&str> = EVERY_CALL.iter().map(|(operation, _)| *operation).collect();
    // The session itself sends this one.
    called.push("authing.access_token");
    called.sort_unstable();
    let mut all: Vec<&str> = iam_sdk::emulator::operations().collect();
    all.sort_unstable();
    assert_eq!(called, all);
}

/// Logins generate a key pair on a thread of their own, where nothing stands in for the network: `logins` tries their steps.
const ELSEWHERE: [&str; 3] = ["digiwin.identity.internal_login", "digiwin.identity.login", "digiwin.identity.login_ad"];

/// What the emulator refused.
const REFUSED: [&str; 9] = [
    "digiwin.identity.get_aes_key",
    "digiwin.orgs.delete",
    "cloudspot.authenticate",
    "authing.users.update",
    "authing.users.add_policies",
    "authing.users.delete",
    "authing.orgs.list_authorized_resources_by_code",
    "authing.orgs.delete_node",
    "authing.orgs.delete_by_id",
];

/// The calls that are tried: one each of the operations of all services, or of one.
fn calls(service: &str) -> impl Iterator<Item = &'static (&'static str, CallOf)> {
    EVERY_CALL.iter().filter(move |(operation, _)| operation.starts_with(service) && !ELSEWHERE.contains(operation))
}

#[test]
fn what_was_recorded_decodes() {
    in_model(|| {
        let target = target();
        let mut failed = Vec::new();
        for (operation, call) in calls("") {
            let corpus = corpus::of(operation.split('.').next().unwrap());
            let mut bodies = corpus.bodies(operation).into_iter();
            let outcome =
                stand_in::with(move |_| Ok(response(200, bodies.next().unwrap_or_default())), || call(&target));
            failed.extend(outcome.err().map(|_| *operation));
        }
        assert_eq!(failed, REFUSED);
    });
}
