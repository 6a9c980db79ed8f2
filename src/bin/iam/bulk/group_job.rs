//! What is done with a row of a group: the group is created if it is not there, and its member is taken in.

use super::{
    caller::{CallError, Caller, Repeat, Severity, is_ambiguous, severity},
    import,
    job::{History, Job, Preview},
    outcome::{Done, Outcome},
    row::{Row, text},
    user_key::Key,
};
use iam_sdk::{Error, ErrorKind, Result, authing::CreateGroupOptions, blocking::authing::ManagementClient};
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Members that the service sets itself, and the column of a file of rejects. They are not sent.
const NOT_SENT: [&str; 4] = ["createdAt", "updatedAt", "error", "nickname"];

/// A group, and a member of it if the row names one.
#[derive(Debug, PartialEq, Eq)]
pub struct GroupRow {
    pub code: String,
    pub name: Option<String>,
    pub description: Option<String>,
    pub member: Option<Member>,
}

/// A user, by what the row has of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    Id(String),
    Named(Key, String),
}

impl GroupRow {
    /// Reads a row. A user is named by what pools share before the id, which they do not.
    pub fn read(row: &Row) -> std::result::Result<Self, String> {
        let mut id = None;
        let mut named: Vec<(Key, String)> = Vec::new();
        let (mut code, mut name, mut description) = (None, None, None);
        for (member, value) in &row.members {
            let value = match value {
                Value::String(_) | Value::Number(_) => text(value),
                _ => return Err(format!("{}: not text", member.escape_debug())),
            };
            let key = Key::ALL.into_iter().find(|key| key.name() == &**member);
            match (key, &**member) {
                (Some(key), name) => {
                    Key::check(name, &value)?;
                    named.push((key, value));
                }
                (None, "group") => {
                    Key::check("group", &value)?;
                    code = Some(value);
                }
                (None, "groupName") => name = Some(value),
                (None, "description") => description = Some(value),
                (None, "id") => id = Some(value),
                (None, other) if NOT_SENT.contains(&other) => {}
                (None, other) => return Err(unknown(other)),
            }
        }
        named.sort_by_key(|(key, _)| Key::ALL.iter().position(|other| other == key));
        let member = named.into_iter().next().map(|(key, value)| Member::Named(key, value)).or(id.map(Member::Id));
        let code = code.ok_or("it has no group, the code of one")?;
        Ok(Self { code, name, description, member })
    }
}

fn unknown(name: &str) -> String {
    format!("`{}`: groups have no column of this name", name.escape_debug())
}

/// Imports groups and their members.
#[derive(Debug)]
pub struct ImportGroups {
    pub client: ManagementClient,
    /// The codes of the groups that are there.
    known: Mutex<HashSet<String>>,
    /// Name and description by code, as the first row has them that has a name: any row of a group may be sent first.
    names: Mutex<HashMap<String, (String, Option<String>)>>,
    /// How many groups were created: rows count memberships.
    created: AtomicUsize,
}

impl ImportGroups {
    pub fn new(client: ManagementClient) -> Self {
        Self { client, known: Mutex::default(), names: Mutex::default(), created: AtomicUsize::new(0) }
    }

    fn is_known(&self, code: &str) -> bool {
        lock(&self.known).contains(code)
    }

    /// Sees to it that the group is there, and returns whether it was created.
    fn ensure(&self, group: &GroupRow, caller: &Caller<'_>) -> std::result::Result<bool, CallError> {
        if self.is_known(&group.code) {
            return Ok(false);
        }
        let groups = self.client.groups();
        let is_new = match caller.call(Repeat::Always, || found(groups.detail(&group.code)))? {
            Some(_) => false,
            None => match caller.call(Repeat::IfNotSent, || self.create(group)) {
                Ok(()) => true,
                // Another worker was faster, or the group was created after all.
                Err(CallError::Failed(error)) if error.is_conflict() || error.is_business() || is_ambiguous(&error) => {
                    match caller.call(Repeat::Always, || found(groups.detail(&group.code)))? {
                        Some(_) => false,
                        None => return Err(CallError::Failed(error)),
                    }
                }
                Err(error) => return Err(error),
            },
        };
        lock(&self.known).insert(group.code.clone());
        self.created.fetch_add(usize::from(is_new), Ordering::Relaxed);
        Ok(is_new)
    }

    fn create(&self, group: &GroupRow) -> Result<()> {
        let named = lock(&self.names).get(&group.code).cloned();
        let (name, description) = named
            .unwrap_or_else(|| (group.name.clone().unwrap_or_else(|| group.code.clone()), group.description.clone()));
        let options = CreateGroupOptions::new().description(description);
        self.client.groups().create_with(&group.code, &name, options).map(drop)
    }

