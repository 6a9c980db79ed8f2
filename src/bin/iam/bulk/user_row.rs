//! A user of Authing, as a row has it.

use super::{
    custom_data::{custom_data, data_type, typed},
    row::{Row, SECRET, text},
    user_key::Key,
};
use iam_sdk::authing::{CustomData, UdfValue, User, UserInfo, UserLookup};
use serde_json::Value;

/// What a member of a row is to an import and an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A text, which is sent.
    Text,
    /// True or false, which is sent.
    Flag,
    /// What the service sets itself, and the column that a file of rejects has. It is not sent.
    ReadOnly { exported: bool },
}

/// The members of a user, those of an export in the order of its columns.
const MEMBERS: &[(&str, Kind)] = &[
    ("id", Kind::ReadOnly { exported: true }),
    ("username", Kind::Text),
    ("email", Kind::Text),
    ("emailVerified", Kind::Flag),
    ("phone", Kind::Text),
    ("phoneVerified", Kind::Flag),
    ("externalId", Kind::Text),
    ("unionid", Kind::Text),
    ("openid", Kind::Text),
    ("nickname", Kind::Text),
    ("photo", Kind::Text),
    ("company", Kind::Text),
    ("name", Kind::Text),
    ("givenName", Kind::Text),
    ("familyName", Kind::Text),
    ("middleName", Kind::Text),
    ("profile", Kind::Text),
    ("preferredUsername", Kind::Text),
    ("website", Kind::Text),
    ("gender", Kind::Text),
    ("birthdate", Kind::Text),
    ("zoneinfo", Kind::Text),
    ("locale", Kind::Text),
    ("address", Kind::Text),
    ("formatted", Kind::Text),
    ("streetAddress", Kind::Text),
    ("locality", Kind::Text),
    ("region", Kind::Text),
    ("postalCode", Kind::Text),
    ("city", Kind::Text),
    ("province", Kind::Text),
    ("country", Kind::Text),
    ("blocked", Kind::Flag),
    ("status", Kind::ReadOnly { exported: true }),
    ("createdAt", Kind::ReadOnly { exported: true }),
    ("updatedAt", Kind::ReadOnly { exported: true }),
    ("arn", Kind::ReadOnly { exported: false }),
    ("userPoolId", Kind::ReadOnly { exported: false }),
    ("registerSource", Kind::ReadOnly { exported: false }),
    ("loginsCount", Kind::ReadOnly { exported: false }),
    ("lastLogin", Kind::ReadOnly { exported: false }),
    ("lastIP", Kind::ReadOnly { exported: false }),
    ("signedUp", Kind::ReadOnly { exported: false }),
    ("isDeleted", Kind::ReadOnly { exported: false }),
    ("device", Kind::ReadOnly { exported: false }),
    ("browser", Kind::ReadOnly { exported: false }),
    ("identities", Kind::ReadOnly { exported: false }),
    ("tokenExpiredAt", Kind::ReadOnly { exported: false }),
    ("token", Kind::ReadOnly { exported: false }),
    ("oauth", Kind::ReadOnly { exported: false }),
    ("error", Kind::ReadOnly { exported: false }),
    ("extra", Kind::ReadOnly { exported: false }),
    ("userId", Kind::ReadOnly { exported: false }),
];

fn kind(name: &str) -> Option<(&'static str, Kind)> {
    MEMBERS.iter().find(|(member, _)| *member == name).copied()
}

/// Returns the columns of an export: what an import takes, and a little that tells.
pub fn columns() -> impl Iterator<Item = &'static str> {
    MEMBERS.iter().filter(|(_, kind)| *kind != Kind::ReadOnly { exported: false }).map(|(name, _)| *name)
}

/// Members that tell how a user came to be, or stands, and that an import does not set: it says so.
pub const IGNORED: [&str; 2] = ["registerSource", "status"];

/// The custom data as a whole.
const CUSTOM: &str = "customData";

