//! On which line a byte of a file is. The parser of CSV counts lines, but is one behind where lines end with CR LF, and does not
//! count empty ones before a record.

use std::{
    collections::VecDeque,
    io::{self, Read},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// A reader that notes where lines end, and whether a quote is open where the file ends.
pub struct NotingReader<R> {
    inner: R,
    offset: u64,
    ends: Ends,
    delimiter: u8,
    place: Place,
    open_quote: Arc<AtomicBool>,
}

/// Where in CSV a byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Where a cell begins.
    Start,
    Unquoted,
    Quoted,
    /// Behind a quote that ends the quoted text, unless another one follows.
    Closing,
}

impl Place {
    fn after(self, byte: u8, delimiter: u8) -> Self {
        match (self, byte) {
            (Self::Quoted, b'"') => Self::Closing,
            (Self::Quoted, _) | (Self::Start | Self::Closing, b'"') => Self::Quoted,
            (_, b'\r' | b'\n') => Self::Start,
            (_, byte) if byte == delimiter => Self::Start,
            _ => Self::Unquoted,
        }
    }
}

/// Where the bytes CR and LF are that were read and not asked for yet; `true`: LF.
type Ends = Arc<Mutex<VecDeque<(u64, bool)>>>;

/// Tells the lines of bytes, which must be asked for in their order.
pub struct LineNumbers {
    ends: Ends,
    line: u64,
    open_quote: Arc<AtomicBool>,
}

impl<R: Read> NotingReader<R> {
    pub fn new(inner: R, delimiter: u8) -> (Self, LineNumbers) {
        let (ends, open_quote) = (Ends::default(), Arc::<AtomicBool>::default());
        let lines = LineNumbers { ends: ends.clone(), line: 1, open_quote: open_quote.clone() };
        (Self { inner, offset: 0, ends, delimiter, place: Place::Start, open_quote }, lines)
    }
}

impl<R: Read> Read for NotingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        if length == 0 && !buffer.is_empty() {
            self.open_quote.store(self.place == Place::Quoted, Ordering::Relaxed);
        }
        self.place = buffer[..length].iter().fold(self.place, |place, byte| place.after(*byte, self.delimiter));
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        let offsets = (self.offset..).zip(&buffer[..length]);
        ends.extend(offsets.filter(|(_, byte)| matches!(byte, b'\r' | b'\n')).map(|(at, byte)| (at, *byte == b'\n')));
        self.offset += length as u64;
        Ok(length)
    }
}

impl LineNumbers {
    /// Returns whether the end of the file has come inside a quoted cell: what the parser takes for the last record may be
    /// all the rest of the file.
    pub fn has_open_quote(&self) -> bool {
        self.open_quote.load(Ordering::Relaxed)
    }

    /// Returns the line of the first byte from `at` on that ends no line.
    pub fn of(&mut self, mut at: u64) -> u64 {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((end, is_lf)) = ends.front().copied().filter(|(end, _)| *end <= at) {
            ends.pop_front();
            self.line += u64::from(is_lf);
            if end == at {
                at += 1;
            }
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_has_its_line_however_lines_end() {
        for text in ["ab\ncd\n\nef", "ab\r\ncd\r\n\r\nef"] {
            let (mut reader, mut lines) = NotingReader::new(text.as_bytes(), b',');
            io::copy(&mut reader, &mut io::sink()).unwrap();
            let cd = text.find('c').unwrap() as u64;
            // Where a record begins, what ends the line before can be part of it.
            assert_eq!([0, cd - 1, cd, cd + 2].map(|at| lines.of(at)), [1, 2, 2, 4], "{text:?}");
        }
    }

    #[test]
    fn a_quote_that_is_open_at_the_end_is_noticed() {
        for (text, is_open) in [
            ("a,\"b", true),
            ("a,\"b\"\"", true),
            ("a\n\"b\nc\n", true),
            ("a,\"b\"", false),
            ("a,\"b\"\"\"", false),
            ("a,b\"c", false),
            ("a,\"b\"c\"d", false),
            ("a;\"b", false),
            ("", false),
        ] {
            let (mut reader, lines) = NotingReader::new(text.as_bytes(), b',');
            io::copy(&mut reader, &mut io::sink()).unwrap();
            assert_eq!(lines.has_open_quote(), is_open, "{text:?}");
        }
    }
}
