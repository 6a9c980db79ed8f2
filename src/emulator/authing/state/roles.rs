//! Roles and their assignments.

use super::{
    refusal::Refusal,
    target::Target,
    value::{arn, new_id, now},
};
use crate::emulator::store::{Index, RowNo, Table};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap, HashSet};

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Role {
    id: String,
    pub(crate) namespace: String,
    pub(crate) code: String,
    arn: String,
    description: Option<String>,
    pub(crate) parent_code: Option<String>,
    created_at: String,
    updated_at: String,
}

impl Role {
    pub(crate) fn updated_at(&self) -> &str {
        &self.updated_at
    }
}

pub(crate) struct Roles {
    pool_id: String,
    roles: Table<(String, String), Role>,
    by_code: Index<String>,
    of_namespace: Index<String>,
    holders: HashMap<RowNo, HashSet<Target>>,
    of_holder: Index<Target>,
}

fn key(namespace: &str, code: &str) -> (String, String) {
    (namespace.to_owned(), code.to_owned())
}

impl Roles {
    pub(crate) fn new(pool_id: &str) -> Self {
        let (roles, by_code, of_namespace, holders, of_holder) = Default::default();
        Self { pool_id: pool_id.to_owned(), roles, by_code, of_namespace, holders, of_holder }
    }

    pub(crate) fn get(&self, namespace: &str, code: &str) -> Option<&Role> {
        self.roles.get(&key(namespace, code))
    }

    pub(crate) fn known(&self, namespace: &str, code: &str) -> Result<RowNo, Refusal> {
        self.roles.number(&key(namespace, code)).ok_or(Refusal::missing("role"))
    }

    pub(crate) fn at(&self, number: RowNo) -> Option<&Role> {
        self.roles.at(number)
    }

    /// Returns how many roles a namespace has, and the roles, the oldest first.
    pub(crate) fn of_namespace(&self, namespace: &str) -> (usize, impl DoubleEndedIterator<Item = &Role>) {
        let roles = self.of_namespace.of(namespace).filter_map(|number| self.roles.at(number));
        (self.of_namespace.count(namespace), roles)
    }

    /// Returns the numbers of the roles that have a code, in any namespace.
    pub(crate) fn with_code(&self, code: &str) -> impl Iterator<Item = RowNo> {
        self.by_code.of(code)
    }

    /// Returns the numbers of the roles that were assigned to one of these holders, the oldest first.
    pub(crate) fn of_holders(&self, holders: &[Target]) -> BTreeSet<RowNo> {
        holders.iter().flat_map(|holder| self.of_holder.of(holder)).collect()
    }

    /// Returns the holders of a role.
    pub(crate) fn holders(&self, role: RowNo) -> impl Iterator<Item = &Target> {
        self.holders.get(&role).into_iter().flatten()
    }

    pub(crate) fn create(
        &mut self,
        namespace: &str,
        code: &str,
        description: Option<&str>,
        parent: Option<&str>,
    ) -> Result<Role, Refusal> {
        if self.roles.contains(&key(namespace, code)) {
            return Err(Refusal::exists("role"));
        }
        let role = Role {
            id: new_id(),
            namespace: namespace.to_owned(),
            code: code.to_owned(),
            arn: arn(&self.pool_id, "role", code),
            description: description.map(str::to_owned),
            parent_code: parent.map(str::to_owned),
            created_at: now(),
            updated_at: now(),
        };
        let number = self.roles.insert(key(namespace, code), role.clone());
        self.by_code.insert(code.to_owned(), number);
        self.of_namespace.insert(namespace.to_owned(), number);
        Ok(role)
    }

    pub(crate) fn update(
        &mut self,
        namespace: &str,
        code: &str,
        new: &str,
        description: Option<&str>,
    ) -> Result<Role, Refusal> {
        if new != code && self.roles.contains(&key(namespace, new)) {
            return Err(Refusal::exists("role"));
        }
        let number = self.known(namespace, code)?;
        let role = self.roles.get_mut(&key(namespace, code)).ok_or(Refusal::missing("role"))?;
        role.code = new.to_owned();
        role.arn = arn(&self.pool_id, "role", new);
        role.description = description.map(str::to_owned).or(role.description.take());
        role.updated_at = now();
        let role = role.clone();
        self.roles.rename(&key(namespace, code), key(namespace, new));
        self.by_code.remove(code, number);
        self.by_code.insert(new.to_owned(), number);
        Ok(role)
    }

    pub(crate) fn delete(&mut self, namespace: &str, code: &str) {
        let Some((number, _)) = self.roles.remove(&key(namespace, code)) else { return };
        self.by_code.remove(code, number);
        self.of_namespace.remove(namespace, number);
        for holder in self.holders.remove(&number).into_iter().flatten() {
            self.of_holder.remove(&holder, number);
        }
    }

    pub(crate) fn assign(&mut self, role: RowNo, holder: &Target) {
        self.holders.entry(role).or_default().insert(holder.clone());
        self.of_holder.insert(holder.clone(), role);
    }

    pub(crate) fn revoke(&mut self, role: RowNo, holder: &Target) {
        if let Some(holders) = self.holders.get_mut(&role) {
            holders.remove(holder);
        }
        self.of_holder.remove(holder, role);
    }

    /// Takes all roles from a holder that was deleted.
    pub(crate) fn forget(&mut self, holder: &Target) {
        for role in self.of_holder.take(holder) {
            self.revoke(role, holder);
        }
    }

    /// Carries a holder's roles over to its new identifier.
    pub(crate) fn rename(&mut self, from: &Target, to: &Target) {
        for role in self.of_holder.take(from) {
            self.revoke(role, from);
            self.assign(role, to);
        }
    }
}
