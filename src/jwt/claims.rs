//! The claims of a token.

use super::invalid_token::InvalidToken;
use crate::protocol::model::{Field, FieldValue, model};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::{
    borrow::Cow,
    fmt,
    ops::Deref,
    time::{Duration, SystemTime},
};

model! {
    /// The claims of a token that was checked: the registered ones of RFC 7519, and all others in `extra`.
    ///
    /// `Debug` shows no value of the others.
    Claims {
        /// The issuer.
        iss: Option<String> = "iss",
        /// The subject: for a user's token the user's id, which is unique within the issuer.
        sub: Option<String> = "sub",
        /// For whom the token is: for a token of OpenID Connect the application's id.
        aud: Texts = "aud",
        /// When the token expires.
        exp: Option<NumericDate> = "exp",
        /// When the token begins to be valid.
        nbf: Option<NumericDate> = "nbf",
        /// When the token was issued.
        iat: Option<NumericDate> = "iat",
        /// The id of the token.
        jti: Option<String> = "jti",
        /// What the token may be used for.
        scope: Scopes = "scope",
    }
}

impl Claims {
    /// Returns when the token expires.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.exp.map(NumericDate::to_system_time)
    }

    /// Returns the user's id among all issuers: issuer and subject, joined by `#`; `None` if the token lacks one of them.
    ///
    /// A subject is unique within its issuer only. A verifier that accepts several issuers must identify users by this, or a user of one
    /// issuer can pass for a user of another one. `#` and `%` in the issuer are written as `%23` and `%25`, so that no two users share an
    /// id.
    ///
    /// ```
    /// let claims = iam_sdk::jwt::Claims::default().with_iss("https://accounts.example.com").with_sub("ann");
    /// assert_eq!(claims.global_subject().as_deref(), Some("https://accounts.example.com#ann"));
    /// ```
    pub fn global_subject(&self) -> Option<String> {
        let (iss, sub) = (self.iss.as_deref()?, self.sub.as_deref()?);
        Some(format!("{}#{sub}", iss.replace('%', "%25").replace('#', "%23")))
    }

    /// Returns whether the token may be used for this: whether it is one of the words of `scope`.
    pub fn has_scope(&self, scope: impl AsRef<str>) -> bool {
        self.scope.iter().any(|own| own == scope.as_ref())
    }

    /// Reads the claims of a token whose signature was checked.
    pub(crate) fn read(payload: &[u8]) -> Result<Self, InvalidToken> {
        let Names(mut names) = serde_json::from_slice(payload).map_err(|_| InvalidToken::Claims)?;
        // Of two claims of one name, this reader could take the last one and the next reader the first one.
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(InvalidToken::DuplicateClaim);
        }
        serde_json::from_slice(payload).map_err(|_| InvalidToken::Claims)
    }
}

/// The names of an object's members.
struct Names<'de>(Vec<Cow<'de, str>>);

impl<'de> Deserialize<'de> for Names<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Names<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut names = Vec::new();
                while let Some(crate::protocol::model::Name(name)) = map.next_key()? {
                    names.push(name);
                    map.next_value::<IgnoredAny>()?;
                }
                Ok(Names(names))
            }
        }

        from.deserialize_map(Collect)
    }
}

/// Seconds since 1970-01-01 UTC, as RFC 7519 has times: fractions are cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumericDate(u64);

impl NumericDate {
    /// The last second of the year 9999.
    const MAX: u64 = 253_402_300_799;

    /// Returns the seconds since 1970-01-01 UTC.
    pub fn as_secs(self) -> u64 {
        self.0
    }

    /// Returns the time.
    pub fn to_system_time(self) -> SystemTime {
        let since = Duration::from_secs(self.0);
        // Where the platform's times end earlier, the token does too.
        SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

impl From<SystemTime> for NumericDate {
    /// Times before 1970 become 1970, and those after 9999 the end of 9999.
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self(since.as_secs().min(Self::MAX))
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = NumericDate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seconds since 1970, before the year 10000")
            }

            fn visit_u64<E: Error>(self, seconds: u64) -> Result<NumericDate, E> {
                match seconds <= NumericDate::MAX {
                    true => Ok(NumericDate(seconds)),
                    false => Err(E::custom("a time after the year 9999")),
                }
            }

            fn visit_f64<E: Error>(self, seconds: f64) -> Result<NumericDate, E> {
                match (0.0..=NumericDate::MAX as f64).contains(&seconds) {
                    true => Ok(NumericDate(seconds as u64)),
                    false => Err(E::custom("a time before 1970 or after the year 9999")),
                }
            }
        }

        // A number as text is refused: the standard has numbers only.
        from.deserialize_any(Number)
    }
}

impl Serialize for NumericDate {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(self.0)
    }
}

