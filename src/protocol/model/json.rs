//! JSON of a form that is not documented.

use super::{super::meter, RawText};
use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::IgnoredAny, ser::Error as _};
use serde_json::{Value, value::RawValue};
use std::{collections::BTreeMap, fmt};

/// JSON of a form that the service does not document, kept as the text that came.
///
/// It is parsed only when it is asked for. `Debug` prints the names of an object's members alone: any value may be a secret.
///
/// Serialize it to JSON only, which has it byte for byte: for another format [`decode`](Self::decode) it to a `serde_json::Value` first.
///
/// ```
/// use iam_sdk::Json;
/// use serde_json::json;
///
/// let company = Json::from(json!({"id": 7, "address": {"city": "Ghent"}}));
/// assert_eq!(company.decode::<serde_json::Value>()?["id"], 7);
/// let city = company.get("address").and_then(|address| address.get("city"));
/// assert_eq!(city, Some(Json::from("Ghent")));
/// # Ok::<(), iam_sdk::Error>(())
/// ```
#[derive(Clone)]
pub struct Json(Box<str>);

impl Json {
    /// Returns the JSON text, as it came.
    pub fn as_text(&self) -> &str {
        &self.0
    }

    /// Returns whether the value is `null`.
    pub fn is_null(&self) -> bool {
        self.as_text() == "null"
    }

    /// Returns a member of an object, or `None` where there is no such member or this is no object.
    ///
    /// It reads the whole text and copies the value: to read several members, [`decode`](Self::decode) a type of your own.
    pub fn get(&self, name: &str) -> Option<Self> {
        let mut members: BTreeMap<String, &RawValue> = serde_json::from_str(&self.0).ok()?;
        members.remove(name).map(|value| Self(value.get().into()))
    }

    /// Decodes the value.
    ///
    /// # Errors
    /// [`Decode`](ErrorKind::Decode) if the value is of another form than `T`, or nested deeper than 128 levels.
    pub fn decode<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        decode(&self.0)
    }

    /// Takes a text that is JSON.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.into())
    }
}

/// Decodes a text; the error quotes nothing of it.
pub(super) fn decode<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        let expected = std::any::type_name::<T>();
        let place = format!("line {} column {}", error.line(), error.column());
        Error::new(ErrorKind::Decode).detail(format!("the JSON does not decode to {expected}: {place}"))
    })
}

/// Whether two texts are the same JSON value, however it is written. What is nested deeper than serde_json reads is compared as it
/// is written, and so is a text that is no Unicode.
pub(super) fn is_same_value(left: &str, right: &str) -> bool {
    is_same(left, right, 128)
}

fn is_same(left: &str, right: &str, depth: usize) -> bool {
    fn read<'a, T: Deserialize<'a>>(left: &'a str, right: &'a str) -> Option<(T, T)> {
        serde_json::from_str(left).ok().zip(serde_json::from_str(right).ok())
    }

    if left == right {
        return true;
    }
    let Some(depth) = depth.checked_sub(1) else { return false };
    let same = |left: &RawValue, right: &RawValue| is_same(left.get(), right.get(), depth);
    match (left.as_bytes().first(), right.as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => read::<BTreeMap<String, &RawValue>>(left, right).is_some_and(|(left, right)| {
            let mut members = left.iter().zip(&right);
            left.len() == right.len() && members.all(|(left, right)| left.0 == right.0 && same(left.1, right.1))
        }),
        (Some(b'['), Some(b'[')) => read::<Vec<&RawValue>>(left, right).is_some_and(|(left, right)| {
            left.len() == right.len() && left.iter().zip(&right).all(|(left, right)| same(left, right))
        }),
        (Some(b'"'), Some(b'"')) => read::<String>(left, right).is_some_and(|(left, right)| left == right),
        (Some(b'-' | b'0'..=b'9'), Some(b'-' | b'0'..=b'9')) => {
            Decimal::of(left).is_some_and(|left| Decimal::of(right) == Some(left))
        }
        _ => false,
    }
}

/// A number of JSON with all its digits, of which an `f64` has but some.
#[derive(PartialEq)]
struct Decimal {
    is_negative: bool,
    /// Without zeros around them.
    digits: String,
    /// The power of ten that the last digit counts.
    exponent: i64,
}

