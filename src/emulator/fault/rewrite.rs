//! What faults make of the body of a response.

use serde_json::{Map, Number, Value, json};

/// The number of arrays in a body that is too deep for any parser that recurses.
const DEPTH: usize = 100_000;

pub(super) const HTML: &str = "<!DOCTYPE html><html><body><form action=\"/login\">Sign in</form></body></html>";

pub(super) fn deep_json() -> String {
    "[".repeat(DEPTH) + &"]".repeat(DEPTH)
}

/// Returns the body with every value changed by `change`, children first; as it is, if it is no JSON.
pub(super) fn json(body: &[u8], change: impl Fn(&mut Value)) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice(body) else { return body.to_vec() };
    for_each_value(&mut value, &change);
    value.to_string().into_bytes()
}

fn for_each_value(value: &mut Value, change: &impl Fn(&mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| for_each_value(item, change)),
        Value::Object(members) => members.values_mut().for_each(|member| for_each_value(member, change)),
        _ => {}
    }
    change(value);
}

/// Adds members to an object that has plain ones. The members of others have the names of things: one more would be one more thing.
pub(super) fn add_unknown(value: &mut Value) {
    let Value::Object(members) = value else { return };
    if members.values().any(|member| !member.is_array() && !member.is_object() && !member.is_null()) {
        members.insert("emulatorUnknown".to_owned(), json!({"nested": [1, null, {"deep": true}]}));
        members.insert("emulatorUnknownText".to_owned(), json!("x"));
    }
}

pub(super) fn number_to_text(value: &mut Value) {
    if let Value::Number(number) = value {
        *value = Value::String(number.to_string());
    }
}

/// Moves the times at which a token was issued and expires, which are seconds since 1970.
pub(super) fn move_times(value: &mut Value, seconds: i64) {
    let Value::Object(members) = value else { return };
    move_member(members, "iat", seconds);
    move_member(members, "exp", seconds);
}

fn move_member(members: &mut Map<String, Value>, name: &str, seconds: i64) {
    if let Some(time) = members.get_mut(name)
        && let Some(moved) = time.as_i64().and_then(|time| time.checked_add(seconds))
    {
        *time = Value::Number(Number::from(moved));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(body: &str, change: impl Fn(&mut Value)) -> String {
        String::from_utf8(json(body.as_bytes(), change)).unwrap()
    }

    #[test]
    fn bodies_are_rewritten() {
        let later: fn(&mut Value) = |value| move_times(value, 60);
        let text: fn(&mut Value) = number_to_text;
        let table = [
            (text, r#"{"a":[1,{"b":-2.5}],"c":"x"}"#, r#"{"a":["1",{"b":"-2.5"}],"c":"x"}"#),
            (text, "<html>", "<html>"),
            (text, "", ""),
            (later, r#"{"data":{"exp":100,"iat":40,"x":1}}"#, r#"{"data":{"exp":160,"iat":100,"x":1}}"#),
            (later, r#"{"exp":null,"iat":9223372036854775807}"#, r#"{"exp":null,"iat":9223372036854775807}"#),
            (add_unknown, r#"{"aspect":[]}"#, r#"{"aspect":[]}"#),
        ];
        for (change, body, expected) in table {
            assert_eq!(changed(body, change), expected);
        }
        let value: Value = serde_json::from_str(&changed(r#"{"data":[{"id":"u"}]}"#, add_unknown)).unwrap();
        assert_eq!((value.as_object().unwrap().len(), value["data"][0].as_object().unwrap().len()), (1, 3));
    }
}
