//! A user of Authing, as a row has it.

use super::row::{Row, SECRET, text};
use iam_sdk::authing::{CustomData, User, UserInfo, UserLookup};
use serde_json::{Map, Value, json};

/// Members that are texts.
const TEXTS: [&str; 29] = [
    "username",
    "email",
    "phone",
    "externalId",
    "unionid",
    "openid",
    "nickname",
    "photo",
    "company",
    "name",
    "givenName",
    "familyName",
    "middleName",
    "profile",
    "preferredUsername",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "address",
    "formatted",
    "streetAddress",
    "locality",
    "region",
    "postalCode",
    "city",
    "province",
    "country",
];

/// The columns of an export: what an import takes, and a little that tells.
pub const COLUMNS: [&str; 36] = [
    "id",
    "username",
    "email",
    "emailVerified",
    "phone",
    "phoneVerified",
    "externalId",
    "unionid",
    "openid",
    "nickname",
    "photo",
    "company",
    "name",
    "givenName",
    "familyName",
    "middleName",
    "profile",
    "preferredUsername",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "address",
    "formatted",
    "streetAddress",
    "locality",
    "region",
    "postalCode",
    "city",
    "province",
    "country",
    "blocked",
    "status",
    "createdAt",
    "updatedAt",
];

/// Members that are true or false.
const FLAGS: [&str; 3] = ["emailVerified", "phoneVerified", "blocked"];

/// Members that the service sets itself, which an export has, and the column that a file of rejects has. They are not sent.
const NOT_SENT: [&str; 21] = [
    "id",
    "arn",
    "userPoolId",
    "status",
    "registerSource",
    "loginsCount",
    "lastLogin",
    "lastIP",
    "signedUp",
    "isDeleted",
    "device",
    "browser",
    "createdAt",
    "updatedAt",
    "identities",
    "tokenExpiredAt",
    "token",
    "oauth",
    "error",
    "extra",
    "userId",
];

/// The custom data as a whole.
const CUSTOM: &str = "customData";

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

    pub fn lookup(self, value: &str) -> UserLookup {
        match self {
            Self::Username => UserLookup::username(value),
            Self::Email => UserLookup::email(value),
            Self::Phone => UserLookup::phone(value),
            Self::ExternalId => UserLookup::external_id(value),
        }
    }
}

/// What a row says of a user.
#[derive(Clone, Debug)]
pub struct UserRow {
    pub info: UserInfo,
    pub custom: CustomData,
    /// The members by which the user can be found, the preferred one first.
    keys: Vec<(Key, String)>,
    /// The texts but the password, by name.
    texts: Vec<(&'static str, String)>,
}

impl UserRow {
    /// Reads a row. `preferred` is the member by which the user is looked for.
    ///
    /// # Errors
    ///
    /// What is wrong with which member; never a value.
    pub fn read(row: &Row, preferred: Option<Key>) -> Result<Self, String> {
        let mut user = Self { info: UserInfo::new(), custom: CustomData::new(), keys: Vec::new(), texts: Vec::new() };
        for (name, value) in &row.members {
            user.member(name, value)?;
        }
        let own =
            |key: &Key| user.texts.iter().find(|(name, _)| *name == key.name()).map(|(_, text)| (*key, text.clone()));
        let mut keys: Vec<_> = Key::ALL.iter().filter_map(own).collect();
        if let Some(preferred) = preferred {
            keys.sort_by_key(|(key, _)| *key != preferred);
            if keys.first().is_none_or(|(key, _)| *key != preferred) {
                return Err(format!("it has no {}, by which the user is to be found", preferred.name()));
            }
        }
        if keys.is_empty() {
            return Err("it has none of username, email, phone and externalId, which name a user".to_owned());
        }
        user.keys = keys;
        Ok(user)
    }

    fn member(&mut self, name: &str, value: &Value) -> Result<(), String> {
        if let Some(name) = TEXTS.into_iter().find(|text| *text == name) {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return Err(format!("{name}: no text")),
            };
            if name == "email" && text.split_once('@').is_none_or(|(name, host)| name.is_empty() || host.is_empty()) {
                return Err("email: no mail address".to_owned());
            }
            self.set(name, text.clone());
            self.texts.push((name, text));
        } else if FLAGS.contains(&name) {
            let flag = flag(value).ok_or_else(|| format!("{name}: neither true nor false"))?;
            self.set(name, flag);
        } else if name == SECRET {
            self.set(name, text(value));
        } else if name == CUSTOM {
            self.extend_custom(custom_data(value).ok_or("customData: neither an object nor the list of an export")?);
        } else if let Some(key) = name.strip_prefix("customData.") {
            self.extend_custom(typed(key, value)?);
        } else if !NOT_SENT.contains(&name) {
            return Err(format!("`{}`: no member of a user has this name", name.escape_debug()));
        }
        Ok(())
    }

    fn extend_custom(&mut self, mut data: CustomData) {
        self.custom.append(&mut data);
    }

    fn set(&mut self, name: &str, value: impl Into<iam_sdk::Json>) {
        self.info = std::mem::take(&mut self.info).set(name, value);
    }

    /// Returns the names that no other user may have.
    pub fn names(&self) -> Vec<(&'static str, String)> {
        self.keys.iter().map(|(key, value)| (key.name(), key.normal(value))).collect()
    }

