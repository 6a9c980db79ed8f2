//! Removal of a secret from a text that a service sent, in whatever form the service echoed it.

use base64::{Engine as _, prelude::*};
use std::ops::Range;

const REDACTED: &str = "(redacted)";

/// Shorter secrets stay: removing them would take letters out of every word.
const SHORTEST: usize = 4;

/// How many backslashes may stand before one character: JSON inside JSON inside JSON has seven.
const DEEPEST_ESCAPE: usize = 8;

/// How many ways to read a text are followed at once: with a secret of many backslashes there are many.
const READINGS: usize = 32;

/// Replaces every occurrence of `secret`: as it is, with JSON's escapes (also nested ones), percent-encoded, or in base64.
///
/// In a text that was cut to the limit, an occurrence that its end cuts off is replaced too.
pub(super) fn redact(text: &mut String, secret: &str) {
    if secret.len() < SHORTEST {
        return;
    }
    let encoded = [BASE64_STANDARD_NO_PAD.encode(secret), BASE64_URL_SAFE_NO_PAD.encode(secret)];
    let was_cut = text.len() + 4 > super::TEXT_LIMIT;
    let forms = [secret, &encoded[0], &encoded[1]];
    let mut clean = String::new();
    let mut kept = 0;
    let mut at = 0;
    while at < text.len() {
        let end = forms.iter().filter_map(|form| occurrence(text.as_bytes(), at, form, was_cut)).max();
        match end.filter(|end| text.is_char_boundary(at) && text.is_char_boundary(*end)) {
            Some(end) => {
                clean.push_str(&text[kept..at]);
                clean.push_str(REDACTED);
                (kept, at) = (end, end);
            }
            None => at += 1,
        }
    }
    if kept > 0 {
        clean.push_str(&text[kept..]);
        *text = clean;
    }
}

/// Where an occurrence of `secret` that begins at `from` ends.
fn occurrence(text: &[u8], from: usize, secret: &str, was_cut: bool) -> Option<usize> {
    // All places where what was matched so far may end: a backslash can be an escape or the character itself.
    let mut ends = vec![from];
    let mut matched = 0;
    for expected in secret.chars() {
        let mut next = Vec::new();
        for &end in &ends {
            if was_cut && end == text.len() && matched >= SHORTEST {
                return Some(end);
            }
            character(text, end, expected, &mut next);
        }
        if next.is_empty() {
            return None;
        }
        next.sort_unstable();
        next.dedup();
        next.truncate(READINGS);
        ends = next;
        matched += expected.len_utf8();
    }
    ends.into_iter().max()
}

/// Adds every place where `expected`, in any of its forms, ends that begins at `at`.
fn character(text: &[u8], at: usize, expected: char, ends: &mut Vec<usize>) {
    let mut utf8 = [0; 4];
    let utf8 = expected.encode_utf8(&mut utf8).as_bytes();
    if text[at..].starts_with(utf8) {
        ends.push(at + utf8.len());
    }
    if let Some(end) = percent_encoded(text, at, utf8) {
        ends.push(end);
    }
    if expected == ' ' && text.get(at) == Some(&b'+') {
        ends.push(at + 1);
    }
    let backslashes = text[at..].iter().take(DEEPEST_ESCAPE).take_while(|byte| **byte == b'\\').count();
    if backslashes == 0 {
        return;
    }
    if expected == '\\' {
        ends.extend((1..=backslashes).map(|count| at + count));
    }
    let after = at + backslashes;
    let short = match expected {
        '"' | '/' => Some(utf8[0]),
        '\u{8}' => Some(b'b'),
        '\u{c}' => Some(b'f'),
        '\n' => Some(b'n'),
        '\r' => Some(b'r'),
        '\t' => Some(b't'),
        _ => None,
    };
    if short.is_some() && text.get(after).copied() == short {
        ends.push(after + 1);
    }
    if let Some(end) = unicode_escape(text, after, expected, backslashes) {
        ends.push(end.end);
    }
}

