//! `/api/iam/v2/user`.

use super::{
    Call, Refusal,
    world::{Members, User, World},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

type HandlerResult = Result<Value, Refusal>;

/// A reference to a user: `{"id", "sid"}`.
#[derive(Deserialize)]
pub(super) struct Reference {
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) sid: Option<i64>,
}

impl Reference {
    pub(super) fn find<'a>(&self, world: &'a World) -> Option<&'a User> {
        world.user_by_ref(self.id.as_deref(), self.sid.unwrap_or(0))
    }
}

fn profiles<'a>(world: &'a World, users: impl IntoIterator<Item = i64> + 'a) -> impl Iterator<Item = &'a Members> + 'a {
    users.into_iter().filter_map(|sid| world.users.get(&sid)).map(|user| &user.profile)
}

pub(super) fn get(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let body: Reference = call.body()?;
    let visible = world.visible(call.session()?);
    let user = body.find(world).filter(|user| visible.contains(&user.sid));
    Ok(json!(user.map(|user| &user.profile)))
}

pub(super) fn list(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let ids: Vec<String> = call.body()?;
    let visible = world.visible(call.session()?);
    let users = ids.iter().filter_map(|id| world.user_by_id(id)).filter(|user| visible.contains(&user.sid));
    Ok(users.map(|user| json!(user.profile)).collect())
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

pub(super) fn query(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let Query { query_parameter: parameter } = call.body()?;
    let session = call.session()?;
    let users: BTreeSet<i64> = match parameter.kind.as_str() {
        "all" => world.visible(session),
        "disabled" => {
            let visible = world.visible(session);
            visible.into_iter().filter(|sid| world.users.get(sid).is_some_and(User::is_disabled)).collect()
        }
        kind @ ("org" | "orgCascade") => {
            let tenant = world.tenant(call.tenant()?)?;
            let org = super::orgs::find(tenant, parameter.sid, parameter.uri.as_deref())?;
            let orgs = if kind == "org" { BTreeSet::from([org]) } else { tenant.org_and_below(org) };
            tenant.users_in(&orgs)
        }
        _ => return Err(Refusal::bad_request("unknown type")),
    };
    Ok(profiles(world, users).map(|profile| json!(profile)).collect())
}

pub(super) fn simple(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let session = call.session()?;
    let tenant = session.tenant.and_then(|sid| world.tenants.get(&sid));
    let users = world.visible(session).into_iter().filter_map(|sid| world.users.get(&sid));
    let simple = users.map(|user| {
        let home = world.tenants.values().find(|tenant| tenant.members.contains_key(&user.sid));
        json!({
            "sid": user.sid, "id": user.text("id"), "name": user.text("name"), "email": user.text("email"),
            "telephone": user.text("telephone"), "phone": user.text("phone"), "status": 1, "type": 0, "tenantUserType": 0,
            "defaultTenantSid": home.map(|tenant| tenant.sid), "disabled": user.is_disabled(), "comeFrom": "emulator",
            "roles": tenant.map(|tenant| tenant.roles_of(user.sid)), "empId": format!("E{}", user.sid),
            "empName": user.text("name"),
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

fn is_taken(world: &World, member: &str, value: &str, except: Option<&str>) -> bool {
    let mut users = world.users.values();
    !value.is_empty() && users.any(|user| user.text(member) == value && Some(user.text("id")) != except)
}

pub(super) fn email_exists(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let body: Exists = call.body()?;
    let email = body.email.ok_or_else(|| Refusal::bad_request("email is needed"))?;
    Ok(json!({"isRegister": is_taken(world, "email", &email, body.id.as_deref())}))
}

pub(super) fn phone_exists(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let body: Exists = call.body()?;
    let phone = body.telephone.ok_or_else(|| Refusal::bad_request("telephone is needed"))?;
    Ok(json!({"isRegister": is_taken(world, "telephone", &phone, body.id.as_deref())}))
}

pub(super) fn id_exists(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let body: Exists = call.body()?;
    let id = body.id.ok_or_else(|| Refusal::bad_request("id is needed"))?;
    Ok(json!({"isExistId": world.user_by_id(&id).is_some()}))
}

pub(super) fn update(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let mut changes: Members = call.body()?;
    let reference = Reference {
        id: changes.get("id").and_then(Value::as_str).map(str::to_owned),
        sid: changes.get("sid").and_then(Value::as_i64),
    };
    let by_sid = world.users.get(&reference.sid.unwrap_or(0)).map(|user| user.sid);
    let sid = by_sid.or_else(|| reference.find(world).map(|user| user.sid));
    let sid = sid.ok_or_else(|| Refusal::not_found("no such user"))?;
    let session = call.session()?;
    let governs = world.tenants.values().any(|t| t.is_admin(session.user) && t.members.contains_key(&sid));
    if sid != session.user && !governs {
        return Err(Refusal::forbidden("only administrators may change others"));
    }
    changes.remove("sid");
    let own_id = world.users.get(&sid).map(|user| user.text("id").to_owned());
    for member in ["id", "email", "telephone"] {
        let value = changes.get(member).and_then(Value::as_str).unwrap_or_default();
        if is_taken(world, member, value, own_id.as_deref()) {
            return Err(Refusal::bad_request(format!("{member} belongs to another user")));
        }
    }
    let user = world.users.get_mut(&sid).ok_or_else(|| Refusal::not_found("no such user"))?;
    user.profile.extend(changes);
    let (profile, disabled) = (json!(user.profile), user.is_disabled());
    if disabled {
        world.revoke(|session| session.user == sid);
    }
    Ok(profile)
}

pub(super) fn roles(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let body: Reference = call.body()?;
    let session = call.session()?;
    let visible = world.visible(session);
    let user = body.find(world).filter(|user| visible.contains(&user.sid));
    let user = user.ok_or_else(|| Refusal::not_found("no such user"))?;
    let tenants = world.tenants.values().filter(|tenant| session.tenant.is_none_or(|sid| sid == tenant.sid));
    let roles: Vec<_> = tenants.flat_map(|tenant| tenant.roles_of(user.sid)).collect();
    Ok(json!({
        "sid": user.sid, "id": user.text("id"), "name": user.text("name"), "email": user.text("email"),
        "phone": user.text("phone"), "telephone": user.text("telephone"), "comeFrom": "emulator", "type": 0, "userType": 0,
        "disabled": user.is_disabled(), "roles": roles,
    }))
}
