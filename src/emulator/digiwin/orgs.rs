//! `/api/iam/v2/org`.

use super::{
    Call, Refusal,
    world::{Members, Tenant, World, new_org},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

type HandlerResult = Result<Value, Refusal>;

fn none() -> Refusal {
    Refusal::not_found("no such organization")
}

/// A reference to an organization: by `sid`, or else by `uri`.
pub(super) fn find(tenant: &Tenant, sid: i64, uri: Option<&str>) -> Result<i64, Refusal> {
    match uri {
        _ if sid > 0 => tenant.orgs.contains_key(&sid).then_some(sid).ok_or_else(none),
        Some(uri) if !uri.is_empty() => {
            tenant.orgs.iter().find(|(_, org)| org["uri"] == uri).map(|(sid, _)| *sid).ok_or_else(none)
        }
        _ => Err(Refusal::bad_request("a sid or a uri is needed")),
    }
}

/// Returns an organization's JSON, with the number of its users.
fn shown(tenant: &Tenant, sid: i64, org: &Members) -> Value {
    let count = tenant.users_in(&BTreeSet::from([sid])).len();
    let mut org = org.clone();
    org.insert("userCount".into(), count.into());
    org.insert("activeCount".into(), count.into());
    Value::Object(org)
}

pub(super) fn cascade(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let tenant = world.tenant(call.tenant()?)?;
    let orgs: Vec<Value> = tenant.orgs.iter().map(|(sid, org)| shown(tenant, *sid, org)).collect();
    Ok(json!({"defaultOrgAspect": orgs}))
}

#[derive(Deserialize)]
struct Sids {
    sids: Vec<i64>,
}

pub(super) fn list(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let body: Sids = call.body()?;
    let tenant = world.tenant(call.tenant()?)?;
    let found = body.sids.iter().filter_map(|sid| Some((sid, tenant.orgs.get(sid)?)));
    Ok(found.map(|(sid, org)| shown(tenant, *sid, org)).collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InOrg {
    #[serde(default)]
    org_sid: i64,
    org_uri: Option<String>,
}

pub(super) fn users(world: &mut World, call: &Call<'_>) -> HandlerResult {
    users_of(world, call, |_, org| BTreeSet::from([org]))
}

pub(super) fn users_cascade(world: &mut World, call: &Call<'_>) -> HandlerResult {
    users_of(world, call, Tenant::org_and_below)
}

fn users_of(world: &World, call: &Call<'_>, orgs: fn(&Tenant, i64) -> BTreeSet<i64>) -> HandlerResult {
    let body: InOrg = call.body()?;
    let tenant = world.tenant(call.tenant()?)?;
    let orgs = orgs(tenant, find(tenant, body.org_sid, body.org_uri.as_deref())?);
    let placed = tenant.places.iter().filter(|(org, _)| orgs.contains(org));
    let found = placed.filter_map(|(org_sid, user_sid)| {
        let (org, user) = (tenant.orgs.get(org_sid)?, world.users.get(user_sid)?);
        let role = tenant.roles_of(*user_sid).first().copied();
        Some(json!({
            "sid": org_sid * 1_000_000 + user_sid, "userSid": user_sid, "userId": user.text("id"),
            "userName": user.text("name"), "userType": 0, "deletedUser": false, "disabledUser": user.is_disabled(),
            "orgSid": org_sid, "orgLabel": org["label"], "orgName": org["name"], "orgUri": org["uri"], "orgUrn": org["urn"],
            "orgTypeUri": org["typeUri"], "orgTypeName": org["typeName"], "deletedOrg": false, "disabledOrg": false,
            "roleSid": role.map(|role| &role["sid"]), "roleId": role.map(|role| &role["id"]),
            "roleName": role.map(|role| &role["name"]), "deletedRole": false, "disabledRole": false, "priority": 0,
            "tenantSid": tenant.sid, "relationDisabled": false,
        }))
    });
    Ok(found.collect())
}

/// Updates the organization with the body's `sid`, or creates one if there is no `sid`; responds with the `sid`.
pub(super) fn create_or_update(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let mut given: Members = call.body()?;
    let session = call.session()?;
    let number = |given: &Members, name: &str| given.get(name).and_then(Value::as_i64).filter(|sid| *sid > 0);
    let (sid, parent) = (number(&given, "sid"), number(&given, "parentSid"));
    let fresh = world.next_sid();
    let tenant = world.tenant_mut(call.tenant()?)?;
    if !tenant.is_admin(session.user) {
        return Err(Refusal::forbidden("only administrators may change organizations"));
    }
    if parent.is_some_and(|parent| !tenant.orgs.contains_key(&parent)) {
        return Err(Refusal::not_found("no such parent"));
    }
    match sid {
        Some(sid) => {
            if parent.is_some_and(|parent| tenant.org_and_below(sid).contains(&parent)) {
                return Err(Refusal::bad_request("an organization cannot stand below itself"));
            }
            if let Some(parent) = parent.and_then(|parent| tenant.orgs.get(&parent)) {
                given.insert("parentId".into(), parent["id"].clone());
            }
            let org = tenant.orgs.get_mut(&sid).ok_or_else(none)?;
            org.extend(given);
            Ok(sid.into())
        }
        None => {
            if given.get("name").and_then(Value::as_str).unwrap_or_default().is_empty() {
                return Err(Refusal::bad_request("name is needed"));
            }
            given.remove("sid");
            let org = new_org(tenant, fresh, parent, given);
            tenant.orgs.insert(fresh, org);
            Ok(fresh.into())
        }
    }
}

#[derive(Deserialize)]
struct Sid {
    sid: i64,
}

pub(super) fn delete(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let Sid { sid } = call.body()?;
    let session = call.session()?;
    let tenant = world.tenant_mut(call.tenant()?)?;
    if !tenant.is_admin(session.user) {
        return Err(Refusal::forbidden("only administrators may delete organizations"));
    }
    if tenant.org_and_below(sid).len() > 1 {
        return Err(Refusal::bad_request("there are organizations below it"));
    }
    tenant.orgs.remove(&sid).ok_or_else(none)?;
    tenant.places.retain(|(org, _)| *org != sid);
    Ok(Value::Null)
}
