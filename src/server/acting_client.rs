//! The clients that act for a caller.

use crate::r#async::{Client, cloudspot::LicenseClient};

/// A client of a service whose calls are made with the caller's own token: see [`Introspect::acting_client`](super::Introspect::acting_client).
#[derive(Clone, Debug)]
pub struct ActingClient(pub(super) Service);

#[derive(Clone, Debug)]
pub(super) enum Service {
    Digiwin(Client),
    Cloudspot(LicenseClient),
}

impl From<Client> for ActingClient {
    fn from(client: Client) -> Self {
        Self(Service::Digiwin(client))
    }
}

impl From<LicenseClient> for ActingClient {
    fn from(client: LicenseClient) -> Self {
        Self(Service::Cloudspot(client))
    }
}
