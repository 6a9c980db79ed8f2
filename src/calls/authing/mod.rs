//! Authing management.

use super::{FLAVOUR, Fetching, Session, maybe_async};

mod client;
mod groups;
mod orgs;
mod pages;
mod users;

pub use client::{ManagementClient, ManagementClientBuilder};
pub use groups::Groups;
pub use orgs::Orgs;
pub use pages::Pager;
pub use users::Users;
