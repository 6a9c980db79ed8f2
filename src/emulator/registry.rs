//! The services that the emulator serves.

use super::{
    authing, cloudspot, digiwin,
    operation::Declared,
    service::{ErrorResponses, Service},
};
use axum::Router;
use std::{collections::HashMap, io, sync::Arc};

/// Registers the services: each has a module of that name here, with `Settings` and the [`Service`], and one in the crate's root,
/// with `operations`.
macro_rules! services {
    ($($name:ident: $service:ident)+) => {
        /// Returns the names of all operations of all services, as errors and logs have them: for a test that must make every
        /// call.
        pub fn operations() -> impl Iterator<Item = &'static str> {
            std::iter::empty()$(.chain(crate::$name::operations()))+.map(|operation| operation.name)
        }

        /// Returns all operations, with the path that their service is served below.
        pub(super) fn declared() -> impl Iterator<Item = Declared> {
            std::iter::empty()$(.chain(crate::$name::operations().map(|operation| {
                Declared { prefix: <$name::$service as Service>::PREFIX, operation }
            })))+
        }

        #[derive(Clone, Debug, Default)]
        pub(super) struct Settings {
            $(pub(super) $name: $name::Settings,)+
        }

        pub(super) struct Services {
            $(pub(super) $name: Arc<$name::$service>,)+
        }

        impl Services {
            pub(super) fn new(settings: Settings) -> io::Result<Self> {
                Ok(Self { $($name: Arc::new(Service::new(settings.$name)?),)+ })
            }

            pub(super) fn router(&self) -> io::Result<Router> {
                Ok(Router::new()$(.merge(Service::router(self.$name.clone())?))+)
            }

            pub(super) fn listen_at(&self, base_url: &str) {
                $(Service::listens_at(&*self.$name, base_url);)+
            }

            /// Returns the services by name, for their error responses.
            pub(super) fn error_responses(&self) -> HashMap<&'static str, Arc<dyn ErrorResponses>> {
                HashMap::from([$((stringify!($name), self.$name.clone() as Arc<dyn ErrorResponses>)),+])
            }
        }

    };
}

services! {
    authing: Authing
    cloudspot: Cloudspot
    digiwin: Digiwin
}
