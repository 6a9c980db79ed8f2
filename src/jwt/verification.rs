//! What a verifier tells of a token that it has checked.

use super::{claims::Claims, invalid_token::InvalidToken};
use crate::{
    ErrorKind, Result,
    observe::{CANCELLED, Observing, VerificationInfo},
};
use std::time::Instant;

/// A check of a token under way. Dropped before its end, it was cancelled.
pub(super) struct Verification<'a> {
    observing: &'a Observing,
    /// Read only where an observer wants to know how long it takes.
    begun: Option<Instant>,
}

impl<'a> Verification<'a> {
    pub(super) fn begin(observing: &'a Observing) -> Self {
        Self { observing, begun: observing.is_observed().then(Instant::now) }
    }

    pub(super) fn finish(mut self, outcome: &Result<Result<Claims, InvalidToken>>) {
        if let Ok(Err(reason)) = outcome {
            tracing::debug!(target: "iam_sdk", { "iam.jwt.reason" = reason.as_str() }, "a JWT is not accepted");
        }
        match outcome {
            Ok(Ok(_)) => self.end("ok", None, None),
            Ok(Err(reason)) => self.end("invalid", Some(reason.as_str()), None),
            Err(error) => self.end("unavailable", None, Some(error.kind())),
        }
    }

    fn end(&mut self, result: &'static str, reason: Option<&'static str>, error: Option<ErrorKind>) {
        let Some(begun) = self.begun.take() else { return };
        let mut verification = VerificationInfo::new(result);
        (verification.reason, verification.error) = (reason, error);
        (verification.duration, verification.cancelled) = (begun.elapsed(), result == CANCELLED);
        self.observing.verification_finished(&verification);
    }
}

impl Drop for Verification<'_> {
    fn drop(&mut self) {
        self.end(CANCELLED, None, None);
    }
}
