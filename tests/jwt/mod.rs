//! Users' JWTs, checked with the keys of their issuer.

use super::{AT_ONCE, in_parallel, jwt::Verifier, maybe_async, pause, test};

mod issued;
mod keys;
mod outages;
mod settings;
mod signer;
mod tokens;

#[maybe_async]
async fn accepted(verifier: Verifier, token: String) {
    let claims = verifier.verify(token).await.unwrap();
    assert_eq!(claims.sub.as_deref(), Some("ann"));
}

#[maybe_async]
async fn refused(verifier: Verifier, token: String) {
    let claims = verifier.check(token).await.unwrap();
    assert!(claims.is_none());
}
