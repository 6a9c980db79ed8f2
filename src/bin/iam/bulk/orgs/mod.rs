//! `iam authing orgs import`, `export` and `diff`: trees, in files of JSON.

mod apply;
mod diff;
mod export;
mod file;
mod import;
mod members;
mod service;
mod tree_diff;

pub use self::{diff::Diff, export::Export, import::Import};
