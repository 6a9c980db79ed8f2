//! Custom data: values of fields that a pool defines itself.

use super::values::DataType;
use crate::{
    Extra, Json,
    protocol::{
        meter,
        model::{Field, FieldValue, model},
    },
};
use jiff::{Timestamp, civil, tz::TimeZone};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{SeqAccess, Visitor},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fmt,
    ops::{Deref, DerefMut},
    time::SystemTime,
};

/// The value of a custom field.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum UdfValue {
    /// Text: `STRING`.
    Text(String),
    /// A whole number: `NUMBER`. One that does not fit is read as `Other`.
    Integer(i64),
    /// Another number: `NUMBER`. One that is not finite is sent as `null`.
    Float(f64),
    /// A truth value: `BOOLEAN`.
    Bool(bool),
    /// A time: `DATETIME`. One that names no zone is read as UTC.
    DateTime(SystemTime),
    /// An object or a list: `OBJECT`.
    Object(Json),
    /// Another value, as it came: of a type that this version of the crate does not know, or of another form than its type says.
    Other {
        /// The type, as the service names it; empty where it names none.
        data_type: String,
        /// The text of the value.
        value: String,
    },
}

impl UdfValue {
    /// Returns the text of a `STRING`.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the number of a `NUMBER` that is whole and fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns the number of a `NUMBER`, whole or not; the nearest that there is, beyond 2^53.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns the value of a `BOOLEAN`.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Reads what the service sent, by its type; `None` where there is no value.
    fn read(data_type: Option<&DataType>, value: &Json) -> Option<Self> {
        let text = match value.as_text().as_bytes() {
            b"null" => return None,
            [b'"', ..] => value.decode().ok()?,
            _ => value.as_text().to_owned(),
        };
        // JSON inside of the response's JSON: it takes memory like the rest.
        let known = match data_type {
            Some(DataType::String) => return Some(Self::Text(text)),
            Some(DataType::Number) => inner(&text).and_then(number),
            Some(DataType::Boolean) => inner(&text).map(Self::Bool),
            Some(DataType::Object) => inner(&text).map(Self::Object),
            Some(DataType::DateTime) => instant(&text).map(Self::DateTime),
            Some(DataType::Other(_)) | None => None,
        };
        let data_type = data_type.map(DataType::as_str).unwrap_or_default().to_owned();
        Some(known.unwrap_or(Self::Other { data_type, value: text }))
    }

    fn other(data_type: &DataType, value: &str) -> Self {
        Self::Other { data_type: data_type.as_str().to_owned(), value: value.to_owned() }
    }

    /// Returns the type of the value, if it is known.
    fn data_type(&self) -> Option<DataType> {
        match self {
            Self::Text(_) => Some(DataType::String),
            Self::Integer(_) | Self::Float(_) => Some(DataType::Number),
            Self::Bool(_) => Some(DataType::Boolean),
            Self::DateTime(_) => Some(DataType::DateTime),
            Self::Object(_) => Some(DataType::Object),
            Self::Other { data_type, .. } if data_type.is_empty() => None,
            Self::Other { data_type, .. } => Some(data_type.as_str().into()),
        }
    }

    /// Returns the value as the service sends it.
    fn sent(&self) -> Value {
        match self.json() {
            Value::String(text) => text.into(),
            json => json.to_string().into(),
        }
    }

    /// Returns the value as JSON, which `create` takes.
    pub(super) fn json(&self) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Integer(number) => (*number).into(),
            Self::Float(number) => (*number).into(),
            Self::Bool(value) => (*value).into(),
            Self::DateTime(instant) => match Timestamp::try_from(*instant) {
                Ok(instant) => instant.to_string().into(),
                // Thousands of years away; the service refuses it.
                Err(_) => Value::Null,
            },
            Self::Object(value) => value.decode().unwrap_or_default(),
            Self::Other { value, .. } => value.as_str().into(),
        }
    }

    /// Returns the value as JSON text, which `set_udv` takes.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Other { value, .. } => value.clone(),
            known => known.json().to_string(),
        }
    }
}

/// Decodes a text inside of a response's JSON.
fn inner<'de, T: Deserialize<'de>>(text: &'de str) -> Option<T> {
    meter::decode_inner(text.as_bytes()).ok()
}

/// A number that can be written back as it was; a whole one beyond `i64` would not be.
fn number(number: serde_json::Number) -> Option<UdfValue> {
    match number.as_i64() {
        Some(whole) => Some(UdfValue::Integer(whole)),
        None => number.as_f64().filter(|_| number.is_f64()).map(UdfValue::Float),
    }
}

