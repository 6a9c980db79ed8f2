//! Authing's initial users, organizations, groups, roles and fields.

use super::{value::Args, world::World};
use crate::Password;
use serde_json::{Map, Value, json};

/// Credentials of a management client that work against the emulator.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Account {
    /// The user pool's id.
    pub user_pool_id: String,
    /// The user pool's secret.
    pub secret: Password,
}

/// A user pool and its initial contents.
///
/// The default has 12 users, an organization of 6 nodes, 2 groups, 2 roles and 2 custom fields.
#[derive(Clone, Debug)]
pub struct Seed {
    pub(super) user_pool_id: String,
    pub(super) secret: Password,
    users: Vec<Map<String, Value>>,
    groups: Vec<(String, String, Vec<String>)>,
    roles: Vec<(String, Vec<String>)>,
    fields: Vec<(String, String)>,
    organization: Option<Value>,
}

impl Seed {
    /// Creates a seed of an empty pool.
    pub fn new(user_pool_id: impl Into<String>, secret: impl Into<Password>) -> Self {
        let (users, groups, roles, fields, organization) = Default::default();
        Self { user_pool_id: user_pool_id.into(), secret: secret.into(), users, groups, roles, fields, organization }
    }

    /// Adds a user with these members, as the wire has them (`username`, `email`, `phone`, `externalId`, `nickname` …).
    pub fn user(mut self, members: impl IntoIterator<Item = (impl Into<String>, impl Into<Value>)>) -> Self {
        self.users.push(members.into_iter().map(|(name, value)| (name.into(), value.into())).collect());
        self
    }

    /// Adds a group with these members, by user name.
    pub fn group(mut self, code: impl Into<String>, name: impl Into<String>, usernames: &[&str]) -> Self {
        self.groups.push((code.into(), name.into(), usernames.iter().map(|name| (*name).to_owned()).collect()));
        self
    }

    /// Adds a role in the namespace `default` that these users have, by user name.
    pub fn role(mut self, code: impl Into<String>, usernames: &[&str]) -> Self {
        self.roles.push((code.into(), usernames.iter().map(|name| (*name).to_owned()).collect()));
        self
    }

    /// Defines a custom field of users: `STRING`, `NUMBER`, `DATETIME`, `BOOLEAN` or `OBJECT`.
    pub fn custom_field(mut self, key: impl Into<String>, data_type: impl Into<String>) -> Self {
        self.fields.push((key.into(), data_type.into()));
        self
    }

    /// Adds an organization: a tree of `{"name", "code", "description", "children"}`.
    pub fn organization(mut self, tree: Value) -> Self {
        self.organization = Some(tree);
        self
    }

    pub(super) fn account(&self) -> Account {
        Account { user_pool_id: self.user_pool_id.clone(), secret: self.secret.clone() }
    }

    /// Creates the seed's contents in `world`. Entries that the service would refuse (a name taken twice, an unknown user) are
    /// left out.
    pub(super) fn sow(&self, world: &mut World) {
        let by_name = |world: &World, username: &str| {
            world.users_with(|user| user.field("username") == username).first().map(|user| user.id().to_owned())
        };
        world.access.namespaces.push(json!({"id": 1, "code": "default", "name": "default"}));
        for (key, data_type) in &self.fields {
            world.custom.define("USER", key, data_type, key);
        }
        for user in &self.users {
            let _ = world.create_user(&Args(Map::from_iter([("userInfo".to_owned(), user.clone().into())])));
        }
        for (code, name, usernames) in &self.groups {
            let members = usernames.iter().filter_map(|username| by_name(world, username)).collect();
            if world.create_group(code, name, None).is_ok()
                && let Some(group) = world.groups.last_mut()
            {
                group.members = members;
            }
        }
        for (code, usernames) in &self.roles {
            let _ = world.create_role("default", code, None, None);
            let ids: Vec<_> = usernames.iter().filter_map(|username| by_name(world, username)).collect();
            let args = json!({"roleCodes": [code], "userIds": ids});
            let _ = super::roles::assign(world, &Value::Null, &Args(args.as_object().cloned().unwrap_or_default()));
        }
        if let Some(tree) = &self.organization {
            let _ = world.import(tree);
        }
        world.actions.clear();
    }
}

impl Default for Seed {
    fn default() -> Self {
        const NAMES: [&str; 12] =
            ["ann", "bo", "chen", "dana", "emil", "fatima", "georg", "hana", "ines", "jun", "kofi", "lena"];
        let seed = Self::new("59f86b4832eb28071bdd9214", "4b880fff06b080f154ee48c9e689a541")
            .custom_field("school", "STRING")
            .custom_field("age", "NUMBER")
            .organization(json!({
                "name": "Acme", "code": "acme", "description": "everybody",
                "children": [
                    {"name": "Research", "code": "research", "children": [{"name": "Lab 1", "code": "lab1"}]},
                    {"name": "Sales", "code": "sales", "children": [
                        {"name": "North", "code": "north"}, {"name": "South", "code": "south"},
                    ]},
                ],
            }));
        let seed = NAMES.iter().enumerate().fold(seed, |seed, (n, name)| {
            seed.user([
                ("username", (*name).to_owned()),
                ("email", format!("{name}@acme.example")),
                ("phone", format!("1380000{n:04}")),
                ("externalId", format!("e-{n}")),
                ("nickname", format!("{}{}", name[..1].to_uppercase(), &name[1..])),
            ])
        });
        seed.group("developers", "Developers", &["ann", "bo", "chen"])
            .group("managers", "Managers", &["dana"])
            .role("admin", &["ann"])
            .role("auditor", &["bo", "dana"])
    }
}