/// What a row says of a user.
#[derive(Clone, Debug, Default)]
pub struct UserRow {
    pub info: UserInfo,
    pub custom: CustomData,
    /// The members by which the user can be found, the preferred one first.
    keys: Vec<(Key, String)>,
    /// The texts but the password, by name.
    texts: Vec<(&'static str, String)>,
    flags: Vec<(&'static str, bool)>,
    pub has_password: bool,
}

impl UserRow {
    /// Reads a row. `preferred` is the member by which the user is looked for.
    ///
    /// # Errors
    ///
    /// What is wrong with which member; never a value.
    pub fn read(row: &Row, preferred: Option<Key>) -> Result<Self, String> {
        let mut user = Self::default();
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

    /// Refuses the name of a column that no row could have.
    pub fn check_column(name: &str) -> Result<(), String> {
        match name.strip_prefix("customData.") {
            Some(key) => data_type(key).map(drop),
            None if kind(name).is_some() || name == SECRET || name == CUSTOM => Ok(()),
            None => Err(unknown(name)),
        }
    }

    fn member(&mut self, name: &str, value: &Value) -> Result<(), String> {
        if let Some((name, Kind::Text)) = kind(name) {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return Err(format!("{name}: not text")),
            };
            if Key::ALL.iter().any(|key| key.name() == name) {
                Key::check(name, &text)?;
            }
            if name == "email" && text.split_once('@').is_none_or(|(name, host)| name.is_empty() || host.is_empty()) {
                return Err("email: not a mail address".to_owned());
            }
            self.set(name, text.clone());
            self.texts.push((name, text));
        } else if let Some((name, Kind::Flag)) = kind(name) {
            let flag = flag(value).ok_or_else(|| format!("{name}: neither true nor false"))?;
            self.set(name, flag);
            self.flags.push((name, flag));
        } else if name == SECRET {
            self.set(name, text(value));
            self.has_password = true;
        } else if name == CUSTOM {
            self.extend_custom(custom_data(value).ok_or("customData: neither an object nor the list of an export")?);
        } else if let Some(key) = name.strip_prefix("customData.") {
            self.extend_custom(typed(key, value)?);
        } else if kind(name).is_none() {
            return Err(unknown(name));
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
        self.keys.first().map(|(key, value)| key.lookup(value).with_custom_data(!self.custom.is_empty()))
    }

    /// Returns what people call the user.
    pub fn called(&self) -> String {
        self.keys.first().map(|(key, value)| format!("{} {value}", key.name())).unwrap_or_default()
    }

    /// Returns whether a user has all that the row says, to the letter. A password cannot be compared.
    pub fn is_all_of(&self, user: &User) -> bool {
        let members = serde_json::to_value(user).unwrap_or_default();
        let is_text = |(name, text): &(&str, String)| members[*name].as_str() == Some(text.as_str());
        let is_flag = |(name, flag): &(&str, bool)| members[*name].as_bool() == Some(*flag);
        let is_data = |(key, value): (&String, &UdfValue)| user.custom_data.get(key) == Some(value);
        !self.has_password
            && self.texts.iter().all(is_text)
            && self.flags.iter().all(is_flag)
            && self.custom.iter().all(is_data)
    }

    /// Returns the first member in which a user differs from the row, so that it was not created from it. The password cannot be
    /// compared.
    pub fn differs_from<'a>(&'a self, user: &User) -> Option<&'a str> {
        let members = serde_json::to_value(user).unwrap_or_default();
        let normal = |text: &str| text.trim().to_lowercase();
        let text = self.texts.iter().find(|(name, text)| members[name].as_str().map(normal) != Some(normal(text)));
        let flag =
            || self.flags.iter().find(|(name, flag)| members[name].as_bool() != Some(*flag)).map(|(name, _)| *name);
        let custom = || self.custom.iter().find(|(key, value)| !is_same(user.custom_data.get(*key), value));
        text.map(|(name, _)| *name).or_else(flag).or_else(|| custom().map(|(key, _)| key.as_str()))
    }
}

fn is_same(own: Option<&UdfValue>, of_row: &UdfValue) -> bool {
    match (own, of_row) {
        // The service decides on the zone and the digits of a time.
        (Some(UdfValue::DateTime(_)), UdfValue::DateTime(_)) => true,
        (own, of_row) => own == Some(of_row),
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

fn unknown(name: &str) -> String {
    format!("`{}`: a user has no member of this name", name.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
            "id": "u1", "createdAt": "2021", "error": "old", "customData.school": "ETH", "customData.age:Number": "33",
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
        assert_eq!(user.lookup(), Some(UserLookup::username("mia").with_custom_data(true)));
        let by_phone = UserRow::read(&row(json!({"username": "mia", "phone": "138"})), Some(Key::Phone)).unwrap();
        assert_eq!(by_phone.lookup(), Some(UserLookup::phone("138")));
        let export = serde_json::to_value(user.custom.clone()).unwrap();
        assert_eq!(read(json!({"username": "mia", "customData": export})).unwrap().custom, user.custom);
    }

    #[test]
    fn what_is_wrong_names_the_member_and_no_value() {
        for (members, part) in [
            (json!({"name": "x"}), "none of username"),
            (json!({"username": ["canary"]}), "username: not text"),
            (json!({"email": "canary"}), "email: not a mail address"),
            (json!({"username": "canary "}), "username: it begins or ends with a blank"),
            (json!({"email": " canary@x.example"}), "email: it begins or ends with a blank"),
            (json!({"username": "canary\nx"}), "username: it has a line break"),
            (json!({"username": "x", "blocked": "canary"}), "blocked: neither"),
            (json!({"username": "x", "passwort": "canary"}), "`passwort`: a user has no member"),
            (json!({"username": "x", "customData": "canary"}), "customData: neither"),
            (json!({"username": "x", "customData.age:number": "canary"}), "customData.age: not a number"),
            (json!({"username": "x", "customData.age:shoe": "canary"}), "`shoe` is not a type"),
        ] {
            let error = read(members).unwrap_err();
            assert!(error.contains(part) && !error.contains("canary"), "{error}");
        }
        assert!(UserRow::read(&row(json!({"username": "x"})), Some(Key::Email)).unwrap_err().contains("no email"));
    }

    #[test]
    fn a_user_was_created_from_the_row_if_all_that_it_says_is_the_users() {
        let user = read(json!({
            "username": "mia", "email": "Mia@X.example", "password": "p", "blocked": true, "customData.age:number": "7"
        }))
        .unwrap();
        let own = || {
            let user = User::default().with_username("mia").with_email("mia@x.example").with_city("Gent");
            let mut user = user.with_blocked(true);
            user.custom_data = CustomData::new().with("age", 7).with("more", "x");
            user
        };
        assert_eq!(user.differs_from(&own()), None);
        assert_eq!(user.differs_from(&User::default().with_username("mia")), Some("email"));
        assert_eq!(user.differs_from(&own().with_email("other@x.example")), Some("email"));
        assert_eq!(user.differs_from(&own().with_blocked(false)), Some("blocked"));
        let mut other = own();
        other.custom_data = CustomData::new().with("age", 8);
        assert_eq!(user.differs_from(&other), Some("age"));
        assert!(user.has_password && !read(json!({"username": "mia"})).unwrap().has_password);
    }

    #[test]
    fn a_user_has_all_that_a_row_says_to_the_letter() {
        let mut mia = User::default().with_username("mia").with_name("Mia M.").with_blocked(true);
        mia.custom_data = CustomData::new().with("age", 7);
        for (row, is_all) in [
            (json!({"username": "mia", "name": "Mia M.", "blocked": "yes", "customData.age:number": "7"}), true),
            (json!({"username": "mia", "name": "mia m."}), false),
            (json!({"username": "mia", "city": "Gent"}), false),
            (json!({"username": "mia", "blocked": false}), false),
            (json!({"username": "mia", "customData.age:number": "8"}), false),
            (json!({"username": "mia", "password": "x"}), false),
        ] {
            assert_eq!(read(row.clone()).unwrap().is_all_of(&mia), is_all, "{row}");
        }
    }

    #[test]
    fn a_column_is_known_before_a_row_has_it() {
        for name in ["username", "password", "customData", "customData.age", "customData.age:DateTime", "error"] {
            assert_eq!(UserRow::check_column(name), Ok(()), "{name}");
        }
        for name in ["passwort", "Username", "customData.age:shoe"] {
            assert!(UserRow::check_column(name).is_err(), "{name}");
        }
    }

    /// The schema is the vendor's: a member that it has, and that this table has not, would be refused as unknown.
    #[test]
    fn every_member_of_the_schema_is_known() {
        let schema = include_str!("../../../authing/schema.graphql");
        let input = schema.split("input CreateUserInput {").nth(1).unwrap().split('}').next().unwrap();
        let names: Vec<_> = input.lines().filter_map(|line| Some(line.split_once(':')?.0.trim())).collect();
        let unknown: Vec<_> = names.iter().filter(|name| **name != SECRET && kind(name).is_none()).collect();
        assert!(unknown.is_empty() && names.len() > 40, "{unknown:?}");
        let sent = MEMBERS.iter().filter(|(_, kind)| !matches!(kind, Kind::ReadOnly { .. }));
        let wrong: Vec<_> = sent.filter(|(name, _)| !names.contains(name)).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert!(columns().all(|name| fields().contains(&name)));
    }

    fn fields() -> &'static [&'static str] {
        crate::output::fields::of::<User>()
    }
}
