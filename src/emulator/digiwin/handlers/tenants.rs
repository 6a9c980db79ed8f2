//! `/api/iam/v2/tenant`.

use super::{
    super::{
        call::{Call, HandlerResult},
        state::{
            directory::Directory,
            error_response::ErrorResponse,
            members::object,
            tenants::{Application, Role, Tenant},
            users::User,
        },
    },
    users::Reference,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(crate) fn of_user(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let session = call.session()?;
    let application = call.query.get("appId");
    let without_digiwin = match call.query.get("excludeDigiwinTenant").map(String::as_str) {
        Some("true") => true,
        None | Some("false" | "") => false,
        Some(_) => return Err(ErrorResponse::bad_request("excludeDigiwinTenant is true or false")),
    };
    let tenants = directory
        .tenants
        .of_user(session.user)
        .filter(|tenant| application.is_none_or(|id| tenant.has_bought(id)) && !(without_digiwin && tenant.is_digiwin));
    Ok(tenants.map(|tenant| json!(tenant.profile)).collect())
}

pub(crate) fn current(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    Ok(json!(directory.tenants.find(call.tenant()?)?.profile))
}

pub(crate) fn current_simple(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    Ok(short(directory.tenants.find(call.tenant()?)?, false))
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

pub(crate) fn simple(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let body: Simple = call.body()?;
    Ok(json!(directory.tenants.with_id(&body.id).map(|tenant| short(tenant, body.with_invoice_info))))
}

#[derive(Deserialize)]
struct Search {
    content: String,
}

pub(crate) fn query(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let keyword = call.body::<Search>()?.content.to_lowercase();
    let finds =
        |tenant: &&Tenant| [&tenant.id, &tenant.name].into_iter().any(|text| text.to_lowercase().contains(&keyword));
    Ok(directory.tenants.iter().filter(finds).map(|tenant| short(tenant, false)).collect())
}

pub(crate) fn has_user(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let session = call.session()?;
    let id = call.query.get("userId").ok_or_else(|| ErrorResponse::bad_request("userId is needed"))?;
    let Some(user) = directory.users.with_id(id) else { return Ok(Value::Null) };
    let found = directory.tenants_of(session).iter().any(|tenant| tenant.has(user.sid()));
    Ok(if found { json!({"sid": user.sid(), "id": user.id(), "name": user.profile.name}) } else { Value::Null })
}

pub(crate) fn applications(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let tenant = directory.tenants.find(call.tenant()?)?;
    let (start, end) = (call.query.get("expireTimeStart"), call.query.get("expireTimeEnd"));
    // `2026-11-21 00:00:00`: the order of the texts is that of the times.
    let within =
        |time: &str| start.is_none_or(|start| time >= start.as_str()) && end.is_none_or(|end| time <= end.as_str());
    let found =
        tenant.applications.iter().filter(|app| within(app.members["expiredTime"].as_str().unwrap_or_default()));
    let to_json = |application: &Application| {
        let mut json = json!(application.members);
        json["expired"] = application.is_expired().into();
        json
    };
    Ok(found.map(to_json).collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invite {
    tenant_id: String,
    user: String,
    role: Vec<Reference>,
    org: Vec<Reference>,
    app: Vec<Reference>,
    emp_id: Option<String>,
    user_email: Option<String>,
}

/// Returns the role that has the `sid` or the `id`.
fn find_role(tenant: &Tenant, wanted: &Reference) -> Option<i64> {
    let has = |role: &&Role| Some(role.sid) == wanted.sid || Some(role.id) == wanted.id.as_deref();
    tenant.roles.iter().find(has).map(|role| role.sid)
}

/// Returns the first organization that has the `sid` or the `id`.
fn find_org(tenant: &Tenant, wanted: &Reference) -> Option<i64> {
    let by_sid = wanted.sid.filter(|sid| tenant.orgs.get(*sid).is_some());
    by_sid.into_iter().chain(wanted.id.as_deref().and_then(|id| tenant.orgs.with_id(id))).min()
}

/// Invites a user. An unknown address gets an account without a password that bears the address as its name.
pub(crate) fn invite(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let invite: Invite = call.body()?;
    let session = call.session()?;
    if invite.user.is_empty() {
        return Err(ErrorResponse::bad_request("user is empty"));
    }
    let tenant =
        directory.tenants.with_id(&invite.tenant_id).ok_or_else(|| ErrorResponse::not_found("no such tenant"))?;
    if !tenant.is_admin(session.user) {
        return Err(ErrorResponse::forbidden("only administrators may invite"));
    }
    if invite.app.iter().any(|app| !tenant.has_bought(app.id.as_deref().unwrap_or_default())) {
        return Err(ErrorResponse::bad_request("the tenant has no such application"));
    }
    let role =
        |wanted| find_role(tenant, wanted).ok_or_else(|| ErrorResponse::bad_request("the tenant has no such role"));
    let org = |wanted| {
        find_org(tenant, wanted).ok_or_else(|| ErrorResponse::bad_request("the tenant has no such organization"))
    };
    let roles: BTreeSet<i64> = invite.role.iter().map(role).collect::<Result<_, _>>()?;
    let orgs: Vec<i64> = invite.org.iter().map(org).collect::<Result<_, _>>()?;
    let sid = tenant.sid;
    let invited = directory.users.with_any(&invite.user).map(User::sid);
    if invited.is_some_and(|user| tenant.has(user)) {
        return Err(ErrorResponse::bad_request("the user is in the tenant already"));
    }
    let email = invite.user_email.as_deref().unwrap_or_default();
    if !email.is_empty() && directory.users.is_name_of_other(email, invited) {
        return Err(ErrorResponse::bad_request("userEmail belongs to another user"));
    }
    let create = |directory: &mut Directory| {
        let is_mail = invite.user.contains('@');
        let email = invite.user_email.clone().or_else(|| is_mail.then(|| invite.user.clone()));
        let telephone = invite.user.chars().all(|c| c.is_ascii_digit()).then(|| invite.user.clone());
        let profile = json!({
            "id": invite.user, "name": invite.user, "email": email, "telephone": telephone, "type": 0, "userType": false,
            "confirm": false, "visible": true, "disabled": false, "userMappings": [], "empId": invite.emp_id,
        });
        directory.add_user(object(profile), None)
    };
    let user = invited.map_or_else(|| create(directory), Ok)?;
    directory.tenants.add_member(sid, user, roles)?;
    let tenant = directory.tenants.find_mut(sid)?;
    orgs.into_iter().for_each(|org| tenant.orgs.add_user(org, user));
    Ok(json!({"userSid": user, "user": invite.user, "tenantSid": sid, "tenantId": invite.tenant_id}))
}

pub(crate) fn remove(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let body: Reference = call.body()?;
    let (session, sid) = (call.session()?, call.tenant()?);
    if !directory.tenants.find(sid)?.is_admin(session.user) {
        return Err(ErrorResponse::forbidden("only administrators may remove"));
    }
    let user = body.find(directory).map(User::sid).ok_or_else(|| ErrorResponse::not_found("no such user"))?;
    directory.tenants.remove_member(sid, user)?;
    directory.sessions.revoke(&user, |session| session.tenant == Some(sid));
    Ok(Value::Null)
}