/// ISO 8601, with or without a zone, or milliseconds since the epoch.
fn instant(text: &str) -> Option<SystemTime> {
    // A value that was set as JSON text may have kept its quotes.
    let text = text.trim().trim_matches('"');
    let whole = || text.parse::<i64>().ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let fraction = || text.parse::<f64>().ok().and_then(|ms| Timestamp::from_millisecond(ms.round() as i64).ok());
    let zoned = || text.parse::<Timestamp>().ok();
    let local = || text.parse::<civil::DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    whole().or_else(fraction).or_else(zoned).or_else(local).map(SystemTime::from)
}

macro_rules! from {
    ($($type:ty => |$value:ident| $to:expr,)+) => {$(
        impl From<$type> for UdfValue {
            fn from($value: $type) -> Self {
                $to
            }
        }
    )+};
}

from! {
    &str => |text| Self::Text(text.to_owned()),
    String => |text| Self::Text(text),
    &String => |text| Self::Text(text.clone()),
    bool => |value| Self::Bool(value),
    i32 => |number| Self::Integer(number.into()),
    u32 => |number| Self::Integer(number.into()),
    i64 => |number| Self::Integer(number),
    f64 => |number| Self::Float(number),
    SystemTime => |instant| Self::DateTime(instant),
    Value => |value| Json::from(value).into(),
    Json => |json| match json.decode() {
        Ok(Value::String(text)) => Self::Text(text),
        Ok(Value::Number(value)) => number(value).unwrap_or_else(|| Self::other(&DataType::Number, json.as_text())),
        Ok(Value::Bool(value)) => Self::Bool(value),
        _ => Self::Object(json),
    },
}

model! {
    /// A value as the wire has it: how to read it is known when its type is.
    WireUdv {
        /// The key of the field.
        key: Option<String> = "key",
        /// The value, as the service sends it.
        value: Option<Json> = "value",
        /// The type of the value.
        data_type: Option<DataType> = "dataType",
        /// The name of the field in the console.
        label: Option<String> = "label",
    }
}

/// A custom field's value, with its type and label.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Udv {
    /// The key of the field.
    pub key: String,
    /// The value, if there is one.
    pub value: Option<UdfValue>,
    /// The type of the value.
    pub data_type: Option<DataType>,
    /// The name of the field in the console.
    pub label: Option<String>,
    /// Members that this version of the crate does not know.
    pub extra: Extra,
}

impl Udv {
    /// Creates a value of a custom field, of the type that the value has.
    pub fn new(key: impl Into<String>, value: impl Into<UdfValue>) -> Self {
        let value = value.into();
        let data_type = value.data_type();
        Self { key: key.into(), value: Some(value), data_type, label: None, extra: Extra::default() }
    }
}

impl<'de> Deserialize<'de> for Udv {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let WireUdv { key, value, data_type, label, extra } = WireUdv::deserialize(from)?;
        let value = value.and_then(|value| UdfValue::read(data_type.as_ref(), &value));
        Ok(Self { key: key.unwrap_or_default(), value, data_type, label, extra })
    }
}

impl Serialize for Udv {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { key, value, data_type, label, extra } = self;
        WireUdv {
            key: Some(key.clone()),
            value: value.as_ref().map(|value| value.sent().into()),
            data_type: data_type.clone(),
            label: label.clone(),
            extra: extra.clone(),
        }
        .serialize(to)
    }
}

/// The custom data of one user, or of another target: values by key. Fields without a value are left out.
///
/// Written as JSON, the labels and the members that this version of the crate does not know are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CustomData(BTreeMap<String, UdfValue>);

impl CustomData {
    /// Creates custom data without a value.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a value.
    pub fn with(mut self, key: impl Into<String>, value: impl Into<UdfValue>) -> Self {
        self.0.insert(key.into(), value.into());
        self
    }
}

impl Deref for CustomData {
    type Target = BTreeMap<String, UdfValue>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for CustomData {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<K: Into<String>, V: Into<UdfValue>> FromIterator<(K, V)> for CustomData {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl<'de> Deserialize<'de> for CustomData {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Values;

        impl<'de> Visitor<'de> for Values {
            type Value = CustomData;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of values")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<CustomData, A::Error> {
                let mut data = CustomData::default();
                while let Some(Udv { key, value, .. }) = list.next_element()? {
                    let Some(value) = value else { continue };
                    meter::allow(meter::map_entry(data.len(), size_of::<(String, UdfValue)>()))?;
                    data.insert(key, value);
                }
                Ok(data)
            }
        }

        from.deserialize_seq(Values)
    }
}

impl Serialize for CustomData {
    /// Writes the list of values that the service sends.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(|(key, value)| Udv::new(key, value.clone())))
    }
}

