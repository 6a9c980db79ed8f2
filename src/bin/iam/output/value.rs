//! JSON whose members keep their order, which is that of a model's fields: the order of a table's columns.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use std::{borrow::Cow, fmt};

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Converts what can be written as JSON.
    ///
    /// # Errors
    ///
    /// The value cannot be written as JSON, or is nested too deeply.
    pub fn of(value: &(impl Serialize + ?Sized)) -> Result<Self, serde_json::Error> {
        serde_json::from_str(&serde_json::to_string(value)?)
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
            Self::Text(text) => text.clone(),
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
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON")
            }

            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(Value::Bool(value))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
                Ok(Value::Number(number.into()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
                Ok(Value::Number(number.into()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
                Ok(serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number))
            }

            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Value, E> {
                Ok(Value::Text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Value::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Value::Object(members))
            }
        }

        from.deserialize_any(Any)
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
