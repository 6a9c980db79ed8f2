//! JSON whose members keep their order, which is that of a model's fields: the order of a table's columns.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, Visitor},
    ser::Error as _,
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// How many levels are taken apart. What is deeper is shown as it came.
const LEVELS: usize = 128;

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
    /// JSON as it came: a number with more digits than a computer's, a text that is no Unicode, or what is nested too deeply.
    Raw(String),
}

impl Value {
    /// Converts what can be written as JSON.
    ///
    /// # Errors
    ///
    /// The value cannot be written as JSON.
    pub fn of(value: &(impl Serialize + ?Sized)) -> Result<Self, serde_json::Error> {
        Self::parse(&serde_json::to_string(value)?, LEVELS)
    }

    fn parse(json: &str, levels: usize) -> Result<Self, serde_json::Error> {
        let Some(levels) = levels.checked_sub(1) else { return Ok(Self::Raw(json.to_owned())) };
        Ok(match json.trim_start().as_bytes().first() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(json)?;
                let parsed = members.into_iter().map(|(name, value)| Ok((name, Self::parse(value.get(), levels)?)));
                Self::Object(parsed.collect::<Result<_, serde_json::Error>>()?)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(json)?;
                Self::List(items.into_iter().map(|item| Self::parse(item.get(), levels)).collect::<Result<_, _>>()?)
            }
            Some(b'"') => serde_json::from_str(json).map_or_else(|_| Self::Raw(json.to_owned()), Self::Text),
            Some(b'-' | b'0'..=b'9') => match json.parse::<serde_json::Number>() {
                Ok(number) if number.to_string() == json => Self::Number(number),
                _ => Self::Raw(json.to_owned()),
            },
            _ => serde_json::from_str::<Option<bool>>(json)?.map_or(Self::Null, Self::Bool),
        })
    }

    /// Returns the member that `path` names, such as `id` or `company.name`.
    pub fn member(&self, path: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        let named = |name: &str| members.iter().find(|(member, _)| member == name).map(|(_, value)| value);
        named(path).or_else(|| {
            let (first, rest) = path.split_once('.')?;
            named(first)?.member(rest)
        })
    }

    /// Returns what `path` names, also inside of lists: `roles.id` are the ids of all roles.
    pub fn at(&self, path: &str) -> Option<Cow<'_, Self>> {
        match self {
            Self::Object(members) => {
                let named = |name: &str| members.iter().find(|(member, _)| member == name).map(|(_, value)| value);
                if let Some(value) = named(path) {
                    return Some(Cow::Borrowed(value));
                }
                let (first, rest) = path.split_once('.')?;
                named(first)?.at(rest)
            }
            Self::List(items) => {
                let found: Vec<_> = items.iter().filter_map(|item| item.at(path)).map(Cow::into_owned).collect();
                (!found.is_empty()).then_some(Cow::Owned(Self::List(found)))
            }
            _ => None,
        }
    }

    /// Returns the names of an object's members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let members = if let Self::Object(members) = self { &members[..] } else { &[] };
        members.iter().map(|(name, _)| name.as_str())
    }

    /// Returns an object as lines for people, each a name and a cell: members of members have a line of their own, and of lists
    /// of objects the names are shown.
    pub fn lines(&self) -> Vec<(String, String)> {
        let Self::Object(members) = self else { return vec![(String::new(), self.names_of_items())] };
        let mut lines = Vec::new();
        for (name, value) in members {
            match value {
                Self::Object(inner) if !inner.is_empty() => {
                    lines.extend(value.lines().into_iter().map(|(below, cell)| (format!("{name}.{below}"), cell)));
                }
                value => lines.push((name.clone(), value.names_of_items())),
            }
        }
        lines
    }

    /// Returns the names of a list's objects, if all have one; else the value's cell.
    fn names_of_items(&self) -> String {
        let name = |item: &Self| {
            let named = |name: &&&str| matches!(item.member(name), Some(Self::Text(_)));
            ["name", "code", "username", "id", "key"]
                .iter()
                .find(named)
                .and_then(|name| item.member(name))
                .map(Self::cell)
        };
        match self {
            Self::List(items) if !items.is_empty() => {
                items.iter().map(name).collect::<Option<Vec<_>>>().map_or_else(|| self.cell(), |names| names.join(", "))
            }
            _ => self.cell(),
        }
    }

    /// Returns the value as a cell of a table has it: text without quotes, nothing for `null`, short lists of texts joined.
    pub fn cell(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Bool(value) => value.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) | Self::Raw(text) => text.clone(),
            Self::List(items) if items.iter().all(Self::is_plain) => {
                items.iter().map(Self::cell).collect::<Vec<_>>().join(", ")
            }
            Self::List(_) | Self::Object(_) => self.to_string(),
        }
    }

    fn is_plain(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Object(_))
    }
}

