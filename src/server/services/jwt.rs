//! JWTs that are checked without a round trip.

use crate::{
    Error, ErrorKind, Result, UserToken,
    jwt::{Claims, Verifier},
    server::{Caller, Identity, Introspect, Introspection, Rejection},
};
use serde_json::Value;

/// The id is the subject (`sub`), and so unique within one issuer only: for a verifier that accepts several issuers, guard with a closure
/// whose identity has [`Claims::global_subject`] as its id.
impl Identity for Claims {
    type Client = ();

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

    async fn introspect(&self, token: &UserToken) -> Result<Introspection<Claims>> {
        let claims = match self.check_with_reason(token.clone()).await? {
            Ok(claims) => claims,
            Err(reason) => return Ok(Introspection::inactive().reason(reason)),
        };
        if claims.user_id().is_empty() {
            let reason = Error::new(ErrorKind::Authentication).detail("the token has no subject (sub)");
            return Ok(Introspection::inactive().reason(reason));
        }
        // Until then it is accepted when it is asked about.
        let expires = claims.expires_at().and_then(|at| at.checked_add(self.leeway()));
        Ok(expires.into_iter().fold(Introspection::active(claims), Introspection::expires_exactly_at))
    }

    fn client(&self) -> Result<()> {
        Ok(())
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

    /// Rejects a caller whose token does not have this claim with this text, or with a list that holds it. It reads the claims of this very
    /// token, and asks nobody.
    ///
    /// Which claim names a tenant, or a role, is the issuer's to choose: `require_tenant` does not compile for `Claims`.
    ///
    /// ```
    /// # fn remove(who: iam_sdk::server::Caller<iam_sdk::jwt::Claims>) -> Result<(), iam_sdk::server::Rejection> {
    /// who.require_claim("tenant_id", "T1")?;
    /// who.require_claim("roles", "admin")
    /// # }
    /// ```
    ///
    /// ```compile_fail,E0277
    /// # fn remove(who: iam_sdk::server::Caller<iam_sdk::jwt::Claims>) {
    /// let _ = who.require_tenant("T1");
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Forbidden`](crate::server::RejectionKind::Forbidden).
    pub fn require_claim(&self, name: impl AsRef<str>, value: impl AsRef<str>) -> Result<(), Rejection> {
        match has_claim(self.identity(), name.as_ref(), value.as_ref()) {
            true => Ok(()),
            false => Err(self.forbidden()),
        }
    }
}

fn has_claim(claims: &Claims, name: &str, value: &str) -> bool {
    // Registered claims and others alike, as they stand in the token.
    let claims = serde_json::to_value(claims).unwrap_or_default();
    match claims.get(name) {
        Some(Value::String(text)) => text == value,
        Some(Value::Array(list)) => list.iter().any(|text| text == value),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_a_text_or_a_list_of_texts() {
        let claims = Claims::default().with_sub("ann").with_aud(["shop", "desk"]);
        let claims = claims
            .with_extra("tenant_id", "T1")
            .with_extra("roles", serde_json::json!(["admin", "staff"]))
            .with_extra("level", 7);
        for (name, value, expected) in [
            ("tenant_id", "T1", true),
            ("tenant_id", "T", false),
            ("tenant_id", "", false),
            ("roles", "admin", true),
            ("roles", "staff", true),
            ("roles", "adm", false),
            ("sub", "ann", true),
            ("aud", "desk", true),
            ("aud", "des", false),
            ("level", "7", false),
            ("missing", "", false),
            ("", "", false),
        ] {
            assert_eq!(has_claim(&claims, name, value), expected, "{name} {value}");
        }
    }
}
