//! What turns calls into changes of the directory, and its state into JSON: one file for each family of paths.

pub(super) mod identity;
pub(super) mod orgs;
pub(super) mod tenants;
pub(super) mod users;
