//! In place of the login handshake, in a build without the service that has one.

use crate::{Error, ErrorKind, Result};

/// A key pair that no login asks for.
pub(crate) enum KeyPair {}

impl KeyPair {
    pub(crate) fn generate() -> Result<Self> {
        Err(Error::new(ErrorKind::Crypto))
    }
}

/// A key of a service that no login asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ServiceKey {}
