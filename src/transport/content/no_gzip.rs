//! In place of what decompresses, in a build without the feature `gzip`.

use crate::{Error, ErrorKind, Result};
use bytes::Bytes;

/// `Accept-Encoding`, where compressed contents are wanted.
pub(in crate::transport) const OFFER: Option<&str> = None;

/// A content that cannot be read, unless it is empty.
pub(in crate::transport) struct Gunzip;

impl Gunzip {
    pub(in crate::transport) fn new(_limit: usize) -> Self {
        Self
    }

    pub(in crate::transport) fn push(&mut self, chunk: &[u8]) -> Result<()> {
        if chunk.is_empty() {
            return Ok(());
        }
        let detail =
            "the response is compressed (gzip) although the client did not offer that; the feature gzip reads it";
        Err(Error::new(ErrorKind::Decode).sent(true).detail(detail))
    }

    pub(in crate::transport) fn finish(self) -> Result<Bytes> {
        Ok(Bytes::new())
    }
}
