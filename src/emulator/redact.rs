//! Redaction of secrets in logged requests.

pub(super) use crate::protocol::redacted::{TEXT, is_secret, members};

use super::document;

/// The headers that are shown: any other one can hold a secret, such as the key of a gateway.
const SHOWN_HEADERS: [&str; 17] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "traceparent",
    "transfer-encoding",
    "user-agent",
    "x-authing-app-id",
    "x-authing-lang",
    "x-authing-request-from",
    "x-authing-sdk-version",
    "x-authing-userpool-id",
    "x-license-module",
];

/// Returns whether a header of this name can hold a secret.
pub(super) fn is_secret_header(name: &str) -> bool {
    !SHOWN_HEADERS.iter().any(|shown| name.eq_ignore_ascii_case(shown))
}

/// Redacts the strings of a GraphQL document, and its comments; all of it, if it is malformed or too long.
pub(super) fn graphql(document: &str) -> String {
    if document::parse(document).is_none() {
        return TEXT.to_owned();
    }
    let (mut shown, mut rest) = (String::new(), document);
    while let Some(at) = rest.find(['"', '#']) {
        let (before, from) = rest.split_at(at);
        shown.push_str(before);
        let length = match from {
            from if from.starts_with('#') => from.find(['\n', '\r']).unwrap_or(from.len()),
            from if from.starts_with("\"\"\"") => {
                shown.push_str(&format!("\"{TEXT}\""));
                3 + end_of_string(&from[3..], "\"\"\"")
            }
            from => {
                shown.push_str(&format!("\"{TEXT}\""));
                1 + end_of_string(&from[1..], "\"")
            }
        };
        rest = &from[length..];
    }
    shown + rest
}

/// Returns how many bytes belong to a string that ends with `quotes`, them included.
fn end_of_string(text: &str, quotes: &str) -> usize {
    let mut at = 0;
    while let Some(next) = text[at..].find(['\\', '"']) {
        at += next;
        match &text[at..] {
            // In a block string, a backslash escapes the three quotes alone.
            rest if rest.starts_with('\\') && quotes.len() == 3 => {
                at += if rest[1..].starts_with(quotes) { 4 } else { 1 };
            }
            rest if rest.starts_with('\\') => at += 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            rest if rest.starts_with(quotes) => return at + quotes.len(),
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_secret() {
        for name in
            ["password", "passwordHash", "oldPassword", "user_token", "secret", "verificationCode", "appToken", "pin"]
        {
            assert!(is_secret(name), "{name}");
        }
        for name in ["id", "userId", "code", "query", "page", "mapping"] {
            assert!(!is_secret(name), "{name}");
        }
        for name in ["Authorization", "digi-middleware-auth-app", "x-license-token", "x-api-key", "x-gateway", "cookie"]
        {
            assert!(is_secret_header(name), "{name}");
        }
        for name in ["x-authing-userpool-id", "X-Authing-Lang", "x-license-module", "content-type", "traceparent"] {
            assert!(!is_secret_header(name), "{name}");
        }
    }

    #[test]
    fn the_strings_of_a_document_are_redacted() {
        for (document, shown) in [
            (r#"{ a(b: "pw", c: 7) { d } }"#, r#"{ a(b: "(redacted)", c: 7) { d } }"#),
            (r#"{ a(b: "p\"w\\", c: "") }"#, r#"{ a(b: "(redacted)", c: "(redacted)") }"#),
            ("{ a(b: \"\"\"p\"w\\\"\"\"\n\\\"\"\"\"\"\") }", r#"{ a(b: "(redacted)") }"#),
            ("{ a # it's \"pw\n b(c: \"pw\") }", "{ a \n b(c: \"(redacted)\") }"),
            ("query($a: String!) { b(a: $a) }", "query($a: String!) { b(a: $a) }"),
            (r#"{ a(b: "pw }"#, "(redacted)"),
        ] {
            assert_eq!(graphql(document), shown, "{document}");
        }
    }
}
