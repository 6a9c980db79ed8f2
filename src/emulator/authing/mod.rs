//! The emulator's Authing management service, and its seed.
//!
//! It serves GraphQL at `/graphql/v2` with introspection, and the REST calls. Where the vendor does not document the service's
//! behaviour, the emulator does what the vendor's own tests expect: lists begin with the newest items; a user's authorized resources are those of the
//! namespace `default` without a namespace, a group's and a node's those of all; a deleted user goes to the archive.
//!
//! It issues JWTs to users ([`Authing::issue_jwt`]), and serves discovery, keys and introspection for them below `/oidc`.
//!
//! A password encrypted with the vendor's public default key cannot be decrypted here, and is accepted unread. A password
//! encrypted with the pool's own key ([`Authing::public_key_pem`]) is decrypted and checked.

mod budget;
mod graphql;
mod jwt;
mod oidc;
mod populate;
mod resolvers;
mod rest;
mod routes;
mod seed;
mod service;
mod settings;
mod state;
#[cfg(test)]
mod tests;

pub use jwt::Jwt;
pub use seed::{Account, Org, Seed};
pub use service::Authing;
pub use settings::{ErrorStyle, Settings};
