//! The secret of HMAC signatures.

use crate::secret::secrets;

secrets! {
    /// The secret that an issuer signs tokens with, and that their signatures are checked with (HS256, HS384, HS512).
    ///
    /// Who has it can sign tokens too: it belongs into servers alone.
    Secret,
}
