//! The content of a response: its body, without the coding that its server sent it in.

#[cfg(feature = "gzip")]
mod gzip;
#[cfg(not(feature = "gzip"))]
mod no_gzip;

use super::{body::Body, too_large};
use crate::Result;
use bytes::Bytes;
use http::{HeaderMap, header::CONTENT_ENCODING};

#[cfg(feature = "gzip")]
use gzip::Gunzip;
#[cfg(feature = "gzip")]
pub(super) use gzip::OFFER;
#[cfg(not(feature = "gzip"))]
use no_gzip::Gunzip;
#[cfg(not(feature = "gzip"))]
pub(super) use no_gzip::OFFER;

/// A content of which more may come. It never becomes larger than its limit, however little a server sends for it.
pub(super) enum Content {
    Plain(Body),
    Gzip(Gunzip),
}

impl Content {
    /// `announced` is the length of what the server sends, if it tells. Fails where it cannot be within the limit.
    pub(super) fn new(headers: &HeaderMap, limit: usize, announced: Option<u64>) -> Result<Self> {
        let is_gzip = is_gzip(headers);
        let most = if is_gzip { most_compressed(limit) } else { limit };
        if announced.is_some_and(|announced| announced > most as u64) {
            return Err(too_large(limit));
        }
        Ok(match is_gzip {
            true => Self::Gzip(Gunzip::new(limit)),
            false => Self::Plain(Body::new(limit, announced.and_then(|bytes| bytes.try_into().ok()))),
        })
    }

    /// Returns whether it is sent in a coding that is read here.
    pub(super) fn is_coded(&self) -> bool {
        matches!(self, Self::Gzip(_))
    }

    /// Adds a chunk of what the server sends, unless the content exceeds the limit.
    pub(super) fn push(&mut self, chunk: Bytes) -> Result<()> {
        match self {
            Self::Plain(body) => body.push(chunk),
            Self::Gzip(gunzip) => gunzip.push(&chunk),
        }
    }

    /// Returns the whole content.
    pub(super) fn finish(self) -> Result<Bytes> {
        match self {
            Self::Plain(body) => Ok(body.finish()),
            Self::Gzip(gunzip) => gunzip.finish(),
        }
    }
}

/// The most bytes that a content within the limit can take where it is compressed: compressing never adds more than that.
fn most_compressed(limit: usize) -> usize {
    limit.saturating_add(limit / 1000).saturating_add(1024)
}

/// Returns whether the body is compressed with gzip. Other codings were not offered: their bytes do not decode.
fn is_gzip(headers: &HeaderMap) -> bool {
    let coding = headers.get(CONTENT_ENCODING).and_then(|coding| coding.to_str().ok()).unwrap_or_default();
    ["gzip", "x-gzip"].iter().any(|name| coding.trim().eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_tells_gzip() {
        for (coding, expected) in [
            (None, false),
            (Some("gzip"), true),
            (Some(" GZIP "), true),
            (Some("x-gzip"), true),
            (Some("identity"), false),
            (Some("br"), false),
            (Some("gzip, gzip"), false),
            (Some("utf-8"), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.extend(coding.map(|coding| (CONTENT_ENCODING, coding.parse().unwrap())));
            assert_eq!(is_gzip(&headers), expected, "{coding:?}");
        }
    }
}
