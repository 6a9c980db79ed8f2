//! The emulator's Digiwin IAM service, and its seed.

mod call;
mod handlers;
mod handshake;
mod populate;
mod response;
mod routes;
mod seed;
mod service;
mod settings;
mod state;
#[cfg(test)]
mod tests;

pub use seed::{Account, Org, Person, Seed, Tenant};
pub use service::Digiwin;
pub use settings::{ResponseStyle, Settings};
