//! The tenants, their roles and members.

use super::{orgs::Orgs, refusal::Refusal, users::Members};
use crate::emulator::store::{Index, touched};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub(crate) struct Tenant {
    pub(crate) sid: i64,
    pub(crate) profile: Members,
    pub(crate) is_digiwin: bool,
    pub(crate) applications: Vec<Members>,
    pub(crate) roles: BTreeMap<i64, Members>,
    pub(crate) orgs: Orgs,
    /// The roles of each member.
    members: BTreeMap<i64, BTreeSet<i64>>,
}

impl Tenant {
    pub(crate) fn new(sid: i64, profile: Members, is_digiwin: bool, roles: BTreeMap<i64, Members>) -> Self {
        let (applications, orgs, members) = Default::default();
        Self { sid, profile, is_digiwin, applications, roles, orgs, members }
    }

    pub(crate) fn text(&self, member: &str) -> &str {
        self.profile.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn has_bought(&self, application: &str) -> bool {
        self.applications.iter().any(|bought| bought["id"] == application)
    }

    pub(crate) fn has(&self, user: i64) -> bool {
        self.members.contains_key(&user)
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = i64> {
        self.members.keys().copied().inspect(|_| touched())
    }

    pub(crate) fn roles_of(&self, user: i64) -> Vec<&Members> {
        self.members.get(&user).into_iter().flatten().filter_map(|role| self.roles.get(role)).collect()
    }

    pub(crate) fn is_admin(&self, user: i64) -> bool {
        self.roles_of(user).into_iter().any(|role| role["id"] == "admin")
    }

    /// Adds an organization: default members, overridden by those in `given`.
    pub(crate) fn add_org(&mut self, sid: i64, parent: Option<i64>, given: Members) {
        let id = self.text("id").to_owned();
        self.orgs.insert((self.sid, &id), sid, parent, given);
    }
}

#[derive(Default)]
pub(crate) struct Tenants {
    tenants: BTreeMap<i64, Tenant>,
    by_id: HashMap<String, i64>,
    of_user: Index<i64, i64>,
}

impl Tenants {
    /// Returns the tenants, the oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Tenant> {
        self.tenants.values().inspect(|_| touched())
    }

    pub(crate) fn get(&self, sid: i64) -> Option<&Tenant> {
        self.tenants.get(&sid)
    }

    pub(crate) fn known(&self, sid: i64) -> Result<&Tenant, Refusal> {
        self.get(sid).ok_or_else(|| Refusal::not_found("no such tenant"))
    }

    pub(crate) fn known_mut(&mut self, sid: i64) -> Result<&mut Tenant, Refusal> {
        self.tenants.get_mut(&sid).ok_or_else(|| Refusal::not_found("no such tenant"))
    }

    pub(crate) fn with_id(&self, id: &str) -> Option<&Tenant> {
        self.get(*self.by_id.get(id)?)
    }

    /// Returns the tenants that a user is a member of, the oldest first.
    pub(crate) fn of_user(&self, user: i64) -> impl Iterator<Item = &Tenant> {
        self.of_user.of(&user).filter_map(|sid| self.get(sid))
    }

    pub(crate) fn insert(&mut self, tenant: Tenant) {
        self.by_id.insert(tenant.text("id").to_owned(), tenant.sid);
        self.tenants.insert(tenant.sid, tenant);
    }

    pub(crate) fn add_member(&mut self, tenant: i64, user: i64, roles: BTreeSet<i64>) {
        if let Some(known) = self.tenants.get_mut(&tenant) {
            known.members.insert(user, roles);
            self.of_user.insert(user, tenant);
        }
    }

    /// Removes a member from a tenant and its organizations.
    pub(crate) fn remove_member(&mut self, tenant: i64, user: i64) -> Result<(), Refusal> {
        let known = self.known_mut(tenant)?;
        if known.members.remove(&user).is_none() {
            return Err(Refusal::not_found("the user is not in the tenant"));
        }
        known.orgs.forget_user(user);
        self.of_user.remove(&user, tenant);
        Ok(())
    }
}
