//! The check of a token with keys at hand, compared with the baseline, `jsonwebtoken` itself: decoding with the right key and the same rules.

#[allow(dead_code, reason = "no server is asked")]
mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use iam_sdk::{
    UserToken, r#async, blocking,
    emulator::{Emulator, authing::Jwt},
    jwt::{KeySource, VerifierBuilder},
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde::Deserialize;
use std::{collections::HashMap, hint::black_box};

const ROUNDS: usize = 201;
const CHECKS: usize = 200;

#[derive(Deserialize)]
#[allow(dead_code, reason = "what a handler would have of a token")]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: u64,
    iat: u64,
    jti: String,
}

struct Case {
    name: &'static str,
    token: UserToken,
    issuer: String,
    source: KeySource,
    algorithm: Algorithm,
    keys: HashMap<String, DecodingKey>,
}

fn cases() -> [Case; 2] {
    let emulator = Emulator::start().unwrap();
    let authing = emulator.authing();
    let user = authing.user_ids().remove(0);
    let issue = |jwt| authing.issue_jwt(jwt).unwrap();
    let jwks = authing.jwks().unwrap();
    let set: JwkSet = serde_json::from_str(&jwks).unwrap();
    let key = |jwk: &jsonwebtoken::jwk::Jwk| (jwk.common.key_id.clone().unwrap(), DecodingKey::from_jwk(jwk).unwrap());
    let secret = authing.account().secret.expose_secret();
    [
        Case {
            name: "RS256",
            token: issue(Jwt::new(&user, "shop")),
            issuer: authing.issuer(),
            source: KeySource::fixed(&jwks),
            algorithm: Algorithm::RS256,
            keys: set.keys.iter().map(key).collect(),
        },
        Case {
            name: "HS256",
            token: issue(Jwt::new(&user, "shop").with_secret()),
            issuer: authing.issuer(),
            source: KeySource::secret(secret),
            algorithm: Algorithm::HS256,
            keys: HashMap::from([(String::new(), DecodingKey::from_secret(secret.as_bytes()))]),
        },
    ]
}

fn of<V>(builder: VerifierBuilder<V>, case: &Case) -> VerifierBuilder<V> {
    builder.issuer(&case.issuer).audience("shop")
}

/// The baseline: find the key that the header names, and decode with it.
fn baseline_check(case: &Case, validation: &Validation) -> Claims {
    let token = case.token.expose_secret();
    let kid = decode_header(token).unwrap().kid.unwrap_or_default();
    decode(token, &case.keys[&kid], validation).unwrap().claims
}

fn bench(c: &mut Criterion) {
    for case in cases() {
        let name = case.name;
        let mut validation = Validation::new(case.algorithm);
        validation.set_issuer(&[&case.issuer]);
        validation.set_audience(&["shop"]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.validate_nbf = true;
        let blocking = of(blocking::jwt::Verifier::builder(case.source.clone()), &case).build().unwrap();
        let shared = of(r#async::jwt::Verifier::builder(case.source.clone()), &case).build().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();

        let repeat = |work: &dyn Fn()| (0..CHECKS).for_each(|_| work());
        let ours = || repeat(&|| drop(black_box(blocking.verify(case.token.clone()).unwrap())));
        let baseline = || repeat(&|| drop(black_box(baseline_check(&case, &validation))));
        println!("{name}: blocking has {:.3} of the speed of jsonwebtoken", support::ratio(ROUNDS, ours, baseline));
        let ours = || {
            runtime.block_on(async {
                for _ in 0..CHECKS {
                    black_box(shared.verify(case.token.clone()).await.unwrap());
                }
            });
        };
        println!("{name}: async has {:.3} of the speed of jsonwebtoken", support::ratio(ROUNDS, ours, baseline));

        c.bench_function(&format!("{name}, blocking"), |b| b.iter(|| blocking.verify(case.token.clone()).unwrap()));
        c.bench_function(&format!("{name}, async"), |b| {
            b.iter(|| runtime.block_on(async { shared.verify(case.token.clone()).await.unwrap() }));
        });
        c.bench_function(&format!("{name}, jsonwebtoken"), |b| b.iter(|| baseline_check(&case, &validation)));
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