/// A date in a field. `null` counts as absent.
impl FieldValue for NumericDate {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        Option::deserialize(from)
    }
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident, $expected:literal, $split:expr, $write:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name(Vec<String>);

        impl Deref for $name {
            type Target = [String];

            fn deref(&self) -> &[String] {
                &self.0
            }
        }

        impl<T: Into<String>, const N: usize> From<[T; N]> for $name {
            fn from(texts: [T; N]) -> Self {
                Self(texts.into_iter().map(Into::into).collect())
            }
        }

        impl From<Vec<String>> for $name {
            fn from(texts: Vec<String>) -> Self {
                Self(texts)
            }
        }

        impl Field for $name {
            fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct TextOrList;

                impl<'de> Visitor<'de> for TextOrList {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }

                    fn visit_unit<E>(self) -> Result<$name, E> {
                        Ok($name::default())
                    }

                    fn visit_none<E>(self) -> Result<$name, E> {
                        Ok($name::default())
                    }

                    fn visit_str<E>(self, text: &str) -> Result<$name, E> {
                        let split: fn(&str) -> Vec<String> = $split;
                        Ok($name(split(text)))
                    }

                    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<$name, A::Error> {
                        let mut texts = Vec::new();
                        while let Some(text) = list.next_element()? {
                            texts.push(text);
                        }
                        Ok($name(texts))
                    }
                }

                from.deserialize_any(TextOrList)
            }

            fn is_absent(&self) -> bool {
                self.0.is_empty()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let write: fn(&[String], S) -> Result<S::Ok, S::Error> = $write;
                write(&self.0, to)
            }
        }
    )+};
}

texts! {
    /// One text or several: a token has either a text or a list.
    Texts, "a text, or a list of texts", |text| vec![text.to_owned()], |texts, to| match texts {
        [one] => to.serialize_str(one),
        several => several.serialize(to),
    };
    /// Words: a token has a text with spaces between them, as RFC 8693 has it, or a list.
    Scopes, "words with spaces between them, or a list of words",
        |text| text.split_ascii_whitespace().map(str::to_owned).collect(),
        |words, to| to.serialize_str(&words.join(" "));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(payload: &str) -> Result<Claims, InvalidToken> {
        Claims::read(payload.as_bytes())
    }

    #[test]
    fn claims_are_read_as_the_standard_has_them() {
        let claims = read(
            r#"{"iss":"i","sub":"u","aud":"a","exp":1700000000.9,"nbf":1,"iat":2,"jti":"j","scope":"openid  profile","pin":"canary"}"#,
        )
        .unwrap();
        assert_eq!(
            (claims.iss.as_deref(), claims.sub.as_deref(), claims.jti.as_deref()),
            (Some("i"), Some("u"), Some("j"))
        );
        assert_eq!((&claims.aud[..], claims.exp.unwrap().as_secs()), (&["a".to_owned()][..], 1_700_000_000));
        assert_eq!(claims.expires_at(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)));
        assert!(claims.has_scope("openid") && claims.has_scope("profile") && !claims.has_scope(""));
        assert_eq!(claims.extra.get::<String>("pin").unwrap().as_deref(), Some("canary"));
        assert!(!format!("{claims:?}").contains("canary"));
        let several = read(r#"{"aud":["a","b"],"scope":["x"],"exp":null}"#).unwrap();
        assert_eq!((several.aud.len(), several.exp, several.has_scope("x")), (2, None, true));
    }

    #[test]
    fn what_is_not_as_the_standard_has_it_is_refused() {
        for payload in [
            "",
            "null",
            "[]",
            "7",
            r#"{"exp":"1700000000"}"#,
            r#"{"exp":true}"#,
            r#"{"exp":-1}"#,
            r#"{"exp":1e300}"#,
            r#"{"exp":253402300800}"#,
            r#"{"exp":[1]}"#,
            r#"{"aud":{"a":1}}"#,
            r#"{"aud":[1]}"#,
            r#"{"aud":7}"#,
            r#"{"iss":["a"]}"#,
            r#"{"scope":7}"#,
            r#"{"exp":1}x"#,
        ] {
            assert_eq!(read(payload), Err(InvalidToken::Claims), "{payload}");
        }
        for payload in [r#"{"exp":1,"exp":2}"#, r#"{"a":1,"b":2,"a":1}"#, r#"{"aud":"a","a\u0075d":"b"}"#] {
            assert_eq!(read(payload), Err(InvalidToken::DuplicateClaim), "{payload}");
        }
        // Only the claims themselves must be unique.
        assert!(read(r#"{"a":{"b":1},"b":{"b":1}}"#).is_ok());
    }

    #[test]
    fn users_of_two_issuers_have_two_ids() {
        let id = |iss: &str, sub: &str| Claims::default().with_iss(iss).with_sub(sub).global_subject().unwrap();
        let users =
            [("https://a", "u"), ("https://b", "u"), ("a#b", "c"), ("a", "b#c"), ("a%23b", "c"), ("", "u"), ("a", "")];
        let ids: std::collections::BTreeSet<_> = users.iter().map(|(iss, sub)| id(iss, sub)).collect();
        assert_eq!((ids.len(), id("https://a", "u")), (users.len(), "https://a#u".to_owned()));
        for claims in [Claims::default(), Claims::default().with_iss("i"), Claims::default().with_sub("u")] {
            assert_eq!(claims.global_subject(), None);
        }
    }

    #[test]
    fn claims_are_written_as_they_are_read() {
        let claims = Claims::default()
            .with_aud(["a", "b"])
            .with_exp(SystemTime::UNIX_EPOCH + Duration::from_secs(9))
            .with_scope(["x", "y"])
            .with_extra("z", 1);
        let text = serde_json::to_string(&claims).unwrap();
        assert_eq!(text, r#"{"aud":["a","b"],"exp":9,"scope":"x y","z":1}"#);
        assert_eq!(read(&text), Ok(claims));
        assert_eq!(serde_json::to_string(&Claims::default().with_aud(["a"])).unwrap(), r#"{"aud":"a"}"#);
    }
}
