//! The members of JSON objects.

use super::error_response::ErrorResponse;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

pub(crate) type Members = Map<String, Value>;

/// Returns the members of a JSON object.
pub(crate) fn object(value: Value) -> Members {
    match value {
        Value::Object(members) => members,
        _ => Members::new(),
    }
}

/// Returns the row with some members changed.
///
/// # Errors
///
/// 400 if a member that the service reads has the wrong type.
pub(crate) fn changed<T: DeserializeOwned>(row: impl Serialize, changes: Members) -> Result<T, ErrorResponse> {
    let mut members = object(serde_json::to_value(row).unwrap_or_default());
    members.extend(changes);
    serde_json::from_value(Value::Object(members))
        .map_err(|error| ErrorResponse::bad_request(format!("unreadable body: {error}")))
}

/// Reads `null` as the default.
pub(crate) fn or_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
