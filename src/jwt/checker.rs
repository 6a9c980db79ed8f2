//! The check of a token. Written once, for both flavours.

use super::{
    algorithm::Algorithm, claims::Claims, compact::Compact, invalid_token::InvalidToken, key_set::KeySet,
    remote::RemoteKeys, rules::Rules, verification::Verification,
};
use crate::{Error, Result, UserToken, clock::Clock, observe::Observing};
use std::{fmt, sync::Arc};

/// How errors and logs name the check.
const OPERATION: &str = "jwt.verify";

/// The keys that tokens are checked with.
pub(super) enum VerificationKeys {
    /// Keys that never change.
    Fixed(KeySet),
    Remote(Arc<RemoteKeys>),
}

/// What tokens are checked against.
pub(crate) struct Checker {
    pub(super) keys: VerificationKeys,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) rules: Rules,
    pub(super) clock: Clock,
    pub(super) observing: Observing,
}

impl Checker {
    /// Checks a token. The outer error means that the keys could not be fetched, the inner one that the token is not accepted.
    async fn outcome(&self, token: &str) -> Result<Result<Claims, InvalidToken>> {
        let compact = match Compact::parse(token) {
            Ok(compact) => compact,
            Err(reason) => return Ok(Err(reason)),
        };
        // The settings say what is accepted. The token only says which of it.
        let named = Algorithm::from_name(&compact.algorithm).filter(|named| self.algorithms.contains(named));
        let Some(algorithm) = named else { return Ok(Err(InvalidToken::Algorithm)) };
        if let Err(reason) = self.rules.check_type(compact.token_type.as_deref()) {
            return Ok(Err(reason));
        }
        let id = compact.key_id.as_deref();
        let found = match &self.keys {
            VerificationKeys::Remote(keys) => keys.find(id, algorithm).await?,
            VerificationKeys::Fixed(keys) => keys.find(id, algorithm).candidates(),
        };
        Ok(found.and_then(|keys| {
            if !keys.verify(algorithm, compact.message, &compact.signature) {
                return Err(InvalidToken::Signature);
            }
            let claims = Claims::read(&compact.payload()?)?;
            self.rules.check(&claims, self.clock.wall())?;
            Ok(claims)
        }))
    }

    /// Checks a token as [`outcome`](Self::outcome) does, and tells of it.
    async fn observed_outcome(&self, token: UserToken) -> Result<Result<Claims, InvalidToken>> {
        let verification = Verification::begin(&self.observing);
        let outcome =
            self.outcome(token.expose_secret()).await.map_err(|error| error.operation_unless_named(OPERATION));
        verification.finish(&outcome);
        outcome
    }

    /// Returns the claims of a token, or an error of kind `Authentication` that says why it is not accepted.
    pub(crate) async fn verify(&self, token: UserToken) -> Result<Claims> {
        self.observed_outcome(token).await?.map_err(|reason| Error::from(reason).operation_named(OPERATION))
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
        let outcome = self.observed_outcome(token).await?;
        Ok(outcome.map_err(|reason| Error::from(reason).operation_unless_named(OPERATION)))
    }

    /// Fetches the keys. Keys that never change are at hand.
    pub(crate) async fn fetch_keys(&self) -> Result<()> {
        match &self.keys {
            VerificationKeys::Fixed(_) => Ok(()),
            VerificationKeys::Remote(keys) => keys.fetch_now().await,
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
