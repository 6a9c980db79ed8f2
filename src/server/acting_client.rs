//! The clients that act for a caller.

#[cfg(feature = "digiwin")]
use crate::r#async::Client;
#[cfg(feature = "cloudspot")]
use crate::r#async::cloudspot::LicenseClient;

/// A client of a service whose calls are made with the caller's own token: see [`Introspect::acting_client`](super::Introspect::acting_client).
#[derive(Clone, Debug)]
pub struct ActingClient(pub(super) Service);

#[derive(Clone, Debug)]
pub(super) enum Service {
    #[cfg(feature = "digiwin")]
    Digiwin(Client),
    #[cfg(feature = "cloudspot")]
    Cloudspot(LicenseClient),
}

#[cfg(feature = "digiwin")]
impl From<Client> for ActingClient {
    fn from(client: Client) -> Self {
        Self(Service::Digiwin(client))
    }
}

#[cfg(feature = "cloudspot")]
impl From<LicenseClient> for ActingClient {
    fn from(client: LicenseClient) -> Self {
        Self(Service::Cloudspot(client))
    }
}
