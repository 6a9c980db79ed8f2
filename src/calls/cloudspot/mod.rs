//! Cloudspot License.
use super::{Call, Session, client_methods};

mod client;

pub use client::{LicenseClient, LicenseClientBuilder};
