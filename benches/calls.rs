//! Compares a small enveloped POST of a session with the baseline: the same request written with reqwest. Both take turns, and the
//! median of their ratios counts. Targets: blocking 1.25, 1.1 and 1.0; async 0.97.
//!
//! No subscriber wants the spans, as in a program that logs at INFO: the cost of disabled spans is a part of these figures. What they cost
//! where somebody wants them is measured by itself: the same calls of the same client with tracing off, with a subscriber that takes all
//! spans and events at DEBUG and discards them, and with an observer.
//!
//! The same request has the same headers, `User-Agent` included: the seventh of a request makes http's map grow beyond what glibc
//! keeps for each thread, which alone takes a tenth of the speed with 64 in flight.

mod support;

use bytes::Bytes;
use iam_sdk::{r#async, blocking, observe::Observer};
use serde::Deserialize;
use serde_json::json;
use std::{hint::black_box, time::Duration};
use tracing::{
    Event, Level, Metadata, Subscriber,
    callsite::rebuild_interest_cache,
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
    subscriber::with_default,
};

const RESPONSE: &str = r#"{"status":200,"message":"success","data":{"sid":100001,"id":"ann","name":"李安 Ann Li",
"email":"ann@digiwin.com","telephone":"13800000000","type":0,"userType":false,"confirm":true,"disabled":false,
"userMappings":[]}}"#;
const ROUNDS: usize = 201;
/// Calls a turn, one after the other.
const SEQUENTIAL: usize = 60;
/// Calls a turn, some at a time.
const CONCURRENT: usize = 320;
const IN_FLIGHT: usize = 64;

