//! The check of a token. Written once, for both flavours.

use super::{
    algorithm::Algorithm,
    claims::Claims,
    compact::Compact,
    key_set::{Found, KeySet},
    rejection::Rejection,
    remote::RemoteKeys,
    rules::Rules,
};
use crate::{Error, Result, UserToken, clock::Clock};
use std::{fmt, sync::Arc};

/// How errors and logs name the check.
const OPERATION: &str = "jwt.verify";

pub(super) enum Keys {
    /// Keys that never change.
    Fixed(KeySet),
    Remote(Arc<RemoteKeys>),
}

/// What tokens are checked against.
pub(crate) struct Checker {
    pub(super) keys: Keys,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) rules: Rules,
    pub(super) clock: Clock,
}

impl Checker {
    /// Checks a token. The outer error means that the keys could not be fetched, the inner one that the token is not accepted.
    async fn outcome(&self, token: &str) -> Result<Result<Claims, Rejection>> {
        let compact = match Compact::parse(token) {
            Ok(compact) => compact,
            Err(rejection) => return Ok(Err(rejection)),
        };
        // The settings say what is accepted. The token only says which of it.
        let named = Algorithm::from_name(&compact.algorithm).filter(|named| self.algorithms.contains(named));
        let Some(algorithm) = named else { return Ok(Err(Rejection::Algorithm)) };
        if let Err(rejection) = self.rules.check_type(compact.token_type.as_deref()) {
            return Ok(Err(rejection));
        }
        let id = compact.key_id.as_deref();
        let found = match &self.keys {
            Keys::Remote(keys) => keys.find(id, algorithm).await?,
            Keys::Fixed(keys) => match keys.find(id, algorithm) {
                Found::Key(key) => Ok(key),
                Found::Several => Err(Rejection::AmbiguousKey),
                Found::Unknown => Err(Rejection::UnknownKey),
            },
        };
        Ok(found.and_then(|key| {
            if !key.verify(algorithm, compact.message, &compact.signature) {
                return Err(Rejection::Signature);
            }
            let claims = Claims::read(&compact.payload()?)?;
            self.rules.check(&claims, self.clock.wall())?;
            Ok(claims)
        }))
    }

    /// Returns the claims of a token, or an error of kind `Authentication` that says why it is not accepted.
    pub(crate) async fn verify(&self, token: UserToken) -> Result<Claims> {
        let outcome = self.outcome(token.expose_secret()).await;
        outcome.and_then(|claims| claims.map_err(Error::from)).map_err(|error| error.operation_unless_named(OPERATION))
    }

    #[cfg(feature = "server")]
    pub(crate) fn leeway(&self) -> std::time::Duration {
        self.rules.leeway
    }

    /// Returns the claims of a token, or `None` if it is not accepted.
    pub(crate) async fn check(&self, token: UserToken) -> Result<Option<Claims>> {
        Ok(self.check_with_reason(token).await?.ok())
    }

    /// Returns the claims of a token, or why it is not accepted.
    pub(crate) async fn check_with_reason(&self, token: UserToken) -> Result<Result<Claims>> {
        match self.outcome(token.expose_secret()).await {
            Ok(Ok(claims)) => Ok(Ok(claims)),
            Ok(Err(rejection)) => {
                tracing::debug!(target: "iam_sdk", { reason = %rejection }, "a JWT is not accepted");
                Ok(Err(Error::from(rejection).operation_unless_named(OPERATION)))
            }
            Err(error) => Err(error.operation_unless_named(OPERATION)),
        }
    }

    /// Fetches the keys. Keys that never change are at hand.
    pub(crate) async fn fetch_keys(&self) -> Result<()> {
        match &self.keys {
            Keys::Fixed(_) => Ok(()),
            Keys::Remote(keys) => keys.fetch_now().await,
        }
    }
}

impl fmt::Debug for Checker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checker")
            .field("algorithms", &self.algorithms)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}
