//! The members of an object that its model has no field for.

use super::{super::meter, Name, RawText, json};
use crate::{Json, Result};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor},
    ser::SerializeMap,
};
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::HashMap, fmt};

/// The members of an object that its model has no field for, kept as the text that came.
///
/// A value is parsed only when it is asked for, and written back byte for byte. Serialize to JSON only: for another format convert
/// with `serde_json::to_value` first. Names are unique, in the order in which they came; of two members with one name the last counts. Looking a member up, adding
/// and removing one takes time in proportion to the members: to look at all, use [`iter`](Self::iter). `Debug` prints the names
/// alone: any value may be a secret.
///
/// A struct around a model that has it as `#[serde(flatten)]` gets its unknown members with a field of this type, flattened too,
/// after it.
///
/// ```
/// use iam_sdk::digiwin::User;
///
/// let mut user: User = serde_json::from_str(r#"{"id": "ann", "shoeSize": 43, "badge": null}"#)?;
/// assert_eq!(user.extra.names().collect::<Vec<_>>(), ["shoeSize", "badge"]);
/// assert_eq!(user.extra.get::<i64>("shoeSize")?, Some(43));
/// user.extra.insert("shoeSize", 44);
/// user.extra.remove("badge");
/// assert_eq!(serde_json::to_string(&user)?, r#"{"id":"ann","shoeSize":44}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Extra {
    /// Each member's name and value, as JSON texts with a space or a line feed after them: one allocation for all of them,
    /// and none where there is no member.
    members: String,
}

impl Extra {
    /// Returns whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Returns the number of members.
    pub fn len(&self) -> usize {
        self.raw().count()
    }

    /// Returns the names of the members.
    pub fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.raw().map(|(name, _)| name)
    }

    /// Returns the members, each as its name and its value.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'_, str>, Json)> {
        self.raw().map(|(name, value)| (name, Json::new(value.get())))
    }

    /// Decodes the value of a member; `None` where there is no such member, or where it is `null`.
    ///
    /// # Errors
    /// [`Decode`](crate::ErrorKind::Decode) if the value is of another form than `T`.
    pub fn get<'a, T: Deserialize<'a>>(&'a self, name: &str) -> Result<Option<T>> {
        self.find(name).map_or(Ok(None), |value| json::decode(value.get()))
    }

    /// Adds a member, or replaces its value.
    pub fn insert(&mut self, name: impl AsRef<str>, value: impl Into<Json>) {
        let (name, value) = (name.as_ref(), value.into());
        self.remove(name);
        self.push(name, value.as_text());
    }

    /// Removes a member, and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let removed = Json::new(self.find(name)?.get());
        let mut rest = Self::default();
        self.raw().filter(|(other, _)| other != name).for_each(|(name, value)| rest.push(&name, value.get()));
        *self = rest;
        Some(removed)
    }

    fn find(&self, name: &str) -> Option<&RawValue> {
        self.raw().find_map(|(other, value)| (other == name).then_some(value))
    }

    /// Walks through the members without parsing their values.
    fn raw(&self) -> impl Iterator<Item = (Cow<'_, str>, &RawValue)> {
        let mut texts =
            serde_json::Deserializer::from_str(&self.members).into_iter::<&RawValue>().map_while(Result::ok);
        std::iter::from_fn(move || {
            let Name(name) = serde_json::from_str(texts.next()?.get()).ok()?;
            Some((name, texts.next()?))
        })
    }

    fn push(&mut self, name: &str, value: &str) {
        self.push_texts(&json_string(name), value);
    }

    fn push_texts(&mut self, name: &str, value: &str) {
        self.members.push_str(name);
        self.members.push(' ');
        self.members.push_str(value);
        self.members.push('\n');
    }
}

/// Writes a text as JSON, with its quotes.
fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Collects the members of an object that is being read.
#[derive(Default)]
pub(crate) struct ExtraReader {
    extra: Extra,
    /// One bit for each name that came. Where a bit comes twice, so may have a name.
    seen: u128,
    may_repeat: bool,
}

/// What the buffer has room for when it is made: two or three short members.
const FIRST_CAPACITY: usize = 64;

