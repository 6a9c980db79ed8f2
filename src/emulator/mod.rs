//! An in-process emulator of the three services, for tests and demonstrations.
//!
//! It listens on a loopback port, keeps state (a login issues a token that later calls require, a deleted organization is gone)
//! and stops when it is dropped. It is tested with the vendors' own Python clients.
//!
//! # Examples
//!
//! A test with the blocking client:
//!
//! ```
//! # #[cfg(feature = "blocking")] {
//! use iam_sdk::{blocking::Client, emulator::Emulator};
//!
//! #[test]
//! # fn takes_the_attribute_that_would_remove_the_example() {}
//! fn an_expired_session_is_reported() {
//!     let emulator = Emulator::start().unwrap();
//!     let account = emulator.digiwin().account();
//!     let client = Client::builder(emulator.base_url(), account.app_token.clone()).build().unwrap();
//!     client.identity().login(&account.user_id, account.password.clone()).unwrap();
//!
//!     emulator.digiwin().expire_tokens();
//!     assert!(client.users().get_user_simple().unwrap_err().is_authentication());
//! }
//! # an_expired_session_is_reported();
//! # }
//! ```
//!
//! A test with the async client, and a [`Fault`]:
//!
//! ```
//! # #[cfg(feature = "async")] {
//! use iam_sdk::{Client, digiwin::Credentials, emulator::{Emulator, Fault}};
//!
//! #[tokio::test]
//! # async fn takes_the_attribute_that_would_remove_the_example() {}
//! async fn a_read_is_retried() {
//!     let emulator = Emulator::start().unwrap();
//!     let account = emulator.digiwin().account();
//!     let client = Client::builder(emulator.base_url(), account.app_token.clone())
//!         .credentials(Credentials::password(&account.user_id, account.password.clone()))
//!         .build()
//!         .unwrap();
//!
//!     let operation = "digiwin.users.get_user_simple";
//!     emulator.fault(Fault::status(503).on(operation).times(1));
//!     client.users().get_user_simple().await.unwrap();
//!     assert_eq!(emulator.requests().iter().filter(|request| request.is_operation(operation)).count(), 2);
//! }
//! # tokio::runtime::Runtime::new().unwrap().block_on(a_read_is_retried());
//! # }
//! ```

// The examples run their functions themselves: hidden lines take the attribute.
#![allow(clippy::test_attr_in_doctest)]

#[cfg(feature = "authing")]
pub mod authing;
mod builder;
#[cfg(feature = "cloudspot")]
pub mod cloudspot;
#[cfg(feature = "digiwin")]
pub mod digiwin;
mod document;
mod fault;
mod gzip;
mod lock;
mod log;
mod operation;
mod recognize;
mod redact;
mod registry;
mod running;
mod seed_check;
mod service;
mod store;

pub use builder::EmulatorBuilder;
pub use fault::{AddedFault, Fault, FaultError};
pub use log::ReceivedRequest;
pub use registry::operations;
pub use running::Emulator;