impl FieldValue for CustomData {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        Option::deserialize(from)
    }
}

impl Field for CustomData {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(Option::unwrap_or_default)
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    fn read(data_type: &str, value: Value) -> Option<UdfValue> {
        let sent = json!({"value": value, "key": "k", "dataType": data_type, "label": null});
        serde_json::from_value::<Udv>(sent).unwrap().value
    }

    #[test]
    fn the_type_decides_how_a_value_is_read() {
        let other = |data_type: &str, value: &str| {
            Some(UdfValue::Other { data_type: data_type.to_owned(), value: value.to_owned() })
        };
        assert_eq!(read("STRING", json!("10")), Some("10".into()));
        assert_eq!(read("NUMBER", json!("10")), Some(10.into()));
        assert_eq!(read("NUMBER", json!("1.5")), Some(1.5.into()));
        assert_eq!(read("NUMBER", json!(-7)), Some((-7).into()));
        assert_eq!(read("NUMBER", json!("18446744073709551615")), other("NUMBER", "18446744073709551615"));
        assert_eq!(read("BOOLEAN", json!("false")), Some(false.into()));
        assert_eq!(read("OBJECT", json!(r#"{"a": [1]}"#)), Some(json!({"a": [1]}).into()));
        assert_eq!(read("STRING", Value::Null), None);
        assert_eq!(read("NUMBER", json!("ten")), other("NUMBER", "ten"));
        assert_eq!(read("COLOUR", json!("red")), other("COLOUR", "red"));
    }

    #[test]
    fn a_date_comes_as_text_or_as_milliseconds() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_631_000_000_250);
        for sent in [
            json!("2021-09-07T07:33:20.25Z"),
            json!("2021-09-07T15:33:20.250+08:00"),
            json!("2021-09-07T07:33:20.250"),
            json!("2021-09-07 07:33:20.25"),
            json!("\"2021-09-07T07:33:20.250Z\""),
            json!("1631000000250"),
            json!(1_631_000_000_250_i64),
            json!("1631000000250.0"),
        ] {
            assert_eq!(read("DATETIME", sent.clone()), Some(at.into()), "{sent}");
        }
        assert!(matches!(read("DATETIME", json!("yesterday")), Some(UdfValue::Other { .. })));
    }

    #[test]
    fn what_is_written_reads_back_as_it_was() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_micros(1_631_000_000_250_001);
        let values: [(&str, UdfValue, &str); 7] = [
            ("STRING", "a \"b\"".into(), r#""a \"b\"""#),
            ("NUMBER", 10.into(), "10"),
            ("NUMBER", (-2.5).into(), "-2.5"),
            ("NUMBER", json!(u64::MAX).into(), "18446744073709551615"),
            ("BOOLEAN", true.into(), "true"),
            ("DATETIME", at.into(), r#""2021-09-07T07:33:20.250001Z""#),
            ("OBJECT", json!({"a": null}).into(), r#"{"a":null}"#),
        ];
        for (data_type, value, text) in values {
            assert_eq!(value.text(), text);
            let kept = match &value {
                // The service keeps a JSON text as the text it holds.
                UdfValue::Text(_) | UdfValue::DateTime(_) => value.json(),
                other => other.text().into(),
            };
            assert_eq!(read(data_type, kept), Some(value));
        }
    }

    #[test]
    fn json_is_the_value_that_it_holds() {
        for (json, value) in [
            (json!("a"), UdfValue::Text("a".to_owned())),
            (json!(7), UdfValue::Integer(7)),
            (json!(7.0), UdfValue::Float(7.0)),
            (json!(true), UdfValue::Bool(true)),
            (json!([1]), UdfValue::Object(json!([1]).into())),
        ] {
            assert_eq!((UdfValue::from(json.clone()), UdfValue::from(Json::from(json))), (value.clone(), value));
        }
        let numbers = [UdfValue::from(7), 7.5.into(), "7".into()].map(|value| (value.as_i64(), value.as_f64()));
        assert_eq!(numbers, [(Some(7), Some(7.0)), (None, Some(7.5)), (None, None)]);
    }
}
