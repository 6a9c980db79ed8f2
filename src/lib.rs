// The README's links lead to files. Of two definitions the first one counts: here they lead to the guide's pages.
//! [中文]: guide::readme_zh
//! [sessions]: guide::sessions
//! [servers]: guide::servers
//! [command-line tools]: guide::command_line
//! [tokens]: guide::tokens
//! [errors]: guide::errors
//! [observability]: guide::observability
//! [testing]: guide::testing
//! [stores]: guide::stores
//! [security]: guide::security
//! [coming from Python]: guide::from_python
//!
// Its examples use both flavours and axum: `cargo test --all-features` compiles them.
#![cfg_attr(
    any(
        not(doctest),
        all(
            feature = "axum",
            feature = "blocking",
            feature = "authing",
            feature = "cloudspot",
            feature = "digiwin"
        )
    ),
    doc = include_str!("../README.md")
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations, rustdoc::broken_intra_doc_links)]
// Without a flavour nothing calls the protocol, and each service uses its own part of what they share: all that is there is used
// where all services are.
#![cfg_attr(
    not(all(
        any(feature = "async", feature = "blocking"),
        feature = "authing",
        feature = "cloudspot",
        feature = "digiwin"
    )),
    allow(dead_code, unused_imports, unused_macros, unused_variables)
)]

#[cfg(all(test, not(all(feature = "authing", feature = "cloudspot", feature = "digiwin", feature = "file-store"))))]
compile_error!("the tests of what services share need the features authing, cloudspot, digiwin and file-store");

#[cfg(feature = "authing")]
pub mod authing;
mod call_options;
#[cfg(any(feature = "async", feature = "blocking"))]
mod client_methods;
#[cfg(any(feature = "server", all(feature = "jwt", any(feature = "async", feature = "blocking"))))]
mod clock;
#[cfg(feature = "cloudspot")]
pub mod cloudspot;
mod config;
mod credentials;
mod crypto;
#[cfg(feature = "digiwin")]
pub mod digiwin;
mod error;
#[cfg(all(feature = "jwt", any(feature = "async", feature = "blocking")))]
pub mod jwt;
pub mod observe;
mod protocol;
mod retry_policy;
mod secret;
#[cfg(feature = "server")]
pub mod server;
#[cfg(any(feature = "async", feature = "blocking"))]
mod session;
#[cfg(any(feature = "async", feature = "blocking"))]
mod sync;
pub mod token_store;
#[cfg(any(feature = "async", feature = "blocking"))]
mod transport;

#[cfg(feature = "async")]
pub mod r#async;
#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "emulator")]
pub mod emulator;
pub mod guide;

// Fuzzing sees the decoders themselves, and shares its list of calls with the tests of the finished crate.
#[cfg(all(test, feature = "blocking", feature = "emulator"))]
extern crate self as iam_sdk;
#[cfg(all(test, feature = "blocking", feature = "emulator"))]
#[path = "../tests/fuzz/mod.rs"]
mod fuzz;

#[cfg(all(feature = "async", feature = "digiwin"))]
pub use r#async::Client;
pub use call_options::CallOptions;
pub use error::{Error, ErrorKind, Partial, Result};
pub use http::{HeaderMap, Method};
pub use protocol::{
    dry_run::DryRun,
    model::{Extra, Json},
    options::IntoOption,
    raw_response::RawResponse,
    request_options::RequestOptions,
};
pub use retry_policy::RetryPolicy;
pub use secret::{AppToken, Password, Pin, UserToken, VerificationCode};
