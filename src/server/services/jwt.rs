//! JWTs that are checked without a round trip.

use crate::{
    Result, UserToken,
    jwt::{Claims, Verifier},
    server::{Caller, Identity, Introspect, Known, Rejection},
};

/// The id is the subject (`sub`), and so unique within one issuer only: for a verifier that accepts several issuers, guard with a closure
/// whose identity has [`Claims::global_subject`] as its id.
impl Identity for Claims {
    fn user_id(&self) -> &str {
        self.sub.as_deref().unwrap_or_default()
    }

    fn bytes(&self) -> usize {
        super::bytes(self)
    }
}

/// Checks the token with the issuer's keys; only fetching those takes a request. A token without a subject is for nobody.
impl Introspect for Verifier {
    type Identity = Claims;

    async fn introspect(&self, token: &UserToken) -> Result<Option<Known<Claims>>> {
        let claims = self.check(token.clone()).await?.filter(|claims| !claims.user_id().is_empty());
        Ok(claims.map(|claims| {
            // Until then it is accepted when it is asked about.
            let expires = claims.expires_at().and_then(|at| at.checked_add(self.leeway()));
            expires.into_iter().fold(Known::new(claims), Known::expires_exactly_at)
        }))
    }

    fn is_local(&self) -> bool {
        true
    }

    fn service(&self) -> &'static str {
        "jwt"
    }
}

impl Caller<Claims> {
    /// Rejects a caller whose token does not have this scope. It reads the claims of this very token, and asks nobody.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](crate::server::RejectionKind::Forbidden).
    pub fn require_scope(&self, scope: impl AsRef<str>) -> Result<(), Rejection> {
        match self.identity().has_scope(scope) {
            true => Ok(()),
            false => Err(self.forbidden()),
        }
    }
}
