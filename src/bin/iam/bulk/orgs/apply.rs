//! Makes the changes that a comparison has found.

use super::tree_diff::{Change, Placed, TreeDiff, called, name, path};
use crate::{
    bulk::user_row::Key,
    failure::{Failure, Result},
};
use iam_sdk::{
    authing::{AddNodeOptions, NodeId, NodeMove, UpdateNodeOptions, User, UserLookup},
    blocking::authing::ManagementClient,
};

/// How many members join at once.
const BATCH: usize = 80;

/// Makes the changes in their order, and counts them.
pub fn apply(
    client: &ManagementClient,
    org: Option<&str>,
    file: &[Placed<'_>],
    diff: TreeDiff,
    made: &mut usize,
) -> Result<()> {
    let orgs = client.orgs();
    let org = org.ok_or_else(|| Failure::Other("the organization has no id".to_owned()))?;
    let TreeDiff { changes, mut ids } = diff;
    for change in changes {
        match change {
            Change::Add { node } => {
                let new = file[node].node;
                let parent = file[node].parent.and_then(|parent| ids[parent].clone());
                let parent = parent.ok_or_else(|| unknown(file, node))?;
                let options = AddNodeOptions::new()
                    .code(new.code.as_ref())
                    .description(new.description.as_ref())
                    .order(new.order);
                let options = options.name_i18n(new.name_i18n.as_ref()).description_i18n(new.description_i18n.as_ref());
                let after = orgs.add_node_with(org, name(new), NodeId(&parent), options)?;
                let taken: Vec<_> = ids.iter().flatten().cloned().collect();
                let added = after.nodes.iter().find(|added| {
                    let is_below = added.path.iter().rev().nth(1) == Some(&parent);
                    let is_new = added.id.as_ref().is_some_and(|id| !taken.contains(id));
                    is_new && is_below && added.name == new.name && (new.code.is_none() || added.code == new.code)
                });
                ids[node] = added.and_then(|added| added.id.clone());
            }
            Change::Update { id, name, code, description, .. } => {
                orgs.update_node(id, UpdateNodeOptions::new().name(name).code(code).description(description))?;
            }
            Change::Move { id, node, .. } => {
                let parent = file[node].parent.and_then(|parent| ids[parent].clone());
                let parent = parent.ok_or_else(|| unknown(file, node))?;
                orgs.move_node(org, NodeMove { node_id: &id, to_parent_id: &parent })?;
            }
            Change::Join { node, members } => {
                let id = ids[node].clone().ok_or_else(|| unknown(file, node))?;
                let users = members.iter().map(|member| user_id(&Pool(client), member)).collect::<Result<Vec<_>>>()?;
                for users in users.chunks(BATCH) {
                    orgs.add_members(&id, users)?;
                }
            }
            Change::Leave { node, members } => {
                let id = ids[node].clone().ok_or_else(|| unknown(file, node))?;
                let users: Vec<_> = members.into_iter().filter_map(|member| member.id).collect();
                for users in users.chunks(BATCH) {
                    orgs.delete_members(&id, users)?;
                }
            }
            Change::Remove { id, .. } => orgs.delete_node(org, NodeId(&id))?,
        }
        *made += 1;
    }
    Ok(())
}

fn unknown(file: &[Placed<'_>], node: usize) -> Failure {
    Failure::Other(format!("{}: the service does not say which node it has become", path(file, node)))
}

/// Where members are looked for.
trait Users {
    fn find(&self, lookup: UserLookup) -> iam_sdk::Result<User>;
    fn detail(&self, id: &str) -> iam_sdk::Result<User>;
}

struct Pool<'a>(&'a ManagementClient);

impl Users for Pool<'_> {
    fn find(&self, lookup: UserLookup) -> iam_sdk::Result<User> {
        self.0.users().find(lookup)
    }

    fn detail(&self, id: &str) -> iam_sdk::Result<User> {
        self.0.users().detail(id)
    }
}

/// Finds the user that a file names: by the names that pools share, and else by the id.
fn user_id(users: &impl Users, member: &User) -> Result<String> {
    let names = [
        (Key::Username, &member.username),
        (Key::Email, &member.email),
        (Key::Phone, &member.phone),
        (Key::ExternalId, &member.external_id),
    ];
    for (key, value) in names {
        let Some(value) = value.as_deref().filter(|value| !value.is_empty()) else { continue };
        match users.find(key.lookup(value)) {
            Ok(found) => {
                return found.id.ok_or_else(|| Failure::Other(format!("{}: a user without an id", called(member))));
            }
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    let nobody = || {
        Failure::Other(format!("the member `{}` is not a user of this pool; import the users first", called(member)))
    };
    let id = member.id.as_ref().ok_or_else(nobody)?;
    match users.detail(id) {
        Ok(_) => Ok(id.clone()),
        Err(error) if error.is_not_found() => Err(nobody()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iam_sdk::{Error, ErrorKind};

    struct Fake(fn() -> iam_sdk::Result<User>);

    impl Users for Fake {
        fn find(&self, _: UserLookup) -> iam_sdk::Result<User> {
            Err(Error::new(ErrorKind::NotFound))
        }

        fn detail(&self, _: &str) -> iam_sdk::Result<User> {
            (self.0)()
        }
    }

    #[test]
    fn a_look_up_that_failed_says_nothing_about_the_user() {
        let member = User::default().with_username("ann").with_id("u1");
        let id = |detail| user_id(&Fake(detail), &member);
        assert_eq!(id(|| Ok(User::default())).unwrap(), "u1");
        let failure = id(|| Err(Error::new(ErrorKind::NotFound))).unwrap_err();
        assert!(failure.code() == 1 && failure.to_string().contains("not a user of this pool"), "{failure}");
        for (detail, code) in [
            ((|| Err(Error::new(ErrorKind::RateLimited))) as fn() -> iam_sdk::Result<User>, 8),
            (|| Err(Error::new(ErrorKind::Timeout)), 9),
            (|| Err(Error::new(ErrorKind::Authentication)), 4),
        ] {
            assert_eq!(id(detail).unwrap_err().code(), code);
        }
        let unnamed = User::default().with_username("ann");
        assert!(user_id(&Fake(|| Ok(User::default())), &unnamed).is_err());
    }
}
