//! Removal of a secret from a text that a service sent, in whatever form the service echoed it.

use super::text::LIMIT;
use base64::{Engine as _, prelude::*};

const REDACTED: &str = "(redacted)";

/// Shorter secrets stay: removing them would take letters out of every word.
const SHORTEST: usize = 4;

/// How often a text may have been put into JSON: a response that quotes a request that quotes one.
const DEEPEST: u32 = 3;

/// Replaces every occurrence of each of these secrets.
pub(crate) fn redact_text(text: &mut String, secrets: &[&str]) {
    for secret in secrets {
        redact(text, secret);
    }
}

/// Replaces every occurrence of `secret`: as it is, with JSON's escapes (also nested ones), percent-encoded, or in base64.
///
/// In a text that was cut to the limit, an occurrence that its end cuts off is replaced too.
pub(super) fn redact(text: &mut String, secret: &str) {
    if secret.len() < SHORTEST {
        return;
    }
    let encoded = [BASE64_STANDARD_NO_PAD.encode(secret), BASE64_URL_SAFE_NO_PAD.encode(secret)];
    let was_cut = text.len() + 4 > LIMIT;
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
    (0..=DEEPEST).filter_map(|depth| occurrence_at_depth(text, from, secret, was_cut, depth)).max()
}

fn occurrence_at_depth(text: &[u8], from: usize, secret: &str, was_cut: bool, depth: u32) -> Option<usize> {
    let mut at = from;
    for (matched, expected) in secret.char_indices() {
        if was_cut && at == text.len() && matched >= SHORTEST {
            break;
        }
        at = character(text, at, expected, depth)?;
    }
    Some(at)
}

/// Where `expected` ends that begins at `at`, in any form that it can have after being put into JSON `depth` times.
fn character(text: &[u8], at: usize, expected: char, depth: u32) -> Option<usize> {
    let mut utf8 = [0; 4];
    let utf8 = expected.encode_utf8(&mut utf8).as_bytes();
    let rest = text.get(at..)?;
    let backslashes = rest.iter().take_while(|byte| **byte == b'\\').take(1 << (DEEPEST + 1)).count();
    // Each time doubles the backslashes that there are, and puts one before a quote.
    let all = 1_usize << depth;
    match expected {
        '\\' if backslashes >= all => return Some(at + all),
        '"' if backslashes == all - 1 && rest.get(backslashes) == Some(&b'"') => return Some(at + all),
        _ if backslashes == 0 && rest.starts_with(utf8) && expected != '"' => return Some(at + utf8.len()),
        ' ' if rest.first() == Some(&b'+') => return Some(at + 1),
        _ => {}
    }
    if backslashes == 0 {
        return percent_encoded(text, at, utf8);
    }
    // The escape came the last time, or before that and was doubled since.
    if !backslashes.is_power_of_two() || backslashes >= all {
        return None;
    }
    let short = match expected {
        '/' => Some(b'/'),
        '\u{8}' => Some(b'b'),
        '\u{c}' => Some(b'f'),
        '\n' => Some(b'n'),
        '\r' => Some(b'r'),
        '\t' => Some(b't'),
        _ => None,
    };
    if short.is_some() && rest.get(backslashes).copied() == short {
        return Some(at + backslashes + 1);
    }
    unicode_escape(text, at + backslashes, expected, backslashes)
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
fn unicode_escape(text: &[u8], mut at: usize, expected: char, backslashes: usize) -> Option<usize> {
    let mut units = [0; 2];
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
    Some(at)
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
        let long = "x".repeat(LIMIT - 8);
        assert_eq!(redacted(&format!("{long}token-ca"), "token-canary"), format!("{long}(redacted)"));
        assert_eq!(redacted(&format!("{long}xxxxxtok"), "token-canary"), format!("{long}xxxxxtok"));
        assert_eq!(redacted("bad token", "token-canary"), "bad token");
    }

    #[test]
    fn a_secret_of_backslashes_is_one_like_others() {
        const SECRET: &str = r#"\\\"\u005c\\"#;
        for depth in 0..4 {
            let escaped = (0..depth).fold(SECRET.to_owned(), |text, _| {
                let json = serde_json::to_string(&text).unwrap();
                json[1..json.len() - 1].to_owned()
            });
            assert_eq!(redacted(&format!("x{escaped}x"), SECRET), "x(redacted)x", "{escaped}");
        }
    }
}
