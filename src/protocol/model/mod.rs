//! Models that lose nothing: members that a model does not know are kept in `extra`.

mod extra;
mod field;
mod json;
mod rare;
mod raw;

pub use extra::Extra;
pub(crate) use extra::ExtraReader;
pub(crate) use field::{Field, FieldValue, Read, field_values};
pub use json::Json;
pub(crate) use rare::Rare;
pub(crate) use raw::{FindMember, Name, RawText};

/// Declares a model: a struct of optional fields and lists, with `extra`, read in one pass without `#[serde(flatten)]`, which
/// would buffer every member.
///
/// `null` reads as a missing member. What was read can be written back, unknown members included. A field that is marked
/// `secret` is never written; the types of tokens and passwords cannot be, so that none is forgotten.
macro_rules! model {
    (
        $(#[$doc:meta])*
        $name:ident {
            $($(#[$field_doc:meta])* $field:ident : $kind:ident $(<$type:ty>)? = $($secret:ident)? $wire:literal,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$field_doc])*
                ///
                #[doc = concat!("`", $wire, "` on the wire", $($crate::protocol::model::model!(@note $secret),)? ".")]
                pub $field: $kind $(<$type>)?,
            )*
            /// Members that this version of the crate does not know.
            pub extra: $crate::protocol::model::Extra,
        }

        #[allow(dead_code, reason = "models inside of the crate have setters as well")]
        impl $name {
            $($crate::protocol::model::setter! { $field $kind $(<$type>)? })*

            /// Adds a member that has no field, or replaces its value. The name of a member that has a field is ignored: set the
            /// field.
            pub fn with_extra(mut self, name: impl AsRef<str>, value: impl Into<$crate::Json>) -> Self {
                if ![$($wire),*].contains(&name.as_ref()) {
                    self.extra.insert(name, value);
                }
                self
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                /// One for each field. Small, where a name would be moved from function to function.
                #[allow(non_camel_case_types, reason = "named as the fields are")]
                enum Known {
                    $($field,)*
                }

                #[inline(always)]
                fn find(name: &str) -> Option<Known> {
                    match name {
                        $($wire => Some(Known::$field),)*
                        _ => None,
                    }
                }

                struct Visitor;

                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("an object, ", stringify!($name)))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut model = $name::default();
                        let mut extra = $crate::protocol::model::ExtraReader::default();
                        let mut unknown = Default::default();
                        while let Some(member) =
                            map.next_key_seed($crate::protocol::model::FindMember { find, unknown: &mut unknown })?
                        {
                            match member {
                                $(Some(Known::$field) => {
                                    let $crate::protocol::model::Read(value) = map.next_value()?;
                                    model.$field = value;
                                })*
                                None => extra.read_next(&unknown, &mut map)?,
                            }
                        }
                        model.extra = extra.finish()?;
                        Ok(model)
                    }
                }

                // The names say whether an object is one of these at all.
                from.deserialize_struct(stringify!($name), &[$($wire),*], Visitor)
            }
        }

        $crate::protocol::model::field_values!($name);

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut map = to.serialize_map(None)?;
                $($crate::protocol::model::model!(@write self.$field, map, $wire $(, $secret)?);)*
                self.extra.write(&[$($wire),*], &mut map)?;
                map.end()
            }
        }
    };

    (@note secret) => {
        "; a secret, left out when the model is written"
    };
    (@write $value:expr, $map:ident, $wire:literal, secret) => {};
    (@write $value:expr, $map:ident, $wire:literal) => {
        if !$crate::protocol::model::Field::is_absent(&$value) {
            $map.serialize_entry($wire, &$value)?;
        }
    };
}

pub(crate) use model;

/// Declares the setter of a field.
macro_rules! setter {
    ($field:ident Option<$type:ty>) => {
        pastey::paste! {
            #[doc = concat!("Sets `", stringify!([<$field>]), "`.")]
            pub fn [<with_ $field>](mut self, value: impl Into<$type>) -> Self {
                self.$field = Some(value.into());
                self
            }
        }
    };
    ($field:ident Vec<$type:ty>) => {
        pastey::paste! {
            #[doc = concat!("Sets `", stringify!([<$field>]), "`.")]
            pub fn [<with_ $field>](mut self, values: impl IntoIterator<Item = impl Into<$type>>) -> Self {
                self.$field = values.into_iter().map(Into::into).collect();
                self
            }
        }
    };
    ($field:ident $type:ident) => {
        pastey::paste! {
            #[doc = concat!("Sets `", stringify!([<$field>]), "`.")]
            pub fn [<with_ $field>](mut self, value: impl Into<$type>) -> Self {
                self.$field = value.into();
                self
            }
        }
    };
}

