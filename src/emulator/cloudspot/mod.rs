//! The emulator's Cloudspot License service, and its seed.

mod directory;
mod routes;
mod seed;
mod service;
mod settings;

pub use seed::{Account, Person, Seed};
pub use service::Cloudspot;
pub use settings::Settings;
