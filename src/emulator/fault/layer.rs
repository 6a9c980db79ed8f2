//! The faults of responses, around the routes.

use super::{
    Plan,
    effect::{Effect, Stage},
    forms::Form,
    rewrite,
    wire::{Wire, Writing},
};
use crate::emulator::{
    log::{Log, ReceivedRequest},
    operation,
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER},
};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

/// What every request meets.
#[derive(Clone)]
pub(in crate::emulator) struct Surroundings {
    pub(in crate::emulator) log: Arc<Log>,
    pub(in crate::emulator) plan: Plan,
    pub(in crate::emulator) latency: Duration,
}

pub(in crate::emulator) async fn serve(
    State(surroundings): State<Surroundings>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: Request,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    // The client has left.
    let Ok(body) = to_bytes(body, usize::MAX).await else { return StatusCode::BAD_REQUEST.into_response() };
    wire.request_received();
    let path = head.uri.path().to_owned();
    let operations = operation::names(head.method.as_str(), &path, &body);
    surroundings.log.note(ReceivedRequest::new(&head, body.clone(), operations.clone()));
    let effect = surroundings.plan.due(Stage::Response, &operations, &path);
    if !surroundings.latency.is_zero() {
        tokio::time::sleep(surroundings.latency).await;
    }
    let request = Request::from_parts(head, Body::from(body));
    match effect {
        None => next.run(request).await,
        Some(effect) => apply(effect, Form::of(service(&operations, &path), &path), &wire, request, next).await,
    }
}

/// Returns the service of a request, also of one that is no operation.
fn service(operations: &[&'static str], path: &str) -> &'static str {
    let of_path = || match path {
        path if path.starts_with("/api/iam/") => "digiwin",
        path if path.starts_with("/api/v1/") => "cloudspot",
        _ => "authing",
    };
    operations.first().and_then(|name| name.split('.').next()).unwrap_or_else(of_path)
}

async fn apply(effect: Effect, form: Form, wire: &Wire, request: Request, next: Next) -> Response {
    // Where the connection is told what to do, the response is only what makes it begin.
    let started = || StatusCode::OK.into_response();
    match effect {
        Effect::Refuse | Effect::ResetWithin(_) => next.run(request).await,
        Effect::Cut { carried_out, after, end } => {
            let response = if carried_out { next.run(request).await } else { started() };
            let (response, length) = measured(response).await;
            wire.write(Writing::Cut { after: after.of_body(length), end });
            response
        }
        Effect::Drip(every) => {
            wire.write(Writing::Drip(every));
            next.run(request).await
        }
        Effect::Delay(wait) => {
            let response = next.run(request).await;
            tokio::time::sleep(wait).await;
            response
        }
        Effect::Respond { status, retry_after, body } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let json = body.trim_start().starts_with(['{', '[', '"']);
            let content_type = if json { "application/json" } else { "text/html" };
            let mut response = (status, [(CONTENT_TYPE, content_type)], body).into_response();
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(RETRY_AFTER, seconds.into());
            }
            response
        }
        Effect::Html => Html(rewrite::HTML).into_response(),
        Effect::TruncatedJson => rewritten(next.run(request).await, |body| body[..body.len() / 2].to_vec()).await,
        Effect::DeepJson => ([(CONTENT_TYPE, "application/json")], rewrite::deep_json()).into_response(),
        Effect::EndlessBody => {
            wire.write(Writing::Endless(ENDLESS_BODY, format!("10000\r\n{}\r\n", "1,".repeat(0x8000))));
            started()
        }
        Effect::EndlessHeaders => {
            wire.write(Writing::Endless("HTTP/1.1 200 OK\r\n", format!("x-endless: {}\r\n", "a".repeat(50))));
            started()
        }
        Effect::Redirect(url) => {
            let mut response = StatusCode::FOUND.into_response();
            if let Ok(url) = HeaderValue::from_str(&url) {
                response.headers_mut().insert(LOCATION, url);
            }
            response
        }
        Effect::EnvelopeError(code) => form.error(code),
        Effect::UnknownMembers => {
            rewritten(next.run(request).await, |body| rewrite::json(body, rewrite::add_unknown)).await
        }
        Effect::NumbersAsText => {
            rewritten(next.run(request).await, |body| rewrite::json(body, rewrite::number_to_text)).await
        }
        Effect::RefuseToken => form.token_refused(),
        Effect::ClockMoved(seconds) => {
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

    #[test]
    fn a_request_has_a_service_even_if_it_is_no_operation() {
        for (operations, path, expected) in [
            (&["cloudspot.get_user"][..], "/x", "cloudspot"),
            (&[], "/api/iam/v2/x", "digiwin"),
            (&[], "/api/v1/x", "cloudspot"),
            (&[], "/x", "authing"),
        ] {
            assert_eq!(service(operations, path), expected);
        }
    }
}
