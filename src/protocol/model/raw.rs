//! The text of a JSON value, as it came.

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, MapAccess, SeqAccess, Visitor, value::SeqAccessDeserializer},
};
use serde_json::Value;
use std::{borrow::Cow, fmt};

/// The text of one JSON value, borrowed from the input where the input lasts.
///
/// `&RawValue` reads borrowed input alone, and `Box<RawValue>` allocates for each value. Both refuse what comes from another
/// format, or out of the buffer of a `#[serde(untagged)]` around a model.
pub(crate) struct RawText<'de>(pub(crate) Cow<'de, str>);

/// The name by which serde_json is asked for a value's text. A test fails where serde_json changes it.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

impl<'de> Deserialize<'de> for RawText<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Capture;

        impl<'de> Visitor<'de> for Capture {
            type Value = RawText<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut object = serde_json::Map::new();
                match map.next_key()? {
                    Some(Name(key)) if key == RAW_VALUE => return map.next_value().map(|Text(text)| RawText(text)),
                    Some(Name(key)) => object.insert(key.into_owned(), map.next_value()?),
                    None => None,
                };
                while let Some((key, value)) = map.next_entry()? {
                    object.insert(key, value);
                }
                Ok(of_value(Value::Object(object)))
            }

            // From anything but serde_json's own deserializers.
            fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
                Value::deserialize(from).map(of_value)
            }

            fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
                Value::deserialize(from).map(of_value)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
                Value::deserialize(SeqAccessDeserializer::new(list)).map(of_value)
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(of_value(Value::Null))
            }

            fn visit_none<E>(self) -> Result<Self::Value, E> {
                Ok(of_value(Value::Null))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(of_value(value.into()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(of_value(number.into()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(of_value(number.into()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
                Ok(of_value(number.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(of_value(text.into()))
            }
        }

        fn of_value<'de>(value: Value) -> RawText<'de> {
            RawText(Cow::Owned(value.to_string()))
        }

        from.deserialize_newtype_struct(RAW_VALUE, Capture)
    }
}

/// A member's name, borrowed from the input where it has no escapes.
pub(crate) struct Name<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(TextVisitor).map(Self)
    }
}

/// Reads a member's name, and finds which of a model's members it is. A name that none has is left in `unknown`.
pub(crate) struct FindMember<'a, 'de, F> {
    pub(crate) find: F,
    pub(crate) unknown: &'a mut Cow<'de, str>,
}

impl<'de, M, F: Fn(&str) -> Option<M>> DeserializeSeed<'de> for FindMember<'_, 'de, F> {
    type Value = Option<M>;

    #[inline(always)]
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<M>, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de, M, F: Fn(&str) -> Option<M>> Visitor<'de> for FindMember<'_, 'de, F> {
    type Value = Option<M>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    #[inline(always)]
    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Option<M>, E> {
        let found = (self.find)(name);
        if found.is_none() {
            *self.unknown = Cow::Borrowed(name);
        }
        Ok(found)
    }

    fn visit_str<E>(self, name: &str) -> Result<Option<M>, E> {
        let found = (self.find)(name);
        if found.is_none() {
            *self.unknown = Cow::Owned(name.to_owned());
        }
        Ok(found)
    }
}

/// What serde_json hands over as a value's text.
struct Text<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TextVisitor).map(Self)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::{
        IntoDeserializer as _,
        value::{BoolDeserializer, MapDeserializer},
    };

    #[test]
    fn text_is_kept_as_it_came_and_borrowed_where_it_can_be() {
        for json in [r#"{ "a":1.50e1 ,"b":[null]}"#, "1.0", r#""\u00e9""#, "null", "true"] {
            let RawText(text) = serde_json::from_str(json).unwrap();
            assert!(matches!(text, Cow::Borrowed(text) if text == json), "{json}");
            let mut reader = serde_json::Deserializer::from_reader(json.as_bytes());
            let RawText(text) = RawText::deserialize(&mut reader).unwrap();
            assert_eq!(text, json);
            let value: Value = serde_json::from_str(json).unwrap();
            let RawText(text) = RawText::deserialize(value.clone()).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
        assert!(serde_json::from_str::<RawText<'_>>("[1,").is_err());
        // Out of a format that knows nothing of serde_json.
        let members = [("a", vec![1_u8, 2]), ("b", vec![])];
        let other = MapDeserializer::<_, serde_json::Error>::new(members.into_iter());
        assert_eq!(RawText::deserialize(other).unwrap().0, r#"{"a":[1,2],"b":[]}"#);
        let other: BoolDeserializer<serde_json::Error> = true.into_deserializer();
        assert_eq!(RawText::deserialize(other).unwrap().0, "true");
    }
}
