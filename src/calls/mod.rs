//! The only code compiled twice: it sequences decisions made elsewhere, and makes none.

use super::{Call, Driver};
use crate::{
    client_methods::{client_methods, options_method},
    session::Handle,
};

#[cfg(feature = "authing")]
pub(super) mod authing;
#[cfg(feature = "cloudspot")]
pub(super) mod cloudspot;
#[cfg(feature = "digiwin")]
pub(super) mod digiwin;
#[cfg(feature = "jwt")]
pub(super) mod jwt;

type Session = Handle<Driver>;
