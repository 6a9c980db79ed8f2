//! The responses of rejections.

use super::Rejection;
use http::{
    HeaderMap, HeaderName, HeaderValue, Response,
    header::{CONTENT_TYPE, RETRY_AFTER},
};

const GRPC: &[u8] = b"application/grpc";
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// Makes the response of a rejection, with a body of this type: see [`GuardLayer::responder`](super::GuardLayer::responder).
///
/// Closures `Fn(&Rejection) -> http::Response<B>` implement it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` makes no responses with bodies of type `{B}`",
    note = "`JsonResponder` needs a body that implements `From<String>`",
    note = "for other bodies use `.responder(EmptyResponder)`, or `.responder(|rejection: &Rejection| …)`"
)]
pub trait Respond<B>: Clone {
    /// Returns the response.
    fn respond(&self, rejection: &Rejection) -> Response<B>;
}

impl<B, F: Fn(&Rejection) -> Response<B> + Clone> Respond<B> for F {
    fn respond(&self, rejection: &Rejection) -> Response<B> {
        self(rejection)
    }
}

/// Responds with the rejection's status, headers and JSON, with any body that can be made of text: axum's `Body`,
/// `http_body_util::Full<Bytes>`, `String` and others.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonResponder;

impl<B: From<String>> Respond<B> for JsonResponder {
    fn respond(&self, rejection: &Rejection) -> Response<B> {
        response(rejection.status(), rejection.headers(), rejection.body().into())
    }
}

/// Responds with the rejection's status and headers, without a body: for bodies that cannot be made of text, such as tonic's.
#[derive(Clone, Copy, Debug, Default)]
pub struct EmptyResponder;

impl<B: Default> Respond<B> for EmptyResponder {
    fn respond(&self, rejection: &Rejection) -> Response<B> {
        let mut headers = rejection.headers();
        headers.remove(CONTENT_TYPE);
        response(rejection.status(), headers, B::default())
    }
}

fn response<B>(status: http::StatusCode, headers: HeaderMap, body: B) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Returns the content type to respond with, if a request is gRPC's.
pub(super) fn grpc(headers: &HeaderMap) -> Option<HeaderValue> {
    let kind = headers.get(CONTENT_TYPE)?.as_bytes();
    // Parameters are the request's own.
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let (start, format) = kind.split_at_checked(GRPC.len())?;
    if !start.eq_ignore_ascii_case(GRPC) {
        return None;
    }
    // The format of messages, such as `+proto`: the response has none.
    let variant = format.split(|byte| *byte == b'+').next().unwrap_or_default();
    match variant.to_ascii_lowercase().as_slice() {
        b"" => Some(HeaderValue::from_static("application/grpc")),
        b"-web" => Some(HeaderValue::from_static("application/grpc-web")),
        b"-web-text" => Some(HeaderValue::from_static("application/grpc-web-text")),
        _ => None,
    }
}

/// Returns a trailers-only response: the status of the call stands in the headers, and there is no body.
pub(super) fn trailers_only<B: Default>(rejection: &Rejection, content_type: HeaderValue) -> Response<B> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(GRPC_STATUS, u16::from(rejection.grpc_status()).into());
    // The texts are printable ASCII without a percent sign, which need no encoding.
    headers.insert(GRPC_MESSAGE, HeaderValue::from_static(rejection.text()));
    if let Some(wait) = rejection.headers().remove(RETRY_AFTER) {
        headers.insert(RETRY_AFTER, wait);
    }
    response(http::StatusCode::OK, headers, B::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_is_told_by_its_content_type() {
        for (kind, expected) in [
            ("application/grpc", Some("application/grpc")),
            ("Application/gRPC+proto", Some("application/grpc")),
            ("application/grpc;x=1", Some("application/grpc")),
            ("application/grpc ; x=1", Some("application/grpc")),
            (" application/grpc\t", Some("application/grpc")),
            ("application/grpc+proto;charset=utf-8", Some("application/grpc")),
            ("APPLICATION/GRPC+JSON ;x=1", Some("application/grpc")),
            ("application/grpc-web", Some("application/grpc-web")),
            ("application/grpc-web+proto", Some("application/grpc-web")),
            ("application/grpc-Web-Text+proto ; x=1", Some("application/grpc-web-text")),
            ("application/grpc-status", None),
            ("application/grpc x", None),
            ("application/json; as=application/grpc", None),
            ("application/grpcx", None),
            ("application/json", None),
            ("app", None),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
            assert_eq!(grpc(&headers).as_ref().map(|kind| kind.to_str().unwrap()), expected, "{kind}");
        }
        assert_eq!(grpc(&HeaderMap::new()), None);
    }
}
