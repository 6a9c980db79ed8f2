//! A small enveloped POST with a session, beside the same by hand with reqwest. Target: a ratio of at least 0.95.

mod support;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use iam_sdk::{r#async, blocking};
use serde::Deserialize;
use serde_json::json;
use std::{hint::black_box, time::Duration};

const ANSWER: &str = r#"{"status":200,"message":"success","data":{"sid":100001,"id":"ann","name":"李安 Ann Li",
"email":"ann@digiwin.com","telephone":"13800000000","type":0,"userType":false,"confirm":true,"disabled":false,
"userMappings":[]}}"#;
const ROUNDS: usize = 41;
const IN_FLIGHT: usize = 64;

/// What someone would write for this one call.
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
    headers.insert("digi-middleware-auth-app", "app-token".parse().unwrap());
    headers
}

fn check(envelope: Envelope) -> Option<User> {
    assert_eq!(envelope.status, 200);
    envelope.data
}

fn blocking_by_hand(client: &reqwest::blocking::Client, url: &str) -> Option<User> {
    let request = client.post(url).header("digi-middleware-auth-user", "user-token");
    let answer = request.timeout(Duration::from_secs(30)).json(&json!({"id": "ann", "sid": 0})).send().unwrap();
    check(answer.error_for_status().unwrap().json().unwrap())
}

async fn async_by_hand(client: &reqwest::Client, url: &str) -> Option<User> {
    let request = client.post(url).header("digi-middleware-auth-user", "user-token");
    let answer = request.timeout(Duration::from_secs(30)).json(&json!({"id": "ann", "sid": 0})).send().await.unwrap();
    check(answer.error_for_status().unwrap().json().await.unwrap())
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

fn calls(criterion: &mut Criterion) {
    let address = support::serve(Duration::ZERO, |_, _| Bytes::from_static(ANSWER.as_bytes()));
    let base = format!("http://{address}");
    let url = format!("{base}/api/iam/v2/user");
    let mut group = criterion.benchmark_group("calls");
    group.throughput(Throughput::Elements(1));

    let ours = blocking::Client::builder(&base, "app-token").build().unwrap();
    ours.identity().set_current_token(Some("user-token".into())).unwrap();
    let by_hand = reqwest::blocking::Client::builder().default_headers(headers()).tcp_nodelay(true).build().unwrap();
    group.bench_function("blocking", |b| b.iter(|| ours.users().get_user("ann").unwrap()));
    group.bench_function("blocking by hand", |b| b.iter(|| blocking_by_hand(&by_hand, &url)));
    let ratio = support::ratio(
        ROUNDS,
        || (0..300).for_each(|_| drop(black_box(ours.users().get_user("ann").unwrap()))),
        || (0..300).for_each(|_| drop(black_box(blocking_by_hand(&by_hand, &url)))),
    );
    println!("calls, blocking: {ratio:.3} of the speed of the same by hand\n");

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (ours, by_hand) = runtime.block_on(async {
        let ours = r#async::Client::builder(&base, "app-token").build().unwrap();
        ours.identity().set_current_token(Some("user-token".into())).await.unwrap();
        (ours, reqwest::Client::builder().default_headers(headers()).tcp_nodelay(true).build().unwrap())
    });
    group.bench_function("async", |b| {
        b.iter(|| runtime.block_on(async { ours.users().get_user("ann").await.unwrap() }))
    });
    group.bench_function("async by hand", |b| b.iter(|| runtime.block_on(async_by_hand(&by_hand, &url))));
    let ratio = support::ratio(
        ROUNDS,
        || {
            runtime.block_on(async {
                for _ in 0..300 {
                    black_box(ours.users().get_user("ann").await.unwrap());
                }
            })
        },
        || {
            runtime.block_on(async {
                for _ in 0..300 {
                    black_box(async_by_hand(&by_hand, &url).await);
                }
            })
        },
    );
    println!("calls, async: {ratio:.3} of the speed of the same by hand\n");

    let our_call = move || {
        let client = ours.clone();
        async move { client.users().get_user("ann").await.unwrap() }
    };
    let call_by_hand = move || {
        let (client, url) = (by_hand.clone(), url.clone());
        async move { async_by_hand(&client, &url).await }
    };
    let ratio = support::ratio(
        ROUNDS,
        || runtime.block_on(in_flight(1280, our_call.clone())),
        || runtime.block_on(in_flight(1280, call_by_hand.clone())),
    );
    println!("calls, async, {IN_FLIGHT} in flight: {ratio:.3} of the speed of the same by hand\n");
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1));
    targets = calls
}
criterion_main!(benches);