impl ExtraReader {
    /// Reads the value of the member whose name came last.
    pub(crate) fn read_next<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let RawText(value) = map.next_value()?;
        meter::check_text(name)?;
        meter::check_text(&value)?;
        // FNV-1a: which bit it is matters to nobody but for the time that a wrong guess takes.
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        let bit = 1 << (hash >> 57);
        self.may_repeat |= self.seen & bit != 0;
        self.seen |= bit;

        let needs_escapes = name.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\');
        let escaped = needs_escapes.then(|| json_string(name));
        let name_length = escaped.as_ref().map_or(name.len() + 2, String::len);
        self.make_room(name_length + value.len() + 2)?;
        match escaped {
            Some(name) => self.extra.push_texts(&name, &value),
            None => {
                let members = &mut self.extra.members;
                members.push('"');
                members.push_str(name);
                members.push_str("\" ");
                members.push_str(&value);
                members.push('\n');
            }
        }
        Ok(())
    }

    fn make_room<E: Error>(&mut self, bytes: usize) -> Result<(), E> {
        let members = &mut self.extra.members;
        let needed = members.len() + bytes;
        if needed > members.capacity() {
            // While the text moves there are both, the old one and the new one.
            let capacity = needed.max(2 * members.capacity()).max(FIRST_CAPACITY);
            meter::allow(capacity + meter::OVERHEAD)?;
            meter::give_back(members.capacity());
            members.reserve_exact(capacity - members.len());
        }
        Ok(())
    }

    /// Returns the members, of those with one name the last.
    pub(crate) fn finish<E: Error>(self) -> Result<Extra, E> {
        if self.may_repeat { self.extra.unique() } else { Ok(self.extra) }
    }
}

impl Extra {
    /// Returns the members, of those with one name the last.
    fn unique<E: Error>(self) -> Result<Self, E> {
        let Self { members } = &self;
        let count = self.len();
        meter::allow(members.len() + count * (size_of::<(Cow<'_, str>, usize)>() + 1) + 3 * meter::OVERHEAD)?;
        let mut names = Vec::with_capacity(count);
        for (at, (name, _)) in self.raw().enumerate() {
            // A name with escapes is a text of its own.
            if let Cow::Owned(name) = &name {
                meter::allow(name.len() + meter::OVERHEAD)?;
            }
            names.push((name, at));
        }
        names.sort_unstable();
        let mut counts = vec![true; count];
        for pair in names.windows(2) {
            counts[pair[0].1] = pair[0].0 != pair[1].0;
        }
        let mut unique = Self { members: String::with_capacity(members.len()) };
        self.raw().zip(counts).filter(|(_, counts)| *counts).for_each(|((name, value), _)| {
            unique.push(&name, value.get());
        });
        Ok(unique)
    }
}

impl<'de> Deserialize<'de> for Extra {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Extra;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Extra, A::Error> {
                let mut reader = ExtraReader::default();
                while let Some(Name(name)) = map.next_key()? {
                    reader.read_next(&name, &mut map)?;
                }
                reader.finish()
            }
        }

        from.deserialize_map(Members)
    }
}

impl Serialize for Extra {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        self.write(&[], &mut map)?;
        map.end()
    }
}

impl Extra {
    /// Writes the members into an object, without those whose names are `known`: it has fields for them.
    pub(crate) fn write<M: SerializeMap>(&self, known: &[&str], map: &mut M) -> Result<(), M::Error> {
        let mut unknown = self.raw().filter(|(name, _)| !known.contains(&&**name));
        unknown.try_for_each(|(name, value)| map.serialize_entry(&name, value))
    }
}

impl PartialEq for Extra {
    /// Compares the members by name, and their values whatever their white space.
    fn eq(&self, other: &Self) -> bool {
        if self.members == other.members {
            return true;
        }
        let others: HashMap<_, _> = other.raw().collect();
        let same = |(name, value): (Cow<'_, str>, &RawValue)| {
            others.get(&name).is_some_and(|other| json::is_same_value(value.get(), other.get()))
        };
        self.len() == others.len() && self.raw().all(same)
    }
}

