//! A token's header.

use super::invalid_token::InvalidToken;
use crate::protocol::model::Name;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use std::{borrow::Cow, fmt};

/// The members of a header that decide something.
///
/// Keys and links to keys (`jwk`, `jku`, `x5c`, `x5u`) are none of them: a token does not bring the key that it is checked with.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) algorithm: Cow<'a, str>,
    pub(super) key_id: Option<Cow<'a, str>>,
    pub(super) token_type: Option<Cow<'a, str>>,
}

impl<'a> Header<'a> {
    /// Reads a header: a JSON object, and no array of the same values.
    pub(super) fn read(text: &'a [u8]) -> Result<Self, InvalidToken> {
        let mut members: Members<'_> = serde_json::from_slice(text).map_err(|_| InvalidToken::Header)?;
        // Of two members of one name, this reader could take the last one and the next reader the first one (RFC 7515, 4).
        members.names.sort_unstable();
        if members.names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(InvalidToken::DuplicateHeader);
        }
        if let Some(reason) = members.names.iter().find_map(|name| refused(name)) {
            return Err(reason);
        }
        if members.content_type.is_some_and(|cty| is_jwt(&cty)) {
            return Err(InvalidToken::Nested);
        }
        let algorithm = members.algorithm.ok_or(InvalidToken::Header)?;
        Ok(Self { algorithm, key_id: members.key_id, token_type: members.token_type })
    }
}

/// Returns why no token with a member of this name is accepted, whatever its value is.
fn refused(name: &str) -> Option<InvalidToken> {
    match name {
        // No extension is understood here, and `b64` is one even where `crit` does not say so (RFC 7797, 6).
        "crit" | "b64" => Some(InvalidToken::CriticalHeader),
        // Of encrypted tokens (RFC 7516, 4.1).
        "enc" | "zip" => Some(InvalidToken::Encrypted),
        _ => None,
    }
}

/// Returns whether a content type is that of a token.
fn is_jwt(content_type: &str) -> bool {
    let content_type = media_type(content_type);
    content_type == "jwt" || content_type.ends_with("+jwt")
}

/// Returns a media type as it is compared: without regard to case, and with `application/` left out (RFC 7515, 4.1.9).
pub(super) fn media_type(text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    text.strip_prefix("application/").map(str::to_owned).unwrap_or(text)
}

/// The members as they came.
#[derive(Default)]
struct Members<'a> {
    names: Vec<Cow<'a, str>>,
    algorithm: Option<Cow<'a, str>>,
    key_id: Option<Cow<'a, str>>,
    token_type: Option<Cow<'a, str>>,
    content_type: Option<Cow<'a, str>>,
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::default();
                while let Some(Name(name)) = map.next_key()? {
                    let text = match &*name {
                        "alg" => Some(&mut members.algorithm),
                        "kid" => Some(&mut members.key_id),
                        "typ" => Some(&mut members.token_type),
                        "cty" => Some(&mut members.content_type),
                        _ => None,
                    };
                    match text {
                        Some(text) => *text = map.next_value::<Option<Name<'de>>>()?.map(|Name(text)| text),
                        None => drop(map.next_value::<IgnoredAny>()?),
                    }
                    members.names.push(name);
                }
                Ok(members)
            }
        }

        from.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Result<(String, Option<String>), InvalidToken> {
        Header::read(header.as_bytes()).map(|header| (header.algorithm.into(), header.key_id.map(Into::into)))
    }

    #[test]
    fn a_header_says_algorithm_and_key_and_nothing_else_counts() {
        let plain = ("RS256".to_owned(), Some("k".to_owned()));
        assert_eq!(read(r#"{"alg":"RS256","kid":"k"}"#), Ok(plain.clone()));
        let more = r#"{"alg":"RS256","kid":"k","typ":"JWT","jku":"https://evil.example","jwk":{"kty":"oct"},"x":1}"#;
        assert_eq!(read(more), Ok(plain.clone()));
        assert_eq!(read(r#"{"a\u006cg":"RS256","kid":"\u006b","cty":"text/plain"}"#), Ok(plain));
        assert_eq!(read(r#"{"alg":"none","kid":null,"cty":null}"#), Ok(("none".to_owned(), None)));
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for (header, reason) in [
            (r#"{"alg":"RS256","alg":"none"}"#, InvalidToken::DuplicateHeader),
            (r#"{"alg":"RS256","kid":"a","kid":"b"}"#, InvalidToken::DuplicateHeader),
            (r#"{"alg":"RS256","kid":"a","k\u0069d":"b"}"#, InvalidToken::DuplicateHeader),
            (r#"{"alg":"RS256","x":1,"x":2}"#, InvalidToken::DuplicateHeader),
            (r#"{"kid":"k"}"#, InvalidToken::Header),
            (r#"{"alg":null}"#, InvalidToken::Header),
            (r#"{"alg":["RS256"]}"#, InvalidToken::Header),
            (r#"{"alg":"RS256","kid":1}"#, InvalidToken::Header),
            (r#"{"alg":"RS256","cty":["JWT"]}"#, InvalidToken::Header),
            ("[]", InvalidToken::Header),
            (r#"["RS256","k","JWT",null,null]"#, InvalidToken::Header),
            (r#"["RS256"]"#, InvalidToken::Header),
            (r#"[{"alg":"RS256"}]"#, InvalidToken::Header),
            (r#"{"alg":"RS256"}{}"#, InvalidToken::Header),
            ("null", InvalidToken::Header),
            ("", InvalidToken::Header),
            (r#"{"alg":"RS256","crit":["b64"],"b64":false}"#, InvalidToken::CriticalHeader),
            (r#"{"alg":"RS256","crit":["exp"]}"#, InvalidToken::CriticalHeader),
            (r#"{"alg":"RS256","crit":[]}"#, InvalidToken::CriticalHeader),
            (r#"{"alg":"RS256","crit":null}"#, InvalidToken::CriticalHeader),
            (r#"{"alg":"RS256","b64":true}"#, InvalidToken::CriticalHeader),
            (r#"{"alg":"RS256","b64":false}"#, InvalidToken::CriticalHeader),
            (r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#, InvalidToken::Encrypted),
            (r#"{"alg":"RS256","zip":"DEF"}"#, InvalidToken::Encrypted),
            (r#"{"alg":"RS256","zip":null}"#, InvalidToken::Encrypted),
            (r#"{"alg":"RS256","cty":"JWT"}"#, InvalidToken::Nested),
            (r#"{"alg":"RS256","cty":"jwt"}"#, InvalidToken::Nested),
            (r#"{"alg":"RS256","cty":"application/JWT"}"#, InvalidToken::Nested),
            (r#"{"alg":"RS256","cty":"at+jwt"}"#, InvalidToken::Nested),
        ] {
            assert_eq!(read(header), Err(reason), "{header}");
        }
    }
}
