//! The organizations of a tenant, and the users in them.

use super::{refusal::Refusal, users::Members};
use crate::emulator::store::{Index, touched};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(crate) struct Orgs {
    orgs: BTreeMap<i64, Members>,
    children: Index<i64, i64>,
    by_id: Index<String, i64>,
    by_uri: Index<String, i64>,
    users: Index<i64, i64>,
    of_user: Index<i64, i64>,
}

fn none() -> Refusal {
    Refusal::not_found("no such organization")
}

fn text(org: &Members, member: &str) -> String {
    org.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn parent(org: &Members) -> i64 {
    org.get("parentSid").and_then(Value::as_i64).unwrap_or(0)
}

impl Orgs {
    pub(crate) fn get(&self, sid: i64) -> Option<&Members> {
        self.orgs.get(&sid)
    }

    /// Returns all organizations, the oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, &Members)> {
        self.orgs.iter().map(|(sid, org)| (*sid, org)).inspect(|_| touched())
    }

    /// Finds an organization by `sid`, or else by `uri`.
    pub(crate) fn find(&self, sid: i64, uri: Option<&str>) -> Result<i64, Refusal> {
        match uri {
            _ if sid > 0 => self.orgs.contains_key(&sid).then_some(sid).ok_or_else(none),
            Some(uri) if !uri.is_empty() => self.by_uri.first(uri).ok_or_else(none),
            _ => Err(Refusal::bad_request("a sid or a uri is needed")),
        }
    }

    pub(crate) fn with_id(&self, id: &str) -> Option<i64> {
        self.by_id.first(id)
    }

    /// Returns an organization and all organizations below it.
    pub(crate) fn with_those_below(&self, sid: i64) -> BTreeSet<i64> {
        let (mut found, mut next) = (BTreeSet::new(), vec![sid]);
        while let Some(sid) = next.pop() {
            if found.insert(sid) {
                next.extend(self.children.of(&sid));
            }
        }
        found
    }

    /// Returns the users in an organization, the oldest first.
    pub(crate) fn users(&self, sid: i64) -> impl Iterator<Item = i64> {
        self.users.of(&sid)
    }

    pub(crate) fn user_count(&self, sid: i64) -> usize {
        self.users.count(&sid)
    }

    /// Adds an organization of a tenant: default members, overridden by those in `given`.
    pub(crate) fn insert(&mut self, tenant: (i64, &str), sid: i64, parent: Option<i64>, given: Members) {
        let id = given.get("id").and_then(Value::as_str).map_or_else(|| format!("org-{sid}"), str::to_owned);
        let parent_id = parent.and_then(|sid| self.get(sid)).map(|parent| parent["id"].clone());
        let org = json!({
            "sid": sid, "tenantSid": tenant.0, "label": given.get("name"), "parentSid": parent.unwrap_or(0),
            "parentId": parent_id, "orgAspectSid": 1, "orgAspectId": "defaultOrgAspect", "orgCatalogSid": 1,
            "orgCatalogId": "defaultOrgCatalog", "typeSid": 1, "typeId": "department",
            "typeUri": "drn:iam:orgtype:department", "typeName": "部门", "uri": format!("drn:iam:org:{}:{id}", tenant.1),
            "urn": format!("urn:{id}"), "orgTags": [], "id": id, "createTime": "2026-01-01 00:00:00", "chargeSid": 0,
        });
        let Value::Object(mut org) = org else { return };
        org.extend(given);
        self.note(sid, &org);
        self.orgs.insert(sid, org);
    }

    /// Changes some members of an organization; with `parent` it is put below that one.
    pub(crate) fn update(&mut self, sid: i64, parent: Option<i64>, mut given: Members) -> Result<(), Refusal> {
        if parent.is_some_and(|parent| self.with_those_below(sid).contains(&parent)) {
            return Err(Refusal::bad_request("an organization cannot stand below itself"));
        }
        if let Some(parent) = parent.and_then(|parent| self.get(parent)) {
            given.insert("parentId".into(), parent["id"].clone());
        }
        let mut org = self.orgs.remove(&sid).ok_or_else(none)?;
        self.drop(sid, &org);
        org.extend(given);
        self.note(sid, &org);
        self.orgs.insert(sid, org);
        Ok(())
    }

    /// Removes an organization that has none below it.
    pub(crate) fn remove(&mut self, sid: i64) -> Result<(), Refusal> {
        if self.children.count(&sid) > 0 {
            return Err(Refusal::bad_request("there are organizations below it"));
        }
        let org = self.orgs.remove(&sid).ok_or_else(none)?;
        self.drop(sid, &org);
        for user in self.users.take(&sid) {
            self.of_user.remove(&user, sid);
        }
        Ok(())
    }

    pub(crate) fn add_user(&mut self, sid: i64, user: i64) {
        self.users.insert(sid, user);
        self.of_user.insert(user, sid);
    }

    /// Removes a user from all organizations.
    pub(crate) fn forget_user(&mut self, user: i64) {
        for sid in self.of_user.take(&user) {
            self.users.remove(&sid, user);
        }
    }

    fn note(&mut self, sid: i64, org: &Members) {
        self.children.insert(parent(org), sid);
        self.by_id.insert(text(org, "id"), sid);
        self.by_uri.insert(text(org, "uri"), sid);
    }

    fn drop(&mut self, sid: i64, org: &Members) {
        self.children.remove(&parent(org), sid);
        self.by_id.remove(text(org, "id").as_str(), sid);
        self.by_uri.remove(text(org, "uri").as_str(), sid);
    }
}
