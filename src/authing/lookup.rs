use serde_json::{Map, Value};

/// Selects the user that `users().find` and `users().exists` look for.
///
/// ```
/// use iam_sdk::authing::UserLookup;
///
/// let by_mail = UserLookup::email("mia@example.com").with_custom_data(true);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UserLookup {
    by: By,
    pub(crate) with_custom_data: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum By {
    Email(String),
    Phone(String),
    Username(String),
    ExternalId(String),
}

impl UserLookup {
    fn new(by: By) -> Self {
        Self { by, with_custom_data: false }
    }

    /// Looks for the user with this mail address.
    pub fn email(email: impl Into<String>) -> Self {
        Self::new(By::Email(email.into()))
    }

    /// Looks for the user with this phone number.
    pub fn phone(phone: impl Into<String>) -> Self {
        Self::new(By::Phone(phone.into()))
    }

    /// Looks for the user with this user name.
    pub fn username(username: impl Into<String>) -> Self {
        Self::new(By::Username(username.into()))
    }

    /// Looks for the user with this id in another system.
    pub fn external_id(id: impl Into<String>) -> Self {
        Self::new(By::ExternalId(id.into()))
    }

    /// Asks for the custom data too. Default: `false`. `exists` ignores it.
    pub fn with_custom_data(mut self, with_custom_data: bool) -> Self {
        self.with_custom_data = with_custom_data;
        self
    }

    /// Returns what the member is called in documents, and its text.
    pub(super) fn member(&self) -> (&'static str, &str) {
        match &self.by {
            By::Email(text) => ("email", text),
            By::Phone(text) => ("phone", text),
            By::Username(text) => ("username", text),
            By::ExternalId(text) => ("externalId", text),
        }
    }

    pub(super) fn variables(&self) -> Map<String, Value> {
        let (name, text) = self.member();
        Map::from_iter([(name.to_owned(), text.into())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_member_says_which_user() {
        for (lookup, expected) in [
            (UserLookup::email("x"), json!({"email": "x"})),
            (UserLookup::phone("x"), json!({"phone": "x"})),
            (UserLookup::username("x"), json!({"username": "x"})),
            (UserLookup::external_id("x").with_custom_data(true), json!({"externalId": "x"})),
        ] {
            assert_eq!(Value::from(lookup.variables()), expected);
        }
    }
}
