//! A login: its CPU beside the baseline's, and its latency at 20 ms round trips. Target: at most 3 ms over the three
//! round trips.

mod support;

use aes::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use iam_sdk::{r#async, blocking};
use rsa::{
    Pkcs1v15Encrypt, RsaPrivateKey, RsaPublicKey,
    pkcs8::{DecodePublicKey, EncodePublicKey},
};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

const AES_KEY: &[u8] = b"0123456789abcdef";
const ROUND_TRIP: Duration = Duration::from_millis(20);

/// The service's half.
struct Service {
    key: RsaPrivateKey,
    public: String,
}

impl Service {
    fn new() -> Self {
        let key = RsaPrivateKey::new(&mut rand::rng(), 1024).unwrap();
        let public = STANDARD.encode(key.to_public_key().to_public_key_der().unwrap());
        Self { key, public }
    }

    fn respond(&self, path: &str, body: &[u8]) -> Bytes {
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

/// The CPU time of the process per run of `work`, in milliseconds.
fn cpu_ms(runs: u32, mut work: impl FnMut()) -> f64 {
    let now = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
    };
    let begun = now();
    (0..runs).for_each(|_| work());
    (now() - begun) / f64::from(runs)
}

fn median_ms(runs: usize, mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let begun = Instant::now();
            work();
            begun.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[runs / 2]
}

fn handshake(criterion: &mut Criterion) {
    let service = Arc::new(Service::new());
    let fast = format!("http://{}", serve(&service, Duration::ZERO));
    let slow = format!("http://{}", serve(&service, ROUND_TRIP));
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

    let url = |path: &str| format!("{slow}/api/iam/v2/identity/{path}");
    // The service's own work is part of its round trips: it opens a real key.
    let wrapped = wrap(&RsaPrivateKey::new(&mut rand::rng(), 1024).unwrap(), &service.public);
    let three = || {
        let post = |path, body: Value| http.post(url(path)).json(&body).send().unwrap().bytes().unwrap();
        http.get(url("publickey")).send().unwrap().bytes().unwrap();
        post("aeskey", json!({"clientEncryptPublicKey": wrapped}));
        post("login", json!({}));
    };
    let trips = median_ms(41, three);
    let client = blocking::Client::builder(&slow, "a").build().unwrap();
    let login = median_ms(41, || drop(client.identity().login("u", "password").unwrap()));
    println!(
        "handshake, 20 ms round trips, blocking: {login:.2} ms, {:.2} ms over three round trips ({trips:.2} ms)",
        login - trips
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let client = r#async::Client::builder(&slow, "a").build().unwrap();
    let login = median_ms(41, || {
        runtime.block_on(async { drop(client.identity().login("u", "password").await.unwrap()) });
    });
    println!(
        "handshake, 20 ms round trips, async: {login:.2} ms, {:.2} ms over three round trips ({trips:.2} ms)",
        login - trips
    );
    let baseline = median_ms(41, || baseline_login(&http, &slow));
    println!(
        "handshake, 20 ms round trips, baseline: {baseline:.2} ms, {:.2} ms over three round trips\n",
        baseline - trips
    );
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1));
    targets = handshake
}
criterion_main!(benches);
