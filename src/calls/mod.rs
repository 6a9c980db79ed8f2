//! The only code compiled twice: it sequences decisions made elsewhere, and makes none.

use super::{Call, Ending, FLAVOUR, Fetching, fetch_page, maybe_async, run};

pub(super) mod authing;
pub(super) mod cloudspot;
pub(super) mod digiwin;
mod session;

use session::{Session, client_methods, options_method};
