//! What a session needs to know of the application that it is for.

use super::{dialect::Dialect, login::LoginMethod};
use http::HeaderMap;
use std::sync::Arc;
use zeroize::Zeroizing;

/// An application at a service.
pub(crate) struct Application {
    /// The service's name, as the keys of stored tokens have it.
    pub(crate) service: &'static str,
    pub(crate) dialect: &'static dyn Dialect,
    /// What tells the application from others at the service. It can be, or hold, a secret.
    pub(crate) identity: Zeroizing<String>,
    /// The headers of every request.
    pub(crate) headers: HeaderMap,
    /// How the client's own session logs in.
    pub(crate) method: Option<Arc<dyn LoginMethod>>,
}
