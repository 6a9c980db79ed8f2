//! The span of a login or refresh that a session makes for itself.

use super::{close, millis, shielded, show_error};
use crate::{
    ErrorKind, Result,
    observe::RefreshInfo,
    session::{Session, flight::Goal, gained::Gained, state::TokenState},
};
use std::time::Instant;
use tracing::{Span, field::Empty};

/// A login or refresh under way. Dropped before its end, it was ended from outside.
pub(in crate::session) struct RefreshScope {
    session: Session,
    reason: &'static str,
    begun: Option<Instant>,
    span: Span,
}

impl RefreshScope {
    /// Returns the scope of a flight with this goal; `None` for one that only reads or writes the store. `is_refused`: the service
    /// has refused the session's token.
    pub(in crate::session) fn begin(session: &Session, goal: Goal, is_refused: bool, is_awaited: bool) -> Option<Self> {
        let reason = match (goal, &*session.state.snapshot().state) {
            (Goal::Save | Goal::Read, _) => return None,
            (Goal::RefreshAhead, _) => "ahead",
            (Goal::LogIn, _) => "requested",
            (Goal::Replace, _) if is_refused => "rejected",
            (Goal::Replace, TokenState::SignedIn(_)) => "expired",
            (Goal::Replace, TokenState::Unread | TokenState::SignedOut) => "missing",
        };
        macro_rules! span {
            ($($parent:tt)*) => {
                tracing::debug_span!(
                    target: "iam_sdk",
                    $($parent)*
                    "iam_sdk.refresh",
                    "otel.kind" = "internal",
                    "iam.service" = session.core.service,
                    "iam.refresh.reason" = reason,
                    "iam.refresh.result" = Empty,
                    "error.type" = Empty,
                    "otel.status_code" = Empty,
                )
            };
        }
        let span = if is_awaited {
            span!()
        } else {
            // No part of the call that begins it: that ends without it.
            let span = span!(parent: None,);
            span.follows_from(Span::current());
            span
        };
        let begun = session.core.begun(&span);
        Some(Self { session: session.clone(), reason, begun, span })
    }

    pub(in crate::session) fn span(&self) -> Span {
        self.span.clone()
    }

    pub(in crate::session) fn finish(mut self, result: &Result<Gained>) {
        match result {
            Ok(gained) => self.end(gained.as_str(), None, false),
            Err(error) => self.end("failed", Some(error.kind()), false),
        }
    }

    fn end(&mut self, result: &'static str, error: Option<ErrorKind>, cancelled: bool) {
        let Some(begun) = self.begun.take() else { return };
        let core = &*self.session.core;
        let mut refresh = RefreshInfo::new(core.service, self.reason);
        (refresh.result, refresh.duration) = (result, begun.elapsed());
        (refresh.error, refresh.cancelled) = (error, cancelled);
        shielded(|| {
            self.span.record("iam.refresh.result", result);
            show_error(&self.span, refresh.error_type(), cancelled);
            self.span.in_scope(|| {
                tracing::debug!(
                    target: "iam_sdk",
                    {
                        "iam.service" = refresh.service,
                        "iam.refresh.reason" = refresh.reason,
                        "iam.refresh.result" = refresh.result,
                        "iam.duration_ms" = millis(refresh.duration),
                        "error.type" = refresh.error_type(),
                    },
                    "refresh finished",
                );
            });
        });
        shielded(|| self.span.in_scope(|| core.observing.refresh_finished(&refresh)));
    }
}

impl Drop for RefreshScope {
    fn drop(&mut self) {
        self.end("cancelled", None, true);
        close(&mut self.span);
    }
}

/// Shows that a call waits for the refresh of another one.
pub(in crate::session) fn joined(service: &'static str, goal: Goal) {
    if matches!(goal, Goal::RefreshAhead | Goal::Replace | Goal::LogIn) {
        tracing::debug!(
            target: "iam_sdk",
            { "iam.service" = service, "iam.refresh.joined" = true },
            "the call waits for the refresh that is under way",
        );
    }
}
