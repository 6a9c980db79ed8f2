//! Contents that are compressed with gzip.

use crate::{
    Error, ErrorKind, Result,
    transport::{body::Body, content::most_compressed, too_large},
};
use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use std::io::{self, Write};

/// `Accept-Encoding`, where compressed contents are wanted.
pub(in crate::transport) const OFFER: Option<&str> = Some("gzip");

/// A compressed content of which more may come. Only what is decompressed is kept.
pub(in crate::transport) struct Gunzip {
    /// In a box: it is large, and most contents are not compressed.
    decoder: Box<MultiGzDecoder<Limited>>,
    received: usize,
    limit: usize,
}

impl Gunzip {
    pub(in crate::transport) fn new(limit: usize) -> Self {
        Self { decoder: Box::new(MultiGzDecoder::new(Limited(Body::new(limit, None)))), received: 0, limit }
    }

    pub(in crate::transport) fn push(&mut self, chunk: &[u8]) -> Result<()> {
        self.received = self.received.saturating_add(chunk.len());
        // Members that are empty would never reach the limit of what is decompressed.
        if self.received > most_compressed(self.limit) {
            return Err(too_large(self.limit));
        }
        self.decoder.write_all(chunk).map_err(unusable)
    }

    pub(in crate::transport) fn finish(self) -> Result<Bytes> {
        // Proxies leave the header on a body that they have removed.
        if self.received == 0 {
            return Ok(Bytes::new());
        }
        let Limited(body) = self.decoder.finish().map_err(unusable)?;
        Ok(body.finish())
    }
}

/// Takes what is decompressed, until the limit.
struct Limited(Body);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push(Bytes::copy_from_slice(bytes)).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The limit's own error; or else what was sent is no gzip, or not all of it, as after an interruption that nothing else has shown.
fn unusable(error: io::Error) -> Error {
    let damaged = |_| Error::new(ErrorKind::Transport).sent(true).detail("the compressed response (gzip) is damaged");
    error.downcast::<Error>().unwrap_or_else(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn gunzip(sent: &[u8], piece: usize, limit: usize) -> Result<Bytes> {
        let mut content = Gunzip::new(limit);
        sent.chunks(piece).try_for_each(|chunk| content.push(chunk))?;
        content.finish()
    }

    fn kind(result: Result<Bytes>) -> ErrorKind {
        result.unwrap_err().kind()
    }

    #[test]
    fn what_was_compressed_comes_back_however_it_is_cut() {
        let content: Vec<u8> = (0..200_000_u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        let two_members = [gzip(b"one"), gzip(b"two")].concat();
        for piece in [1, 7, 1000, 1_000_000] {
            assert!(gunzip(&gzip(&content), piece, content.len()).unwrap() == content, "{piece}");
            assert_eq!(gunzip(&gzip(b""), piece, 0).unwrap(), "");
            assert_eq!(gunzip(b"", piece, 0).unwrap(), "");
            assert_eq!(gunzip(&two_members, piece, 6).unwrap(), "onetwo");
        }
    }

    #[test]
    fn the_limit_is_of_what_is_decompressed() {
        let sent = gzip(&[0; 1_000_000]);
        assert!(sent.len() < 2_000);
        for piece in [1, 100, 10_000] {
            assert_eq!(gunzip(&sent, piece, 1_000_000).unwrap().len(), 1_000_000);
            assert_eq!(kind(gunzip(&sent, piece, 999_999)), ErrorKind::TooLarge);
            assert_eq!(kind(gunzip(&sent, piece, 1)), ErrorKind::TooLarge);
        }
    }

    #[test]
    fn what_is_sent_is_limited_too() {
        let empty = gzip(b"").repeat(10_000_000 / gzip(b"").len());
        for piece in [1000, 100_000, 10_000_000] {
            assert_eq!(kind(gunzip(&empty, piece, 1_000_000)), ErrorKind::TooLarge, "{piece}");
        }
        assert_eq!(gunzip(&empty[..gzip(b"").len() * 100], 7, 1_000_000).unwrap(), "");
        // What cannot be compressed takes more when it is.
        let mut state = 1_u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        let noise: Vec<u8> = noise.take(100_000).collect();
        let sent = gzip(&noise);
        assert!(sent.len() > noise.len());
        assert!(gunzip(&sent, 5000, noise.len()).unwrap() == noise);
    }

    #[test]
    fn what_is_damaged_is_never_a_content() {
        let content = br#"{"id": "ann", "name": "Ann", "email": "ann@example.com"}"#;
        let sent = gzip(content);
        for length in 1..sent.len() {
            assert_eq!(kind(gunzip(&sent[..length], 5, 1000)), ErrorKind::Transport, "cut at {length}");
        }
        let mut unharmed = 0;
        for bit in 0..sent.len() * 8 {
            let mut damaged = sent.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            if let Ok(found) = gunzip(&damaged, 5, 1000) {
                assert_eq!(found, &content[..], "bit {bit}");
                unharmed += 1;
            }
        }
        // A flag, the time and the system in the head, and what fills up the last byte before the checksum, mean nothing.
        assert!(unharmed <= 1 + 6 * 8 + 7, "{unharmed}");
        for trailing in [&b"x"[..], b"{}", &[0; 20]] {
            assert_eq!(kind(gunzip(&[&sent, trailing].concat(), 5, 1000)), ErrorKind::Transport);
        }
        assert_eq!(kind(gunzip(b"{\"id\": \"plain\"}", 5, 1000)), ErrorKind::Transport);
    }
}