pub(crate) use setter;

#[cfg(test)]
mod tests {
    use crate::UserToken;
    use serde_json::Value;

    model! {
        /// A thing.
        Thing {
            /// The number.
            sid: Option<i64> = "sid",
            /// Whether it is there.
            is_here: Option<bool> = "isHere",
            /// Tags.
            tag_list: Vec<String> = "tagList",
            /// The kind.
            kind: Option<String> = "type",
            /// A token.
            token: Option<UserToken> = secret "token",
            /// What is inside.
            inner: Option<Box<Thing>> = "inner",
        }
    }

    #[test]
    fn what_was_read_is_written_back() {
        let text = r#"{"sid":7,"tagList":["a"],"inner":{"new":1.50},"newA":{ "deep":[1] },"zeta":null}"#;
        let thing: Thing = serde_json::from_str(text).unwrap();
        assert_eq!((thing.sid, thing.tag_list.len(), thing.extra.len()), (Some(7), 1, 2));
        let written = serde_json::to_string(&thing).unwrap();
        assert_eq!(written, text);
        assert_eq!(serde_json::from_str::<Thing>(&written).unwrap(), thing);
        // By way of a value, too, and out of the buffer of another type.
        let value = serde_json::to_value(&thing).unwrap();
        assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(serde_json::from_value::<Thing>(value.clone()).unwrap(), thing);
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Either {
            Thing(Thing),
        }
        let Either::Thing(buffered) = serde_json::from_str(text).unwrap();
        assert_eq!(buffered, thing);
    }

    #[test]
    fn a_member_that_has_a_field_is_written_once() {
        let mut thing = Thing::default().with_sid(7);
        thing.extra = [("sid", 8), ("new", 9), ("token", 10)].into_iter().collect();
        assert_eq!(serde_json::to_string(&thing).unwrap(), r#"{"sid":7,"new":9}"#);
    }

    #[test]
    fn a_struct_around_a_model_gets_its_unknown_members_too() {
        #[derive(serde::Deserialize, serde::Serialize)]
        struct Around {
            own: i64,
            #[serde(flatten)]
            thing: Thing,
            #[serde(flatten)]
            extra: crate::Extra,
        }
        let text = r#"{"own":1,"sid":7,"new":{"a":[1.5]}}"#;
        let around: Around = serde_json::from_str(text).unwrap();
        assert_eq!((around.own, around.thing.sid, around.extra.len()), (1, Some(7), 1));
        assert_eq!(serde_json::to_string(&around).unwrap(), text);
    }

    #[test]
    fn null_reads_as_missing() {
        let thing: Thing = serde_json::from_str(r#"{"sid":null,"tagList":null,"token":null,"inner":null}"#).unwrap();
        assert_eq!(thing, Thing::default());
        assert_eq!(serde_json::to_string(&thing).unwrap(), "{}");
    }

    #[test]
    fn is_built_in_one_expression_and_writes_no_secret() {
        let thing = Thing::default()
            .with_sid(7)
            .with_is_here(true)
            .with_tag_list(["a", "b"])
            .with_kind("box")
            .with_token("canary")
            .with_inner(Thing::default().with_sid(8))
            .with_extra("colour", "red")
            .with_extra("sid", 9);
        assert_eq!(
            serde_json::to_string(&thing).unwrap(),
            r#"{"sid":7,"isHere":true,"tagList":["a","b"],"type":"box","inner":{"sid":8},"colour":"red"}"#
        );
        assert_eq!(thing.token.as_ref().unwrap().expose_secret(), "canary");
        assert!(!format!("{thing:?}").contains("canary"));
    }

    #[test]
    fn debug_shows_no_unknown_value() {
        let thing: Thing = serde_json::from_str(r#"{"apiKey":"canary"}"#).unwrap();
        assert!(format!("{thing:?}").contains(r#"{"apiKey"}"#) && !format!("{thing:?}").contains("canary"));
    }
}