/// The baseline's response.
#[derive(Deserialize)]
struct Envelope {
    status: i64,
    data: Option<User>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct User {
    sid: Option<i64>,
    id: Option<String>,
    name: Option<String>,
    email: Option<String>,
    telephone: Option<String>,
    r#type: Option<i64>,
    user_type: Option<bool>,
    confirm: Option<bool>,
    disabled: Option<bool>,
    #[serde(default)]
    user_mappings: Vec<serde_json::Value>,
}

fn headers() -> http::HeaderMap {
    let mut headers = http::HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    headers.insert("user-agent", "baseline/1.0".parse().unwrap());
    headers.insert("digi-middleware-auth-app", "app-token".parse().unwrap());
    headers
}

fn check(envelope: Envelope) -> Option<User> {
    assert_eq!(envelope.status, 200);
    envelope.data
}

fn blocking_baseline(client: &reqwest::blocking::Client, url: &str) -> Option<User> {
    let request = client.post(url).header("digi-middleware-auth-user", "user-token");
    let response = request.timeout(Duration::from_secs(30)).json(&json!({"id": "ann", "sid": 0})).send().unwrap();
    check(response.error_for_status().unwrap().json().unwrap())
}

async fn async_baseline(client: &reqwest::Client, url: &str) -> Option<User> {
    let request = client.post(url).header("digi-middleware-auth-user", "user-token");
    let response = request.timeout(Duration::from_secs(30)).json(&json!({"id": "ann", "sid": 0})).send().await.unwrap();
    check(response.error_for_status().unwrap().json().await.unwrap())
}

/// `calls` calls, `IN_FLIGHT` at a time.
async fn in_flight<F: Future<Output: Send> + Send + 'static>(
    calls: usize,
    call: impl Fn() -> F + Clone + Send + 'static,
) {
    let tasks: Vec<_> = (0..IN_FLIGHT)
        .map(|_| {
            let call = call.clone();
            tokio::spawn(async move {
                for _ in 0..calls / IN_FLIGHT {
                    black_box(call().await);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// Makes `calls` calls on several threads.
fn on_threads<T>(threads: usize, calls: usize, call: impl Fn() -> T + Sync) {
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for _ in 0..calls / threads {
                    black_box(call());
                }
            });
        }
    });
}

fn blocking_ratios(base: &str, url: &str) {
    let ours = blocking::Client::builder(base, "app-token").build().unwrap();
    ours.set_current_token(Some("user-token".into())).unwrap();
    let baseline = reqwest::blocking::Client::builder().default_headers(headers()).tcp_nodelay(true).build().unwrap();
    let our_call = || ours.users().get_user("ann").unwrap();
    let baseline_call = || blocking_baseline(&baseline, url);
    let ratio = support::ratio(
        ROUNDS,
        || (0..SEQUENTIAL).for_each(|_| drop(black_box(our_call()))),
        || (0..SEQUENTIAL).for_each(|_| drop(black_box(baseline_call()))),
    );
    println!("calls, blocking, one at a time: {ratio:.3} of the baseline's speed");
    for threads in [8, IN_FLIGHT] {
        let ratio = support::ratio(
            ROUNDS,
            || on_threads(threads, CONCURRENT, our_call),
            || on_threads(threads, CONCURRENT, baseline_call),
        );
        println!("calls, blocking, {threads} threads: {ratio:.3} of the baseline's speed");
    }
}

fn async_ratios(base: &str, url: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (ours, baseline) = runtime.block_on(async {
        let ours = r#async::Client::builder(base, "app-token").build().unwrap();
        ours.set_current_token(Some("user-token".into())).await.unwrap();
        (ours, reqwest::Client::builder().default_headers(headers()).tcp_nodelay(true).build().unwrap())
    });
    println!("calls, async: a call's future has {} bytes", size_of_val(&ours.users().get_user("ann")));
    let our_call = move || {
        let client = ours.clone();
        async move { client.users().get_user("ann").await.unwrap() }
    };
    let url = url.to_owned();
    let baseline_call = move || {
        let (client, url) = (baseline.clone(), url.clone());
        async move { async_baseline(&client, &url).await }
    };
    let ratio = support::ratio(
        ROUNDS,
        || {
            runtime.block_on(async {
                for _ in 0..SEQUENTIAL {
                    black_box(our_call().await);
                }
            })
        },
        || {
            runtime.block_on(async {
                for _ in 0..SEQUENTIAL {
                    black_box(baseline_call().await);
                }
            })
        },
    );
    println!("calls, async, one at a time: {ratio:.3} of the baseline's speed");
    let ratio = support::ratio(
        ROUNDS,
        || runtime.block_on(in_flight(CONCURRENT, our_call.clone())),
        || runtime.block_on(in_flight(CONCURRENT, baseline_call.clone())),
    );
    println!("calls, async, {IN_FLIGHT} in flight: {ratio:.3} of the baseline's speed");
}

/// Takes every span and event, and does nothing with them.
struct Discarding;

impl Subscriber for Discarding {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::DEBUG
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// An observer that does nothing.
struct Idle;

impl Observer for Idle {}

/// Compares calls that nobody sees with the same calls where somebody does: more than 1 means that it costs nothing to be seen.
fn tracing_ratios(base: &str) {
    let client = |builder: blocking::ClientBuilder| {
        let client = builder.build().unwrap();
        client.set_current_token(Some("user-token".into())).unwrap();
        client
    };
    let unobserved = client(blocking::Client::builder(base, "app-token"));
    let observed = client(blocking::Client::builder(base, "app-token").observer(Idle));
    let calls = |client: &blocking::Client| {
        (0..SEQUENTIAL).for_each(|_| drop(black_box(client.users().get_user("ann").unwrap())));
    };
    let off = || {
        // A subscriber that is gone counts until the callsites are asked anew, which is cheap beside the calls.
        rebuild_interest_cache();
        calls(&unobserved);
    };
    let discarding = || with_default(Discarding, || calls(&unobserved));
    let ratio = support::ratio(ROUNDS, discarding, off);
    println!("calls, a subscriber that discards all at DEBUG: {ratio:.3} of the speed with tracing off");
    let ratio = support::ratio(ROUNDS, || calls(&observed), off);
    println!("calls, an observer that does nothing: {ratio:.3} of the speed without");
}

fn main() {
    let address = support::serve(Duration::ZERO, |_, _| Bytes::from_static(RESPONSE.as_bytes()));
    let base = format!("http://{address}");
    let url = format!("{base}/api/iam/v2/user");
    blocking_ratios(&base, &url);
    async_ratios(&base, &url);
    tracing_ratios(&base);
}
