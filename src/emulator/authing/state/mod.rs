//! The state of a user pool: a file for each noun, with its indices.
//!
//! [`pool`] composes the parts; none of them knows another one but those that it is made of.

pub(super) mod access;
pub(super) mod actions;
pub(super) mod custom;
pub(super) mod departments;
pub(super) mod error_response;
pub(super) mod grants;
pub(super) mod groups;
pub(super) mod managers;
pub(super) mod node;
pub(super) mod orgs;
pub(super) mod password;
pub(super) mod policies;
pub(super) mod pool;
pub(super) mod roles;
pub(super) mod sessions;
pub(super) mod settings;
pub(super) mod signing;
pub(super) mod target;
pub(super) mod user;
pub(super) mod users;
pub(super) mod value;
pub(super) mod whitelist;
