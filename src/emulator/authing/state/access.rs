//! What users, groups, nodes and roles may do: their own grants, and those that they have through others.

use super::{
    departments::Departments,
    grants::{Grant, Grants},
    groups::Groups,
    orgs::Orgs,
    policies::Policies,
    roles::{Role, Roles},
    target::{Target, TargetType},
    users::Users,
};
use crate::emulator::store::RowNo;
use std::collections::{BTreeMap, BTreeSet};

/// A view of the state that decides what may be done.
pub(crate) struct Access<'a> {
    pub(crate) users: &'a Users,
    pub(crate) groups: &'a Groups,
    pub(crate) orgs: &'a Orgs,
    pub(crate) departments: &'a Departments,
    pub(crate) roles: &'a Roles,
    pub(crate) policies: &'a Policies,
    pub(crate) grants: &'a Grants,
}

impl<'a> Access<'a> {
    fn path(&self, node_id: &str) -> impl Iterator<Item = Target> + use<'a> {
        self.orgs.path(node_id).into_iter().map(|node| Target::node(&node.id))
    }

    /// Returns all through which a user has roles and grants: itself, its groups, its departments and all nodes above them.
    fn holders_of_user(&self, id: &str) -> Vec<Target> {
        let mut holders = vec![Target::user(id)];
        let Some(user) = self.users.number(id) else { return holders };
        holders.extend(self.groups.of_user(user).map(|group| Target::group(&group.code)));
        for node in self.departments.of_user(user).filter_map(|node| self.orgs.at(node)) {
            holders.extend(self.path(&node.id));
        }
        holders
    }

    fn roles_of(&self, namespace: &str, holders: &[Target]) -> Vec<&'a Role> {
        let roles = self.roles.of_holders(holders).into_iter().filter_map(|number| self.roles.at(number));
        roles.filter(|role| role.namespace == namespace).collect()
    }

    /// Returns the roles that a user has: its own, those of its groups, and those of its departments and all nodes above.
    pub(crate) fn roles_of_user(&self, id: &str, namespace: &str) -> Vec<&'a Role> {
        self.roles_of(namespace, &self.holders_of_user(id))
    }

    pub(crate) fn roles_of_node(&self, id: &str, namespace: &str) -> Vec<&'a Role> {
        self.roles_of(namespace, &self.path(id).collect::<Vec<_>>())
    }

    /// Returns all grants of a holder, the oldest first: its own, and those of its roles, groups and departments.
    fn grants_of(&self, target: &Target, namespace: Option<&str>) -> Vec<&'a Grant> {
        let holders = match target.target_type {
            TargetType::User => self.holders_of_user(&target.id),
            TargetType::Org => self.path(&target.id).collect(),
            TargetType::Group => vec![target.clone()],
            _ => Vec::new(),
        };
        let mut found: BTreeMap<RowNo, &Grant> = holders.iter().flat_map(|holder| self.grants.of(holder)).collect();
        for role in self.with_parents(target, &holders).into_iter().filter_map(|number| self.roles.at(number)) {
            found.extend(self.grants.of(&Target::role(&role.namespace, &role.code)));
        }
        found.into_values().filter(|grant| namespace.is_none_or(|namespace| grant.namespace == namespace)).collect()
    }

    /// Returns the holders' roles, and those that they have as children of others. A role has what its parent has; each is looked
    /// at once, so that a cycle ends.
    fn with_parents(&self, target: &Target, holders: &[Target]) -> BTreeSet<RowNo> {
        let mut found = BTreeSet::new();
        let mut next: Vec<RowNo> = self.roles.of_holders(holders).into_iter().collect();
        if let Some(namespace) = &target.namespace {
            next.extend(self.roles.number(namespace, &target.id).ok());
        }
        while let Some(number) = next.pop() {
            if !found.insert(number) {
                continue;
            }
            let Some(role) = self.roles.at(number) else { continue };
            let parent = role.parent_code.as_deref().and_then(|code| self.roles.number(&role.namespace, code).ok());
            next.extend(parent);
        }
        found
    }

    /// Returns the resources that a holder may act on, of one kind or all, with the actions.
    pub(crate) fn resources(
        &self,
        target: &Target,
        namespace: Option<&str>,
        resource_type: Option<&str>,
    ) -> Vec<AuthorizedResource<'a>> {
        let mut list: Vec<AuthorizedResource<'_>> = Vec::new();
        let mut at: BTreeMap<&str, usize> = BTreeMap::new();
        let grants = self.grants_of(target, namespace).into_iter();
        for grant in grants.filter(|grant| resource_type.is_none_or(|kind| grant.resource_type.name() == kind)) {
            let actions = grant.actions.iter().map(String::as_str);
            match at.get(grant.resource.as_str()).and_then(|at| list.get_mut(*at)) {
                Some(resource) => {
                    resource.actions.extend(actions);
                    resource.actions.sort_unstable();
                    resource.actions.dedup();
                }
                None => {
                    at.insert(&grant.resource, list.len());
                    let (code, resource_type) = (grant.resource.as_str(), grant.resource_type.name());
                    list.push(AuthorizedResource { code, resource_type, actions: actions.collect() });
                }
            }
        }
        list
    }

    /// Returns the actions that a user may take on a resource, each once.
    pub(crate) fn actions(&self, user_id: &str, namespace: &str, resource: &str) -> BTreeSet<&'a str> {
        let grants = self.grants_of(&Target::user(user_id), Some(namespace)).into_iter();
        let fitting = grants.filter(|grant| grant.covers(resource));
        fitting.flat_map(|grant| grant.actions.iter().map(String::as_str)).collect()
    }

    /// Returns whether a user may take an action, by its grants and policies.
    pub(crate) fn may(&self, user_id: &str, namespace: &str, action: &str, resource: &str) -> bool {
        let mut holders = self.holders_of_user(user_id);
        let roles = self.roles_of(namespace, &holders);
        holders.extend(roles.into_iter().map(|role| Target::role(&role.namespace, &role.code)));
        self.policies.decide(&holders, namespace, action, resource).unwrap_or_else(|| {
            let grants = self.grants_of(&Target::user(user_id), Some(namespace));
            grants.into_iter().any(|grant| grant.covers(resource) && grant.permits(action))
        })
    }
}

pub(crate) struct AuthorizedResource<'a> {
    pub(crate) code: &'a str,
    pub(crate) resource_type: &'static str,
    pub(crate) actions: Vec<&'a str>,
}
