//! The services that the emulator serves.

use super::{
    operation::Declared,
    service::{ErrorResponses, Service},
};
use axum::Router;
use std::{collections::HashMap, io, sync::Arc};

/// Registers the services: each has a feature and a module of that name here, with `Settings` and the [`Service`], and a module in the
/// crate's root, with `operations`.
macro_rules! services {
    ($($feature:tt $name:ident: $service:ident)+) => {
        /// Returns all operations, with the path that their service is served below.
        pub(super) fn declared() -> impl Iterator<Item = Declared> {
            let all = std::iter::empty();
            $(
                #[cfg(feature = $feature)]
                let all = all.chain(crate::$name::operations().map(|operation| {
                    Declared { prefix: <super::$name::$service as Service>::PREFIX, operation }
                }));
            )+
            all
        }

        #[derive(Clone, Debug, Default)]
        pub(super) struct Settings {
            $(
                #[cfg(feature = $feature)]
                pub(super) $name: super::$name::Settings,
            )+
        }

        pub(super) struct Services {
            $(
                #[cfg(feature = $feature)]
                pub(super) $name: Arc<super::$name::$service>,
            )+
        }

        impl Services {
            pub(super) fn new(settings: Settings) -> io::Result<Self> {
                Ok(Self {
                    $(
                        #[cfg(feature = $feature)]
                        $name: Arc::new(Service::new(settings.$name)?),
                    )+
                })
            }

            pub(super) fn router(&self) -> io::Result<Router> {
                let router = Router::new();
                $(
                    #[cfg(feature = $feature)]
                    let router = router.merge(Service::router(self.$name.clone())?);
                )+
                Ok(router)
            }

            pub(super) fn listen_at(&self, base_url: &str) {
                $(
                    #[cfg(feature = $feature)]
                    Service::listens_at(&*self.$name, base_url);
                )+
            }

            /// Returns the services by name, for their error responses.
            pub(super) fn error_responses(&self) -> HashMap<&'static str, Arc<dyn ErrorResponses>> {
                HashMap::from([
                    $(
                        #[cfg(feature = $feature)]
                        ($feature, self.$name.clone() as Arc<dyn ErrorResponses>),
                    )+
                ])
            }
        }
    };
}

services! {
    "authing" authing: Authing
    "cloudspot" cloudspot: Cloudspot
    "digiwin" digiwin: Digiwin
}

/// Returns the names of all operations of all services, as errors and logs have them: for a test that must make every call.
pub fn operations() -> impl Iterator<Item = &'static str> {
    declared().map(|declared| declared.operation.name)
}
