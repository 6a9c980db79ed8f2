//! The users whom a file of trees names.

use super::tree_diff::{called, names};
use crate::{
    bulk::user_key::Key,
    failure::{Failure, Result},
};
use iam_sdk::{
    authing::{User, UserLookup},
    blocking::authing::ManagementClient,
};
use std::collections::HashMap;

/// Where members are looked for.
pub trait Users {
    fn find(&self, lookup: UserLookup) -> iam_sdk::Result<User>;
    fn detail(&self, id: &str) -> iam_sdk::Result<User>;
}

impl Users for ManagementClient {
    fn find(&self, lookup: UserLookup) -> iam_sdk::Result<User> {
        self.users().find(lookup)
    }

    fn detail(&self, id: &str) -> iam_sdk::Result<User> {
        self.users().detail(id)
    }
}

/// The ids of members that were looked for; `None`: there is no such user.
#[derive(Debug, Default)]
pub struct MemberIds(HashMap<Vec<(&'static str, String)>, Option<String>>);

impl MemberIds {
    /// Finds the user that a file names, once: by the names that pools share, and else by the id.
    pub fn of(&mut self, users: &impl Users, member: &User) -> Result<Option<String>> {
        let key: Vec<_> = names(member).collect();
        if let Some(known) = self.0.get(&key) {
            return Ok(known.clone());
        }
        let id = user_id(users, member)?;
        self.0.insert(key, id.clone());
        Ok(id)
    }

    /// Returns the id of a user who must be there.
    pub fn known(&mut self, users: &impl Users, member: &User) -> Result<String> {
        self.of(users, member)?.ok_or_else(|| Failure::Other(nobody(member)))
    }

    /// Returns whom of these members nobody is, as people call them.
    pub fn unknown<'a>(&mut self, users: &impl Users, members: impl Iterator<Item = &'a User>) -> Result<Vec<String>> {
        let mut unknown = Vec::new();
        for member in members {
            let name = called(member);
            if self.of(users, member)?.is_none() && !unknown.contains(&name) {
                unknown.push(name);
            }
        }
        Ok(unknown)
    }
}

fn nobody(member: &User) -> String {
    format!("the member `{}` is not a user of this pool; import the users first", called(member))
}

fn user_id(users: &impl Users, member: &User) -> Result<Option<String>> {
    let keys = [
        (Key::Username, &member.username),
        (Key::Email, &member.email),
        (Key::Phone, &member.phone),
        (Key::ExternalId, &member.external_id),
    ];
    for (key, value) in keys {
        let Some(value) = value.as_deref().filter(|value| !value.is_empty()) else { continue };
        match users.find(key.lookup(value)) {
            Ok(User { id: Some(id), .. }) => return Ok(Some(id)),
            Ok(_) => return Err(Failure::Other(format!("{}: a user without an id", called(member)))),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    let Some(id) = &member.id else { return Ok(None) };
    match users.detail(id) {
        Ok(_) => Ok(Some(id.clone())),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iam_sdk::{Error, ErrorKind};
    use std::cell::Cell;

    struct Fake(fn() -> iam_sdk::Result<User>, Cell<u32>);

    impl Users for Fake {
        fn find(&self, _: UserLookup) -> iam_sdk::Result<User> {
            self.1.set(self.1.get() + 1);
            Err(Error::new(ErrorKind::NotFound))
        }

        fn detail(&self, _: &str) -> iam_sdk::Result<User> {
            (self.0)()
        }
    }

    #[test]
    fn a_look_up_that_failed_says_nothing_about_the_user() {
        let member = User::default().with_username("ann").with_id("u1");
        let id = |detail| MemberIds::default().of(&Fake(detail, Cell::default()), &member);
        assert_eq!(id(|| Ok(User::default())).unwrap().as_deref(), Some("u1"));
        assert_eq!(id(|| Err(Error::new(ErrorKind::NotFound))).unwrap(), None);
        for (detail, code) in [
            ((|| Err(Error::new(ErrorKind::RateLimited))) as fn() -> iam_sdk::Result<User>, 8),
            (|| Err(Error::new(ErrorKind::Timeout)), 9),
            (|| Err(Error::new(ErrorKind::Authentication)), 4),
        ] {
            assert_eq!(id(detail).unwrap_err().code(), code);
        }
    }

    #[test]
    fn who_is_nobody_is_told_and_looked_for_once() {
        let fake = Fake(|| Err(Error::new(ErrorKind::NotFound)), Cell::default());
        let members = ["ann", "bo", "ann"].map(|name| User::default().with_username(name));
        let mut ids = MemberIds::default();
        assert_eq!(ids.unknown(&fake, members.iter()).unwrap(), ["ann", "bo"]);
        assert!(ids.known(&fake, &members[0]).unwrap_err().to_string().contains("`ann` is not a user of this pool"));
        assert_eq!(fake.1.get(), 2);
    }
}
