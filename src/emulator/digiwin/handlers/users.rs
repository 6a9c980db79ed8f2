//! `/api/iam/v2/user`.

use super::super::{
    call::{Call, HandlerResult},
    state::{
        directory::Directory,
        error_response::ErrorResponse,
        members::Members,
        users::{Name, Profile, User},
    },
};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;

/// A reference to a user: `{"id", "sid"}`.
#[derive(Deserialize)]
pub(super) struct Reference {
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) sid: Option<i64>,
}

impl Reference {
    pub(crate) fn find<'a>(&self, directory: &'a Directory) -> Option<&'a User> {
        directory.users.with_ref(self.id.as_deref(), self.sid.unwrap_or(0))
    }
}

fn profiles<'a>(
    directory: &'a Directory,
    users: impl IntoIterator<Item = i64> + 'a,
) -> impl Iterator<Item = &'a Profile> + 'a {
    users.into_iter().filter_map(|sid| directory.users.get(sid)).map(|user| &user.profile)
}

pub(crate) fn get(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let body: Reference = call.body()?;
    let session = call.session()?;
    let user = body.find(directory).filter(|user| directory.may_see(session, user));
    Ok(json!(user.map(|user| &user.profile)))
}

pub(crate) fn list(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let ids: Vec<String> = call.body()?;
    let session = call.session()?;
    let users = ids.iter().filter_map(|id| directory.users.with_id(id));
    Ok(users.filter(|user| directory.may_see(session, user)).map(|user| json!(user.profile)).collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Query {
    query_parameter: Parameter,
}

#[derive(Deserialize)]
struct Parameter {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    sid: i64,
    uri: Option<String>,
}

pub(crate) fn query(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let Query { query_parameter: parameter } = call.body()?;
    let session = call.session()?;
    let users: BTreeSet<i64> = match parameter.kind.as_str() {
        "all" => directory.visible(session),
        "disabled" => {
            let is_disabled = |sid: &i64| directory.users.get(*sid).is_some_and(User::is_disabled);
            directory.visible(session).into_iter().filter(is_disabled).collect()
        }
        kind @ ("org" | "orgCascade") => {
            let orgs = &directory.tenants.find(call.tenant()?)?.orgs;
            let org = orgs.find(parameter.sid, parameter.uri.as_deref())?;
            let found = if kind == "org" { BTreeSet::from([org]) } else { orgs.with_those_below(org) };
            found.into_iter().flat_map(|org| orgs.users(org)).collect()
        }
        _ => return Err(ErrorResponse::bad_request("unknown type")),
    };
    Ok(profiles(directory, users).map(|profile| json!(profile)).collect())
}

pub(crate) fn simple(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let session = call.session()?;
    let tenant = session.tenant.and_then(|sid| directory.tenants.get(sid));
    let users = directory.visible(session).into_iter().filter_map(|sid| directory.users.get(sid));
    let simple = users.map(|user| {
        let home = directory.tenants.of_user(user.sid()).next();
        json!({
            "sid": user.sid(), "id": user.id(), "name": user.profile.name, "email": user.profile.email,
            "telephone": user.profile.telephone, "phone": user.profile.phone, "status": 1, "type": 0, "tenantUserType": 0,
            "defaultTenantSid": home.map(|tenant| tenant.sid), "disabled": user.is_disabled(), "comeFrom": "emulator",
            "roles": tenant.map(|tenant| tenant.roles_of(user.sid())), "empId": format!("E{}", user.sid()),
            "empName": user.profile.name,
        })
    });
    Ok(simple.collect())
}

#[derive(Deserialize)]
struct Exists {
    id: Option<String>,
    email: Option<String>,
    telephone: Option<String>,
}

pub(crate) fn email_exists(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let body: Exists = call.body()?;
    let email = body.email.ok_or_else(|| ErrorResponse::bad_request("email is needed"))?;
    Ok(json!({"isRegister": directory.users.is_taken(Name::Email, &email, body.id.as_deref())}))
}

pub(crate) fn phone_exists(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let body: Exists = call.body()?;
    let phone = body.telephone.ok_or_else(|| ErrorResponse::bad_request("telephone is needed"))?;
    Ok(json!({"isRegister": directory.users.is_taken(Name::Telephone, &phone, body.id.as_deref())}))
}

pub(crate) fn id_exists(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let body: Exists = call.body()?;
    let id = body.id.ok_or_else(|| ErrorResponse::bad_request("id is needed"))?;
    Ok(json!({"isExistId": directory.users.with_id(&id).is_some()}))
}

pub(crate) fn update(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let (reference, mut changes): (Reference, Members) = (call.body()?, call.body()?);
    let user = directory.users.get(reference.sid.unwrap_or(0)).or_else(|| reference.find(directory));
    let sid = user.ok_or_else(|| ErrorResponse::not_found("no such user"))?.sid();
    let session = call.session()?;
    let governs = directory.tenants.of_user(session.user).any(|t| t.is_admin(session.user) && t.has(sid));
    if sid != session.user && !governs {
        return Err(ErrorResponse::forbidden("only administrators may change others"));
    }
    changes.retain(|name, value| name != "sid" && !(name == "id" && value.is_null()));
    let user = directory.users.update(sid, changes)?;
    let (profile, disabled) = (json!(user.profile), user.is_disabled());
    if disabled {
        directory.sessions.revoke(&sid, |_| true);
    }
    Ok(profile)
}

pub(crate) fn roles(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let body: Reference = call.body()?;
    let session = call.session()?;
    let user = body.find(directory).filter(|user| directory.may_see(session, user));
    let user = user.ok_or_else(|| ErrorResponse::not_found("no such user"))?;
    let tenants = directory.tenants.of_user(user.sid());
    let tenants = tenants.filter(|tenant| session.tenant.is_none_or(|sid| sid == tenant.sid));
    let roles: Vec<_> = tenants.flat_map(|tenant| tenant.roles_of(user.sid())).collect();
    Ok(json!({
        "sid": user.sid(), "id": user.id(), "name": user.profile.name, "email": user.profile.email,
        "phone": user.profile.phone, "telephone": user.profile.telephone, "comeFrom": "emulator", "type": 0, "userType": 0,
        "disabled": user.is_disabled(), "roles": roles,
    }))
}
