//! A time, in a third of the memory of its text.

use std::{fmt, num::NonZeroU64};

/// A time as the service writes it, `2020-09-28T05:29:38.000Z`: its digits as one number, for the text to come back as it was.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct PackedTime(NonZeroU64);

const SHAPE: &[u8; 24] = b"0000-00-00T00:00:00.000Z";

impl PackedTime {
    /// Packs a time, unless it is written in another way.
    pub(super) fn new(text: &str) -> Option<Self> {
        let bytes: &[u8; SHAPE.len()] = text.as_bytes().try_into().ok()?;
        let mut digits = 0_u64;
        for (byte, shape) in bytes.iter().zip(SHAPE) {
            match shape {
                b'0' if byte.is_ascii_digit() => digits = 10 * digits + u64::from(byte - b'0'),
                b'0' => return None,
                _ if byte != shape => return None,
                _ => {}
            }
        }
        NonZeroU64::new(digits + 1).map(Self)
    }

    /// Returns the text that was packed.
    pub(super) fn text(self) -> String {
        let mut digits = self.0.get() - 1;
        let mut text: Vec<char> = SHAPE
            .iter()
            .rev()
            .map(|shape| match shape {
                b'0' => {
                    let digit = b'0' + (digits % 10) as u8;
                    digits /= 10;
                    char::from(digit)
                }
                shape => char::from(*shape),
            })
            .collect();
        text.reverse();
        text.into_iter().collect()
    }
}

impl fmt::Debug for PackedTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_comes_back_as_it_was() {
        assert_eq!(size_of::<Option<PackedTime>>(), 8);
        for text in ["2020-09-28T05:29:38.000Z", "0000-00-00T00:00:00.000Z", "9999-99-99T99:99:99.999Z"] {
            assert_eq!(PackedTime::new(text).map(PackedTime::text).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_written_in_another_way_is_not_packed() {
        for text in [
            "",
            "2021",
            "2020-09-28T05:29:38Z",
            "2020-09-28T05:29:38.00Z",
            "2020-09-28T05:29:38.000z",
            "2020-09-28 05:29:38.000Z",
            "2020-09-28T05:29:38.000000Z",
            "2020-09-28T05:29:38.000+00:00",
            "2020-09-2\u{0968}T05:29:38.00Z",
            "-020-09-28T05:29:38.000Z",
        ] {
            assert!(PackedTime::new(text).is_none(), "{text}");
        }
    }
}
