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
pub trait Respond<B>: Clone {
    /// Returns the response.
    fn respond(&self, rejection: &Rejection) -> Response<B>;
}

impl<B, F: Fn(&Rejection) -> Response<B> + Clone> Respond<B> for F {
    fn respond(&self, rejection: &Rejection) -> Response<B> {
        self(rejection)
    }
}

/// Responds with the rejection's status, headers and JSON. The body is empty where it is of another type than axum's.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonResponder;

impl<B: Default + 'static> Respond<B> for JsonResponder {
    fn respond(&self, rejection: &Rejection) -> Response<B> {
        #[allow(unused_mut)]
        let mut body = B::default();
        let mut headers = rejection.headers();
        // Only axum's own body can be made of text here; the layer serves any body that has a default.
        #[cfg(feature = "axum")]
        let has_body = match (&mut body as &mut dyn std::any::Any).downcast_mut::<axum_core::body::Body>() {
            Some(body) => {
                *body = rejection.body().into();
                true
            }
            None => false,
        };
        #[cfg(not(feature = "axum"))]
        let has_body = false;
        if !has_body {
            headers.remove(CONTENT_TYPE);
        }
        response(rejection.status(), headers, body)
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
    let rest = kind.get(..GRPC.len()).filter(|start| start.eq_ignore_ascii_case(GRPC)).and(kind.get(GRPC.len()..))?;
    match rest.first() {
        None | Some(b'+' | b';') => Some(HeaderValue::from_static("application/grpc")),
        Some(b'-') => Some(HeaderValue::from_static("application/grpc-web")),
        Some(_) => None,
    }
}

/// Returns a trailers-only response: the status of the call stands in the headers, and there is no body.
pub(super) fn trailers_only<B: Default>(rejection: &Rejection, content_type: HeaderValue) -> Response<B> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(GRPC_STATUS, u16::from(rejection.grpc_status()).into());
    // The texts are printable ASCII without a percent sign, which need no encoding.
    if let Ok(message) = HeaderValue::try_from(rejection.to_string()) {
        headers.insert(GRPC_MESSAGE, message);
    }
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
            ("application/grpc-web+proto", Some("application/grpc-web")),
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
