//! JWTs that are checked without a round trip.

use crate::{
    Result, UserToken,
    jwt::{Claims, Verifier},
    server::{Identity, Introspect, Known},
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
            let expires = claims.expires_at();
            expires.into_iter().fold(Known::new(claims), Known::expires_at)
        }))
    }

    /// The words of the claim `scope`.
    async fn roles(&self, _: &UserToken, claims: &Claims) -> Result<Vec<String>> {
        Ok(claims.scope.to_vec())
    }

    fn service(&self) -> &'static str {
        "jwt"
    }
}
