//! The only code compiled twice: it sequences decisions made elsewhere, and makes none.

use super::{FLAVOUR, Fetching, Session, fetch_page, maybe_async};

pub(super) mod authing;
pub(super) mod cloudspot;
pub(super) mod digiwin;
