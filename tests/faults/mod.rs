//! Servers that fail, lie, or never end.

use super::{Client, authing::ManagementClient, cloudspot::LicenseClient, maybe_async, test};

mod authing;
mod cloudspot;
mod digiwin;
mod tls;
