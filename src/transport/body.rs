//! The body of a response, put together from its chunks.

use super::too_large;
use crate::Result;
use bytes::{Bytes, BytesMut};

/// The most that is allocated ahead of what has come, unless a large part has.
const PIECE: usize = 4 * 1024 * 1024;
/// The part of the announced length that must have come before the rest is allocated too.
const TRUSTED_PART: usize = 4;

/// A body of which more may come.
///
/// One buffer that grows takes three times the body at its last step. Here a body that never ends takes no more than its limit and a
/// piece, and one that ends twice its length, where it is put together. A body of which a quarter has come gets a buffer of the
/// announced length: what comes then is not copied again.
pub(super) struct Body {
    limit: usize,
    /// The length that the server has announced, where no buffer has it yet.
    announced: Option<usize>,
    length: usize,
    /// Most responses are one chunk, which is not copied.
    first: Bytes,
    pieces: Vec<BytesMut>,
}

impl Body {
    pub(super) fn new(limit: usize, announced: Option<usize>) -> Self {
        Self {
            limit,
            announced: announced.filter(|announced| *announced <= limit),
            length: 0,
            first: Bytes::new(),
            pieces: Vec::new(),
        }
    }

    /// Adds a chunk, unless it exceeds the limit.
    pub(super) fn push(&mut self, chunk: Bytes) -> Result<()> {
        if chunk.len() > self.limit - self.length {
            return Err(too_large(self.limit));
        }
        self.length += chunk.len();
        if self.length == chunk.len() {
            self.first = chunk;
            return Ok(());
        }
        if self.pieces.is_empty() {
            // Nobody else holds the buffer by now: it is not copied.
            self.pieces.push(BytesMut::from(std::mem::take(&mut self.first)));
        }
        if let Some(announced) = self.announced.take_if(|announced| self.length >= *announced / TRUSTED_PART) {
            let mut whole = BytesMut::with_capacity(announced.max(self.length));
            self.pieces.drain(..).for_each(|piece| whole.extend_from_slice(&piece));
            self.pieces.push(whole);
        }
        let room = self.pieces.last().map_or(0, |piece| piece.capacity() - piece.len()).min(chunk.len());
        let (fitting, rest) = chunk.split_at(room);
        if let Some(piece) = self.pieces.last_mut() {
            piece.extend_from_slice(fitting);
        }
        if !rest.is_empty() {
            let mut piece = BytesMut::with_capacity(self.length.min(PIECE).max(rest.len()));
            piece.extend_from_slice(rest);
            self.pieces.push(piece);
        }
        Ok(())
    }

    /// Returns the whole body.
    pub(super) fn finish(mut self) -> Bytes {
        match self.pieces.len() {
            0 => self.first,
            1 => self.pieces.remove(0).freeze(),
            _ => {
                let mut whole = BytesMut::with_capacity(self.length);
                // Each piece is freed once it is copied.
                self.pieces.into_iter().for_each(|piece| whole.extend_from_slice(&piece));
                whole.freeze()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_its_chunks() {
        for lengths in [&[][..], &[0], &[5], &[0, 5], &[5, 0, 1], &[1; 100], &[1000, 1, 50_000, 3, 3, 90_000]] {
            let sum: usize = lengths.iter().sum();
            for announced in [None, Some(sum), Some(0), Some(sum / 2), Some(2 * sum), Some(usize::MAX)] {
                let mut body = Body::new(1_000_000, announced);
                let mut expected = Vec::new();
                for (n, length) in lengths.iter().enumerate() {
                    expected.resize(expected.len() + length, n as u8);
                    body.push(Bytes::from(vec![n as u8; *length])).unwrap();
                }
                assert!(body.finish() == expected, "{lengths:?} {announced:?}");
            }
        }
    }

    #[test]
    fn the_limit_is_the_most_that_is_taken() {
        for (limit, lengths, taken) in [(10, &[10][..], 1), (10, &[11], 0), (10, &[4, 6, 1], 2), (0, &[0, 1], 1)] {
            let mut body = Body::new(limit, None);
            let results = lengths.iter().map(|length| body.push(Bytes::from(vec![0; *length])));
            let results: Vec<_> = results.map(|result| result.is_ok()).collect();
            assert_eq!(results.iter().filter(|taken| **taken).count(), taken, "{limit} {lengths:?}");
        }
    }

    #[test]
    fn little_is_allocated_ahead() {
        const CHUNK: usize = 16 * 1024;
        let allocated = |body: &Body| body.pieces.iter().map(BytesMut::capacity).sum::<usize>();
        let mut body = Body::new(usize::MAX, None);
        for _ in 0..2_000 {
            body.push(Bytes::from(vec![0; CHUNK])).unwrap();
            assert!(allocated(&body) <= body.length + PIECE, "{} of {}", allocated(&body), body.length);
        }
        // What is announced is believed where a part has come.
        let mut body = Body::new(usize::MAX, Some(2_000 * CHUNK));
        for _ in 0..2_000 {
            body.push(Bytes::from(vec![0; CHUNK])).unwrap();
            let most = (body.length + PIECE).max(body.length * TRUSTED_PART);
            assert!(allocated(&body) <= most, "{} of {}", allocated(&body), body.length);
        }
        assert_eq!((body.pieces.len(), allocated(&body)), (1, 2_000 * CHUNK));
    }
}