    fn import(&self, group: &GroupRow, caller: &Caller<'_>) -> std::result::Result<Outcome, CallError> {
        let is_new = self.ensure(group, caller)?;
        let id = match &group.member {
            None => {
                let done = if is_new { Done::Created } else { Done::Skipped };
                return Ok(Outcome::Done(done, group.code.clone()));
            }
            Some(Member::Id(id)) => id.clone(),
            Some(Member::Named(key, value)) => {
                match caller.call(Repeat::Always, || found(self.client.users().find(key.lookup(value))))? {
                    Some(user) => user.id.unwrap_or_default(),
                    None => {
                        return Ok(Outcome::refused(format!("no user has this {}", key.name()), "NotFound"));
                    }
                }
            }
        };
        // A user who is a member already stays one.
        caller.call(Repeat::Always, || self.client.groups().add_users(&group.code, &[&id]))?;
        Ok(Outcome::Done(Done::Updated, id))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes "there is none" a value.
fn found<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Job for ImportGroups {
    fn check_column(&self, name: &str) -> std::result::Result<(), String> {
        let own = ["group", "groupName", "description", "id"];
        let is_key = Key::ALL.iter().any(|key| key.name() == name);
        if own.contains(&name) || NOT_SENT.contains(&name) || is_key { Ok(()) } else { Err(unknown(name)) }
    }

    fn check(&self, row: &Row) -> std::result::Result<Vec<(&'static str, String)>, String> {
        // A user who is named twice in one group joins twice, which does no harm.
        let GroupRow { code, name, description, .. } = GroupRow::read(row)?;
        if let Some(name) = name {
            lock(&self.names).entry(code).or_insert((name, description));
        }
        Ok(Vec::new())
    }

    fn run(&self, row: &Row, _: History, caller: &Caller<'_>) -> std::result::Result<Outcome, CallError> {
        let group = match GroupRow::read(row) {
            Ok(group) => group,
            Err(message) => return Ok(Outcome::refused(message, "InvalidArgument")),
        };
        match self.import(&group, caller) {
            Err(CallError::Failed(error)) if severity(&error) == Severity::Row => Ok(import::failed(&error)),
            other => other,
        }
    }

    fn preview(&self, row: &Row) -> std::result::Result<Vec<Preview>, Error> {
        let Ok(group) = GroupRow::read(row) else { return Ok(Vec::new()) };
        let code = &group.code;
        let mut previews =
            vec![Preview::Note(format!("if there is no group {code} yet:")), Preview::of(self.create(&group))?];
        match &group.member {
            Some(Member::Id(id)) => previews.push(Preview::of(self.client.groups().add_users(code, &[id]))?),
            Some(Member::Named(key, value)) => {
                previews.push(Preview::Note(format!("to find the member, {} {value}:", key.name())));
                previews.push(Preview::of(self.client.users().find(key.lookup(value)))?);
                previews.push(Preview::Note(format!(
                    "who is then added to the group {code}; not known without a call: the user's id"
                )));
            }
            None => {}
        }
        Ok(previews)
    }

    fn groups_created(&self) -> Option<usize> {
        Some(self.created.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(members: &[(&str, &str)]) -> std::result::Result<GroupRow, String> {
        let members = members.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        GroupRow::read(&Row { number: 1, line: 2, members })
    }

    #[test]
    fn a_row_is_a_group_and_a_member() {
        let group =
            read(&[("group", "dev"), ("groupName", "Developers"), ("id", "u1"), ("email", "m@x"), ("username", "mia")]);
        let expected = GroupRow {
            code: "dev".to_owned(),
            name: Some("Developers".to_owned()),
            description: None,
            member: Some(Member::Named(Key::Username, "mia".to_owned())),
        };
        assert_eq!(group, Ok(expected));
        assert_eq!(read(&[("group", "dev"), ("id", "u1")]).unwrap().member, Some(Member::Id("u1".to_owned())));
        assert_eq!(read(&[("group", "dev"), ("error", "old")]).unwrap().member, None);
        assert!(read(&[("username", "mia")]).unwrap_err().contains("no group"));
        assert!(read(&[("group", "dev ")]).unwrap_err().contains("group: it begins or ends with a blank"));
        assert!(read(&[("group", "dev"), ("email", "m@x\n")]).unwrap_err().contains("email: it has a line break"));
        assert!(
            read(&[("group", "dev"), ("usernam", "canary")])
                .is_err_and(|error| error.contains("`usernam`") && !error.contains("canary"))
        );
    }
}
