use super::{Session, maybe_async};
use crate::{
    Json, Result,
    digiwin::{
        Org, OrgRef, OrgUser,
        orgs::{self, Sid},
    },
    protocol::decode::Data,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// Organizations: `/api/iam/v2/org`. All calls need a token in a tenant; without one they fail with
/// [`Authorization`](crate::ErrorKind::Authorization).
#[derive(Clone, Debug)]
pub struct Orgs {
    pub(super) session: Session,
}

#[maybe_async]
impl Orgs {
    /// All organizations, by aspect; each a flat list that `parent_sid` makes a tree: `GET org/cascade`.
    pub async fn get_cascade(&self) -> Result<BTreeMap<String, Vec<Org>>> {
        let answer = self.session.call(orgs::get_cascade()).await?;
        Ok(orgs::by_aspect(answer))
    }

    /// The organizations with these sids: `POST org/list`.
    pub async fn get_org_list(&self, sids: &[i64]) -> Result<Vec<Org>> {
        self.session.call_with(orgs::get_org_list(sids)?, Data::list).await
    }

    /// The users directly in an organization, by sid (integer) or uri (text): `POST org/userinorg`.
    pub async fn get_users_in_org(&self, org: impl Into<OrgRef>) -> Result<Vec<OrgUser>> {
        self.session.call_with(orgs::get_users_in_org(&org.into())?, Data::list).await
    }

    /// The users in an organization and all below it: `POST org/userinorg/cascade`.
    pub async fn get_users_cascade(&self, org: impl Into<OrgRef>) -> Result<Vec<OrgUser>> {
        self.session.call_with(orgs::get_users_cascade(&org.into())?, Data::list).await
    }

    /// Changes the organization whose `sid` is among the members of `org`, or creates one without: `POST org/update`. Gives
    /// its sid, if the service tells it. `org` is an [`Org`] or anything else that serializes to an object.
    pub async fn create_or_update(&self, org: &(impl Serialize + Sync + ?Sized)) -> Result<Option<i64>> {
        let Sid(sid) = self.session.call(orgs::create_or_update(org)?).await?;
        Ok(sid)
    }

    /// Deletes an organization: `POST org/del`. The answer is not documented, and given as it is.
    pub async fn delete(&self, sid: i64) -> Result<Json> {
        self.session.call(orgs::delete(sid)?).await
    }
}
