//! The state of the service: a file for each noun, with its indices.
//!
//! Users and organizations keep all members that a client sends. Those that the service reads are typed.

pub(super) mod directory;
pub(super) mod error_response;
pub(super) mod members;
pub(super) mod orgs;
pub(super) mod session;
pub(super) mod tenants;
pub(super) mod users;
