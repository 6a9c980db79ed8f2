//! The only code compiled twice: it sequences decisions made elsewhere, and makes none.

use super::{Transport, maybe_async};

pub(super) mod cloudspot;
pub(super) mod digiwin;
mod pipeline;
