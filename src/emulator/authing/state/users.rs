//! The users of a pool, and the archive of those who were deleted.

use super::{
    error_response::ErrorResponse,
    password::Received,
    user::{Identity, Profile, Status, Unique, User},
    value::{arn, new_id, now},
};
use crate::emulator::store::{Index, RowNo, Table};
use std::collections::{BTreeMap, HashMap};

pub(crate) struct Users {
    pool_id: String,
    users: Table<String, User>,
    archive: BTreeMap<RowNo, User>,
    by_member: HashMap<(Unique, String), RowNo>,
    /// By the account at an identity provider, which several users may have.
    by_identity: Index<(String, String)>,
}

/// Members that were found to be well-formed, and no other user's.
pub(crate) struct Checked(Profile);

impl Checked {
    /// Replaces the password, which needs no check.
    pub(crate) fn set_password(&mut self, shown: String) {
        self.0.password = Some(shown);
    }
}

/// Returns the form in which values of a member are compared: mail addresses without case.
fn key(member: Unique, value: &str) -> Option<(Unique, String)> {
    let key = if member == Unique::Email { value.to_ascii_lowercase() } else { value.to_owned() };
    (!key.is_empty()).then_some((member, key))
}

fn keys(profile: &Profile) -> impl Iterator<Item = (Unique, String)> {
    Unique::ALL.into_iter().filter_map(|member| key(member, member.of(profile)?))
}

impl Users {
    pub(crate) fn new(pool_id: &str) -> Self {
        let (users, archive, by_member, by_identity) = Default::default();
        Self { pool_id: pool_id.to_owned(), users, archive, by_member, by_identity }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&User> {
        self.users.get(id)
    }

    pub(crate) fn find(&self, id: &str) -> Result<&User, ErrorResponse> {
        self.get(id).ok_or(ErrorResponse::NO_USER)
    }

    pub(crate) fn number(&self, id: &str) -> Option<RowNo> {
        self.users.number(id)
    }

    /// Returns the numbers of users who must all exist.
    pub(crate) fn numbers(&self, ids: &[&str]) -> Result<Vec<RowNo>, ErrorResponse> {
        ids.iter().map(|id| self.number(id).ok_or(ErrorResponse::NO_USER)).collect()
    }

    pub(crate) fn at(&self, number: RowNo) -> Option<&User> {
        self.users.at(number)
    }

    /// Returns the users, the oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &User> {
        self.users.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.users.len()
    }

    /// Returns the deleted users, the oldest first.
    pub(crate) fn archived(&self) -> impl DoubleEndedIterator<Item = &User> {
        self.archive.values()
    }

    pub(crate) fn archived_len(&self) -> usize {
        self.archive.len()
    }

    pub(crate) fn with(&self, member: Unique, value: &str) -> Option<&User> {
        self.at(*self.by_member.get(&key(member, value)?)?)
    }

    /// Returns the oldest user that has one of these values or this account at an identity provider.
    pub(crate) fn with_any(&self, values: &[(Unique, &str)], identity: Option<(String, String)>) -> Option<&User> {
        let by_value = values.iter().filter_map(|(member, value)| self.by_member.get(&key(*member, value)?).copied());
        let by_identity = identity.and_then(|identity| self.by_identity.first(&identity));
        by_value.chain(by_identity).min().and_then(|number| self.at(number))
    }

    /// Refuses values that another user than `id` has, and malformed mail addresses.
    pub(crate) fn check(&self, given: Profile, id: &str) -> Result<Checked, ErrorResponse> {
        let mail = given.email.as_deref().unwrap_or_default();
        if !mail.is_empty() && mail.split_once('@').is_none_or(|(name, host)| name.is_empty() || host.is_empty()) {
            return Err(ErrorResponse::BAD_EMAIL);
        }
        let own = self.number(id);
        let taken = keys(&given).find(|key| self.by_member.get(key).is_some_and(|number| Some(*number) != own));
        match taken {
            Some((Unique::Username, _)) => Err(ErrorResponse::USERNAME_EXISTS),
            Some((Unique::Phone, _)) => Err(ErrorResponse::PHONE_EXISTS),
            Some((Unique::Email | Unique::ExternalId, _)) => Err(ErrorResponse::USER_EXISTS),
            None => Ok(Checked(given)),
        }
    }

    /// Creates a user with `id`, or with a new id.
    pub(crate) fn create(
        &mut self,
        id: Option<String>,
        Checked(given): Checked,
        identity: Option<Identity>,
        password: Option<Received>,
    ) -> String {
        let id = id.unwrap_or_else(new_id);
        let mut user = User::new(id.clone(), arn(&self.pool_id, "user", &id), &self.pool_id, given, identity);
        user.received_password = password;
        let (keys, identities): (Vec<_>, Vec<_>) =
            (keys(&user.profile).collect(), user.identities.iter().map(Identity::key).collect());
        let number = self.users.insert(id.clone(), user);
        self.by_member.extend(keys.into_iter().map(|key| (key, number)));
        for identity in identities {
            self.by_identity.insert(identity, number);
        }
        id
    }

    pub(crate) fn update(&mut self, id: &str, Checked(given): Checked, password: Option<Received>) -> Option<&User> {
        let number = self.users.number(id)?;
        let user = self.users.get_mut(id)?;
        for key in keys(&user.profile) {
            self.by_member.remove(&key);
        }
        user.profile.update(given);
        self.by_member.extend(keys(&user.profile).map(|key| (key, number)));
        user.received_password = password.or(user.received_password.take());
        user.touch();
        Some(user)
    }

    /// Moves a user to the archive, where nobody finds it, and returns its number.
    pub(crate) fn archive(&mut self, id: &str) -> Option<RowNo> {
        let (number, mut user) = self.users.remove(id)?;
        for key in keys(&user.profile) {
            self.by_member.remove(&key);
        }
        for identity in user.identities.iter().map(Identity::key) {
            self.by_identity.remove(&identity, number);
        }
        user.profile.status = Some(Status::Archived);
        user.profile.is_deleted = Some(true);
        user.touch();
        self.archive.insert(number, user);
        Some(number)
    }

    pub(crate) fn record_login(&mut self, id: &str) -> Result<(), ErrorResponse> {
        let profile = &mut self.users.get_mut(id).ok_or(ErrorResponse::NO_USER)?.profile;
        profile.logins_count = Some(profile.logins_count.unwrap_or(0) + 1);
        profile.last_login = Some(now());
        profile.last_ip = Some("127.0.0.1".to_owned());
        Ok(())
    }
}
