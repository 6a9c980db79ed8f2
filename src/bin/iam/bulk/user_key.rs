//! By what an import finds a user.

use iam_sdk::authing::UserLookup;

/// The members by which a user is found, each of which at most one user has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Key {
    /// The user name
    Username,
    /// The mail address
    Email,
    /// The phone number
    Phone,
    /// The id in another system
    ExternalId,
}

impl Key {
    pub const ALL: [Self; 4] = [Self::Username, Self::Email, Self::Phone, Self::ExternalId];

    /// Returns the name of the member.
    pub fn name(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::ExternalId => "externalId",
        }
    }

    /// Returns a value in the form in which two are compared.
    pub fn normal(self, value: &str) -> String {
        match self {
            Self::Email => value.trim().to_lowercase(),
            _ => value.trim().to_owned(),
        }
    }

    /// Refuses what no name holds: it comes from a quote that was forgotten, or from a blank behind a comma. The service would
    /// take it, and the user could not be found by what people see.
    pub fn check(name: &str, value: &str) -> Result<(), String> {
        if value.chars().any(char::is_control) {
            return Err(format!("{name}: it has a line break or another control character"));
        }
        match value.trim() == value {
            true => Ok(()),
            false => Err(format!("{name}: it begins or ends with a blank")),
        }
    }

    pub fn lookup(self, value: &str) -> UserLookup {
        match self {
            Self::Username => UserLookup::username(value),
            Self::Email => UserLookup::email(value),
            Self::Phone => UserLookup::phone(value),
            Self::ExternalId => UserLookup::external_id(value),
        }
    }
}
