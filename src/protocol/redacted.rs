//! The names of what no output may show: in requests that are shown, and in those that the emulator has received.

use serde_json::Value;

pub(crate) const TEXT: &str = "(redacted)";

/// Parts of the names of members and parameters that hold secrets. Ones of the vendors are `passwordHash`, `userToken`, `secret`,
/// `verificationCode`, `appToken`.
const SECRETS: [&str; 7] = ["password", "token", "secret", "verificationcode", "credential", "cookie", "apikey"];

/// Returns whether a member or a parameter of this name holds a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    SECRETS.iter().any(|secret| name.contains(secret)) || name == "pin"
}

/// Redacts the members of objects that hold secrets.
pub(crate) fn members(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(members),
        Value::Object(object) => {
            for (name, member) in object {
                match member {
                    Value::Null | Value::Bool(_) => {}
                    secret if is_secret(name) => *secret = Value::String(TEXT.to_owned()),
                    member => members(member),
                }
            }
        }
        _ => {}
    }
}
