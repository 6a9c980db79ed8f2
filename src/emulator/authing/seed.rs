//! Authing's initial users, organizations, groups, roles and fields.

use crate::{Json, Password, emulator::seed_check::default_seed};
use serde::Deserialize;
use std::collections::BTreeMap;

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
/// The default has 12 users, an organization of 6 nodes, 2 groups, 2 roles and 2 custom fields. A seed can be
/// deserialized from JSON of the form that the [guide](crate::guide::testing) shows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    user_pool_id: String,
    secret: Password,
    #[serde(default)]
    pub(super) users: Vec<BTreeMap<String, Json>>,
    #[serde(default)]
    pub(super) groups: Vec<Group>,
    #[serde(default)]
    pub(super) roles: Vec<Role>,
    #[serde(default)]
    pub(super) custom_fields: Vec<CustomField>,
    #[serde(default)]
    pub(super) organizations: Vec<Org>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) code: String,
    pub(super) name: String,
    #[serde(default, rename = "members")]
    pub(super) usernames: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    pub(super) code: String,
    #[serde(default, rename = "members")]
    pub(super) usernames: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CustomField {
    pub(super) key: String,
    #[serde(rename = "type")]
    pub(super) data_type: String,
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

impl Seed {
    /// Creates a seed of an empty pool.
    pub fn new(user_pool_id: impl Into<String>, secret: impl Into<Password>) -> Self {
        let (users, groups, roles, custom_fields, organizations) = Default::default();
        Self {
            user_pool_id: user_pool_id.into(),
            secret: secret.into(),
            users,
            groups,
            roles,
            custom_fields,
            organizations,
        }
    }

    /// Adds a user with these members, as the wire has them (`username`, `email`, `phone`, `externalId`, `nickname` …). With an
    /// `id` among them, the user has it; else a new one. A `password` is clear text here, six characters or more.
    pub fn user(mut self, members: impl IntoIterator<Item = (impl Into<String>, impl Into<Json>)>) -> Self {
        self.users.push(members.into_iter().map(|(name, value)| (name.into(), value.into())).collect());
        self
    }

    /// Adds a group with these members, by user name.
    pub fn group(mut self, code: impl Into<String>, name: impl Into<String>, usernames: &[&str]) -> Self {
        self.groups.push(Group { code: code.into(), name: name.into(), usernames: owned(usernames) });
        self
    }

    /// Adds a role in the namespace `default` that these users have, by user name.
    pub fn role(mut self, code: impl Into<String>, usernames: &[&str]) -> Self {
        self.roles.push(Role { code: code.into(), usernames: owned(usernames) });
        self
    }

    /// Defines a custom field of users: `STRING`, `NUMBER`, `DATETIME`, `BOOLEAN` or `OBJECT`.
    pub fn custom_field(mut self, key: impl Into<String>, data_type: impl Into<String>) -> Self {
        self.custom_fields.push(CustomField { key: key.into(), data_type: data_type.into() });
        self
    }

    /// Adds an organization, by its root.
    pub fn organization(mut self, root: Org) -> Self {
        self.organizations.push(root);
        self
    }

    pub(super) fn account(&self) -> Account {
        Account { user_pool_id: self.user_pool_id.clone(), secret: self.secret.clone() }
    }
}

/// A node of an organization and the nodes below it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Org {
    #[serde(default)]
    pub(super) code: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    #[serde(default, rename = "members")]
    pub(super) usernames: Vec<String>,
    #[serde(default)]
    pub(super) children: Vec<Org>,
}

impl Org {
    /// Creates a node without members. The nodes of an organization have different codes; an empty code means no code.
    pub fn new(code: impl Into<String>, name: impl Into<String>) -> Self {
        let (description, usernames, children) = Default::default();
        Self { code: code.into(), name: name.into(), description, usernames, children }
    }

    /// Sets the description.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Adds a member, by user name.
    pub fn member(mut self, username: impl Into<String>) -> Self {
        self.usernames.push(username.into());
        self
    }

    /// Adds a node below this one.
    pub fn child(mut self, node: Org) -> Self {
        self.children.push(node);
        self
    }
}

impl Default for Seed {
    fn default() -> Self {
        default_seed(include_str!("default_seed.json"))
    }
}