/// Returns JSON in which characters that act on a terminal, or turn the direction of a text, are escaped.
pub fn escaped(json: &str) -> Cow<'_, str> {
    let acts = |c: char| c != '\n' && (c.is_control() || super::table::is_hidden(c));
    if !json.chars().any(acts) {
        return json.into();
    }
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match acts(c) {
            // Such characters stand inside of strings alone.
            true => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text += &format!("\\u{unit:04x}")),
            false => text.push(c),
        }
    }
    text.into()
}

/// Compact JSON; the alternate form has one member a line.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if f.alternate() { serde_json::to_string_pretty(self) } else { serde_json::to_string(self) };
        f.write_str(&text.map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(value) => to.serialize_bool(*value),
            Self::Number(number) => number.serialize(to),
            Self::Text(text) => to.serialize_str(text),
            Self::List(items) => to.collect_seq(items),
            Self::Object(members) => to.collect_map(members.iter().map(|(name, value)| (name, value))),
            Self::Raw(json) => serde_json::from_str::<&RawValue>(json).map_err(S::Error::custom)?.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(from)?;
        Self::parse(json.get(), LEVELS).map_err(D::Error::custom)
    }
}

/// The members of an object, in their order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        from.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_numbers_their_form() {
        let text = r#"{"z":1,"a":[1.5,-7,18446744073709551615,null,true],"m":{"y":"ü","b":{}}}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(value.to_string(), text);
        assert_eq!(value.names().collect::<Vec<_>>(), ["z", "a", "m"]);
        assert_eq!(value.member("m.y").unwrap().cell(), "ü");
        assert_eq!(value.member("m.x"), None);
    }

    #[test]
    fn what_no_computer_number_or_text_holds_is_shown_as_it_came() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for json in ["12345678901234567890123", "1.50", "1e400", "-0", r#""\ud83d cut""#, &deep] {
            let object = format!(r#"{{"id":"ann","x":{json}}}"#);
            let value: Value = serde_json::from_str(&object).unwrap();
            assert_eq!(value.to_string(), object);
            assert_eq!(Value::of(&value).unwrap(), value);
            assert_eq!(value.member("id").unwrap().cell(), "ann");
        }
    }

    #[test]
    fn people_see_members_of_members_and_the_names_of_lists() {
        let value: Value = serde_json::from_str(
            r#"{"id": "1", "root": {"name": "Acme", "x": {}}, "nodes": [{"name": "a"}, {"code": "b"}], "l": [{"n": 1}], "t": ["u"]}"#,
        )
        .unwrap();
        let expected = [
            ("id", "1"),
            ("root.name", "Acme"),
            ("root.x", "{}"),
            ("nodes", "a, b"),
            ("l", r#"[{"n":1}]"#),
            ("t", "u"),
        ];
        assert_eq!(value.lines(), expected.map(|(name, cell)| (name.to_owned(), cell.to_owned())));
    }

    #[test]
    fn a_path_goes_through_lists() {
        let value: Value = serde_json::from_str(r#"{"roles": [{"id": "a"}, {"id": "b"}, {}], "x": []}"#).unwrap();
        assert_eq!(value.at("roles.id").unwrap().cell(), "a, b");
        assert!(value.at("x.id").is_none() && value.at("roles.nosuch").is_none());
    }

    #[test]
    fn json_on_a_terminal_has_no_character_that_acts_on_it() {
        let text = "{\"a\": \"\u{9b}2J\u{202e}ü\"}";
        assert_eq!(escaped(text), r#"{"a": "\u009b2J\u202eü"}"#);
        assert_eq!(serde_json::from_str::<Value>(&escaped(text)).unwrap(), serde_json::from_str(text).unwrap());
    }

    #[test]
    fn a_cell_is_for_people() {
        let cell = |text: &str| serde_json::from_str::<Value>(text).unwrap().cell();
        for (json, expected) in [
            ("null", ""),
            ("\"a\"", "a"),
            ("7", "7"),
            ("[]", ""),
            (r#"["a", 1]"#, "a, 1"),
            (r#"[{"a": 1}]"#, r#"[{"a":1}]"#),
            (r#"{"a": "b"}"#, r#"{"a":"b"}"#),
        ] {
            assert_eq!(cell(json), expected, "{json}");
        }
    }
}
