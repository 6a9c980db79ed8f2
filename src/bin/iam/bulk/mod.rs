//! Bulk import, export and comparison.

mod caller;
mod gate;
mod import;
mod input;
mod interrupt;
mod journal;
mod progress;
mod rate;
mod rejects;
mod row;
mod rows;
mod user_row;
mod users;
