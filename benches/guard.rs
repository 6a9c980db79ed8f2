//! Compares a guarded axum route, on a hit of the guard's cache, with the same route without guard: in process, and over loopback. Then
//! floods a guard with random tokens. Both routes take turns, and medians count. Targets: 3 microseconds, 5 % of the throughput, and
//! bounded memory.

use axum::{Router, body::Body, extract::Request, routing::get};
use http_body_util::BodyExt as _;
use iam_sdk::{
    UserToken,
    digiwin::UserTokenInfo,
    server::{Caller, Guard, Introspection},
};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};
use tower::Service as _;

const ROUNDS: usize = 101;
const REQUESTS: usize = 5_000;
const LOOPBACK_ROUNDS: usize = 31;
const CONNECTIONS: usize = 16;
const LOOPBACK_REQUESTS: usize = 200;
const FLOOD: usize = 1_000_000;

async fn plain() -> &'static str {
    "ok"
}

async fn guarded(who: Caller) -> &'static str {
    black_box(who.user_id());
    "ok"
}

fn app(token: &str) -> Router {
    let ann = UserTokenInfo::default().with_user_id("ann").with_user_name("Ann").with_tenant_id("T1");
    let guard = Guard::fixed([(token, ann)]).ttl(Duration::from_secs(3600)).build().unwrap();
    let guarded = get(guarded).route_layer(guard.layer());
    Router::new().route("/plain", get(plain)).route("/guarded", guarded)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Returns the microseconds that one request takes.
async fn in_process(app: &mut Router, path: &str, authorization: &str) -> f64 {
    let requests: Vec<_> = (0..REQUESTS)
        .map(|_| Request::builder().uri(path).header("authorization", authorization).body(Body::empty()).unwrap())
        .collect();
    let begun = Instant::now();
    for request in requests {
        let response = app.call(request).await.unwrap();
        assert_eq!(response.status(), 200);
        black_box(response.into_body().collect().await.unwrap());
    }
    begun.elapsed().as_secs_f64() * 1e6 / REQUESTS as f64
}

/// Returns the requests a second.
async fn over_loopback(client: &reqwest::Client, url: &str, authorization: &str) -> f64 {
    let begun = Instant::now();
    let connections: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (client, url, authorization) = (client.clone(), url.to_owned(), authorization.to_owned());
            tokio::spawn(async move {
                for _ in 0..LOOPBACK_REQUESTS {
                    let response = client.get(&url).header("authorization", &authorization).send().await.unwrap();
                    assert_eq!(response.status(), 200);
                    black_box(response.bytes().await.unwrap());
                }
            })
        })
        .collect();
    for connection in connections {
        connection.await.unwrap();
    }
    (CONNECTIONS * LOOPBACK_REQUESTS) as f64 / begun.elapsed().as_secs_f64()
}

/// Returns the kilobytes of memory that the process has in use.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?.trim().parse().ok()
}

async fn flood() {
    let guard = Guard::builder(|token: UserToken| {
        let known = token.expose_secret().starts_with("good");
        std::future::ready(Ok(match known {
            true => Introspection::active(token.expose_secret().to_owned()),
            false => Introspection::inactive(),
        }))
    });
    let guard = guard.ttl(Duration::from_secs(3600)).build().unwrap();
    let good: Vec<String> = (0..5_000).map(|n| format!("good token {n}").replace(' ', "-")).collect();
    for token in &good {
        guard.check_token(token.as_str().into()).await.unwrap();
    }
    let (before, begun) = (resident(), Instant::now());
    let mut most = before;
    for n in 0..FLOOD {
        let token = format!("random-{:032x}", (n as u128 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835));
        assert!(guard.check_token(token.into()).await.is_err());
        if n % 50_000 == 0 {
            most = most.max(resident());
        }
    }
    let asked = guard.stats().introspections;
    for token in &good {
        guard.check_token(token.as_str().into()).await.unwrap();
    }
    let stats = guard.stats();
    println!("flood of {FLOOD} random tokens: {:.1} s", begun.elapsed().as_secs_f64());
    println!("  resident before {before:?} kB, at most {:?} kB, after {:?} kB", most.max(resident()), resident());
    println!(
        "  {} identities, {} refused tokens kept; good ones asked again: {}",
        stats.entries,
        stats.refused_entries,
        stats.introspections - asked
    );
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for (name, length) in [("opaque", 40), ("long", 1_000)] {
        let token = "t".repeat(length);
        let authorization = format!("Bearer {token}");
        let mut app = app(&token);
        let (mut plain, mut cost) = (Vec::new(), Vec::new());
        runtime.block_on(async {
            for _ in 0..ROUNDS {
                let without = in_process(&mut app, "/plain", &authorization).await;
                let with = in_process(&mut app, "/guarded", &authorization).await;
                plain.push(without);
                cost.push(with - without);
            }
        });
        println!(
            "in process, {name} token of {length}: {:.2} us without guard, the guard costs {:.2} us",
            median(plain),
            median(cost)
        );
    }
    runtime.block_on(async {
        let token = "t".repeat(40);
        let authorization = format!("Bearer {token}");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = app(&token);
        tokio::spawn(async move { axum::serve(listener, app).await });
        let client = reqwest::Client::new();
        let (mut plain, mut ratio) = (Vec::new(), Vec::new());
        for round in 0..LOOPBACK_ROUNDS {
            let url = |path: &str| format!("http://{address}/{path}");
            let (first, second) = if round % 2 == 0 { ("plain", "guarded") } else { ("guarded", "plain") };
            let one = over_loopback(&client, &url(first), &authorization).await;
            let other = over_loopback(&client, &url(second), &authorization).await;
            let (without, with) = if first == "plain" { (one, other) } else { (other, one) };
            plain.push(without);
            ratio.push(with / without);
        }
        println!("over loopback: {:.0} requests/s without guard, with it {:.3} of that", median(plain), median(ratio));
    });
    runtime.block_on(flood());
}
