//! Models that lose nothing: members that a model does not know are kept in `extra`.

use super::meter;
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Map, Value};
use std::{
    borrow::Cow,
    fmt,
    ops::{Deref, DerefMut},
};

/// The members of a response that a model has no field for, by name.
///
/// `Debug` prints the names alone: whether an unknown value is a secret is unknown too.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Extra(Map<String, Value>);

impl Deref for Extra {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Extra {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl From<Map<String, Value>> for Extra {
    fn from(members: Map<String, Value>) -> Self {
        Self(members)
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// JSON of a form that is not documented.
///
/// `Debug` prints the names of an object's members, or that it is something else: there may be a secret in it.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Value);

impl Json {
    /// The value.
    pub fn into_value(self) -> Value {
        self.0
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl Deref for Json {
    type Target = Value;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Value::Object(members) => f.debug_set().entries(members.keys()).finish(),
            Value::Array(values) => write!(f, "Json([{} values])", values.len()),
            _ => f.write_str("Json(..)"),
        }
    }
}

/// A member's name, borrowed from the input where it has no escapes.
pub(crate) struct Name<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member's name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }

        from.deserialize_str(Visitor)
    }
}

/// Whether a member goes out again: an absent one stays absent.
pub(crate) trait Member {
    fn is_absent(&self) -> bool;
}

impl<T> Member for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T> Member for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

/// Declares a model: a struct with `extra`, read in one pass without `#[serde(flatten)]`, which would buffer every member.
///
/// `null` reads as a missing member. With `write` in front it can be sent back as well, unknown members included; models
/// that hold a secret are declared without.
macro_rules! model {
    (write $(#[$doc:meta])* $name:ident { $($fields:tt)* }) => {
        model! { $(#[$doc])* $name { $($fields)* } }
        model! { @write $name { $($fields)* } }
    };
    (@write $name:ident { $($(#[$field_doc:meta])* $field:ident : $type:ty = $wire:literal,)* }) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                use $crate::protocol::model::Member as _;
                use serde::ser::SerializeMap as _;
                let mut map = to.serialize_map(None)?;
                $(if !self.$field.is_absent() {
                    map.serialize_entry($wire, &self.$field)?;
                })*
                for (name, value) in self.extra.iter() {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    };
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident : $type:ty = $wire:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$field_doc])*
                #[doc = concat!("`", $wire, "` on the wire.")]
                pub $field: $type,
            )*
            /// Members that this version of the crate does not know.
            pub extra: $crate::protocol::model::Extra,
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Visitor;

                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("an object, ", stringify!($name)))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut model = $name::default();
                        while let Some($crate::protocol::model::Name(name)) = map.next_key()? {
                            match &*name {
                                // The outer `Option` takes a `null`, whatever the member's own type.
                                $($wire => model.$field = map.next_value::<Option<$type>>()?.unwrap_or_default(),)*
                                _ => {
                                    $crate::protocol::model::allow_extra(&model.extra)?;
                                    model.extra.insert(name.into_owned(), map.next_value()?);
                                }
                            }
                        }
                        Ok(model)
                    }
                }

                // The names say whether an object is one of these at all.
                from.deserialize_struct(stringify!($name), &[$($wire),*], Visitor)
            }
        }
    };
}

pub(crate) use model;

/// Counts the memory of one more member that a model has no field for.
pub(crate) fn allow_extra<E: Error>(extra: &Extra) -> Result<(), E> {
    meter::allow(meter::map_entry(extra.len(), size_of::<String>() + size_of::<Value>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    model! {
        write
        /// A thing.
        Thing {
            sid: Option<i64> = "sid",
            tag_list: Vec<String> = "tagList",
        }
    }

    #[test]
    fn unknown_members_survive_a_round_trip() {
        let text = r#"{"sid":7,"tagList":["a"],"new\u0041":{"deep":[1]},"zeta":null}"#;
        let thing: Thing = serde_json::from_str(text).unwrap();
        assert_eq!((thing.sid, thing.tag_list.len(), thing.extra.len()), (Some(7), 1, 2));
        let back = serde_json::to_value(&thing).unwrap();
        assert_eq!(back, serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn null_reads_as_missing() {
        let thing: Thing = serde_json::from_str(r#"{"sid":null,"tagList":null}"#).unwrap();
        assert_eq!(thing, Thing::default());
        assert_eq!(serde_json::to_string(&thing).unwrap(), "{}");
    }

    #[test]
    fn debug_shows_no_unknown_value() {
        let thing: Thing = serde_json::from_str(r#"{"apiKey":"canary"}"#).unwrap();
        assert_eq!(format!("{:?}", thing.extra), r#"{"apiKey"}"#);
    }
}
