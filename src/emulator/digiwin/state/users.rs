//! The people.

use super::{
    error_response::ErrorResponse,
    members::{Members, changed, or_default},
};
use crate::{
    Password,
    emulator::store::{Index, Table},
};
use serde::{Deserialize, Serialize};

/// The members of a user that the service reads, and all others as they were sent.
#[derive(Deserialize, Serialize)]
pub(crate) struct Profile {
    pub(crate) sid: i64,
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) telephone: Option<String>,
    pub(crate) phone: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) disabled: bool,
    #[serde(flatten)]
    others: Members,
}

pub(crate) struct User {
    pub(crate) profile: Profile,
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
    const ALL: [Self; 3] = [Self::Id, Self::Email, Self::Telephone];

    /// Returns the member's name on the wire.
    pub(crate) fn member(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Email => "email",
            Self::Telephone => "telephone",
        }
    }

    /// Returns the member of a profile, if it is not empty.
    fn of(self, profile: &Profile) -> Option<&str> {
        let value = match self {
            Self::Id => Some(&profile.id),
            Self::Email => profile.email.as_ref(),
            Self::Telephone => profile.telephone.as_ref(),
        };
        value.map(String::as_str).filter(|value| !value.is_empty())
    }
}

fn keys(profile: &Profile) -> Vec<(Name, String)> {
    Name::ALL.into_iter().filter_map(|name| Some((name, name.of(profile)?.to_owned()))).collect()
}

impl User {
    pub(crate) fn sid(&self) -> i64 {
        self.profile.sid
    }

    pub(crate) fn id(&self) -> &str {
        &self.profile.id
    }

    pub(crate) fn is_disabled(&self) -> bool {
        self.profile.disabled
    }

    pub(crate) fn has_password(&self, password: &str) -> bool {
        self.password.as_ref().is_some_and(|right| right.expose_secret() == password)
    }
}

#[derive(Default)]
pub(crate) struct Users {
    users: Table<i64, User>,
    by_name: Index<(Name, String), i64>,
}

impl Users {
    pub(crate) fn get(&self, sid: i64) -> Option<&User> {
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
        Name::ALL.into_iter().flat_map(|name| self.with(name, value)).min_by_key(|user| user.sid())
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
        self.with(name, value).any(|user| Some(user.id()) != except)
    }

    /// Returns whether another user than the one with this sid has the value as any of the names that users are found by.
    pub(crate) fn is_name_of_other(&self, value: &str, except: Option<i64>) -> bool {
        let mut others = Name::ALL.into_iter().flat_map(|name| self.with(name, value));
        others.any(|user| Some(user.sid()) != except)
    }

    pub(crate) fn insert(&mut self, profile: Profile, password: Option<Password>) {
        let (sid, keys) = (profile.sid, keys(&profile));
        self.users.insert(sid, User { profile, password });
        keys.into_iter().for_each(|key| self.by_name.insert(key, sid));
    }

    /// Changes some members of a user's profile.
    ///
    /// # Errors
    ///
    /// 400 if a member has the wrong type, or a value that another user has.
    pub(crate) fn update(&mut self, sid: i64, changes: Members) -> Result<&User, ErrorResponse> {
        let not_found = || ErrorResponse::not_found("no such user");
        let old = &self.get(sid).ok_or_else(not_found)?.profile;
        let new: Profile = changed(old, changes)?;
        if new.id.is_empty() {
            return Err(ErrorResponse::bad_request("id is empty"));
        }
        for name in Name::ALL {
            let Some(value) = name.of(&new).filter(|value| name.of(old) != Some(value)) else { continue };
            if self.is_name_of_other(value, Some(sid)) {
                return Err(ErrorResponse::bad_request(format!("{} belongs to another user", name.member())));
            }
        }
        // A user is not found by `phone`, which repeats `telephone` for most.
        let phone = new.phone.as_deref().filter(|phone| !phone.is_empty() && old.phone.as_deref() != Some(phone));
        if phone.is_some_and(|phone| self.is_name_of_other(phone, Some(sid))) {
            return Err(ErrorResponse::bad_request("phone belongs to another user"));
        }
        keys(old).iter().for_each(|key| self.by_name.remove(key, sid));
        keys(&new).into_iter().for_each(|key| self.by_name.insert(key, sid));
        let user = self.users.get_mut(&sid).ok_or_else(not_found)?;
        user.profile = new;
        Ok(user)
    }
}