    /// Returns what finds the user.
    pub fn lookup(&self) -> Option<UserLookup> {
        self.keys.first().map(|(key, value)| key.lookup(value))
    }

    /// Returns the first member in which a user differs from the row, so that it was not created from it.
    pub fn differs_from(&self, user: &User) -> Option<&'static str> {
        let user = serde_json::to_value(user).unwrap_or_default();
        let normal = |text: &str| text.trim().to_lowercase();
        let differs = |name: &str, text: &str| user[name].as_str().map(normal) != Some(normal(text));
        self.texts.iter().find(|(name, text)| differs(name, text)).map(|(name, _)| *name)
    }
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => match number.as_i64()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Some(true),
            "false" | "no" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Reads the list of an export, or an object of values; in CSV, the JSON of one of them.
fn custom_data(value: &Value) -> Option<CustomData> {
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

/// Reads `customData.age:number`: text in CSV, as the type says.
fn typed(key: &str, value: &Value) -> Result<CustomData, String> {
    let (key, kind) = key.rsplit_once(':').map_or((key, None), |(key, kind)| (key, Some(kind)));
    let Some(kind) = kind else { return Ok(CustomData::new().with(key, value.clone())) };
    let data_type = match kind {
        "string" => "STRING",
        "number" => "NUMBER",
        "boolean" => "BOOLEAN",
        "datetime" => "DATETIME",
        "object" => "OBJECT",
        _ => {
            return Err(format!(
                "customData.{key}: `{kind}` is no type; the types are string, number, boolean, datetime, object"
            ));
        }
    };
    let mut entry = Map::new();
    entry.extend(
        [("key", key), ("value", &text(value)), ("dataType", data_type)]
            .map(|(name, text)| (name.to_owned(), json!(text))),
    );
    let data: CustomData =
        serde_json::from_value(json!([entry])).map_err(|_| format!("customData.{key}: no {kind}"))?;
    match data.get(key) {
        None | Some(iam_sdk::authing::UdfValue::Other { .. }) => Err(format!("customData.{key}: no {kind}")),
        Some(_) => Ok(data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iam_sdk::authing::UdfValue;

    fn row(members: Value) -> Row {
        let Value::Object(members) = members else { panic!("{members}") };
        Row { number: 1, line: 2, members: members.into_iter().map(|(name, value)| (name.into(), value)).collect() }
    }

    fn read(members: Value) -> Result<UserRow, String> {
        UserRow::read(&row(members), None)
    }

    #[test]
    fn a_row_is_a_user() {
        let user = read(json!({
            "username": "mia", "phone": 13800000001_i64, "emailVerified": "Yes", "blocked": false, "password": 4711, "city": "Gent",
            "id": "u1", "createdAt": "2021", "error": "old", "customData.school": "ETH", "customData.age:number": "33",
            "customData": "{\"likes\": [1]}",
        }))
        .unwrap();
        let info = UserInfo::new()
            .username("mia")
            .phone("13800000001")
            .email_verified(true)
            .blocked(false)
            .password("4711")
            .city("Gent");
        assert_eq!(user.info, info);
        assert_eq!(user.custom.get("school"), Some(&"ETH".into()));
        assert_eq!(user.custom.get("age"), Some(&33.into()));
        assert_eq!(user.custom.get("likes"), Some(&UdfValue::from(json!([1]))));
        assert_eq!(user.names(), [("username", "mia".to_owned()), ("phone", "13800000001".to_owned())]);
        assert_eq!(user.lookup(), Some(UserLookup::username("mia")));
        let by_phone = UserRow::read(&row(json!({"username": "mia", "phone": "138"})), Some(Key::Phone)).unwrap();
        assert_eq!(by_phone.lookup(), Some(UserLookup::phone("138")));
        let export = serde_json::to_value(user.custom.clone()).unwrap();
        assert_eq!(read(json!({"username": "mia", "customData": export})).unwrap().custom, user.custom);
    }

    #[test]
    fn what_is_wrong_names_the_member_and_no_value() {
        for (members, part) in [
            (json!({"name": "x"}), "none of username"),
            (json!({"username": ["canary"]}), "username: no text"),
            (json!({"email": "canary"}), "email: no mail address"),
            (json!({"username": "x", "blocked": "canary"}), "blocked: neither"),
            (json!({"username": "x", "passwort": "canary"}), "`passwort`: no member"),
            (json!({"username": "x", "customData": "canary"}), "customData: neither"),
            (json!({"username": "x", "customData.age:number": "canary"}), "customData.age: no number"),
            (json!({"username": "x", "customData.age:shoe": "canary"}), "`shoe` is no type"),
        ] {
            let error = read(members).unwrap_err();
            assert!(error.contains(part) && !error.contains("canary"), "{error}");
        }
        assert!(UserRow::read(&row(json!({"username": "x"})), Some(Key::Email)).unwrap_err().contains("no email"));
    }

    #[test]
    fn a_user_was_created_from_the_row_if_all_texts_are_its_own() {
        let user =
            read(json!({"username": "mia", "email": "Mia@X.example", "password": "p", "blocked": true})).unwrap();
        let own = User::default().with_username("mia").with_email("mia@x.example").with_city("Gent");
        assert_eq!(user.differs_from(&own), None);
        assert_eq!(user.differs_from(&User::default().with_username("mia")), Some("email"));
        assert_eq!(
            user.differs_from(&User::default().with_username("mia").with_email("other@x.example")),
            Some("email")
        );
    }
}
