//! What the emulator asks of a service, and how services are registered.

use axum::Router;
use std::{io, sync::Arc};

/// A service that the emulator serves.
pub(super) trait Service: Sized {
    type Settings;

    /// The path below which the service is served. Those of its operations follow.
    const PREFIX: &'static str = "";

    /// Creates the service with the seed and the settings.
    ///
    /// # Errors
    ///
    /// If the seed contradicts itself, or if a key cannot be generated.
    fn new(settings: Self::Settings) -> io::Result<Self>;

    /// Returns the routes, none of which another service has.
    fn router(self: Arc<Self>) -> io::Result<Router>;

    /// Learns where the emulator listens.
    fn listens_at(&self, _base_url: &str) {}
}

/// Registers the services: each has a module of that name here, with `Settings` and the [`Service`], and one in the crate's root,
/// with `operations`.
macro_rules! services {
    ($($name:ident: $service:ident { $get:literal $set:literal })+) => {
        /// Returns the names of all operations of all services, as errors and logs have them: for a test that must make every
        /// call.
        pub fn operations() -> impl Iterator<Item = &'static str> {
            std::iter::empty()$(.chain(crate::$name::operations()))+.map(|operation| operation.name)
        }

        /// Returns all operations, with the path that their service is served below.
        fn declared() -> impl Iterator<Item = operation::Declared> {
            std::iter::empty()$(.chain(crate::$name::operations().map(|operation| {
                operation::Declared { prefix: <$name::$service as service::Service>::PREFIX, operation }
            })))+
        }

        #[derive(Clone, Debug, Default)]
        struct Settings {
            $($name: $name::Settings,)+
        }

        struct Services {
            $($name: std::sync::Arc<$name::$service>,)+
        }

        impl Services {
            fn new(settings: Settings) -> std::io::Result<Self> {
                Ok(Self { $($name: std::sync::Arc::new(service::Service::new(settings.$name)?),)+ })
            }

            fn router(&self) -> std::io::Result<axum::Router> {
                Ok(axum::Router::new()$(.merge(service::Service::router(self.$name.clone())?))+)
            }

            fn listen_at(&self, base_url: &str) {
                $(service::Service::listens_at(&*self.$name, base_url);)+
            }
        }

        impl Emulator {
            $(#[doc = $get]
            pub fn $name(&self) -> &$name::$service {
                &self.services.$name
            })+
        }

        impl EmulatorBuilder {
            $(#[doc = $set]
            pub fn $name(mut self, settings: impl Into<$name::Settings>) -> Self {
                self.settings.$name = settings.into();
                self
            })+
        }
    };
}

pub(super) use services;
