//! Digiwin IAM.

use super::{maybe_async, pipeline::Pipeline};

mod client;
mod identity;
mod orgs;
mod tenants;
mod users;

pub use client::{Client, ClientBuilder};
pub use identity::Identity;
pub use orgs::Orgs;
pub use tenants::Tenants;
pub use users::Users;
