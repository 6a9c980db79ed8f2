//! Servers that fail, lie, or never end.

use super::{Client, cloudspot::LicenseClient, maybe_async, test};

mod cloudspot;
mod digiwin;
mod tls;
