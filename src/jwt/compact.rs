//! A token's outer form: three parts of base64url, the first of them a header.

use super::rejection::Rejection;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, de::IgnoredAny};
use std::borrow::Cow;

/// The longest token that is looked at, in bytes.
pub(super) const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The members of a header that decide something. A member that comes twice is refused.
///
/// Keys and links to keys (`jwk`, `jku`, `x5c`, `x5u`) are none of them: a token does not bring the key that it is checked with.
#[derive(Debug, Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow)]
    kid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    typ: Option<Cow<'a, str>>,
    #[serde(borrow)]
    cty: Option<Cow<'a, str>>,
    crit: Option<IgnoredAny>,
}

/// A token that was taken apart. Nothing of it is true yet.
#[derive(Debug)]
pub(super) struct Compact<'a> {
    pub(super) algorithm: String,
    pub(super) key_id: Option<String>,
    /// The media type (`typ`), in lower case and without `application/`.
    pub(super) token_type: Option<String>,
    /// What the signature is of.
    pub(super) message: &'a [u8],
    pub(super) signature: Vec<u8>,
    payload: &'a str,
}

impl<'a> Compact<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, Rejection> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Rejection::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(Rejection::NotThreeParts)?;
        let (header, payload) = message.split_once('.').ok_or(Rejection::NotThreeParts)?;
        if payload.contains('.') {
            return Err(Rejection::NotThreeParts);
        }
        let signature = decode(signature)?;
        let header = decode(header)?;
        let header: Header<'_> = serde_json::from_slice(&header).map_err(|_| Rejection::Header)?;
        if header.crit.is_some() {
            return Err(Rejection::CriticalHeader);
        }
        if header.cty.is_some_and(|cty| cty.eq_ignore_ascii_case("JWT")) {
            return Err(Rejection::Nested);
        }
        let (algorithm, key_id) = (header.alg.into_owned(), header.kid.map(Cow::into_owned));
        let token_type = header.typ.map(|typ| media_type(&typ));
        Ok(Self { algorithm, key_id, token_type, message: message.as_bytes(), signature, payload })
    }

    /// Returns the claims as JSON. To be called once the signature was checked.
    pub(super) fn payload(&self) -> Result<Vec<u8>, Rejection> {
        decode(self.payload)
    }
}

/// Returns a media type as it is compared: without regard to case, and with `application/` left out (RFC 7515, 4.1.9).
pub(super) fn media_type(text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    text.strip_prefix("application/").map(str::to_owned).unwrap_or(text)
}

/// Decodes base64url without padding. One text decodes to a value: what has bits to spare is refused.
fn decode(text: &str) -> Result<Vec<u8>, Rejection> {
    BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| Rejection::NotThreeParts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(text)
    }

    fn parse_header(header: &str) -> Result<(String, Option<String>), Rejection> {
        let token = format!("{}.e30.AA", encoded(header));
        Compact::parse(&token).map(|compact| (compact.algorithm, compact.key_id))
    }

    #[test]
    fn a_header_says_algorithm_and_key_and_nothing_else_counts() {
        let plain = ("RS256".to_owned(), Some("k".to_owned()));
        assert_eq!(parse_header(r#"{"alg":"RS256","kid":"k"}"#), Ok(plain.clone()));
        let more =
            r#"{"alg":"RS256","kid":"k","typ":"JWT","jku":"https://evil.example","jwk":{"kty":"oct"},"x":1,"x":2}"#;
        assert_eq!(parse_header(more), Ok(plain));
        assert_eq!(parse_header(r#"{"alg":"none"}"#), Ok(("none".to_owned(), None)));
        for (header, rejection) in [
            (r#"{"alg":"RS256","alg":"none"}"#, Rejection::Header),
            (r#"{"alg":"RS256","kid":"a","kid":"b"}"#, Rejection::Header),
            (r#"{"kid":"k"}"#, Rejection::Header),
            (r#"{"alg":["RS256"]}"#, Rejection::Header),
            (r#"{"alg":"RS256","kid":1}"#, Rejection::Header),
            ("[]", Rejection::Header),
            ("", Rejection::Header),
            (r#"{"alg":"RS256","crit":["b64"],"b64":false}"#, Rejection::CriticalHeader),
            (r#"{"alg":"RS256","cty":"jwt"}"#, Rejection::Nested),
        ] {
            assert_eq!(parse_header(header), Err(rejection), "{header}");
        }
    }

    #[test]
    fn a_token_has_three_parts_of_base64url() {
        let header = encoded(r#"{"alg":"RS256"}"#);
        for token in [
            "",
            ".",
            "..",
            "...",
            "a",
            "a.b",
            &format!("{header}.e30"),
            &format!("{header}.e30.AA.AA"),
            &format!("{header}.e30.AA."),
            &format!("{header}.e30.AA=="),
            &format!("{header}.e30.A+"),
            &format!("{header}.e30.AB"),
            &format!("{header}.e30. AA"),
            &format!("{header}\n.e30.AA"),
            &format!("{header}.e30.ä"),
        ] {
            let found = Compact::parse(token).map(drop);
            assert!(matches!(found, Err(Rejection::NotThreeParts | Rejection::Header)), "{token}: {found:?}");
        }
        let long = format!("{header}.{}.AA", "e".repeat(MAX_TOKEN_BYTES));
        assert_eq!(Compact::parse(&long).map(drop), Err(Rejection::TooLong));
    }
}
