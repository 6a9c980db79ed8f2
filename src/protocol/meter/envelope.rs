//! Data in an envelope of its usual form, decoded in one pass with it.

use super::{decode_whole, metered::Metered};
use crate::protocol::model::Name;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{fmt, marker::PhantomData};

/// What a service wraps around its data when a call succeeds. Whatever else a service sends takes the longer way.
pub(crate) struct UsualEnvelope {
    /// Says what a member of the envelope is, by its name.
    pub(crate) member: fn(&str) -> Member,
    /// Whether a success must be stated.
    pub(crate) has_verdict: bool,
    /// The one member of the data that holds what was asked for, if it stands a level deeper.
    pub(crate) field: Option<&'static str>,
}

/// A member of an envelope.
pub(crate) enum Member {
    Data,
    /// Says whether the call succeeded, which the function tells.
    Verdict(fn(&RawValue) -> bool),
    /// Means nothing where the call succeeded.
    Passed,
    /// Is not part of the usual form.
    Unusual,
}

/// Decodes the data of an envelope; `None` if it has another form, states no success, or cannot be decoded.
pub(crate) fn decode_usual<'de, T: Deserialize<'de>>(json: &'de [u8], envelope: UsualEnvelope) -> Option<T> {
    // What is no UTF-8 takes the longer way, too.
    let json = std::str::from_utf8(json).ok().filter(|json| json.trim_ascii_start().starts_with('{'))?;
    decode_whole(json.into(), |json| Whole { envelope, of: PhantomData }.deserialize(json)).ok()
}

struct Whole<T> {
    envelope: UsualEnvelope,
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Whole<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Whole<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an envelope")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let (mut data, mut verdict) = (None, None);
        while let Some(Name(name)) = map.next_key()? {
            match (self.envelope.member)(&name) {
                Member::Data if data.is_none() => {
                    data = Some(map.next_value_seed(Inside { field: self.envelope.field, of: PhantomData })?);
                }
                Member::Verdict(is_success) if verdict.is_none() => verdict = Some(is_success(map.next_value()?)),
                Member::Passed => drop(map.next_value::<IgnoredAny>()?),
                Member::Data | Member::Verdict(_) | Member::Unusual => return Err(unusual()),
            }
        }
        let succeeded = verdict.unwrap_or(!self.envelope.has_verdict);
        data.filter(|_| succeeded).ok_or_else(unusual)
    }
}

struct Inside<T> {
    field: Option<&'static str>,
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Inside<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        match self.field {
            Some(_) => from.deserialize_map(self),
            None => T::deserialize(Metered::top::<T>(from)),
        }
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Inside<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with one member")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let first: Option<Name<'_>> = map.next_key()?;
        if first.is_none_or(|Name(name)| Some(&*name) != self.field) {
            return Err(unusual());
        }
        let value = map.next_value_seed(Inside { field: None, of: PhantomData })?;
        match map.next_key::<IgnoredAny>()? {
            None => Ok(value),
            Some(_) => Err(unusual()),
        }
    }
}

fn unusual<E: Error>() -> E {
    E::custom("not the usual envelope")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        authing,
        digiwin::{self, User},
        protocol::dialect::Dialect,
    };

    fn usual<T: for<'de> Deserialize<'de>>(operation: &str, json: &'static str) -> Option<T> {
        let (dialect, operations): (&dyn Dialect, Vec<_>) = match operation.starts_with("authing") {
            true => (&authing::DIALECT, authing::operations().collect()),
            false => (&digiwin::DIALECT, digiwin::operations().collect()),
        };
        let operation = operations.into_iter().find(|declared| declared.name == operation).unwrap();
        decode_usual(json.as_bytes(), dialect.usual_envelope(operation)?)
    }

    #[test]
    fn the_usual_envelopes_are_read_in_one_pass() {
        let digiwin = |json| usual::<i64>("digiwin.users.get_user", json);
        for (json, data) in [
            (r#"{"status":200,"message":"ok","data":1}"#, Some(1)),
            (r#" {"data":1,"status":"200","success":true}"#, Some(1)),
            (r#"{"data":1}"#, None),
            (r#"{"status":200}"#, None),
            (r#"{"status":500,"data":1}"#, None),
            (r#"{"status":200,"status":500,"data":1}"#, None),
            (r#"{"status":200,"data":1,"data":2}"#, None),
            (r#"{"status":200,"data":1,"sid":2}"#, None),
            (r#"{"status":200,"data":"x"}"#, None),
            (r#"{"status":200,"data":1}x"#, None),
            ("[1]", None),
            ("", None),
        ] {
            assert_eq!(digiwin(json), data, "{json}");
        }
        let list = |json| usual::<i64>("authing.users.list", json);
        for (json, data) in [
            (r#"{"data":{"users":1}}"#, Some(1)),
            (r#"{"data":{"user":1}}"#, None),
            (r#"{"data":{"users":1,"other":2}}"#, None),
            (r#"{"data":{}}"#, None),
            (r#"{"data":null}"#, None),
            (r#"{"data":{"users":1},"errors":[{"message":"no"}]}"#, None),
            (r#"{"data":{"users":1},"code":500}"#, None),
        ] {
            assert_eq!(list(json), data, "{json}");
        }
        let rest = |json| usual::<i64>("authing.is_password_valid", json);
        assert_eq!(rest(r#"{"code":200,"message":"ok","data":1}"#), Some(1));
        assert_eq!(rest(r#"{"code":2004,"message":"no","data":1}"#), None);
        assert_eq!(rest(r#"{"data":1}"#), None);
    }

    #[test]
    fn the_data_is_counted_and_must_have_a_member_of_its_model() {
        let user = |json| usual::<User>("digiwin.users.get_user", json);
        assert!(user(r#"{"status":200,"data":{"sid":1}}"#).is_some());
        assert!(user(r#"{"status":200,"data":{"x":1}}"#).is_none());
        let many: &'static str = format!(r#"{{"status":200,"data":[{}{{}}]}}"#, "{},".repeat(100_000)).leak();
        assert!(usual::<Vec<User>>("digiwin.users.query_users", many).is_none());
    }
}