fn percent_encoded(text: &[u8], mut at: usize, utf8: &[u8]) -> Option<usize> {
    for byte in utf8 {
        match text.get(at..at + 3)? {
            [b'%', digits @ ..] if hex(digits)? == u16::from(*byte) => {}
            _ => return None,
        }
        at += 3;
    }
    Some(at)
}

/// `uXXXX`, two of them for a character beyond the first plane, with backslashes before the second one as before the first.
fn unicode_escape(text: &[u8], from: usize, expected: char, backslashes: usize) -> Option<Range<usize>> {
    let mut units = [0; 2];
    let mut at = from;
    for (n, unit) in expected.encode_utf16(&mut units).iter().enumerate() {
        if n > 0 {
            let escape = text.get(at..at + backslashes)?;
            if escape.iter().any(|byte| *byte != b'\\') {
                return None;
            }
            at += backslashes;
        }
        match text.get(at..at + 5)? {
            [b'u', digits @ ..] if hex(digits)? == *unit => {}
            _ => return None,
        }
        at += 5;
    }
    Some(from..at)
}

fn hex(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0_u16, |value, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(value << 4 | digit as u16)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str, secret: &str) -> String {
        let mut text = text.to_owned();
        redact(&mut text, secret);
        text
    }

    #[test]
    fn a_secret_is_found_in_every_form() {
        const SECRET: &str = "pä\"ss\\w/ö\n😀 1";
        let json = serde_json::to_string(SECRET).unwrap();
        let nested = serde_json::to_string(&json).unwrap();
        let thrice = serde_json::to_string(&nested).unwrap();
        let forms = [
            SECRET.to_owned(),
            json.trim_matches('"').to_owned(),
            nested.trim_matches('"').trim_matches(['\\', '"']).to_owned(),
            thrice.trim_matches(['\\', '"']).to_owned(),
            r#"p\u00e4\"ss\\w\/\u00F6\n\ud83d\ude00 1"#.to_owned(),
            r#"p\\u00e4\\\"ss\\\\w\\/\\u00F6\\n\\ud83d\\ude00 1"#.to_owned(),
            r#"\u0070\u00E4\u0022\u0073\u0073\u005c\u0077\u002f\u00f6\u000a\uD83D\uDE00\u0020\u0031"#.to_owned(),
            percent_encoding::utf8_percent_encode(SECRET, percent_encoding::NON_ALPHANUMERIC).to_string(),
            url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect(),
            "p%c3%a4%22ss%5cw/%c3%b6%0a%f0%9f%98%80+1".to_owned(),
            BASE64_STANDARD_NO_PAD.encode(SECRET),
            BASE64_URL_SAFE_NO_PAD.encode(SECRET),
        ];
        for form in forms {
            let text = format!("ü no \"{form}\" here, {form}{form}!");
            let expected = format!("ü no \"{REDACTED}\" here, {REDACTED}{REDACTED}!");
            let found = redacted(&text, SECRET);
            assert_eq!(found, expected, "{form}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for (text, secret) in [
            ("a cat", "cat"),
            ("", "token"),
            ("tokeX token", "tokens!"),
            ("tok\\u00e4", "toké"),
            ("%74%6f%6b", "toker"),
            ("\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\", "\\\\\\\\x"),
            ("\\u", "\u{1F600}\u{1F600}"),
        ] {
            assert_eq!(redacted(text, secret), text);
        }
    }

    #[test]
    fn a_secret_that_is_cut_off_is_found() {
        let long = "x".repeat(super::super::TEXT_LIMIT - 8);
        assert_eq!(redacted(&format!("{long}token-ca"), "token-canary"), format!("{long}(redacted)"));
        assert_eq!(redacted(&format!("{long}xxxxxtok"), "token-canary"), format!("{long}xxxxxtok"));
        assert_eq!(redacted("bad token", "token-canary"), "bad token");
    }

    #[test]
    fn many_backslashes_take_no_time() {
        let text = "\\".repeat(2000);
        let begun = std::time::Instant::now();
        redacted(&text, &format!("{}x", "\\".repeat(100)));
        assert!(begun.elapsed() < std::time::Duration::from_secs(20));
    }
}
