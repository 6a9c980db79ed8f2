//! Roles and their assignments.

use super::{
    error_response::ErrorResponse,
    target::Target,
    value::{arn, new_id, now},
};
use crate::emulator::store::{Links, Namespaced, RowNo};
use serde::Serialize;
use std::collections::BTreeSet;

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
    roles: Namespaced<Role>,
    holders: Links<RowNo, Target>,
}

impl Roles {
    pub(crate) fn new(pool_id: &str) -> Self {
        let (roles, holders) = Default::default();
        Self { pool_id: pool_id.to_owned(), roles, holders }
    }

    pub(crate) fn get(&self, namespace: &str, code: &str) -> Option<&Role> {
        self.roles.get(namespace, code)
    }

    pub(crate) fn number(&self, namespace: &str, code: &str) -> Result<RowNo, ErrorResponse> {
        self.roles.number(namespace, code).ok_or(ErrorResponse::not_found("role"))
    }

    pub(crate) fn at(&self, number: RowNo) -> Option<&Role> {
        self.roles.at(number)
    }

    /// Returns how many roles a namespace has, and the roles, the oldest first.
    pub(crate) fn of_namespace(&self, namespace: &str) -> (usize, impl DoubleEndedIterator<Item = &Role>) {
        self.roles.of_namespace(namespace)
    }

    /// Returns the numbers of the roles that were assigned to one of these holders, the oldest first.
    pub(crate) fn of_holders(&self, holders: &[Target]) -> BTreeSet<RowNo> {
        holders.iter().flat_map(|holder| self.holders.left_of(holder)).collect()
    }

    /// Returns the holders of a role.
    pub(crate) fn holders(&self, role: RowNo) -> impl Iterator<Item = Target> {
        self.holders.right_of(&role)
    }

    pub(crate) fn create(
        &mut self,
        namespace: &str,
        code: &str,
        description: Option<&str>,
        parent: Option<&str>,
    ) -> Result<Role, ErrorResponse> {
        if code.is_empty() {
            return Err(ErrorResponse::invalid("code"));
        }
        if self.roles.contains(namespace, code) {
            return Err(ErrorResponse::exists("role"));
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
        self.roles.insert(namespace, code, role.clone());
        Ok(role)
    }

    pub(crate) fn update(
        &mut self,
        namespace: &str,
        code: &str,
        new: &str,
        description: Option<&str>,
    ) -> Result<Role, ErrorResponse> {
        if new != code && self.roles.contains(namespace, new) {
            return Err(ErrorResponse::exists("role"));
        }
        let role = self.roles.get_mut(namespace, code).ok_or(ErrorResponse::not_found("role"))?;
        role.code = new.to_owned();
        role.arn = arn(&self.pool_id, "role", new);
        role.description = description.map(str::to_owned).or(role.description.take());
        role.updated_at = now();
        let role = role.clone();
        self.roles.rename(namespace, code, new);
        Ok(role)
    }

    pub(crate) fn delete(&mut self, namespace: &str, code: &str) {
        if let Some(number) = self.roles.remove(namespace, code) {
            self.holders.forget_left(&number);
        }
    }

    pub(crate) fn assign(&mut self, role: RowNo, holder: &Target) {
        self.holders.link(&role, holder, || ());
    }

    pub(crate) fn revoke(&mut self, role: RowNo, holder: &Target) {
        self.holders.unlink(&role, holder);
    }

    /// Removes all roles from a holder that was deleted.
    pub(crate) fn forget(&mut self, holder: &Target) {
        self.holders.forget_right(holder);
    }

    /// Moves a holder's roles to its new identifier.
    pub(crate) fn rename(&mut self, from: &Target, to: &Target) {
        for role in self.holders.forget_right(from) {
            self.assign(role, to);
        }
    }
}
