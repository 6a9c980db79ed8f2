//! Authing management.

use super::{
    super::pages::{Fetching, fetch_page, maybe_async},
    Call, Session, client_methods, options_method,
};

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
