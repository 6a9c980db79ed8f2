//! `/api/iam/v2/tenant`.

use super::{
    Call, Refusal,
    users::Reference,
    world::{Tenant, World, object},
};
use serde::Deserialize;
use serde_json::{Value, json};

type HandlerResult = Result<Value, Refusal>;

pub(super) fn of_user(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let session = call.session()?;
    let application = call.query.get("appId");
    let without_digiwin = match call.query.get("excludeDigiwinTenant").map(String::as_str) {
        Some("true") => true,
        None | Some("false" | "") => false,
        Some(_) => return Err(Refusal::bad_request("excludeDigiwinTenant is true or false")),
    };
    let tenants = world.tenants.values().filter(|tenant| {
        tenant.members.contains_key(&session.user)
            && application.is_none_or(|id| tenant.has_bought(id))
            && !(without_digiwin && tenant.is_digiwin)
    });
    Ok(tenants.map(|tenant| json!(tenant.profile)).collect())
}

pub(super) fn current(world: &mut World, call: &Call<'_>) -> HandlerResult {
    Ok(json!(world.tenant(call.tenant()?)?.profile))
}

pub(super) fn current_simple(world: &mut World, call: &Call<'_>) -> HandlerResult {
    Ok(short(world.tenant(call.tenant()?)?, false))
}

fn short(tenant: &Tenant, with_invoice: bool) -> Value {
    let mut members = vec!["sid", "id", "name", "tenantId", "customerId", "status", "imageUrl", "testTenant"];
    if with_invoice {
        members.push("invoiceTitle");
    }
    let kept = members.into_iter().filter_map(|name| Some((name.to_owned(), tenant.profile.get(name)?.clone())));
    Value::Object(kept.collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Simple {
    id: String,
    #[serde(default)]
    with_invoice_info: bool,
}

pub(super) fn simple(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let body: Simple = call.body()?;
    Ok(json!(world.tenant_by_id(&body.id).map(|tenant| short(tenant, body.with_invoice_info))))
}

#[derive(Deserialize)]
struct Search {
    content: String,
}

pub(super) fn query(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let keyword = call.body::<Search>()?.content.to_lowercase();
    let finds = |tenant: &&Tenant| ["id", "name"].iter().any(|m| tenant.text(m).to_lowercase().contains(&keyword));
    Ok(world.tenants.values().filter(finds).map(|tenant| short(tenant, false)).collect())
}

pub(super) fn has_user(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let session = call.session()?;
    let id = call.query.get("userId").ok_or_else(|| Refusal::bad_request("userId is needed"))?;
    let Some(user) = world.user_by_id(id) else { return Ok(Value::Null) };
    let mut tenants = world.tenants.values().filter(|tenant| match session.tenant {
        Some(sid) => tenant.sid == sid,
        None => tenant.members.contains_key(&session.user),
    });
    let found = tenants.any(|tenant| tenant.members.contains_key(&user.sid));
    Ok(if found { json!({"sid": user.sid, "id": user.text("id"), "name": user.text("name")}) } else { Value::Null })
}

pub(super) fn applications(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let tenant = world.tenant(call.tenant()?)?;
    let (start, end) = (call.query.get("expireTimeStart"), call.query.get("expireTimeEnd"));
    // `2026-11-21 00:00:00`: the order of the texts is that of the times.
    let within =
        |time: &str| start.is_none_or(|start| time >= start.as_str()) && end.is_none_or(|end| time <= end.as_str());
    let found = tenant.applications.iter().filter(|app| within(app["expiredTime"].as_str().unwrap_or_default()));
    Ok(found.map(|app| json!(app)).collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invite {
    tenant_id: String,
    user: String,
    role: Vec<Value>,
    org: Vec<Value>,
    app: Vec<Value>,
    emp_id: Option<String>,
    user_email: Option<String>,
}

/// Invites a user. An unknown address gets an account without a password that bears the address as its name.
pub(super) fn invite(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let invite: Invite = call.body()?;
    let session = call.session()?;
    let tenant = world.tenant_by_id(&invite.tenant_id).ok_or_else(|| Refusal::not_found("no such tenant"))?;
    if !tenant.is_admin(session.user) {
        return Err(Refusal::forbidden("only administrators may invite"));
    }
    if let Some(unknown) = invite.app.iter().find(|app| !tenant.has_bought(app["id"].as_str().unwrap_or_default())) {
        return Err(Refusal::bad_request(format!("the tenant has no application {unknown}")));
    }
    let named = |thing: &super::world::Members, wanted: &Value| {
        wanted.get("sid").is_some_and(|sid| Some(sid) == thing.get("sid"))
            || wanted.get("id").is_some_and(|id| Some(id) == thing.get("id"))
    };
    let find = |things: &std::collections::BTreeMap<i64, super::world::Members>, wanted: &[Value]| {
        let sid = |wanted: &Value| {
            let found = things.iter().find(|(_, thing)| named(thing, wanted)).map(|(sid, _)| *sid);
            found.ok_or_else(|| Refusal::bad_request(format!("the tenant has no {wanted}")))
        };
        wanted.iter().map(sid).collect::<Result<Vec<i64>, Refusal>>()
    };
    let (roles, orgs) = (find(&tenant.roles, &invite.role)?, find(&tenant.orgs, &invite.org)?);
    let sid = tenant.sid;
    let known = world.user_by_any(&invite.user).map(|user| user.sid);
    if known.is_some_and(|user| tenant.members.contains_key(&user)) {
        return Err(Refusal::bad_request("the user is in the tenant already"));
    }
    let user = known.unwrap_or_else(|| {
        let is_mail = invite.user.contains('@');
        let email = invite.user_email.clone().or_else(|| is_mail.then(|| invite.user.clone()));
        let telephone = invite.user.chars().all(|c| c.is_ascii_digit()).then(|| invite.user.clone());
        let profile = json!({
            "id": invite.user, "name": invite.user, "email": email, "telephone": telephone, "type": 0, "userType": false,
            "confirm": false, "visible": true, "disabled": false, "userMappings": [], "empId": invite.emp_id,
        });
        world.add_user(object(profile), None)
    });
    let tenant = world.tenant_mut(sid)?;
    tenant.members.insert(user, roles.into_iter().collect());
    tenant.places.extend(orgs.into_iter().map(|org| (org, user)));
    Ok(json!({"userSid": user, "user": invite.user, "tenantSid": sid, "tenantId": invite.tenant_id}))
}

pub(super) fn remove(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let body: Reference = call.body()?;
    let (session, sid) = (call.session()?, call.tenant()?);
    if !world.tenant(sid)?.is_admin(session.user) {
        return Err(Refusal::forbidden("only administrators may remove"));
    }
    let user = body.find(world).map(|user| user.sid).ok_or_else(|| Refusal::not_found("no such user"))?;
    let tenant = world.tenant_mut(sid)?;
    if tenant.members.remove(&user).is_none() {
        return Err(Refusal::not_found("the user is not in the tenant"));
    }
    tenant.places.retain(|(_, placed)| *placed != user);
    world.revoke(|session| session.user == user && session.tenant == Some(sid));
    Ok(Value::Null)
}
