//! On which line a byte of a file is. The parser of CSV counts lines, but is one behind where lines end with CR LF, and does not
//! count empty ones before a record.

use std::{
    collections::VecDeque,
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
};

/// A reader that notes where lines end.
pub struct NotingReader<R> {
    inner: R,
    offset: u64,
    ends: Ends,
}

/// Where the bytes CR and LF are that were read and not asked for yet; `true`: LF.
type Ends = Arc<Mutex<VecDeque<(u64, bool)>>>;

/// Tells the lines of bytes, which must be asked for in their order.
pub struct LineNumbers {
    ends: Ends,
    line: u64,
}

impl<R: Read> NotingReader<R> {
    pub fn new(inner: R) -> (Self, LineNumbers) {
        let ends = Ends::default();
        (Self { inner, offset: 0, ends: ends.clone() }, LineNumbers { ends, line: 1 })
    }
}

impl<R: Read> Read for NotingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        let offsets = (self.offset..).zip(&buffer[..length]);
        ends.extend(offsets.filter(|(_, byte)| matches!(byte, b'\r' | b'\n')).map(|(at, byte)| (at, *byte == b'\n')));
        self.offset += length as u64;
        Ok(length)
    }
}

impl LineNumbers {
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
            let (mut reader, mut lines) = NotingReader::new(text.as_bytes());
            io::copy(&mut reader, &mut io::sink()).unwrap();
            let cd = text.find('c').unwrap() as u64;
            // Where a record begins, what ends the line before can be part of it.
            assert_eq!([0, cd - 1, cd, cd + 2].map(|at| lines.of(at)), [1, 2, 2, 4], "{text:?}");
        }
    }
}
