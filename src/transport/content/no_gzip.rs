//! In place of what decompresses, in a build without the feature `gzip`.

use crate::{Error, ErrorKind, Result};
use bytes::Bytes;

/// Whether gzip is offered.
pub(in crate::transport) const OFFERED: bool = false;
/// `Accept-Encoding`.
pub(in crate::transport) const ACCEPTED: &str = "identity";

/// A content that cannot be read.
pub(in crate::transport) enum Gunzip {}

impl Gunzip {
    pub(in crate::transport) fn new(_limit: usize) -> Result<Self> {
        let detail =
            "the response is compressed (gzip) although the client did not offer that; the feature gzip reads it";
        Err(Error::new(ErrorKind::Decode).sent(true).detail(detail))
    }

    pub(in crate::transport) fn push(&mut self, _chunk: &[u8]) -> Result<()> {
        match *self {}
    }

    pub(in crate::transport) fn finish(self) -> Result<Bytes> {
        match self {}
    }
}
