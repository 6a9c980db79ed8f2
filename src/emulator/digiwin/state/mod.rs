//! The state of the service: a file for each noun, with its indices.
//!
//! Profiles and organizations are kept as JSON, so that members that a client adds are kept too.

pub(super) mod directory;
pub(super) mod orgs;
pub(super) mod refusal;
pub(super) mod sessions;
pub(super) mod tenants;
pub(super) mod users;
