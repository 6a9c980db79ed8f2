//! The people.

use crate::{
    Password,
    emulator::store::{Index, touched},
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(crate) type Members = Map<String, Value>;

pub(crate) struct User {
    sid: i64,
    profile: Members,
    password: Option<Password>,
}

/// The members by which a user is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    Id,
    Email,
    Telephone,
}

impl Name {
    pub(crate) const ALL: [Self; 3] = [Self::Id, Self::Email, Self::Telephone];

    /// Returns the member's name on the wire.
    pub(crate) fn member(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Email => "email",
            Self::Telephone => "telephone",
        }
    }
}

impl User {
    pub(crate) fn sid(&self) -> i64 {
        self.sid
    }

    pub(crate) fn profile(&self) -> &Members {
        &self.profile
    }

    pub(crate) fn text(&self, member: &str) -> &str {
        self.profile.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn is_disabled(&self) -> bool {
        self.profile.get("disabled") == Some(&Value::Bool(true))
    }

    pub(crate) fn has_password(&self, password: &str) -> bool {
        self.password.as_ref().is_some_and(|right| right.expose_secret() == password)
    }

    fn names(&self) -> impl Iterator<Item = (Name, String)> {
        let own = Name::ALL.into_iter().map(|name| (name, self.text(name.member()).to_owned()));
        own.filter(|(_, value)| !value.is_empty())
    }
}

#[derive(Default)]
pub(crate) struct Users {
    users: BTreeMap<i64, User>,
    by_name: Index<(Name, String), i64>,
}

impl Users {
    pub(crate) fn get(&self, sid: i64) -> Option<&User> {
        touched();
        self.users.get(&sid)
    }

    fn with(&self, name: Name, value: &str) -> impl Iterator<Item = &User> {
        self.by_name.of(&(name, value.to_owned())).filter_map(|sid| self.get(sid))
    }

    pub(crate) fn with_id(&self, id: &str) -> Option<&User> {
        self.with(Name::Id, id).next()
    }

    /// Finds a user by id, mail address or phone number.
    pub(crate) fn with_any(&self, value: &str) -> Option<&User> {
        Name::ALL.into_iter().flat_map(|name| self.with(name, value)).min_by_key(|user| user.sid)
    }

    /// Finds a user by id, or else by sid.
    pub(crate) fn with_ref(&self, id: Option<&str>, sid: i64) -> Option<&User> {
        match id {
            Some(id) if !id.is_empty() => self.with_id(id),
            _ => self.get(sid),
        }
    }

    /// Returns whether another user than the one with the id `except` has this value.
    pub(crate) fn is_taken(&self, name: Name, value: &str, except: Option<&str>) -> bool {
        self.with(name, value).any(|user| Some(user.text("id")) != except)
    }

    pub(crate) fn insert(&mut self, sid: i64, mut profile: Members, password: Option<Password>) {
        profile.insert("sid".into(), sid.into());
        let user = User { sid, profile, password };
        user.names().for_each(|name| self.by_name.insert(name, sid));
        self.users.insert(sid, user);
    }

    /// Changes some members of a user's profile.
    pub(crate) fn update(&mut self, sid: i64, changes: Members) -> Option<&User> {
        let user = self.users.get_mut(&sid)?;
        user.names().for_each(|name| self.by_name.remove(&name, sid));
        user.profile.extend(changes);
        user.names().for_each(|name| self.by_name.insert(name, sid));
        Some(user)
    }
}
