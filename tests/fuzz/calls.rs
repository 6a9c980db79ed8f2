//! Every call of every service, on bodies of any kind.

use super::{
    LicenseClient, ManagementClient, bodies,
    corpus::{self, Corpus},
    every_call::{EVERY_CALL, Names, Target},
    runner,
};
use crate::{protocol::decode::Response, transport::stand_in};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use iam_sdk::{CallOptions, Error, RetryPolicy, blocking::Client};
use proptest::{prelude::*, sample::select};
use serde::de::IgnoredAny;
use shuttle::{Config, MaxSteps, Runner, scheduler::RandomScheduler};
use std::time::SystemTime;

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

/// In unit tests the locks of a session are those of the model checker, and work on its threads alone.
fn decodes(service: &'static str) {
    let mut config = Config::new();
    config.stack_size = 4 << 20;
    config.max_steps = MaxSteps::None;
    Runner::new(RandomScheduler::new(1), config).run(move || decode_all(service));
}

fn decode_all(service: &str) {
    let corpus: &'static Corpus = corpus::of(service);
    let target = target();
    let calls: Vec<_> = EVERY_CALL.iter().filter(|(operation, _)| operation.starts_with(service)).collect();
    assert!(calls.len() >= 6);
    for (operation, call) in calls {
        let status = prop_oneof![9 => Just(200), 1 => select(vec![201, 204, 301, 400, 401, 403, 404, 429, 500, 503])];
        let target = target.clone();
        let case = (status, bodies::body(corpus, operation));
        let result = runner(100).run(&case, |(status, body)| {
            let response = {
                let body = Bytes::from(body.clone());
                move || Response {
                    status: StatusCode::from_u16(status).unwrap(),
                    headers: HeaderMap::new(),
                    received: SystemTime::now(),
                    body: body.clone(),
                }
            };
            // A login asks for two keys before it sends what this is about: they are what the body is.
            let outcome = stand_in::with(move |_| Ok(response()), || call(&target));
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
