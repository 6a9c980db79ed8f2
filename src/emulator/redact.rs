//! What a request of a client holds that no test's output may show.

pub(super) use crate::protocol::redacted::{TEXT, is_secret, members};

/// Returns whether a header of this name holds a secret. A user's own header can be the key of a gateway.
pub(super) fn is_secret_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    is_secret(&name) || name.contains("key") || name.split('-').any(|part| matches!(part, "auth" | "authorization"))
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
