//! The commands of Authing management.

mod arguments;
pub mod custom_data;
pub mod groups;
pub mod orgs;
mod pool;
pub mod rights;
mod schema;
pub mod users;

use crate::{bulk, command::Global, failure::Result};
use clap::Subcommand;

#[allow(clippy::large_enum_variant, reason = "there is one value in a run")]
#[derive(Debug, Subcommand)]
pub enum Authing {
    /// Find and change users, their groups, departments, roles, custom data and sign-ins
    #[command(subcommand)]
    Users(bulk::Users),
    /// Find and change groups of users
    #[command(subcommand)]
    Groups(bulk::Groups),
    /// Find and change organizations, their nodes and members
    #[command(subcommand)]
    Orgs(bulk::Orgs),
    /// Look at the user pool, its mails, its rules for passwords, and its users' tokens
    #[command(subcommand)]
    Pool(pool::Pool),
}

impl Authing {
    /// The operations that have a command.
    #[cfg(test)]
    pub fn operations() -> impl Iterator<Item = &'static str> {
        let lists = [
            users::Users::OPERATIONS,
            rights::Rights::OPERATIONS,
            custom_data::Data::OPERATIONS,
            groups::Groups::OPERATIONS,
            orgs::Orgs::OPERATIONS,
            pool::Pool::OPERATIONS,
        ];
        lists.into_iter().flatten().copied()
    }

    pub fn run(self, global: &Global) -> Result<()> {
        match self {
            Self::Users(command) => command.run(global),
            Self::Groups(command) => command.run(global),
            Self::Orgs(command) => command.run(global),
            Self::Pool(command) => command.run(global),
        }
    }
}
