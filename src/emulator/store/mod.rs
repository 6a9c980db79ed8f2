//! Collections that the services keep their state in. Looking up, adding and removing cost the same however much is stored.

mod cost;
mod index;
mod links;
mod namespaced;
mod table;
mod tokens;

#[cfg(test)]
pub(super) use cost::cost_of;
pub(super) use index::Index;
pub(super) use links::Links;
pub(super) use namespaced::Namespaced;
pub(super) use table::{RowNo, Table};
pub(super) use tokens::{Tokens, random_token};
