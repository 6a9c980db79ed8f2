//! The only code compiled twice: it sequences decisions made elsewhere, and makes none.

use super::{Call, Driver, Fetching, fetch_page, maybe_async};
use crate::{
    client_methods::{client_methods, options_method},
    session::Handle,
};

pub(super) mod authing;
pub(super) mod cloudspot;
pub(super) mod digiwin;
#[cfg(feature = "jwt")]
pub(super) mod jwt;

type Session = Handle<Driver>;
