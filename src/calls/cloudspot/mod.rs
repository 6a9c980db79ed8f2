//! Cloudspot License.
use super::{Call, Session, client_methods, options_method};

mod client;

pub use client::{LicenseClient, LicenseClientBuilder};
