//! Which members of a model a command shows.

use super::value::Value;
use serde::{
    de::{DeserializeOwned, Deserializer, Visitor, value::Error},
    forward_to_deserialize_any,
};

/// Returns the names of a model's members on the wire, in order; none for a type that is no model.
pub fn of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // It fails in any case: there is nothing to read.
    let _ = T::deserialize(Names(&mut names));
    names
}

/// A deserializer that only notes which fields are asked for.
struct Names<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("only the names are asked for"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Returns an object with these members alone, in this order.
pub fn select(value: &Value, fields: &[String]) -> Value {
    let member =
        |field: &String| (field.clone(), value.at(field).map(std::borrow::Cow::into_owned).unwrap_or_default());
    Value::Object(fields.iter().map(member).collect())
}

/// Returns those of `fields` that no model's member `known` is, by the part before the first dot.
pub fn unknown<'a>(fields: &'a [String], known: &[&str]) -> Option<&'a String> {
    // A name with a dot in it can be a member of a member, or of one that the model does not know.
    let is_known =
        |field: &str| known.contains(&field) || field.split_once('.').is_some_and(|(first, _)| known.contains(&first));
    fields.iter().find(|field| !known.is_empty() && !is_known(field))
}

/// The members that tell items apart, in the order of the columns that show them. Of those in one row a table shows the first
/// that has a value.
const DEFAULT_COLUMNS: [&[&str]; 26] = [
    &["sid"],
    &["id", "tenantId"],
    &["username"],
    &["userSid"],
    &["userId"],
    &["code"],
    &["name", "nickname", "userName", "label"],
    &["rootNode.name"],
    &["rootNode.code"],
    &["email"],
    &["telephone", "phone"],
    &["orgName"],
    &["uri"],
    &["parentSid"],
    &["company_id"],
    &["company_name"],
    &["permissions"],
    &["status"],
    &["expiredTime"],
    &["disabled", "blocked"],
    &["key"],
    &["value"],
    &["dataType"],
    &["type"],
    &["description"],
    &["createdAt"],
];

/// Returns whether a column has what people copy, and what is of no use if a part of it is missing.
pub fn is_identifier(name: &str) -> bool {
    const WHOLE: [&str; 9] = ["code", "uri", "email", "phone", "telephone", "username", "arn", "key", "url"];
    let last = name.rsplit('.').next().unwrap_or(name);
    WHOLE.contains(&last) || ["id", "Id", "sid", "Sid", "_id"].iter().any(|end| last.ends_with(end))
}

/// How many columns a table has at the most, where nobody chose them.
const MOST: usize = 7;

/// Returns the columns of text for programs: those of a model's members that tell items apart, whatever the items are.
pub fn default_columns(known: &[&str]) -> Option<Vec<String>> {
    let all = DEFAULT_COLUMNS.iter().flat_map(|row| *row);
    let telling: Vec<_> = all
        .filter(|name| known.contains(&name.split('.').next().unwrap_or(name)))
        .map(|name| (*name).to_owned())
        .collect();
    if telling.len() > 1 { Some(telling) } else { None }
}

/// Returns the columns of a table for these rows: the telling ones that have a value, or all where none has.
pub fn columns(rows: &[Value]) -> Vec<String> {
    let has_value = |name: &&&str| rows.iter().any(|row| row.member(name).is_some_and(|value| *value != Value::Null));
    let of_row = |row: &&'static [&'static str]| row.iter().find(has_value).map(|name| (*name).to_owned());
    let telling: Vec<_> = DEFAULT_COLUMNS.iter().filter_map(of_row).take(MOST).collect();
    if telling.len() > 1 {
        return telling;
    }
    let mut all: Vec<String> = Vec::new();
    for name in rows.iter().flat_map(Value::names) {
        if !all.iter().any(|other| other == name) {
            all.push(name.to_owned());
        }
    }
    all.truncate(8);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_tells_its_members() {
        let names = of::<iam_sdk::digiwin::Role>();
        assert_eq!(names, ["sid", "id", "name", "label", "disabled"]);
        assert!(of::<iam_sdk::Json>().is_empty() && of::<String>().is_empty());
    }

    #[test]
    fn an_unknown_field_is_found() {
        let fields = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let known = ["id", "company"];
        assert_eq!(unknown(&fields("id,company.name"), &known), None);
        assert_eq!(unknown(&fields("id,nmae"), &known).unwrap(), "nmae");
        assert_eq!(unknown(&fields("anything"), &[]), None);
    }

    #[test]
    fn the_columns_of_a_table_are_those_that_tell_items_apart() {
        let rows: Vec<Value> = serde_json::from_str(
            r#"[{"id": "1", "photo": "p", "name": "Ann"}, {"id": "2", "name": "Bob", "email": "b@x"}, {"z": 1}]"#,
        )
        .unwrap();
        assert_eq!(columns(&rows), ["id", "name", "email"]);
        assert_eq!(columns(&rows[2..]), ["z"]);
        let row = select(&rows[0], &["name".to_owned(), "age".to_owned()]);
        assert_eq!(row.to_string(), r#"{"name":"Ann","age":null}"#);
    }
}
