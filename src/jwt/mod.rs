//! Users' JWTs, checked without a round trip: signature, issuer, audience and times.
//!
//! A `Verifier` has the keys of an issuer. It fetches them when it needs them, and checks each token by itself. There is one in
//! `iam_sdk::r#async::jwt`, which is `iam_sdk::jwt::Verifier` as well, and one in `iam_sdk::blocking::jwt`.
//!
//! | rule | why |
//! | --- | --- |
//! | issuer and audience must be set, or `any_issuer()` and `any_audience()` called | a token for another application is not for this one |
//! | a type (`typ`) other than `JWT` and `at+jwt` is refused, and so are logout tokens | issuers sign tokens for other purposes with the same keys |
//! | only the algorithms of the settings are accepted | a token that says `none`, or HS256 with the public key as its secret, would sign itself |
//! | a token must have an expiry (`exp`) | a token that leaked would be valid forever |
//! | headers that bring keys (`jwk`, `jku`, `x5c`, `x5u`) do not count | the token would bring the key that it is checked with |
//! | extensions (`crit`, `b64`), encryption or compression (`enc`, `zip`), a token inside of a token (`cty`), and a header or claim that is there twice are refused | two readers could read two things |
//! | a token has 8 KiB at most, a key set 1 MiB and 100 keys | what others send costs no more than that |
//!
//! # Keys
//!
//! Keys are fetched once for all callers, and used for a day at most. After an hour they are fetched anew while those at hand are
//! used, so requests are served during an outage of the issuer. A token that names an unknown key makes the verifier fetch them once more, but no
//! more than once in 30 s: during that time such tokens are refused, since anybody can make up names of keys. A fetch that failed is not repeated for 5 s. [`VerifierBuilder`] sets all of these times but the last.
//!
//! A token waits for keys no longer than the verifier's time limit, even if the runtime that fetches them is not driven any more: the next
//! token makes another fetch then. Where an issuer has several keys of one id, a token is tried with the first four that fit its algorithm.
//!
//! # Outcomes
//!
//! | outcome | `verify` | `check` |
//! | --- | --- | --- |
//! | the token is good | its claims | `Some`, its claims |
//! | the token is not accepted: the caller's fault | [`Authentication`](crate::ErrorKind::Authentication), which says why | `None` |
//! | the keys cannot be fetched: the issuer's fault, or the network's | an error of another kind, such as [`Connect`](crate::ErrorKind::Connect) or [`Server`](crate::ErrorKind::Server) | the same error |
//! | the settings are wrong, or the discovery document is another issuer's | [`Configuration`](crate::ErrorKind::Configuration) | the same error |
//!
//! A refusal of the request for the keys (401, 403, 404) is [`Api`](crate::ErrorKind::Api), so that nobody takes it for a refusal of
//! the token.
//!
//! A token that was revoked, or whose user was signed out, is accepted until it expires: only the issuer knows. Where that matters, ask it
//! (`check_login_status`), or let tokens expire soon.

mod algorithm;
mod builder;
mod checker;
mod claims;
mod compact;
mod documents;
mod freshness;
mod header;
mod invalid_token;
mod key_set;
mod key_source;
mod remote;
mod rules;
mod secret;
mod userinfo;
mod verification;
mod verifier;

pub use crate::clock::Clock;
pub use algorithm::Algorithm;
pub use builder::VerifierBuilder;
pub(crate) use checker::Checker;
pub use claims::{Claims, NumericDate, Scopes, Texts};
pub use key_source::KeySource;
pub use secret::Secret;
pub(crate) use verifier::verifier;

#[cfg(feature = "async")]
pub use crate::r#async::jwt::Verifier;

/// What fuzzing sees of the readers of documents.
#[cfg(all(test, feature = "blocking", feature = "emulator"))]
pub(crate) mod fuzzing {
    pub(crate) fn key_set(text: &[u8]) -> crate::Result<()> {
        super::key_set::KeySet::parse(text).map(drop)
    }

    pub(crate) fn discovered(issuer: &str, document: &[u8]) -> crate::Result<()> {
        super::documents::keys_of(issuer, document).map(drop)
    }
}

/// Returns the issuer that Authing's applications have: `/oidc` below the application's own host.
pub(crate) fn authing_issuer(app_host: &str) -> String {
    format!("{}/oidc", app_host.trim().trim_end_matches('/'))
}
