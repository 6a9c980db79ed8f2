//! One request and its retries.

use super::{Session, lifetime::ActiveToken};
use crate::{
    Error, Result,
    protocol::{
        decode::Data,
        operation::Effect,
        request::Request,
        retry::{Attempts, TimeLimit},
    },
    transport::HttpRequest,
};
use std::time::Instant;
use tracing::{Instrument as _, Span, field::Empty};

impl Session {
    /// Sends `request` with `token` until a response can be read, an error must not be retried, or no time is left for `attempts`.
    /// `now` is the current time: a call that succeeds at once reads the clock only once.
    pub(super) async fn send_with_retries<T>(
        &self,
        request: &Request,
        token: Option<&ActiveToken>,
        read: impl Fn(&Data) -> Result<T>,
        mut attempts: Attempts<'_>,
        mut now: Instant,
    ) -> Result<T> {
        let core = &*self.core;
        let fail = |error: Error, made: u32| {
            let error = self.redact(error, request, token);
            error.operation_named(request.operation.name).attempts_made(made)
        };
        let mut last = None;
        loop {
            let Some(time) = attempts.begin(now) else {
                let late = || attempts.settings().late("what the request had to wait for");
                return Err(fail(last.unwrap_or_else(late), attempts.made()));
            };
            let (result, span) = self.attempt(request, token, &attempts, time).await;
            let error = match result.and_then(|data| read(&data)) {
                Ok(value) => {
                    core.budget.refill();
                    return Ok(value);
                }
                Err(error) => error,
            };
            span.record("error", tracing::field::debug(error.kind()));
            match attempts.after(&error, Instant::now(), &core.budget) {
                Some(wait) => {
                    last = Some(error);
                    core.flavour.sleep(wait).await;
                    now = Instant::now();
                }
                None => return Err(fail(error, attempts.made())),
            }
        }
    }

    async fn attempt(
        &self,
        request: &Request,
        token: Option<&ActiveToken>,
        attempts: &Attempts<'_>,
        time: TimeLimit,
    ) -> (Result<Data>, Span) {
        let core = &*self.core;
        let span = tracing::debug_span!(
            "iam_sdk.request",
            operation = request.operation.name,
            attempt = attempts.made(),
            status = Empty,
            duration_ms = Empty,
            error = Empty,
        );
        let http_request = HttpRequest {
            method: request.method.clone(),
            url: request.url(&core.base_url),
            token: token.map(|token| (core.dialect.token_header(), &token.header)),
            headers: &attempts.settings().headers,
            body: request.body.clone(),
            time,
            repeatable: request.effect != Effect::Other,
        };
        let begun = (!span.is_disabled()).then(Instant::now);
        let response = core.send(http_request).instrument(span.clone()).await;
        if let Some(begun) = begun {
            span.record("duration_ms", begun.elapsed().as_millis() as u64);
        }
        if let Ok(response) = &response {
            span.record("status", response.status.as_u16());
        }
        (response.and_then(|response| response.into_data(request.operation, core.dialect)), span)
    }

    /// Removes this request's secrets from an error, in case the service echoed them.
    fn redact(&self, error: Error, request: &Request, token: Option<&ActiveToken>) -> Error {
        let core = &*self.core;
        let application = core.dialect.application_is_secret().then_some(core.application.as_str());
        let mut secrets: Vec<&str> = application.into_iter().collect();
        let current = self.state.snapshot();
        // Also the session's token if it was not sent: the service may know it.
        secrets.extend([token, current.token()].into_iter().flatten().map(|token| token.token().expose_secret()));
        secrets.extend(request.secrets.iter().map(|secret| secret.as_str()));
        error.redact(&secrets)
    }
}
