//! Bulk import, export and comparison.

mod caller;
mod command;
mod export;
mod gate;
mod import;
mod input;
mod interrupt;
mod journal;
mod options;
mod progress;
mod rate;
mod rejects;
mod row;
mod rows;
mod user_job;
mod user_row;
mod users;

use crate::{authing, command::Global, failure::Result};
use clap::Subcommand;

/// The commands about users: the calls, and those about many users at once.
#[derive(Debug, Subcommand)]
pub enum Users {
    #[command(flatten)]
    Calls(authing::users::Users),
    /// Create users from a file, or change them
    Import(users::Import),
    /// Write all users to a file
    Export(users::Export),
}

impl Users {
    pub fn run(self, global: &Global) -> Result<()> {
        match self {
            Self::Calls(command) => command.run(global),
            Self::Import(command) => command.run(global),
            Self::Export(command) => command.run(global),
        }
    }
}
