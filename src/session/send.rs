//! One request: its attempts, and what comes of them.

use super::{Session, lifetime::ActiveToken};
use crate::{
    Error, Result,
    protocol::{decode::Data, operation::Effect, request::Request, retry::Attempts},
    transport::HttpRequest,
};
use std::time::{Duration, Instant};
use tracing::{Instrument as _, field::Empty};

impl Session {
    /// Sends `request` with `token` until there is a response that can be read, an error that must not be tried again, or no
    /// time left. It is `now`: the clock is read once for a call that goes well.
    pub(super) async fn send_with_retries<T>(
        &self,
        request: &Request,
        token: Option<&ActiveToken>,
        read: impl Fn(&Data) -> Result<T>,
        mut now: Instant,
        deadline: Instant,
    ) -> Result<T> {
        let core = &*self.core;
        let mut attempts = Attempts::new(request.effect, deadline);
        loop {
            let time = attempts.begin(now);
            let result = self.attempt(request, token, &attempts, time).await;
            let error = match result.and_then(|data| read(&data)) {
                Ok(value) => {
                    core.budget.refill();
                    return Ok(value);
                }
                Err(error) => error,
            };
            match attempts.after(&error, Instant::now(), &core.budget) {
                Some(wait) => {
                    core.flavour.sleep(wait).await;
                    now = Instant::now();
                }
                None => return Err(self.redact(error, request, token).operation_named(request.operation.name)),
            }
        }
    }

    async fn attempt(
        &self,
        request: &Request,
        token: Option<&ActiveToken>,
        attempts: &Attempts,
        time: Duration,
    ) -> Result<Data> {
        let core = &*self.core;
        let span = tracing::debug_span!(
            "iam_sdk.request",
            operation = request.operation.name,
            attempt = attempts.made(),
            status = Empty,
            duration_ms = Empty,
            error = Empty,
        );
        let outgoing = HttpRequest {
            method: request.method.clone(),
            url: request.url(&core.base_url),
            token: token.map(|token| (core.dialect.token_header(), &token.header)),
            body: request.body.clone(),
            timeout: time,
            repeatable: request.effect != Effect::Other,
        };
        let begun = (!span.is_disabled()).then(Instant::now);
        let response = core.send(outgoing).instrument(span.clone()).await;
        if let Some(begun) = begun {
            span.record("duration_ms", begun.elapsed().as_millis() as u64);
        }
        if let Ok(response) = &response {
            span.record("status", response.status.as_u16());
        }
        let data = response.and_then(|response| response.into_data(request.operation, core.dialect));
        if let Err(error) = &data {
            span.record("error", tracing::field::debug(error.kind()));
        }
        data
    }

    /// Takes what the service echoed of this request's secrets out of an error.
    fn redact(&self, error: Error, request: &Request, token: Option<&ActiveToken>) -> Error {
        let core = &*self.core;
        let application = core.dialect.application_is_secret().then_some(core.application.as_str());
        let mut secrets: Vec<&str> = application.into_iter().collect();
        let current = self.state.snapshot();
        // Also one that did not go along: a service may know it all the same.
        secrets.extend([token, current.token()].into_iter().flatten().map(|token| token.token().expose_secret()));
        secrets.extend(request.secrets.iter().map(|secret| secret.as_str()));
        error.redact(&secrets)
    }
}
