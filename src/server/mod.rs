//! For servers: who is calling. Needs the feature `server`; the extractors of axum need the feature `axum`.
//!
//! A [`Guard`] takes the token from a request, asks a service whom it is for, and remembers the answer for a while. The page
//! [`servers`](crate::guide::servers) of the guide shows a whole service.
//!
//! | what came | the response |
//! | --- | --- |
//! | no token | 401, `WWW-Authenticate` without `error` |
//! | a token that the service refuses, or that can be none | 401, `error="invalid_token"` |
//! | two tokens | 400, `error="invalid_request"` |
//! | a caller who may not do this | 403, `error="insufficient_scope"` |
//! | a token of which the service cannot tell, or a wrong app token of this server's | 503, `Retry-After` |

mod acting_client;
mod app_token;
#[cfg(feature = "axum")]
mod axum;
mod caller;
mod core;
mod decisions;
mod entry;
mod fault;
mod fixed;
mod flights;
mod gauges;
mod guard;
mod introspect;
mod key;
mod layer;
mod lookup;
#[cfg(test)]
mod model;
mod outage;
mod places;
mod rejection;
mod report;
mod respond;
mod services;
mod settings;
mod source;
mod store;

pub use crate::clock::Clock;
pub use acting_client::ActingClient;
pub(crate) use app_token::AppTokenCheck;
pub use caller::Caller;
pub use fixed::Fixed;
pub use guard::Guard;
pub use introspect::{Identity, Introspect, Known};
pub use layer::{GuardLayer, GuardService};
pub use rejection::{Rejection, RejectionKind};
pub use report::Stats;
pub use respond::{EmptyResponder, JsonResponder, Respond};
pub use settings::GuardBuilder;
