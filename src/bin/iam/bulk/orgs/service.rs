//! The organizations of a service, and how the one is found that a file is of.

use super::{file::without_members, tree_diff::name};
use crate::{
    bulk::caller::is_ambiguous,
    failure::{Failure, Result},
};
use iam_sdk::{
    authing::{OrgNode, OrgTree},
    blocking::authing::ManagementClient,
};
use std::{thread, time::Duration};

/// How often an organization is created whose response is missing, and that cannot be found.
const ATTEMPTS: u32 = 3;

/// The calls about whole organizations.
pub trait OrgService {
    /// Returns all organizations, or the one with this id.
    fn trees(&self, org: Option<&str>) -> Result<Vec<OrgTree>>;

    /// Creates an organization, without its members.
    fn create(&self, tree: &OrgTree) -> iam_sdk::Result<()>;

    /// Waits before it looks again for what a request may have created.
    fn wait(&self, look: u32) {
        thread::sleep(Duration::from_millis(500) * 4_u32.pow(look));
    }
}

impl OrgService for ManagementClient {
    fn trees(&self, org: Option<&str>) -> Result<Vec<OrgTree>> {
        Ok(match org {
            Some(org) => self.orgs().export_by_org_id(org)?,
            None => self.orgs().export_all()?,
        })
    }

    fn create(&self, tree: &OrgTree) -> iam_sdk::Result<()> {
        self.orgs().import_by_json(&without_members(tree)).map(drop)
    }
}

/// Finds the organization that a file's root is of: the one with this id; or else with the root's code; or else with its id. By
/// the name only where the file has no code: an organization of the same name with another code is another one.
pub fn find<'a>(all: &'a [OrgTree], org: Option<&str>, root: &OrgNode) -> Result<Option<&'a OrgTree>> {
    if org.is_some() {
        return Ok(all.first());
    }
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let with = |member: fn(&OrgNode) -> &Option<String>| {
        let wanted = given(member(root));
        let mut found = all.iter().filter(move |tree| wanted.is_some() && *member(&tree.node) == wanted);
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => Err(Failure::Usage(format!(
                "two organizations are called `{}`; say with --org which one is meant",
                member(root).as_deref().unwrap_or_default()
            ))),
            (found, _) => Ok(found),
        }
    };
    let by_name = || if given(&root.code).is_none() { with(|node| &node.name) } else { Ok(None) };
    match with(|node| &node.code)? {
        Some(found) => Ok(Some(found)),
        None => with(|node| &node.id)?.map_or_else(by_name, |found| Ok(Some(found))),
    }
}

/// Why there is no organization.
#[derive(Debug)]
pub enum CreateError {
    Failed(Failure),
    /// The service may have created it; a second request could create it twice.
    Unknown(iam_sdk::Error),
}

impl From<Failure> for CreateError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Creates an organization once, and returns it. After a request that may have been carried out it is looked for, and created
/// again only if it has a code, which no second one can have.
pub fn create(service: &impl OrgService, tree: &OrgTree) -> Result<OrgTree, CreateError> {
    let look = || -> Result<Option<OrgTree>> { Ok(find(&service.trees(None)?, None, &tree.node)?.cloned()) };
    for attempt in 1.. {
        match service.create(tree) {
            Ok(()) => {
                let root = name(&tree.node);
                let lost = || Failure::Other(format!("the organization `{root}` was created, and cannot be found"));
                return Ok(look()?.ok_or_else(lost)?);
            }
            Err(error) if is_ambiguous(&error) => {
                for at in 0..2 {
                    service.wait(at);
                    if let Some(found) = look()? {
                        return Ok(found);
                    }
                }
                let has_code = tree.node.code.as_ref().is_some_and(|code| !code.is_empty());
                if !has_code || attempt >= ATTEMPTS {
                    return Err(CreateError::Unknown(error));
                }
            }
            Err(error) => return Err(CreateError::Failed(error.into())),
        }
    }
    Err(CreateError::Failed(Failure::Interrupted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use iam_sdk::{Error, ErrorKind};
    use std::cell::{Cell, RefCell};

    fn org(name: &str, code: Option<&str>, id: Option<&str>) -> OrgTree {
        let mut tree = OrgTree::named(name, code);
        tree.node.id = id.map(str::to_owned);
        tree
    }

    #[test]
    fn an_organization_is_found_by_what_names_it() {
        let all = [
            org("TA", Some("ta"), Some("1")),
            org("TB", None, Some("2")),
            org("Twin", None, Some("3")),
            org("Twin", None, Some("4")),
        ];
        for (root, expected) in [
            (org("Other", Some("ta"), None), Some("1")),
            (org("TA", Some("ta-new"), None), None),
            (org("TA", Some("ta-new"), Some("1")), Some("1")),
            (org("TB", None, None), Some("2")),
            (org("TB", Some(""), None), Some("2")),
            (org("New name", None, Some("2")), Some("2")),
            // The id is another pool's.
            (org("TB", None, Some("77")), Some("2")),
            (org("None", None, None), None),
        ] {
            let found = find(&all, None, &root.node).unwrap().and_then(|tree| tree.node.id.as_deref());
            assert_eq!(found, expected, "{:?}", root.node);
        }
        assert!(find(&all, None, &org("Twin", None, None).node).is_err());
        assert!(find(&all[..1], Some("1"), &org("Else", None, None).node).unwrap().is_some());
    }

    /// A service that loses responses, and that shows what it has created only after so many looks.
    struct Fake {
        creates: Cell<u32>,
        looks: Cell<u32>,
        shown_after: u32,
        made: RefCell<Vec<OrgTree>>,
        error: fn() -> Option<Error>,
    }

    impl OrgService for Fake {
        fn trees(&self, _: Option<&str>) -> Result<Vec<OrgTree>> {
            self.looks.set(self.looks.get() + 1);
            Ok(if self.looks.get() > self.shown_after { self.made.borrow().clone() } else { Vec::new() })
        }

        fn create(&self, tree: &OrgTree) -> iam_sdk::Result<()> {
            self.creates.set(self.creates.get() + 1);
            self.made.borrow_mut().push(tree.clone());
            (self.error)().map_or(Ok(()), Err)
        }

        fn wait(&self, _: u32) {}
    }

    #[test]
    fn an_organization_is_not_created_twice() {
        let lost: fn() -> Option<Error> = || Some(Error::new(ErrorKind::Timeout).with_status(200));
        for (code, shown_after, error, creates, expected) in [
            (None, 0, (|| None) as fn() -> Option<Error>, 1, "found"),
            (None, 0, lost, 1, "found"),
            (None, 1, lost, 1, "found"),
            (None, 9, lost, 1, "unknown"),
            (Some("c"), 9, lost, ATTEMPTS, "unknown"),
            (None, 9, || Some(Error::new(ErrorKind::Validation).with_status(200)), 1, "failed"),
        ] {
            let made = RefCell::default();
            let fake = Fake { creates: Cell::new(0), looks: Cell::new(0), shown_after, made, error };
            let result = match create(&fake, &org("HQ", code, None)) {
                Ok(_) => "found",
                Err(CreateError::Unknown(_)) => "unknown",
                Err(CreateError::Failed(_)) => "failed",
            };
            assert_eq!((result, fake.creates.get()), (expected, creates), "{code:?} {shown_after}");
        }
    }
}
