//! For servers: who is calling. Needs the feature `server`; the extractors of axum need the feature `axum`.
//!
//! A [`Guard`] takes the token from a request, asks a service whom it is for, and remembers the result for a while. A handler takes the
//! [`Caller`]; what it may do is asked of a source that the handler names ([`Roles`], [`Permissions`]). The page
//! [`servers`](crate::guide::servers) of the guide shows a whole service, and has the table of the responses.

mod acts_for;
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
mod grants;
mod guard;
mod introspect;
mod introspection;
mod key;
mod layer;
mod lookup;
#[cfg(test)]
mod model;
mod outage;
mod places;
mod refusal_reasons;
mod rejection;
mod report;
mod respond;
mod services;
mod settings;
mod source;
mod store;

pub use crate::clock::Clock;
pub use acts_for::ActsFor;
pub(crate) use app_token::AppTokenCheck;
pub use caller::Caller;
pub use fixed::Fixed;
pub use grants::{Permissions, Roles, SourceId};
pub use guard::Guard;
pub use introspect::{HasTenant, Identity, Introspect};
pub use introspection::Introspection;
pub use layer::{GuardLayer, GuardService};
pub use rejection::{Rejection, RejectionKind};
pub use report::Stats;
pub use respond::{EmptyResponder, JsonResponder, Respond};
pub use settings::GuardBuilder;
