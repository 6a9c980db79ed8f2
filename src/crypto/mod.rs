//! The login handshake and the sealing of stored tokens, without I/O: bytes in, bytes out.
//!
//! RSA-1024, PKCS#1 v1.5 and the fixed AES IV are the service's protocol, not a choice; TLS protects the connection.

mod digest;
mod handshake;
mod random;
mod sealed;

pub(crate) use digest::SecretDigest;
pub(crate) use handshake::{KeyPair, Offer, SealedPassword, ServiceKey};
pub(crate) use random::{os_rng, random_bytes};
pub(crate) use sealed::Sealer;
pub use sealed::{EncryptionKey, SealError};
