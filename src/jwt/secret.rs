//! The secret of HMAC signatures.

use crate::secret::secrets;

secrets! {
    /// The secret that an issuer signs tokens with, and that their signatures are checked with (HS256, HS384, HS512).
    ///
    /// Whoever has it can sign tokens too: keep it on servers.
    Secret,
}
