//! What a token costs a call once it has been read: the token alone, by store, and a whole call with it beside a call that
//! needs none. Target: less than a microsecond.
//!
//! `RedisStore` is measured where `IAM_SDK_BENCH_REDIS` has the address of a Redis.

mod support;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use iam_sdk::{
    r#async, blocking,
    digiwin::Credentials,
    token_store::{EncryptionKey, FileStore, MemoryStore, StoredToken, TokenStore},
};
use std::{hint::black_box, net::SocketAddr, sync::Arc, time::Duration};

const RESPONSE: &str = r#"{"status":200,"message":"success","data":{"userId":"ann"}}"#;
const ROUNDS: usize = 201;
const CALLS: usize = 50;

fn stores() -> Vec<(&'static str, Arc<dyn TokenStore>)> {
    let directory = std::env::temp_dir().join(format!("iam-sdk-bench-{}", std::process::id()));
    let key = || EncryptionKey::from_bytes([7; 32]);
    let file = FileStore::open(directory, key()).unwrap();
    #[allow(unused_mut)]
    let mut stores: Vec<(_, Arc<dyn TokenStore>)> =
        vec![("memory", Arc::new(MemoryStore::new())), ("file", Arc::new(file))];
    #[cfg(feature = "redis")]
    match std::env::var("IAM_SDK_BENCH_REDIS") {
        Ok(address) => {
            stores.push(("redis", Arc::new(iam_sdk::token_store::RedisStore::new(&address, key()).unwrap())))
        }
        Err(_) => println!("redis: not measured, IAM_SDK_BENCH_REDIS is not set"),
    }
    stores
}

/// With a token of an hour that its credentials gave.
fn client(server: SocketAddr, store: Arc<dyn TokenStore>) -> blocking::Client {
    let token = StoredToken::new("token".into()).expires_in(Duration::from_secs(3600));
    let credentials = Credentials::from_fn("ann", move || std::io::Result::Ok(Credentials::token(token.clone())));
    let builder = blocking::Client::builder(format!("http://{server}"), "app-token").credentials(credentials);
    let client = builder.shared_token_store(store).build().unwrap();
    client.identity().analyze_token().unwrap();
    client
}

fn calls(client: &blocking::Client) {
    for _ in 0..CALLS {
        black_box(client.identity().analyze_token_internal().unwrap());
    }
}

fn bench(c: &mut Criterion) {
    let server = support::serve(Duration::ZERO, |_, _| Bytes::from_static(RESPONSE.as_bytes()));
    // No credentials, no token: the store was read once, and had nothing.
    let without = blocking::Client::builder(format!("http://{server}"), "app-token").build().unwrap();
    for (name, store) in stores() {
        let client = client(server, store.clone());
        let ratio = support::ratio(ROUNDS, || calls(&client), || calls(&without));
        println!("{name}: a call with a token has {ratio:.3} of the speed of one without");
        c.bench_function(&format!("token, blocking, {name}"), |b| b.iter(|| client.current_token().unwrap()));

        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let builder = r#async::Client::builder(format!("http://{server}"), "app-token").shared_token_store(store);
        let session = builder.build().unwrap().with_session("s");
        let token = iam_sdk::UserToken::from("token");
        runtime.block_on(session.set_current_token(Some(token))).unwrap();
        c.bench_function(&format!("token, async, {name}"), |b| {
            b.iter(|| runtime.block_on(async { session.current_token().await.unwrap() }));
        });
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
