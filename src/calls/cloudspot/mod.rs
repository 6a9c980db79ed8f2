//! Cloudspot License.
use super::{FLAVOUR, Session, maybe_async};

mod client;

pub use client::{LicenseClient, LicenseClientBuilder};
