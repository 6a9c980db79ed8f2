//! Bulk import, export and comparison.

mod caller;
mod custom_data;
mod export;
mod gate;
mod group_job;
mod groups;
mod import;
mod input;
mod interrupt;
mod job;
mod journal;
mod journal_lines;
mod journal_state;
mod line_numbers;
mod options;
mod orgs;
mod outcome;
mod pages;
mod part;
mod plan;
mod progress;
mod rate;
mod rejects;
mod row;
mod rows;
mod run;
mod user_job;
mod user_key;
mod user_row;
mod user_service;
mod users;

use crate::{authing, command::Global, failure::Result};
use clap::Subcommand;

/// The commands about users: the calls, and those about many users at once.
#[derive(Debug, Subcommand)]
pub enum Users {
    #[command(flatten)]
    Calls(authing::users::Users),
    #[command(flatten)]
    Rights(authing::rights::Rights),
    /// Show and change users' custom data
    #[command(subcommand)]
    Data(authing::custom_data::Data),
    /// Create users from a file, or change them
    Import(users::Import),
    /// Write all users to a file
    Export(users::Export),
}

impl Users {
    pub fn run(self, global: &Global) -> Result<()> {
        match self {
            Self::Calls(command) => command.run(global),
            Self::Rights(command) => command.run(global),
            Self::Data(command) => command.run(global),
            Self::Import(command) => command.run(global),
            Self::Export(command) => command.run(global),
        }
    }
}

/// The commands about organizations: the calls, and those about whole trees.
#[derive(Debug, Subcommand)]
pub enum Orgs {
    #[command(flatten)]
    Calls(authing::orgs::Orgs),
    /// Create organizations from a file of trees, or make them like it
    Import(orgs::Import),
    /// Write the trees of organizations to a file
    Export(orgs::Export),
    /// Show how a file of trees differs from the service
    Diff(orgs::Diff),
}

impl Orgs {
    pub fn run(self, global: &Global) -> Result<()> {
        match self {
            Self::Calls(command) => command.run(global),
            Self::Import(command) => command.run(global),
            Self::Export(command) => command.run(global),
            Self::Diff(command) => command.run(global),
        }
    }
}

/// The commands about groups: the calls, and those about many members at once.
#[derive(Debug, Subcommand)]
pub enum Groups {
    #[command(flatten)]
    Calls(authing::groups::Groups),
    /// Create groups and add users to them, from a file
    Import(groups::Import),
    /// Write all groups and their members to a file
    Export(groups::Export),
}

impl Groups {
    pub fn run(self, global: &Global) -> Result<()> {
        match self {
            Self::Calls(command) => command.run(global),
            Self::Import(command) => command.run(global),
            Self::Export(command) => command.run(global),
        }
    }
}