impl Decimal {
    /// Returns `None` where the exponent is out of all reach.
    fn of(number: &str) -> Option<Self> {
        let unsigned = number.strip_prefix('-').unwrap_or(number);
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole, fraction].concat();
        let to_last = all.trim_end_matches('0');
        let digits = to_last.trim_start_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self { is_negative: false, digits, exponent: 0 });
        }
        let below = i64::try_from(fraction.len()).ok()?;
        let zeros = i64::try_from(all.len() - to_last.len()).ok()?;
        let exponent = exponent.parse::<i64>().ok()?.checked_sub(below)?.checked_add(zeros)?;
        Some(Self { is_negative: unsigned.len() < number.len(), digits, exponent })
    }
}

impl Default for Json {
    fn default() -> Self {
        Self::new("null")
    }
}

impl PartialEq for Json {
    /// Compares the values, whatever their white space and the order of their members.
    fn eq(&self, other: &Self) -> bool {
        is_same_value(&self.0, &other.0)
    }
}

impl PartialEq<Value> for Json {
    fn eq(&self, other: &Value) -> bool {
        is_same_value(&self.0, &other.to_string())
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self(value.to_string().into())
    }
}

macro_rules! from {
    ($($type:ty),+) => {$(
        impl From<$type> for Json {
            fn from(value: $type) -> Self {
                Value::from(value).into()
            }
        }
    )+};
}

from!(&str, String, bool, i32, i64, u32, u64, f64);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let RawText(text) = RawText::deserialize(from)?;
        meter::check_text(&text)?;
        meter::allow(text.len() + meter::OVERHEAD)?;
        Ok(Self(text.into()))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(&self.0).map_err(S::Error::custom)?.serialize(to)
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_bytes().first() {
            Some(b'{') => match self.decode::<BTreeMap<String, IgnoredAny>>() {
                Ok(members) => f.debug_set().entries(members.keys()).finish(),
                Err(_) => f.write_str("Json({..})"),
            },
            Some(b'[') => f.write_str("Json([..])"),
            _ => f.write_str("Json(..)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn is_kept_as_it_came() {
        let text = r#"{ "a":1.50e1, "b" : [ null ] }"#;
        let read: Json = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert_eq!(read, json!({"b": [null], "a": 15.0}));
        assert_eq!(read, Json::from(json!({"b": [null], "a": 15.0})));
        assert_ne!(read, Json::from(json!({"b": [null]})));
        assert!(Json::default().is_null() && !read.is_null());
    }

    #[test]
    fn members_are_read_when_they_are_asked_for() {
        let json: Json = serde_json::from_str(r#"{"a": {"b\n": "x"}, "a": {"b\n": "y"}}"#).unwrap();
        let inner = json.get("a").and_then(|a| a.get("b\n")).unwrap();
        assert_eq!(inner.decode::<&str>().unwrap(), "y");
        assert!(json.get("c").is_none() && inner.get("a").is_none());
    }

    #[test]
    fn equality_is_that_of_the_values() {
        for (left, right, same) in [
            ("1.50e1", "15.0", true),
            ("15", "1500E-2", true),
            ("-0.0", "0e9", true),
            ("1e400", "1E400", true),
            ("0.0012e3", "1.2", true),
            ("12345678901234567890123", "12345678901234567890124", false),
            ("0.12345678901234567", "0.12345678901234568", false),
            ("1e99999999999999999999", "2e99999999999999999999", false),
            ("1", "-1", false),
            ("1", "\"1\"", false),
            (r#""\u0061""#, r#""a""#, true),
            (r#"{"a": [1, {"b": null}], "c": 2}"#, r#"{"c":2.0,"a":[1,{"b":null}]}"#, true),
            (r#"{"a": 1}"#, r#"{"a": 1, "b": 2}"#, false),
            (r#"{"a": "\ud800"}"#, r#"{"a":"\ud800"}"#, true),
            ("[1, 2]", "[2, 1]", false),
            ("true", "false", false),
        ] {
            assert_eq!(Json::new(left) == Json::new(right), same, "{left} {right}");
        }
        let deep = |space: &str| Json::new(&format!("{}{space}{}", "[".repeat(100_000), "]".repeat(100_000)));
        assert!(deep("") == deep("") && deep("") != deep(" "));
    }

    #[test]
    fn shows_no_value() {
        let json = Json::from(json!({"key": "canary"}));
        assert_eq!(format!("{json:?}"), r#"{"key"}"#);
        for hidden in [json!("canary"), json!(["canary"])] {
            assert!(!format!("{:?}", Json::from(hidden)).contains("canary"));
        }
        let error = json.decode::<BTreeMap<String, i64>>().unwrap_err();
        assert!(error.is_decode() && !format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}
