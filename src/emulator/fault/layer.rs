//! The faults of responses, around the routes.

use super::{
    effect::FaultEffect,
    plan::{Matched, Plan},
    rewrite,
    wire::{Wire, Writing},
};
use crate::emulator::{
    log::{Log, ReceivedRequest},
    recognize,
    service::ErrorResponses,
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER},
    request::Parts,
};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// What the middleware shares between requests.
#[derive(Clone)]
pub(in crate::emulator) struct MiddlewareState {
    pub(in crate::emulator) log: Arc<Log>,
    pub(in crate::emulator) plan: Plan,
    pub(in crate::emulator) latency: Duration,
    /// The services by name.
    pub(in crate::emulator) services: Arc<HashMap<&'static str, Arc<dyn ErrorResponses>>>,
}

pub(in crate::emulator) async fn serve(
    State(state): State<MiddlewareState>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: Request,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    // The client has left.
    let Ok(body) = to_bytes(body, usize::MAX).await else { return StatusCode::BAD_REQUEST.into_response() };
    let choice = wire.request_received();
    let path = head.uri.path();
    let operations = recognize::names(head.method.as_str(), path, &body);
    state.log.record(ReceivedRequest::new(&head, body.clone(), operations.clone()));
    let matched = Matched { operations: &operations, path, length: None };
    let effect = choice.unwrap_or_else(|| state.plan.due(&matched));
    if !state.latency.is_zero() {
        tokio::time::sleep(state.latency).await;
    }
    let error = |response: fn(&dyn ErrorResponses, &Parts, u32) -> Response, code| {
        let service = state.services.get(recognize::service(&operations, path));
        service.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |service| response(&**service, &head, code))
    };
    match effect {
        Some(FaultEffect::EnvelopeError(code)) => error(|service, head, code| service.error(head, code), code),
        Some(FaultEffect::RefuseToken) => error(|service, head, _| service.token_refused(head), 0),
        effect => {
            let request = Request::from_parts(head, Body::from(body));
            match effect {
                None => next.run(request).await,
                Some(effect) => apply(effect, &wire, request, next).await,
            }
        }
    }
}

async fn apply(effect: FaultEffect, wire: &Wire, mut request: Request, next: Next) -> Response {
    if effect.rewrites_json() {
        // What is rewritten must not come compressed.
        request.headers_mut().remove(ACCEPT_ENCODING);
    }
    // Where the connection is told what to do, the response is only what makes it begin.
    let started = || StatusCode::OK.into_response();
    match effect {
        // `serve` and the connection apply these.
        FaultEffect::Refuse
        | FaultEffect::ResetWithin(_)
        | FaultEffect::EnvelopeError(_)
        | FaultEffect::RefuseToken => next.run(request).await,
        FaultEffect::Cut { carried_out, after, end } => {
            let response = if carried_out { next.run(request).await } else { started() };
            let (response, length) = measured(response).await;
            wire.write(Writing::Cut { after: after.of_body(length), end });
            response
        }
        FaultEffect::Drip(every) => {
            wire.write(Writing::Drip(every));
            next.run(request).await
        }
        FaultEffect::Delay(wait) => {
            let response = next.run(request).await;
            tokio::time::sleep(wait).await;
            response
        }
        FaultEffect::Respond { status, retry_after, body } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let json = serde_json::from_str::<serde::de::IgnoredAny>(&body).is_ok();
            let content_type = if json { "application/json" } else { "text/html" };
            let mut response = (status, [(CONTENT_TYPE, content_type)], body).into_response();
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(RETRY_AFTER, seconds.into());
            }
            response
        }
        FaultEffect::Html => Html(rewrite::HTML).into_response(),
        FaultEffect::TruncatedJson => rewritten(next.run(request).await, |body| body[..body.len() / 2].to_vec()).await,
        FaultEffect::DeepJson => ([(CONTENT_TYPE, "application/json")], rewrite::deep_json()).into_response(),
        FaultEffect::EndlessBody => {
            wire.write(Writing::Endless(ENDLESS_BODY, format!("10000\r\n{}\r\n", "1,".repeat(0x8000))));
            started()
        }
        FaultEffect::EndlessHeaders => {
            wire.write(Writing::Endless("HTTP/1.1 200 OK\r\n", format!("x-endless: {}\r\n", "a".repeat(50))));
            started()
        }
        FaultEffect::Redirect(url) => {
            let mut response = StatusCode::FOUND.into_response();
            if let Ok(url) = HeaderValue::from_str(&url) {
                response.headers_mut().insert(LOCATION, url);
            }
            response
        }
        FaultEffect::UnknownMembers => {
            rewritten(next.run(request).await, |body| rewrite::json(body, rewrite::add_unknown)).await
        }
        FaultEffect::NumbersAsText => {
            rewritten(next.run(request).await, |body| rewrite::json(body, rewrite::number_to_text)).await
        }
        FaultEffect::ClockMoved(seconds) => {
            let response = next.run(request).await;
            let move_times = |body: &Bytes| rewrite::json(body, |value| rewrite::move_times(value, seconds));
            let mut response = rewritten(response, move_times).await;
            if let Some(date) = moved_now(seconds).and_then(|now| HeaderValue::from_str(&now).ok()) {
                response.headers_mut().insert(DATE, date);
            }
            response
        }
    }
}

const ENDLESS_BODY: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n1\r\n[\r\n";

/// Returns the time so many seconds ahead, as the header `Date` has it; `None` outside of the years that it can tell.
fn moved_now(seconds: i64) -> Option<String> {
    let (now, distance) = (SystemTime::now(), Duration::from_secs(seconds.unsigned_abs()));
    let moved = if seconds < 0 { now.checked_sub(distance) } else { now.checked_add(distance) }?;
    let since = moved.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    // 9999-12-31: later years have five digits.
    (since.as_secs() < 253_402_300_800).then(|| httpdate::fmt_http_date(moved))
}

/// Returns the response, and how long its body is.
async fn measured(response: Response) -> (Response, usize) {
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let length = body.len();
    (Response::from_parts(head, Body::from(body)), length)
}

async fn rewritten(response: Response, rewrite: impl FnOnce(&Bytes) -> Vec<u8>) -> Response {
    let (mut head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    // That of the body before.
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, Body::from(rewrite(&body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_moves_within_what_a_header_can_tell() {
        for (seconds, moved) in [(0, true), (-3600, true), (3600, true), (i64::MIN, false), (i64::MAX, false)] {
            assert_eq!(moved_now(seconds).is_some(), moved, "{seconds}");
        }
    }
}
