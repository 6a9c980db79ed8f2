//! Cloudspot License.

use super::{maybe_async, pipeline::Pipeline};

mod client;

pub use client::{LicenseClient, LicenseClientBuilder};
