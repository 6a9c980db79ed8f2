//! How the fields of models are read: tolerantly, as the vendors' own models read them.

use crate::{AppToken, Json, Password, Pin, UserToken, protocol::paging::Page};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, MapAccess, SeqAccess, Unexpected, Visitor},
};
use std::{fmt, marker::PhantomData};

/// A field of a model.
pub(crate) trait Field: Default {
    /// Reads the field; `null` is the default.
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error>;

    /// Returns whether the field is left out when the model is written.
    fn is_absent(&self) -> bool;
}

/// A value in a field: optional, or in a list.
pub(crate) trait FieldValue: Sized {
    /// Reads the value; `null` is `None`.
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error>;
}

impl<T: FieldValue> Field for Option<T> {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::read(from)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: FieldValue> Field for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct List<T>(PhantomData<T>);

        impl<'de, T: FieldValue> Visitor<'de> for List<T> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_unit<E>(self) -> Result<Vec<T>, E> {
                Ok(Vec::new())
            }

            fn visit_none<E>(self) -> Result<Vec<T>, E> {
                Ok(Vec::new())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Vec<T>, A::Error> {
                let mut list = Vec::new();
                while let Some(Element(value)) = from.next_element()? {
                    list.push(value);
                }
                Ok(list)
            }
        }

        from.deserialize_any(List(PhantomData))
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

/// A [`Field`] where serde asks for a `Deserialize`.
pub(crate) struct Read<T>(pub(crate) T);

impl<'de, T: Field> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::read(from).map(Self)
    }
}

/// A [`FieldValue`] in a list.
struct Element<T>(T);

impl<'de, T: FieldValue> Deserialize<'de> for Element<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match T::read(from)? {
            Some(value) => Ok(Self(value)),
            None => Err(D::Error::invalid_type(Unexpected::Unit, &"a value in a list")),
        }
    }
}

/// In a list whose elements may be `null`.
impl<T: FieldValue> FieldValue for Option<T> {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        T::read(from).map(Some)
    }
}

impl<T: DeserializeOwned> FieldValue for Box<T> {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        Option::deserialize(from)
    }
}

impl<T: DeserializeOwned> FieldValue for Page<T> {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        Option::deserialize(from)
    }
}

/// Reads values of these types as their `Deserialize` does.
macro_rules! field_values {
    ($($type:ty),+ $(,)?) => {$(
        impl $crate::protocol::model::FieldValue for $type {
            fn read<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
                serde::Deserialize::deserialize(from)
            }
        }
    )+};
}

pub(crate) use field_values;

field_values!(Json, AppToken, Password, Pin, UserToken);

macro_rules! read_tolerantly {
    ($type:ty, $expected:literal { $($visits:tt)* }) => {
        impl FieldValue for $type {
            fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
                struct Tolerant;

                impl<'de> Visitor<'de> for Tolerant {
                    type Value = Option<$type>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }

                    fn visit_unit<E>(self) -> Result<Self::Value, E> {
                        Ok(None)
                    }

                    fn visit_none<E>(self) -> Result<Self::Value, E> {
                        Ok(None)
                    }

                    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
                        <$type>::read(from)
                    }

                    /// A number that is no integer, where another crate of the build has switched on serde_json's `arbitrary_precision`.
                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        match map.next_key::<String>()? {
                            Some(key) if key == "$serde_json::private::Number" => {
                                let text = map.next_value::<String>()?;
                                let number = text.parse().map_err(|_| A::Error::invalid_type(Unexpected::Map, &self))?;
                                self.visit_f64(number)
                            }
                            _ => Err(A::Error::invalid_type(Unexpected::Map, &self)),
                        }
                    }

                    $($visits)*
                }

                from.deserialize_any(Tolerant)
            }
        }
    };
}

read_tolerantly!(String, "text" {
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Some(text))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }
});

// Java's JSON libraries write a number that is absent as empty text where they write numbers as text.
read_tolerantly!(i64, "a whole number" {
    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        i64::try_from(number).map(Some).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        // Every whole number below is one `f64` and one `i64`.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match number.fract() == 0.0 && number.abs() <= EXACT {
            true => Ok(Some(number as i64)),
            false => Err(E::invalid_value(Unexpected::Float(number), &self)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        match text.trim() {
            "" => Ok(None),
            number => number.parse().map(Some).map_err(|_| E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
});

read_tolerantly!(bool, "a boolean" {
    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        match number {
            0 => Ok(Some(false)),
            1 => Ok(Some(true)),
            _ => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        self.visit_i64(number.try_into().unwrap_or(i64::MAX))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        match text.trim().to_ascii_lowercase().as_str() {
            "" => Ok(None),
            "true" | "1" => Ok(Some(true)),
            "false" | "0" => Ok(Some(false)),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
});

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Field>(json: &str) -> Result<T, serde_json::Error> {
        serde_json::from_str::<Read<T>>(json).map(|Read(value)| value)
    }

    #[test]
    fn numbers_and_booleans_are_read_from_text_too() {
        for (json, number) in
            [("7", Some(7)), (r#"" -7 ""#, Some(-7)), ("7.0", Some(7)), (r#""""#, None), ("null", None)]
        {
            assert_eq!(read::<Option<i64>>(json).unwrap(), number, "{json}");
        }
        for json in [r#""seven""#, "7.5", "1e30", "true", "[7]", "{}", "18446744073709551615", r#""7.5""#] {
            assert!(read::<Option<i64>>(json).is_err(), "{json}");
        }
        for (json, value) in [
            ("true", Some(true)),
            (r#""True""#, Some(true)),
            (r#""false""#, Some(false)),
            ("1", Some(true)),
            ("0", Some(false)),
            (r#""0""#, Some(false)),
            (r#""""#, None),
            ("null", None),
        ] {
            assert_eq!(read::<Option<bool>>(json).unwrap(), value, "{json}");
        }
        for json in [r#""ja""#, "2", "-1", "0.5", "[true]"] {
            assert!(read::<Option<bool>>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn numbers_of_arbitrary_precision_are_read_like_others() {
        let written = |number: &str| format!(r#"{{"$serde_json::private::Number": "{number}"}}"#);
        assert_eq!(read::<Option<i64>>(&written("7.0")).unwrap(), Some(7));
        for number in ["7.5", "1e30", "x"] {
            assert!(read::<Option<i64>>(&written(number)).is_err(), "{number}");
        }
        assert!(read::<Option<String>>(&written("1.5")).is_err());
        assert!(read::<Option<bool>>(&written("0.5")).is_err());
        for json in ["{}", r#"{"a": 1}"#, r#"{"$serde_json::private::Number": 7}"#] {
            assert!(read::<Option<i64>>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn text_is_read_from_numbers_too() {
        for (json, text) in [(r#""a""#, Some("a")), ("-7", Some("-7")), ("null", None), (r#""""#, Some(""))] {
            assert_eq!(read::<Option<String>>(json).unwrap().as_deref(), text, "{json}");
        }
        for json in ["true", "{}", "[]", "1.5"] {
            assert!(read::<Option<String>>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn lists_are_read_from_null_too_and_their_elements_tolerantly() {
        assert!(read::<Vec<String>>("null").unwrap().is_empty());
        assert_eq!(read::<Vec<i64>>(r#"[1, "2"]"#).unwrap(), [1, 2]);
        assert_eq!(read::<Vec<Option<String>>>(r#"["a", null]"#).unwrap(), [Some("a".to_owned()), None]);
        assert!(read::<Vec<String>>("[null]").is_err());
        assert!(read::<Vec<String>>(r#""a""#).is_err());
    }
}
