//! Texts of services, bounded.

use std::fmt;

/// How much of each text, of a response's body too, an error keeps, in bytes: a service must not fill memory and logs.
pub(super) const LIMIT: usize = 8 * 1024;

/// Cuts a text to the limit, between two characters.
pub(super) fn cut(mut text: String) -> String {
    if text.len() > LIMIT {
        let mut end = LIMIT;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.shrink_to_fit();
    }
    text
}

/// A service's text without its line breaks, and not endless: an error is one line.
pub(super) struct OneLine<'a>(pub(super) &'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LIMIT: usize = 500;
        for c in self.0.chars().take(LIMIT) {
            fmt::Write::write_char(f, if c.is_control() { ' ' } else { c })?;
        }
        if self.0.chars().nth(LIMIT).is_some() {
            f.write_str("…")?;
        }
        Ok(())
    }
}
