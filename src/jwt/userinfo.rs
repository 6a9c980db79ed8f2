//! User names and passwords in URLs.

use std::borrow::Cow;

/// Returns where the user name and the password of a text like a URL stand, with the `@` after them. The text need not be a valid URL:
/// what is wrong is shown too.
fn userinfo(text: &str) -> Option<std::ops::Range<usize>> {
    let begin = text.find("//").map(|at| at + 2);
    let rest = &text[begin.unwrap_or(0)..];
    let authority = &rest[..rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len())];
    let end = authority.rfind('@')? + 1;
    // An e-mail address is none, and some issuers have one as their name.
    let begin = begin.or_else(|| authority[..end].contains(':').then_some(0))?;
    Some(begin..begin + end)
}

/// Returns whether a URL has a user name or a password.
pub(super) fn has_userinfo(url: &str) -> bool {
    url.contains("//") && userinfo(url).is_some()
}

/// Returns a text like a URL without its user name and password, for people.
pub(super) fn without_userinfo(text: &str) -> Cow<'_, str> {
    match userinfo(text) {
        Some(range) => Cow::Owned(format!("{}(redacted)@{}", &text[..range.start], &text[range.end..])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_found_in_whatever_is_like_a_url() {
        for (text, expected) in [
            ("https://u:canary@h/oidc", "https://(redacted)@h/oidc"),
            ("https://canary@h", "https://(redacted)@h"),
            ("https://u:c@nary@h:8443/a@b", "https://(redacted)@h:8443/a@b"),
            ("u:canary@h/oidc", "(redacted)@h/oidc"),
            ("//u:canary@h", "//(redacted)@h"),
            (" https://u:canary@h ", " https://(redacted)@h "),
            ("https://u:canary@", "https://(redacted)@"),
        ] {
            assert_eq!(without_userinfo(text), expected);
            assert_eq!(has_userinfo(text), text.contains("//"), "{text}");
        }
        for text in [
            "https://h/oidc",
            "https://h/a@b",
            "https://h?a@b",
            "https://h#a@b",
            "h",
            "",
            "//",
            "urn:issuer:x",
            "ann@h",
        ] {
            assert_eq!(without_userinfo(text), text);
            assert!(!has_userinfo(text), "{text}");
        }
    }
}