impl<N: AsRef<str>, V: Into<Json>> FromIterator<(N, V)> for Extra {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(members: I) -> Self {
        let mut all = Self::default();
        members.into_iter().for_each(|(name, value)| all.push(name.as_ref(), value.into().as_text()));
        // Nothing is refused for its memory outside of a response.
        all.unique::<serde_json::Error>().unwrap_or_default()
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(json: &str) -> Extra {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn values_are_written_back_byte_for_byte() {
        let text = r#"{"b":1.50e1,"a":{ "x" : [ null ,"\u00e9"] },"":-0,"q\"\\\n":""}"#;
        assert_eq!(serde_json::to_string(&read(text)).unwrap(), text);
        assert_eq!(read(text).names().collect::<Vec<_>>(), ["b", "a", "", "q\"\\\n"]);
        // However deep it is, nothing recurses.
        let deep = format!(r#"{{"deep":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(serde_json::to_string(&read(&deep)).unwrap(), deep);
        assert!(read(&deep).get::<Value>("deep").unwrap_err().is_decode());
    }

    #[test]
    fn nothing_is_allocated_for_nothing() {
        assert_eq!(read("{}").members.capacity(), 0);
        assert!(read("{}").is_empty() && Extra::default() == read("{}"));
    }

    #[test]
    fn members_are_found_added_and_removed() {
        let mut extra = read(r#"{"n": 1, "t": "x", "none": null}"#);
        assert_eq!((extra.get("n").unwrap(), extra.get("t").unwrap()), (Some(1), Some("x")));
        assert_eq!((extra.get::<i64>("none").unwrap(), extra.get::<i64>("missing").unwrap()), (None, None));
        assert!(extra.get::<i64>("t").unwrap_err().is_decode());
        extra.insert("n", json!([2]));
        extra.insert("new", true);
        assert_eq!(extra.remove("t"), Some(Json::from("x")));
        assert_eq!(extra.remove("t"), None);
        assert_eq!(serde_json::to_string(&extra).unwrap(), r#"{"none":null,"n":[2],"new":true}"#);
        let members: Vec<_> = extra.iter().map(|(name, value)| (name.into_owned(), value)).collect();
        assert_eq!(members[1], ("n".to_owned(), Json::from(json!([2]))));
        assert_eq!(members.into_iter().collect::<Extra>(), extra);
        let twice: Extra = [("a", 1), ("b", 2), ("a", 3)].into_iter().collect();
        assert_eq!(serde_json::to_string(&twice).unwrap(), r#"{"b":2,"a":3}"#);
    }

    #[test]
    fn of_one_name_the_last_counts() {
        let extra = read(r#"{"a": 1, "b": 2, "\u0061": 3}"#);
        assert_eq!(serde_json::to_string(&extra).unwrap(), r#"{"b":2,"a":3}"#);
        let many: String = (0..20_000).map(|n| format!(r#""m{}": {n},"#, n % 10_000)).collect();
        let extra = read(&format!("{{{many}\"m0\":-1}}"));
        assert_eq!((extra.len(), extra.get("m0").unwrap(), extra.get("m1").unwrap()), (10_000, Some(-1), Some(10_001)));
    }

    #[test]
    fn equality_is_that_of_the_values() {
        assert_eq!(read(r#"{"a": {"x":1,"y":2}, "b": 1}"#), read(r#"{"b":1,"a":{"y": 2, "x": 1}}"#));
        for other in [r#"{"a": 1}"#, r#"{"a": 1, "b": 3}"#, r#"{"a": 1, "c": 2}"#, r#"{"a": 1, "b": 2, "c": 3}"#] {
            assert_ne!(read(r#"{"a": 1, "b": 2}"#), read(other), "{other}");
        }
    }

    #[test]
    fn a_text_takes_memory_like_everything_else() {
        crate::protocol::model::model! {
            /// A thing.
            Thing {
                /// Whether it is there.
                is_here: Option<bool> = "a",
            }
        }
        let object = format!("{{\"a\":true{}}}", r#","":0"#.repeat(1_000_000));
        assert_eq!(meter::decode::<Thing>(object.as_str().into()).unwrap().extra.len(), 1);
        let list = |object: &str| format!("[{object}{}]", format!(",{object}").repeat(500_000));
        assert!(meter::decode::<Vec<Thing>>(list(r#"{"a":0}"#).as_str().into()).is_ok());
        let refused = meter::decode::<Vec<Thing>>(list(r#"{"":0}"#).as_str().into());
        assert!(matches!(refused, Err(meter::Refusal::TooMuchMemory)));
    }
}
