//! Compares a small enveloped POST of a session with the baseline: the same request written with reqwest. Client, baseline and server
//! have a process each, and client and baseline take turns. The median of five runs counts, each the median of its turns' ratios. Targets:
//! async 0.98; blocking 1.25 one at a time, 1.1 with 8 threads and 1.0 with 64.
//!
//! No subscriber wants the spans, as in a program that logs at INFO: the cost of disabled spans is a part of these figures. What they cost
//! where somebody wants them is measured by itself, in one process: the same calls of the same client with tracing off, with a
//! subscriber that takes all spans and events at DEBUG and discards them, and with an observer.
//!
//! The same request has the same headers, `User-Agent` included. What glibc does not keep for each thread, it locks: with 64 in flight on
//! two threads a few allocations more make a tenth of the speed.

mod support;

use bytes::Bytes;
use iam_sdk::{r#async, blocking, observe::Observer};
use serde::Deserialize;
use serde_json::json;
use std::{hint::black_box, time::Duration};
use support::Process;
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
const ROUNDS: usize = 41;
/// Calls a turn.
const CALLS: usize = 1280;
/// Each with processes of its own.
const RUNS: usize = 5;
const PATH: &str = "/api/iam/v2/user";

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

/// How calls are made: by which flavour, and how many at a time.
#[derive(Clone, Copy)]
enum How {
    Blocking { threads: usize },
    Async { threads: usize, in_flight: usize },
}

const ALL: [(&str, How); 6] = [
    ("async, one at a time", How::Async { threads: 2, in_flight: 1 }),
    ("async, 64 in flight on one thread", How::Async { threads: 1, in_flight: 64 }),
    ("async, 64 in flight on two threads", How::Async { threads: 2, in_flight: 64 }),
    ("blocking, one at a time", How::Blocking { threads: 1 }),
    ("blocking, 8 threads", How::Blocking { threads: 8 }),
    ("blocking, 64 threads", How::Blocking { threads: 64 }),
];

/// Compares processes that have one client each, as programs have. Two clients in one disturb each other's allocations: ratios differ by a
/// tenth and more.
fn ratios(url: &str) {
    for (how, _) in ALL {
        let mut ratios: Vec<_> = (0..RUNS)
            .map(|_| {
                let start = |who| Process::start(&format!("{who}; {how}; {url}"));
                let (mut ours, mut baseline) = (start("ours"), start("baseline"));
                support::ratio_of_turns(ROUNDS, || ours.turn(), || baseline.turn())
            })
            .collect();
        ratios.sort_by(f64::total_cmp);
        println!("calls, {how}: {:.3} of the baseline's speed (runs: {ratios:.3?})", ratios[RUNS / 2]);
    }
}

/// Makes calls for [`ratios`].
fn take_turns(role: &str) {
    let [who, how, url] = role.splitn(3, "; ").collect::<Vec<_>>().try_into().unwrap();
    let (_, how) = ALL.into_iter().find(|(name, _)| *name == how).unwrap();
    let (base, is_ours) = (url.strip_suffix(PATH).unwrap(), who == "ours");
    match how {
        How::Blocking { threads } if is_ours => {
            let client = blocking::Client::builder(base, "app-token").build().unwrap();
            client.set_current_token(Some("user-token".into())).unwrap();
            Process::take_turns(|| on_threads(threads, || client.users().get_user("ann").unwrap()));
        }
        How::Blocking { threads } => {
            let builder = reqwest::blocking::Client::builder().default_headers(headers());
            let client = builder.tcp_nodelay(true).build().unwrap();
            Process::take_turns(|| on_threads(threads, || blocking_baseline(&client, url)));
        }
        How::Async { threads, in_flight } => {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap();
            if is_ours {
                let client = r#async::Client::builder(base, "app-token").build().unwrap();
                runtime.block_on(client.set_current_token(Some("user-token".into()))).unwrap();
                take_async_turns(&runtime, in_flight, move || {
                    let client = client.clone();
                    async move { client.users().get_user("ann").await.unwrap() }
                });
            } else {
                let client = reqwest::Client::builder().default_headers(headers()).tcp_nodelay(true).build().unwrap();
                let url = url.to_owned();
                take_async_turns(&runtime, in_flight, move || {
                    let (client, url) = (client.clone(), url.clone());
                    async move { async_baseline(&client, &url).await }
                });
            }
        }
    }
}

/// Makes calls on `threads` threads.
fn on_threads<T>(threads: usize, call: impl Fn() -> T + Sync) {
    let calls = || (0..CALLS / threads).for_each(|_| drop(black_box(call())));
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(calls);
        }
        calls();
    });
}

/// Makes calls, `in_flight` at a time.
fn take_async_turns<F, C>(runtime: &tokio::runtime::Runtime, in_flight: usize, call: C)
where
    F: Future<Output: Send> + Send + 'static,
    C: Fn() -> F + Clone + Send + 'static,
{
    let calls = move |call: C| async move {
        for _ in 0..CALLS / in_flight {
            black_box(call().await);
        }
    };
    Process::take_turns(|| {
        runtime.block_on(async {
            if in_flight == 1 {
                return calls(call.clone()).await;
            }
            let tasks: Vec<_> = (0..in_flight).map(|_| tokio::spawn(calls(call.clone()))).collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
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
        (0..CALLS).for_each(|_| drop(black_box(client.users().get_user("ann").unwrap())));
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
    match support::role().as_deref() {
        Some("server") => return Process::serve(|_, _| Bytes::from_static(RESPONSE.as_bytes())),
        Some(role) => return take_turns(role),
        None => {}
    }
    let mut server = Process::start("server");
    let base = format!("http://{}", server.line());
    let url = format!("{base}{PATH}");
    ratios(&url);
    tracing_ratios(&base);
}
