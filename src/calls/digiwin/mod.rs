//! Digiwin IAM.

use super::{Call, Session, client_methods, options_method};

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
