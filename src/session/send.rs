//! One request and its retries.

use super::{
    Session,
    lifetime::ActiveToken,
    observe::{AttemptScope, Sending},
    reading::Read,
};
use crate::{
    Error, Result,
    protocol::{
        decode::Response,
        operation::Effect,
        request::Request,
        retry::{Attempts, TimeLimit},
    },
    transport::HttpRequest,
};
use futures_util::future::BoxFuture;
use std::time::Instant;
use tracing::Instrument as _;

impl Session {
    /// Sends `request` with `token` until `reading` can read a response, an error must not be retried, or no time is left for `attempts`.
    /// `now` is the current time: a call that succeeds at once reads the clock only once.
    ///
    /// No `async fn`, whose future would have room for each argument twice.
    pub(super) fn send_with_retries(
        &self,
        request: &Request,
        token: Option<&ActiveToken>,
        reading: &mut dyn Read,
        attempts: &mut Attempts<'_>,
        mut now: Instant,
        sending: &mut Sending<'_>,
    ) -> impl Future<Output = Result<()>> {
        let mut last = None;
        async move {
            loop {
                let Some(time) = attempts.begin(now) else {
                    let late = || attempts.settings().late("what the request had to wait for");
                    return Err(self.failed(last.unwrap_or_else(late), request, token, attempts));
                };
                let attempt = async {
                    let (mut attempt, sent) = self.begin_attempt(request, token, attempts, time, sending)?;
                    let response = sent.instrument(attempt.span().clone()).await;
                    attempt.responded(&response);
                    let data = response.and_then(|response| response.into_data(request.operation, self.core.dialect));
                    let read = data.as_ref().map_err(Clone::clone).and_then(|data| reading.read(data));
                    attempt.finish(read.as_ref().err(), data.as_ref().ok());
                    read
                };
                let error = match attempt.await {
                    Ok(()) => {
                        self.core.budget.refill();
                        return Ok(());
                    }
                    Err(error) => error,
                };
                match attempts.after(&error, Instant::now(), &self.core.budget) {
                    Some(wait) => {
                        sending.again(request, &error, wait);
                        last = Some(error);
                        self.core.flavour.sleep(wait).await;
                        now = Instant::now();
                    }
                    None => return Err(self.failed(error, request, token, attempts)),
                }
            }
        }
    }

    /// Returns the error of a request that is not sent again.
    fn failed(&self, error: Error, request: &Request, token: Option<&ActiveToken>, attempts: &Attempts<'_>) -> Error {
        let error = self.redact(error, request, token);
        error.operation_named(request.operation.name).attempts_made(attempts.made()).gave_up(attempts.gave_up())
    }

    /// Builds the HTTP request of an attempt and starts sending it. Not a part of the future that waits, which would have room for the
    /// parts of the request.
    fn begin_attempt<'a, 'b: 'a>(
        &'a self,
        request: &'a Request,
        token: Option<&'a ActiveToken>,
        attempts: &Attempts<'_>,
        time: TimeLimit,
        sending: &mut Sending<'b>,
    ) -> Result<(AttemptScope<'a>, BoxFuture<'a, Result<Response>>)> {
        let core = &*self.core;
        let url = request.url(&core.base_url);
        let attempt = AttemptScope::begin(self, request, token, sending, &url);
        let hook = || core.observing.headers(request.operation.name, core.dialect.reserved_headers());
        let hook_headers = match attempt.span().in_scope(hook) {
            Ok(headers) => headers,
            Err(error) => {
                attempt.finish(Some(&error), None);
                return Err(error);
            }
        };
        let http_request = HttpRequest {
            method: request.method.clone(),
            url,
            token: token.map(|token| (core.dialect.token_header(), &token.header)),
            headers: &attempts.settings().headers,
            hook_headers,
            body: request.body.clone(),
            time,
            repeatable: request.effect != Effect::Other,
            may_be_long: request.operation.may_be_long(&request.method, core.dialect.brings_secret(request.operation)),
        };
        let sent = attempt.span().in_scope(|| core.send(http_request));
        Ok((attempt, sent))
    }

    /// Removes this request's secrets from an error, in case the service echoed them.
    fn redact(&self, error: Error, request: &Request, token: Option<&ActiveToken>) -> Error {
        self.with_secrets(request, token, |secrets| error.redact(secrets))
    }

    /// Removes this request's secrets from a text.
    pub(super) fn redact_text(&self, mut text: String, request: &Request, token: Option<&ActiveToken>) -> String {
        self.with_secrets(request, token, |secrets| crate::error::redact_text(&mut text, secrets));
        text
    }

    fn with_secrets<T>(&self, request: &Request, token: Option<&ActiveToken>, remove: impl FnOnce(&[&str]) -> T) -> T {
        let core = &*self.core;
        let application = core.dialect.application_is_secret().then_some(core.application.as_str());
        let mut secrets: Vec<&str> = application.into_iter().collect();
        let current = self.state.snapshot();
        // Also the session's token if it was not sent: the service may know it.
        secrets.extend([token, current.token()].into_iter().flatten().map(|token| token.token().expose_secret()));
        secrets.extend(request.secrets.iter().map(|secret| secret.as_str()));
        remove(&secrets)
    }
}
