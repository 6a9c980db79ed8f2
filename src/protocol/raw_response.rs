use crate::Json;
use http::HeaderMap;
use std::fmt;

/// The response to a call that this crate has no method for: what `request_for_response` returns.
///
/// `Debug` shows the names of the headers and the size of the data alone: both can hold secrets.
#[derive(Clone)]
#[non_exhaustive]
pub struct RawResponse {
    /// The HTTP status, one of success.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The data, without the service's envelope; `null` where there is none.
    pub data: Json,
}

impl RawResponse {
    pub(crate) fn new(status: u16, headers: HeaderMap, data: Json) -> Self {
        Self { status, headers, data }
    }
}

impl fmt::Debug for RawResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawResponse")
            .field("status", &self.status)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("data_bytes", &self.data.as_text().len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_headers_nor_data_are_shown() {
        let headers = HeaderMap::from_iter([(http::header::SET_COOKIE, "canary".parse().unwrap())]);
        let shown = format!("{:?}", RawResponse::new(200, headers, Json::new("\"canary\"")));
        assert!(shown.contains("set-cookie") && !shown.contains("canary"), "{shown}");
    }
}
