//! The login handshake and the sealing of stored tokens, without I/O: bytes in, bytes out.
//!
//! RSA-1024, PKCS#1 v1.5 and the fixed AES IV are the service's protocol, not a choice; TLS protects the connection.

mod digest;
#[cfg(feature = "digiwin")]
mod handshake;
#[cfg(not(feature = "digiwin"))]
mod no_handshake;
#[cfg(any(feature = "authing", feature = "digiwin"))]
mod os_rng;
mod random;
#[cfg(any(feature = "file-store", feature = "redis"))]
mod sealed;
mod sha256;

pub(crate) use digest::SecretDigest;
#[cfg(feature = "digiwin")]
pub(crate) use handshake::{KeyPair, Offer, SealedPassword, ServiceKey};
#[cfg(not(feature = "digiwin"))]
pub(crate) use no_handshake::{KeyPair, ServiceKey};
#[cfg(any(feature = "authing", feature = "digiwin"))]
pub(crate) use os_rng::os_rng;
pub(crate) use random::{random_bytes, random_unit};
#[cfg(any(feature = "file-store", feature = "redis"))]
pub(crate) use sealed::Sealer;
#[cfg(any(feature = "file-store", feature = "redis"))]
pub use sealed::{EncryptionKey, SealError};
pub(crate) use sha256::{DIGEST, sha256};
