//! What a request of a client holds that no test's output may show.

use serde_json::Value;

pub(super) const TEXT: &str = "(redacted)";

/// Parts of the names of members and parameters that hold secrets. Ones of the vendors are `passwordHash`, `userToken`, `secret`,
/// `verificationCode`, `appToken`.
const SECRETS: [&str; 7] = ["password", "token", "secret", "verificationcode", "credential", "cookie", "apikey"];

/// Returns whether a member or a parameter of this name holds a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    SECRETS.iter().any(|secret| name.contains(secret)) || name == "pin"
}

/// Returns whether a header of this name holds a secret. A user's own header can be the key of a gateway.
pub(super) fn is_secret_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    is_secret(&name) || name.contains("key") || name.split('-').any(|part| matches!(part, "auth" | "authorization"))
}

/// Redacts the members of objects that hold secrets.
pub(super) fn members(value: &mut Value) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_secret() {
        for name in
            ["password", "passwordHash", "oldPassword", "user_token", "secret", "verificationCode", "appToken", "pin"]
        {
            assert!(is_secret(name), "{name}");
        }
        for name in ["id", "userId", "code", "query", "page", "mapping"] {
            assert!(!is_secret(name), "{name}");
        }
        for name in
            ["Authorization", "digi-middleware-auth-app", "digi-middleware-auth-user", "x-license-token", "x-api-key"]
        {
            assert!(is_secret_header(name), "{name}");
        }
        for name in ["x-authing-userpool-id", "x-authing-lang", "x-license-module", "content-type", "traceparent"] {
            assert!(!is_secret_header(name), "{name}");
        }
    }
}
