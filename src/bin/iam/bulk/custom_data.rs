//! Custom data, as the columns of a file have it.

use super::row::text;
use iam_sdk::authing::{CustomData, UdfValue};
use serde_json::{Map, Value, json};

/// Reads the list of an export, or an object of values; in CSV, the JSON of one of them.
pub fn custom_data(value: &Value) -> Option<CustomData> {
    match value {
        Value::Array(_) => serde_json::from_value(value.clone()).ok(),
        Value::Object(members) => Some(
            members.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key, value.clone())).collect(),
        ),
        Value::String(text) => {
            custom_data(&serde_json::from_str::<Value>(text).ok().filter(|value| !value.is_string())?)
        }
        _ => None,
    }
}

/// A type of custom data, as columns and as the service name it.
pub type DataType = (&'static str, &'static str);

const TYPES: [DataType; 5] = [
    ("string", "STRING"),
    ("number", "NUMBER"),
    ("boolean", "BOOLEAN"),
    ("datetime", "DATETIME"),
    ("object", "OBJECT"),
];

/// Reads `age:number`: the key, and the type if there is one.
pub fn data_type(name: &str) -> Result<(&str, Option<DataType>), String> {
    let Some((key, kind)) = name.rsplit_once(':') else { return Ok((name, None)) };
    match TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(kind)) {
        Some(found) => Ok((key, Some(*found))),
        None => Err(format!(
            "customData.{key}: `{kind}` is not a type; the types are {}",
            TYPES.map(|(name, _)| name).join(", ")
        )),
    }
}

/// Reads `customData.age:number`: text in CSV, as the type says.
pub fn typed(key: &str, value: &Value) -> Result<CustomData, String> {
    let (key, found) = data_type(key)?;
    let Some((kind, data_type)) = found else { return Ok(CustomData::new().with(key, value.clone())) };
    let mut entry = Map::new();
    entry.extend(
        [("key", key), ("value", &text(value)), ("dataType", data_type)]
            .map(|(name, text)| (name.to_owned(), json!(text))),
    );
    let data: CustomData =
        serde_json::from_value(json!([entry])).map_err(|_| format!("customData.{key}: not a {kind}"))?;
    match data.get(key) {
        None | Some(UdfValue::Other { .. }) => Err(format!("customData.{key}: not a {kind}")),
        Some(_) => Ok(data),
    }
}
