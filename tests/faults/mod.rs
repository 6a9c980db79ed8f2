//! Servers that fail, lie, or never end.

use super::{Client, all, authing::ManagementClient, cloudspot::LicenseClient, maybe_async, next, test};

mod authing;
mod cloudspot;
mod digiwin;
mod lists;
mod responses;
mod tls;
