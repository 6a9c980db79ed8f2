use super::{Call, Session, options_method};
use crate::{
    Json,
    digiwin::{Org, OrgRef, OrgUser, orgs},
    protocol::decode::Data,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// Finds and changes organizations: `/api/iam/v2/org`. Any call can fail as [`Error`](crate::Error) says.
///
/// All calls need a token in a tenant; without one they fail with [`Authorization`](crate::ErrorKind::Authorization).
#[derive(Clone, Debug)]
pub struct Orgs {
    pub(super) session: Session,
}

impl Orgs {
    options_method!();

    /// Returns all organizations by aspect, each aspect as a flat list.
    ///
    /// `parent_sid` makes a tree of a list.
    #[doc = orgs::docs!(GET_CASCADE)]
    pub fn get_cascade(&self) -> Call<BTreeMap<String, Vec<Org>>> {
        self.session.call_with(orgs::get_cascade(), orgs::by_aspect)
    }

    /// Returns the organizations with these sids.
    #[doc = orgs::docs!(GET_ORG_LIST)]
    pub fn get_org_list(&self, sids: &[i64]) -> Call<Vec<Org>> {
        self.session.call_with(orgs::get_org_list(sids), Data::list)
    }

    /// Returns the users directly in an organization, named by sid (integer) or by uri (text).
    #[doc = orgs::docs!(GET_USERS_IN_ORG)]
    pub fn get_users_in_org(&self, org: impl Into<OrgRef>) -> Call<Vec<OrgUser>> {
        self.session.call_with(orgs::get_users_in_org(&org.into()), Data::list)
    }

    /// Returns the users in an organization and in all below it.
    #[doc = orgs::docs!(GET_USERS_CASCADE)]
    pub fn get_users_cascade(&self, org: impl Into<OrgRef>) -> Call<Vec<OrgUser>> {
        self.session.call_with(orgs::get_users_cascade(&org.into()), Data::list)
    }

    /// Changes an organization, or creates one, and returns its sid if the service tells it.
    ///
    /// `org` is an [`Org`] or anything else that serializes to an object; the service
    /// changes the organization whose `sid` is among the members, and creates one where there is no `sid`.
    #[doc = orgs::docs!(CREATE_OR_UPDATE)]
    pub fn create_or_update(&self, org: &(impl Serialize + ?Sized)) -> Call<Option<i64>> {
        self.session.call_with(orgs::create_or_update(org), orgs::sid)
    }

    /// Deletes an organization.
    ///
    /// The vendor does not document the response; it is returned unchanged.
    #[doc = orgs::docs!(DELETE)]
    pub fn delete(&self, sid: i64) -> Call<Json> {
        self.session.call(orgs::delete(sid))
    }
}
