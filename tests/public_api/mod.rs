//! The public API, as a user meets it.

mod errors;
mod models;
