//! Authing management.

use super::{Call, Fetching, Session, client_methods, fetch_page, maybe_async, options_method};

mod client;
mod custom_data;
mod groups;
mod orgs;
mod pages;
mod users;

pub use client::{ManagementClient, ManagementClientBuilder};
pub use groups::Groups;
pub use orgs::Orgs;
pub use pages::Pager;
pub(in super::super) use pages::Source;
pub use users::Users;
