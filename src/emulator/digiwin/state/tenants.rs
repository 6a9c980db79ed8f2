//! The tenants, their roles and members.

use super::{error_response::ErrorResponse, members::Members, orgs::Orgs};
use crate::emulator::store::{Index, Table};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};

#[derive(Serialize)]
pub(crate) struct Role {
    pub(crate) sid: i64,
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) disabled: bool,
}

/// An application that a tenant has bought.
pub(crate) struct Application {
    pub(crate) id: String,
    pub(crate) expires: Timestamp,
    pub(crate) members: Members,
}

impl Application {
    pub(crate) fn is_expired(&self) -> bool {
        self.expires <= Timestamp::now()
    }
}

pub(crate) struct Tenant {
    pub(crate) sid: i64,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) profile: Members,
    pub(crate) is_digiwin: bool,
    pub(crate) applications: Vec<Application>,
    pub(crate) roles: Vec<Role>,
    pub(crate) orgs: Orgs,
    /// The roles of each member.
    pub(crate) members: Table<i64, BTreeSet<i64>>,
}

impl Tenant {
    pub(crate) fn has_bought(&self, application: &str) -> bool {
        self.applications.iter().any(|bought| bought.id == application)
    }

    pub(crate) fn may_use(&self, application: &str) -> bool {
        self.applications.iter().any(|bought| bought.id == application && !bought.is_expired())
    }

    pub(crate) fn has(&self, user: i64) -> bool {
        self.members.contains(&user)
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = i64> {
        self.members.entries().map(|(user, _)| *user)
    }

    pub(crate) fn roles_of(&self, user: i64) -> Vec<&Role> {
        let Some(own) = self.members.get(&user) else { return Vec::new() };
        self.roles.iter().filter(|role| own.contains(&role.sid)).collect()
    }

    pub(crate) fn is_admin(&self, user: i64) -> bool {
        self.roles_of(user).into_iter().any(|role| role.id == "admin")
    }

    /// Adds an organization: default members, overridden by those in `given`.
    pub(crate) fn add_org(&mut self, sid: i64, given: Members) -> Result<(), ErrorResponse> {
        self.orgs.insert((self.sid, &self.id), sid, given)
    }
}

#[derive(Default)]
pub(crate) struct Tenants {
    tenants: Table<i64, Tenant>,
    by_id: HashMap<String, i64>,
    of_user: Index<i64, i64>,
}

fn not_found() -> ErrorResponse {
    ErrorResponse::not_found("no such tenant")
}

impl Tenants {
    /// Returns the tenants, the oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Tenant> {
        self.tenants.iter()
    }

    pub(crate) fn get(&self, sid: i64) -> Option<&Tenant> {
        self.tenants.get(&sid)
    }

    pub(crate) fn find(&self, sid: i64) -> Result<&Tenant, ErrorResponse> {
        self.get(sid).ok_or_else(not_found)
    }

    pub(crate) fn find_mut(&mut self, sid: i64) -> Result<&mut Tenant, ErrorResponse> {
        self.tenants.get_mut(&sid).ok_or_else(not_found)
    }

    pub(crate) fn with_id(&self, id: &str) -> Option<&Tenant> {
        self.get(*self.by_id.get(id)?)
    }

    /// Returns the tenants that a user is a member of, the oldest first.
    pub(crate) fn of_user(&self, user: i64) -> impl Iterator<Item = &Tenant> {
        self.of_user.of(&user).filter_map(|sid| self.get(sid))
    }

    pub(crate) fn insert(&mut self, tenant: Tenant) {
        for user in tenant.members() {
            self.of_user.insert(user, tenant.sid);
        }
        self.by_id.insert(tenant.id.clone(), tenant.sid);
        self.tenants.insert(tenant.sid, tenant);
    }

    pub(crate) fn add_member(&mut self, tenant: i64, user: i64, roles: BTreeSet<i64>) -> Result<(), ErrorResponse> {
        self.find_mut(tenant)?.members.insert(user, roles);
        self.of_user.insert(user, tenant);
        Ok(())
    }

    /// Removes a member from a tenant and its organizations.
    pub(crate) fn remove_member(&mut self, tenant: i64, user: i64) -> Result<(), ErrorResponse> {
        let found = self.find_mut(tenant)?;
        if found.members.remove(&user).is_none() {
            return Err(ErrorResponse::not_found("the user is not in the tenant"));
        }
        found.orgs.forget_user(user);
        self.of_user.remove(&user, tenant);
        Ok(())
    }
}
