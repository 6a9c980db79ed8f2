//! How a response ended: HTTP/2 lets a server break one off without an error, which the HTTP client takes for its end.

use super::HttpRequest;
use http::{HeaderMap, Method, StatusCode, Version, header::TRANSFER_ENCODING};

/// What the head of a response says about the end of its body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Framing {
    is_http2: bool,
    /// The length of what is sent.
    announced: Option<u64>,
    /// The end is marked by a last chunk. HTTP/2 marks each end, except where a stream is reset.
    is_chunked: bool,
    /// Whether there may be a body: a response to HEAD announces one that does not come.
    may_have_body: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// All that the server meant to send has come, as far as can be told.
    Whole,
    /// The server, or something on the way, broke it off.
    BrokenOff,
    /// Nothing came, and nothing says that there was nothing to come.
    Unmarked,
}

/// Whether a request's response can have a body.
pub(super) fn wants_body(request: &HttpRequest<'_>) -> bool {
    request.method != Method::HEAD
}

impl Framing {
    pub(super) fn new(
        wants_body: bool,
        (version, status): (Version, StatusCode),
        headers: &HeaderMap,
        announced: Option<u64>,
    ) -> Self {
        Self {
            is_http2: version == Version::HTTP_2,
            announced,
            is_chunked: headers.contains_key(TRANSFER_ENCODING),
            // A status of failure says enough, whatever came of its page.
            may_have_body: wants_body && status.is_success() && status != StatusCode::NO_CONTENT,
        }
    }

    /// Returns how a body ended of which so many bytes came; `None` if there was not even an empty chunk, which an end of a
    /// stream of HTTP/2 by itself is.
    pub(super) fn ending(self, received: Option<u64>) -> Ending {
        let Self { is_http2, announced, is_chunked, may_have_body } = self;
        match (announced, received) {
            _ if !may_have_body => Ending::Whole,
            (Some(announced), received) if received.unwrap_or_default() < announced => Ending::BrokenOff,
            (None, None) if is_http2 => Ending::BrokenOff,
            (None, None) if !is_chunked => Ending::Unmarked,
            _ => Ending::Whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_whole_where_its_end_is_marked() {
        use Ending::{BrokenOff, Unmarked, Whole};
        const H1: Version = Version::HTTP_11;
        const H2: Version = Version::HTTP_2;
        for (version, chunked, announced, received, ending) in [
            (H2, false, Some(9), Some(9), Whole),
            (H2, false, Some(9), Some(8), BrokenOff),
            (H2, false, Some(9), Some(0), BrokenOff),
            (H2, false, Some(9), None, BrokenOff),
            (H2, false, Some(0), None, Whole),
            (H2, false, None, Some(8), Whole),
            (H2, false, None, Some(0), Whole),
            (H2, false, None, None, BrokenOff),
            (H1, false, Some(9), Some(9), Whole),
            (H1, false, Some(0), None, Whole),
            (H1, false, None, Some(8), Whole),
            (H1, false, None, None, Unmarked),
            (H1, true, None, None, Whole),
            (H1, true, None, Some(8), Whole),
            (Version::HTTP_10, false, None, None, Unmarked),
        ] {
            let mut headers = HeaderMap::new();
            headers.extend(chunked.then(|| (TRANSFER_ENCODING, "chunked".parse().unwrap())));
            let framing = |wants_body, status| Framing::new(wants_body, (version, status), &headers, announced);
            let case = format!("{version:?} {chunked} {announced:?} {received:?}");
            assert_eq!(framing(true, StatusCode::OK).ending(received), ending, "{case}");
            assert_eq!(framing(true, StatusCode::CREATED).ending(received), ending, "{case}");
            assert_eq!(framing(false, StatusCode::OK).ending(received), Whole, "{case}");
            for status in [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED, StatusCode::UNAUTHORIZED] {
                assert_eq!(framing(true, status).ending(received), Whole, "{case} {status}");
            }
        }
    }
}
