//! The organizations of a tenant, and the users in them.

use super::{
    error_response::ErrorResponse,
    members::{Members, changed, or_default},
};
use crate::emulator::store::{Index, Links, Table};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

/// The members of an organization that the service reads, and all others as they were sent.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Org {
    sid: i64,
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    parent_sid: i64,
    parent_id: Option<String>,
    pub(crate) uri: String,
    #[serde(flatten)]
    pub(crate) others: Members,
}

#[derive(Default)]
pub(crate) struct Orgs {
    orgs: Table<i64, Org>,
    children: Index<i64, i64>,
    by_id: Index<String, i64>,
    by_uri: Index<String, i64>,
    /// From organizations to users.
    users: Links<i64, i64>,
}

fn not_found() -> ErrorResponse {
    ErrorResponse::not_found("no such organization")
}

impl Orgs {
    pub(crate) fn get(&self, sid: i64) -> Option<&Org> {
        self.orgs.get(&sid)
    }

    /// Returns all organizations, the oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, &Org)> {
        self.orgs.entries().map(|(sid, org)| (*sid, org))
    }

    /// Finds an organization by `sid`, or else by `uri`.
    pub(crate) fn find(&self, sid: i64, uri: Option<&str>) -> Result<i64, ErrorResponse> {
        match uri {
            _ if sid > 0 => self.orgs.contains(&sid).then_some(sid).ok_or_else(not_found),
            Some(uri) if !uri.is_empty() => self.by_uri.first(uri).ok_or_else(not_found),
            _ => Err(ErrorResponse::bad_request("a sid or a uri is needed")),
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
        self.users.right_of(&sid)
    }

    pub(crate) fn user_count(&self, sid: i64) -> usize {
        self.users.count_right_of(&sid)
    }

    /// Adds an organization of a tenant: default members, overridden by those in `given`.
    ///
    /// # Errors
    ///
    /// Those of [`update`](Self::update).
    pub(crate) fn insert(&mut self, tenant: (i64, &str), sid: i64, mut given: Members) -> Result<(), ErrorResponse> {
        given.retain(|name, value| !value.is_null() && !matches!(name.as_str(), "sid" | "tenantSid"));
        let id = given.get("id").and_then(|id| id.as_str()).map_or_else(|| format!("org-{sid}"), str::to_owned);
        let default = json!({
            "sid": sid, "tenantSid": tenant.0, "label": given.get("name"), "parentSid": 0, "parentId": null,
            "orgAspectSid": 1, "orgAspectId": "defaultOrgAspect", "orgCatalogSid": 1,
            "orgCatalogId": "defaultOrgCatalog", "typeSid": 1, "typeId": "department",
            "typeUri": "drn:iam:orgtype:department", "typeName": "部门", "uri": format!("drn:iam:org:{}:{id}", tenant.1),
            "urn": format!("urn:{id}"), "orgTags": [], "id": id, "createTime": "2026-01-01 00:00:00", "chargeSid": 0,
        });
        self.place(changed(default, given)?)
    }

    /// Changes some members of an organization; with another `parentSid` it is moved.
    ///
    /// # Errors
    ///
    /// 404 if there is no such organization or parent; 400 if a member has the wrong type, if there is no name, if the id or the uri
    /// is another organization's, or if the parent is below the organization.
    pub(crate) fn update(&mut self, sid: i64, mut given: Members) -> Result<(), ErrorResponse> {
        given.retain(|name, value| !(value.is_null() && matches!(name.as_str(), "id" | "uri" | "parentSid")));
        let org: Org = changed(self.get(sid).ok_or_else(not_found)?, given)?;
        if org.parent_sid > 0 && self.with_those_below(sid).contains(&org.parent_sid) {
            return Err(ErrorResponse::bad_request("an organization cannot stand below itself"));
        }
        self.place(org)
    }

    /// Puts an organization in its place, instead of the one that has its `sid`.
    fn place(&mut self, mut org: Org) -> Result<(), ErrorResponse> {
        if org.id.is_empty() {
            return Err(ErrorResponse::bad_request("id is empty"));
        }
        if org.name.as_deref().unwrap_or_default().is_empty() {
            return Err(ErrorResponse::bad_request("name is needed"));
        }
        let with_uri = Some(org.uri.as_str()).filter(|uri| !uri.is_empty()).and_then(|uri| self.by_uri.first(uri));
        if with_uri.is_some_and(|sid| sid != org.sid) {
            return Err(ErrorResponse::bad_request("another organization has this uri"));
        }
        if self.with_id(&org.id).is_some_and(|sid| sid != org.sid) {
            return Err(ErrorResponse::bad_request("another organization has this id"));
        }
        org.parent_sid = org.parent_sid.max(0);
        org.parent_id = match org.parent_sid {
            0 => None,
            parent => Some(self.get(parent).ok_or_else(|| ErrorResponse::not_found("no such parent"))?.id.clone()),
        };
        let sid = org.sid;
        if let Some(old) = self.orgs.get(&sid) {
            self.children.remove(&old.parent_sid, sid);
            self.by_id.remove(old.id.as_str(), sid);
            self.by_uri.remove(old.uri.as_str(), sid);
        }
        self.children.insert(org.parent_sid, sid);
        self.by_id.insert(org.id.clone(), sid);
        self.by_uri.insert(org.uri.clone(), sid);
        match self.orgs.get_mut(&sid) {
            Some(old) => *old = org,
            None => drop(self.orgs.insert(sid, org)),
        }
        Ok(())
    }

    /// Removes an organization that has none below it.
    pub(crate) fn remove(&mut self, sid: i64) -> Result<(), ErrorResponse> {
        if self.children.count(&sid) > 0 {
            return Err(ErrorResponse::bad_request("there are organizations below it"));
        }
        let (_, org) = self.orgs.remove(&sid).ok_or_else(not_found)?;
        self.children.remove(&org.parent_sid, sid);
        self.by_id.remove(org.id.as_str(), sid);
        self.by_uri.remove(org.uri.as_str(), sid);
        self.users.forget_left(&sid);
        Ok(())
    }

    pub(crate) fn add_user(&mut self, sid: i64, user: i64) {
        self.users.link(&sid, &user, || ());
    }

    /// Removes a user from all organizations.
    pub(crate) fn forget_user(&mut self, user: i64) {
        self.users.forget_right(&user);
    }
}
