//! Callers that go away while keys are fetched.

use super::jwt::Verifier;
use crate::support::{
    gate::Gate,
    server::{Server, json},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use iam_sdk::jwt::KeySource;
use serde_json::json;

#[tokio::test]
async fn a_caller_that_goes_away_leaves_the_fetch_to_the_others() {
    let gate = Gate::new();
    let (_end, passed) = (gate.open_at_end(), gate.clone());
    let n = BASE64_URL_SAFE_NO_PAD.encode([0xFF; 256]);
    let server = Server::start(move |_| {
        passed.pass();
        json(json!({"keys": [{"kty": "RSA", "kid": "k", "n": n, "e": "AQAB"}]}))
    });
    let builder = Verifier::builder(KeySource::url(format!("{}/keys", server.url())));
    let verifier = builder.any_issuer().any_audience().build().unwrap();
    let token = format!("{}.e30.AA", BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"k"}"#));
    let first = tokio::spawn(verifier.verify(token.clone()));
    while gate.arrived() == 0 {
        super::pause().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled(), "its request is with the issuer, and it goes away");
    let others: Vec<_> = (0..50).map(|_| tokio::spawn(verifier.verify(token.clone()))).collect();
    super::pause().await;
    gate.open();
    for other in others {
        let error = other.await.unwrap().unwrap_err();
        assert!(error.to_string().contains("signature is wrong"), "the keys came: {error}");
    }
    assert_eq!(server.requests().len(), 1);
}
