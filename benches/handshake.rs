//! A login: its CPU beside the baseline's, and its latency at 20 ms round trips. Target: a client's second login takes at most
//! 3 ms more than two round trips.
//!
//! `tests/python/login_loop.py` runs this program too, beside the vendor's Python client: `--serve MILLISECONDS` serves until
//! its input ends, `--log-in URL LOGINS` logs in as so many users.

mod support;

use aes::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use criterion::{Criterion, criterion_group};
use iam_sdk::{r#async, blocking};
use rsa::{
    Pkcs1v15Encrypt, RsaPrivateKey, RsaPublicKey,
    pkcs8::{DecodePublicKey, EncodePublicKey},
};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

const AES_KEY: &[u8] = b"0123456789abcdef";
const ROUND_TRIP: Duration = Duration::from_millis(20);

/// The service's half.
struct Service {
    key: RsaPrivateKey,
    public: String,
    /// How many requests came: so many round trips.
    requests: AtomicUsize,
}

impl Service {
    fn new() -> Self {
        let key = RsaPrivateKey::new(&mut rand::rng(), 1024).unwrap();
        let public = STANDARD.encode(key.to_public_key().to_public_key_der().unwrap());
        Self { key, public, requests: AtomicUsize::new(0) }
    }

    fn respond(&self, path: &str, body: &[u8]) -> Bytes {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let response = match path.rsplit('/').next() {
            Some("publickey") => json!({"publicKey": self.public}),
            Some("aeskey") => {
                let body: Value = serde_json::from_slice(body).unwrap();
                let wrapped = STANDARD.decode(body["clientEncryptPublicKey"].as_str().unwrap()).unwrap();
                let text: Vec<u8> =
                    wrapped.chunks(128).flat_map(|block| self.key.decrypt(Pkcs1v15Encrypt, block).unwrap()).collect();
                let client = RsaPublicKey::from_public_key_der(&STANDARD.decode(text).unwrap()).unwrap();
                let wrapped = client.encrypt(&mut rand::rng(), Pkcs1v15Encrypt, AES_KEY).unwrap();
                json!({"encryptAesKey": STANDARD.encode(wrapped)})
            }
            _ => json!({"token": "t", "userId": "u"}),
        };
        response.to_string().into()
    }
}

fn serve(service: &Arc<Service>, latency: Duration) -> SocketAddr {
    let service = service.clone();
    support::serve(latency, move |path, body| service.respond(path, body))
}

/// `clientEncryptPublicKey`.
fn wrap(key: &RsaPrivateKey, server_key: &str) -> String {
    let public = STANDARD.encode(key.to_public_key().to_public_key_der().unwrap());
    let server = RsaPublicKey::from_public_key_der(&STANDARD.decode(server_key).unwrap()).unwrap();
    let encrypt = |piece| server.encrypt(&mut rand::rng(), Pkcs1v15Encrypt, piece).unwrap();
    STANDARD.encode(public.as_bytes().chunks(117).flat_map(encrypt).collect::<Vec<u8>>())
}

/// The vendor's order of things: one after the other.
fn baseline_login(http: &reqwest::blocking::Client, base: &str) {
    let url = |path: &str| format!("{base}/api/iam/v2/identity/{path}");
    let key = RsaPrivateKey::new(&mut rand::rng(), 1024).unwrap();
    let response: Value = http.get(url("publickey")).send().unwrap().json().unwrap();
    let wrapped = wrap(&key, response["publicKey"].as_str().unwrap());
    let body = json!({"clientEncryptPublicKey": wrapped});
    let response: Value = http.post(url("aeskey")).json(&body).send().unwrap().json().unwrap();
    let aes_key = STANDARD.decode(response["encryptAesKey"].as_str().unwrap()).unwrap();
    let aes_key = key.decrypt(Pkcs1v15Encrypt, &aes_key).unwrap();
    let cipher = cbc::Encryptor::<aes::Aes128>::new_from_slices(&aes_key, b"ghUb#er57HBh(u%g").unwrap();
    let hash = STANDARD.encode(cipher.encrypt_padded_vec::<Pkcs7>(b"password"));
    let body = json!({
        "userId": "u", "passwordHash": hash, "clientEncryptPublicKey": wrapped, "identityType": "query",
    });
    let response: Value = http.post(url("login")).json(&body).send().unwrap().json().unwrap();
    assert_eq!(response["token"], "t");
}

/// The CPU time of the process, in milliseconds.
fn cpu_now() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

/// The CPU time of the process per run of `work`, in milliseconds.
fn cpu_ms(runs: u32, mut work: impl FnMut()) -> f64 {
    let begun = cpu_now();
    (0..runs).for_each(|_| work());
    (cpu_now() - begun) / f64::from(runs)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn ms(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64() * 1e3
}

fn median_ms(runs: usize, mut work: impl FnMut()) -> f64 {
    median((0..runs).map(|_| ms(&mut work)).collect())
}

fn handshake(criterion: &mut Criterion) {
    let service = Arc::new(Service::new());
    let fast = format!("http://{}", serve(&service, Duration::ZERO));
    let http = reqwest::blocking::Client::builder().tcp_nodelay(true).build().unwrap();
    let ours = blocking::Client::builder(&fast, "a").build().unwrap();
    let login = || drop(ours.identity().login("u", "password").unwrap());

    let mut group = criterion.benchmark_group("handshake");
    group.bench_function("login", |b| b.iter(login));
    group.bench_function("login, baseline", |b| b.iter(|| baseline_login(&http, &fast)));
    group.finish();
    let ratio =
        support::ratio(41, || (0..10).for_each(|_| login()), || (0..10).for_each(|_| baseline_login(&http, &fast)));
    println!("handshake, no latency: {ratio:.3} of the baseline's speed");

    // Keys take as long as chance has it: many runs.
    let (cpu, baseline) = (cpu_ms(400, login), cpu_ms(400, || baseline_login(&http, &fast)));
    println!(
        "handshake, CPU of a login, both sides: {cpu:.2} ms, baseline {baseline:.2} ms, ratio {:.3}",
        baseline / cpu
    );
    round_trips(&service);
}

/// How many requests come while `work` goes on.
fn requests(service: &Service, work: impl FnOnce()) -> usize {
    let before = service.requests.load(Ordering::Relaxed);
    work();
    service.requests.load(Ordering::Relaxed) - before
}

/// What a login takes at 20 ms round trips: medians of five runs, in each of which all take a turn.
fn round_trips(service: &Arc<Service>) {
    const RUNS: usize = 5;
    const LOGINS: usize = 11;
    let slow = format!("http://{}", serve(service, ROUND_TRIP));
    let http = reqwest::blocking::Client::builder().tcp_nodelay(true).build().unwrap();
    let url = |path: &str| format!("{slow}/api/iam/v2/identity/{path}");
    // The service's own work is part of its round trips: it opens a real key.
    let wrapped = wrap(&RsaPrivateKey::new(&mut rand::rng(), 1024).unwrap(), &service.public);
    let post = |path, body: Value| drop(http.post(url(path)).json(&body).send().unwrap().bytes().unwrap());
    let two = || {
        post("aeskey", json!({"clientEncryptPublicKey": wrapped}));
        post("login", json!({}));
    };
    let three = || {
        http.get(url("publickey")).send().unwrap().bytes().unwrap();
        two();
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let blocking = || blocking::Client::builder(&slow, "a").build().unwrap();
    let asynchronous = || r#async::Client::builder(&slow, "a").build().unwrap();
    let log_in = |client: &blocking::Client| drop(client.identity().login("u", "password").unwrap());
    let log_in_async =
        |client: &r#async::Client| drop(runtime.block_on(client.identity().login("u", "password")).unwrap());
    let (known, known_async) = (blocking(), asynchronous());
    let counts = [
        requests(service, || log_in(&known)),
        requests(service, || log_in(&known)),
        requests(service, || log_in_async(&known_async)),
        requests(service, || log_in_async(&known_async)),
    ];
    assert_eq!(counts, [3, 2, 3, 2]);

    let mut times: [Vec<f64>; 9] = Default::default();
    for _ in 0..RUNS {
        // A client's first login is that of a new client each time.
        let first = median((0..LOGINS).map(|_| blocking()).map(|client| ms(|| log_in(&client))).collect());
        let first_async =
            median((0..LOGINS).map(|_| asynchronous()).map(|client| ms(|| log_in_async(&client))).collect());
        let prepared = median(
            (0..LOGINS)
                .map(|_| {
                    let client = blocking();
                    client.prepare_login().unwrap();
                    ms(|| log_in(&client))
                })
                .collect(),
        );
        let (two, three) = (median_ms(LOGINS, two), median_ms(LOGINS, three));
        let before = service.requests.load(Ordering::Relaxed);
        let second = median_ms(LOGINS, || log_in(&known));
        let second_async = median_ms(LOGINS, || log_in_async(&known_async));
        assert_eq!(service.requests.load(Ordering::Relaxed) - before, 2 * 2 * LOGINS);
        let baseline = median_ms(LOGINS, || baseline_login(&http, &slow));
        let now = [two, three, first, first_async, prepared - two, second - two, second_async - two, baseline, second];
        times.iter_mut().zip(now).for_each(|(times, time)| times.push(time));
    }
    let [two, three, first, first_async, prepared, second, second_async, baseline, whole] = times.map(median);
    println!("handshake, 20 ms round trips: two take {two:.2} ms, three {three:.2} ms");
    println!(
        "handshake, first login: blocking {first:.2} ms, async {first_async:.2} ms; each baseline's {baseline:.2} ms"
    );
    println!(
        "handshake, second login: 2 round trips, counted by the server, {whole:.2} ms; over two bare ones: blocking {second:.2} ms, async {second_async:.2} ms (at most 3)"
    );
    println!(
        "handshake, second login, over 2 x 20 ms: blocking {:.2} ms, async {:.2} ms",
        second + two - 40.0,
        second_async + two - 40.0
    );
    println!("handshake, first login after prepare_login(), over two round trips: blocking {prepared:.2} ms\n");
}

/// Serves until the input ends.
fn serve_until_end(milliseconds: u64) {
    println!("http://{}", serve(&Arc::new(Service::new()), Duration::from_millis(milliseconds)));
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
}

/// Logs in as so many users of one client, one after the other, and then all at once with another one.
fn log_in_as_many(base: &str, logins: usize) {
    let show = |how: &str, work: &mut dyn FnMut()| {
        let cpu = cpu_now();
        let took = ms(work);
        println!("{how} {took:.3} {:.3}", cpu_now() - cpu);
    };
    let client = blocking::Client::builder(base, "a").build().unwrap();
    show("sequential", &mut || {
        for n in 0..logins {
            let session = client.with_session(format!("u{n}"));
            session.identity().login(format!("u{n}"), "password").unwrap();
        }
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let client = r#async::Client::builder(base, "a").build().unwrap();
    show("concurrent", &mut || {
        runtime.block_on(async {
            let log_in = |n| {
                let session = client.with_session(format!("u{n}"));
                tokio::spawn(async move { session.identity().login(format!("u{n}"), "password").await.unwrap() })
            };
            let tasks: Vec<_> = (0..logins).map(log_in).collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1));
    targets = handshake
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--serve", milliseconds] => serve_until_end(milliseconds.parse().unwrap()),
        ["--log-in", base, logins] => log_in_as_many(base, logins.parse().unwrap()),
        _ => {
            benches();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}
