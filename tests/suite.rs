//! All tests but the canary, in one binary.
//!
//! `scenarios`, `wire` and `faults` are written once and mounted by each flavour.
#![cfg(all(
    feature = "emulator",
    feature = "digiwin",
    feature = "authing",
    feature = "cloudspot",
    feature = "file-store"
))]

#[cfg(any(feature = "async", feature = "blocking"))]
mod support;

#[cfg(feature = "async")]
mod r#async;
#[cfg(feature = "blocking")]
mod blocking;
#[cfg(feature = "cli")]
mod cli;
#[cfg(any(feature = "async", feature = "blocking"))]
mod contexts;
mod emulator;
mod public_api;
#[cfg(feature = "server")]
mod server;
#[cfg(all(unix, any(feature = "async", feature = "blocking")))]
mod token_store;
