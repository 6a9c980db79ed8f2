//! `/api/iam/v2/org`.

use super::{
    super::{
        call::{Call, HandlerResult},
        state::{
            directory::Directory,
            error_response::ErrorResponse,
            members::{Members, object},
            orgs::{Org, Orgs},
        },
    },
    users::Reference,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Returns an organization's JSON, with the number of its users.
fn to_json(orgs: &Orgs, sid: i64, org: &Org) -> Value {
    let count = orgs.user_count(sid);
    let mut org = object(json!(org));
    org.insert("userCount".into(), count.into());
    org.insert("activeCount".into(), count.into());
    Value::Object(org)
}

pub(crate) fn cascade(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let orgs = &directory.tenants.find(call.tenant()?)?.orgs;
    let orgs: Vec<Value> = orgs.iter().map(|(sid, org)| to_json(orgs, sid, org)).collect();
    Ok(json!({"defaultOrgAspect": orgs}))
}

#[derive(Deserialize)]
struct Sids {
    sids: Vec<i64>,
}

pub(crate) fn list(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let body: Sids = call.body()?;
    let orgs = &directory.tenants.find(call.tenant()?)?.orgs;
    let found = body.sids.iter().filter_map(|sid| Some((*sid, orgs.get(*sid)?)));
    Ok(found.map(|(sid, org)| to_json(orgs, sid, org)).collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InOrg {
    #[serde(default)]
    org_sid: i64,
    org_uri: Option<String>,
}

pub(crate) fn users(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    users_of(directory, call, |_, org| BTreeSet::from([org]))
}

pub(crate) fn users_cascade(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    users_of(directory, call, Orgs::with_those_below)
}

fn users_of(directory: &Directory, call: &Call<'_>, orgs: fn(&Orgs, i64) -> BTreeSet<i64>) -> HandlerResult {
    let body: InOrg = call.body()?;
    let tenant = directory.tenants.find(call.tenant()?)?;
    let orgs = orgs(&tenant.orgs, tenant.orgs.find(body.org_sid, body.org_uri.as_deref())?);
    let placed = orgs.into_iter().flat_map(|org| tenant.orgs.users(org).map(move |user| (org, user)));
    let found = placed.filter_map(|(org_sid, user_sid)| {
        let (org, user) = (tenant.orgs.get(org_sid)?, directory.users.get(user_sid)?);
        let role = tenant.roles_of(user_sid).first().copied();
        Some(json!({
            "sid": org_sid * 1_000_000 + user_sid, "userSid": user_sid, "userId": user.id(),
            "userName": user.profile.name, "userType": 0, "deletedUser": false, "disabledUser": user.is_disabled(),
            "orgSid": org_sid, "orgLabel": org.others.get("label"), "orgName": org.name, "orgUri": org.uri,
            "orgUrn": org.others.get("urn"), "orgTypeUri": org.others.get("typeUri"),
            "orgTypeName": org.others.get("typeName"), "deletedOrg": false, "disabledOrg": false,
            "roleSid": role.map(|role| role.sid), "roleId": role.map(|role| role.id),
            "roleName": role.map(|role| role.name), "deletedRole": false, "disabledRole": false, "priority": 0,
            "tenantSid": tenant.sid, "relationDisabled": false,
        }))
    });
    Ok(found.collect())
}

/// Updates the organization with the body's `sid`, or creates one if there is no `sid`; responds with the `sid`.
pub(crate) fn create_or_update(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let (Reference { sid, .. }, given): (Reference, Members) = (call.body()?, call.body()?);
    let session = call.session()?;
    let fresh = directory.next_sid();
    let tenant = directory.tenants.find_mut(call.tenant()?)?;
    if !tenant.is_admin(session.user) {
        return Err(ErrorResponse::forbidden("only administrators may change organizations"));
    }
    match sid.filter(|sid| *sid > 0) {
        Some(sid) => tenant.orgs.update(sid, given).map(|()| sid.into()),
        None => tenant.add_org(fresh, given).map(|()| fresh.into()),
    }
}

#[derive(Deserialize)]
struct Sid {
    sid: i64,
}

pub(crate) fn delete(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let Sid { sid } = call.body()?;
    let session = call.session()?;
    let tenant = directory.tenants.find_mut(call.tenant()?)?;
    if !tenant.is_admin(session.user) {
        return Err(ErrorResponse::forbidden("only administrators may delete organizations"));
    }
    tenant.orgs.remove(sid)?;
    Ok(Value::Null)
}
