//! The state: each kind of thing with what it keeps and how it is found.
//!
//! Profiles and organizations are kept as JSON, so that members that a client adds are kept too.

pub(super) mod directory;
pub(super) mod orgs;
pub(super) mod refusal;
pub(super) mod sessions;
pub(super) mod tenants;
pub(super) mod users;
