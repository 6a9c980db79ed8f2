//! The commands of Digiwin IAM.

mod orgs;
mod tenants;
mod token;
mod users;

use crate::{command::Global, failure::Result};
use clap::Subcommand;

#[allow(clippy::large_enum_variant, reason = "there is one value in a run")]
#[derive(Debug, Subcommand)]
pub enum Digiwin {
    /// Find and change users
    #[command(subcommand)]
    Users(users::Users),
    /// Find tenants, their members and their applications
    #[command(subcommand)]
    Tenants(tenants::Tenants),
    /// Find and change organizations
    #[command(subcommand)]
    Orgs(orgs::Orgs),
    /// Look at the session's token, replace it, and switch tenants
    #[command(subcommand)]
    Token(token::Token),
}

impl Digiwin {
    /// The operations that have a command.
    #[cfg(test)]
    pub fn operations() -> impl Iterator<Item = &'static str> {
        let lists =
            [users::Users::OPERATIONS, tenants::Tenants::OPERATIONS, orgs::Orgs::OPERATIONS, token::Token::OPERATIONS];
        lists.into_iter().flatten().copied()
    }

    pub fn run(self, global: &Global) -> Result<()> {
        match self {
            Self::Users(command) => command.run(global),
            Self::Tenants(command) => command.run(global),
            Self::Orgs(command) => command.run(global),
            Self::Token(command) => command.run(global),
        }
    }
}
