//! What turns calls into changes of the pool, and its state into JSON: one file for each kind of thing.

pub(super) mod access;
pub(super) mod args;
pub(super) mod custom;
pub(super) mod fields;
mod groups;
pub(super) mod nodes;
pub(super) mod orgs;
mod policies;
mod pool;
mod roles;
mod users;
