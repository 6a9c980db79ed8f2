//! `/api/iam/v2/identity`.

use super::{Call, Refusal, seed::VERIFICATION_CODE, world::World};
use serde::Deserialize;
use serde_json::{Value, json};

type HandlerResult = Result<Value, Refusal>;

pub(super) fn public_key(_: &mut World, call: &Call<'_>) -> HandlerResult {
    Ok(json!({"publicKey": call.keys.public_key()}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AesKey {
    client_encrypt_public_key: String,
}

pub(super) fn aes_key(_: &mut World, call: &Call<'_>) -> HandlerResult {
    let body: AesKey = call.body()?;
    Ok(json!({"encryptAesKey": call.keys.wrap_aes_key(&body.client_encrypt_public_key)?}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Login {
    user_id: String,
    identity_type: Option<String>,
    password_hash: Option<String>,
    client_encrypt_public_key: Option<String>,
    tenant_id: Option<String>,
    #[serde(default)]
    tenant_sid: i64,
    service_name: Option<String>,
    verification_code: Option<String>,
}

impl Login {
    fn password(&self, call: &Call<'_>) -> Result<String, Refusal> {
        match (&self.client_encrypt_public_key, &self.password_hash) {
            (Some(key), Some(hash)) => call.keys.open(key, hash),
            _ => Err(Refusal::bad_request("passwordHash and clientEncryptPublicKey are needed")),
        }
    }
}

pub(super) fn login(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let login: Login = call.body()?;
    match login.identity_type.as_deref() {
        Some("verificationCode") => {
            let user = world.user_by_any(&login.user_id).filter(|user| user.text("telephone") == login.user_id);
            let sid =
                user.map(|user| user.sid).filter(|_| login.verification_code.as_deref() == Some(VERIFICATION_CODE));
            let sid = sid.ok_or_else(|| Refusal::new(401, "验证码错误 (wrong verification code)"))?;
            issue_token(world, sid, &login)
        }
        Some("service") => {
            if login.service_name.as_deref() != Some("digiwin") {
                return Err(Refusal::bad_request("unknown serviceName"));
            }
            let sid = check_password(world, &login, call)?;
            let in_directory = world.users.get(&sid).is_some_and(|user| user.text("email").ends_with("@digiwin.com"));
            if in_directory { issue_token(world, sid, &login) } else { Err(Refusal::wrong_password()) }
        }
        Some("query" | "token") | None => {
            let sid = check_password(world, &login, call)?;
            issue_token(world, sid, &login)
        }
        Some(_) => Err(Refusal::bad_request("unknown identityType")),
    }
}

pub(super) fn internal_login(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let login: Login = call.body()?;
    if login.tenant_id.as_deref().unwrap_or_default().is_empty() && login.tenant_sid <= 0 {
        return Err(Refusal::bad_request("tenantId is needed"));
    }
    let sid = check_password(world, &login, call)?;
    issue_token(world, sid, &login)
}

fn check_password(world: &World, login: &Login, call: &Call<'_>) -> Result<i64, Refusal> {
    let password = login.password(call)?;
    let user = world.user_by_any(&login.user_id).ok_or_else(Refusal::wrong_password)?;
    match &user.password {
        Some(right) if right.expose_secret() == password => Ok(user.sid),
        _ => Err(Refusal::wrong_password()),
    }
}

fn issue_token(world: &mut World, user: i64, login: &Login) -> HandlerResult {
    if world.users.get(&user).is_none_or(|user| user.is_disabled()) {
        return Err(Refusal::forbidden("用户已停用 (the user is disabled)"));
    }
    let tenant = find_tenant(world, login.tenant_id.as_deref(), login.tenant_sid)?;
    let tenant = tenant.map(|tenant| world.admit_to(user, tenant)).transpose()?;
    let token = world.sign_in(user, tenant);
    authored_user(world, user, tenant, &token)
}

fn find_tenant<'a>(world: &'a World, id: Option<&str>, sid: i64) -> Result<Option<&'a super::world::Tenant>, Refusal> {
    let none = || Refusal::not_found("no such tenant");
    let by_id = match id {
        Some(id) if !id.is_empty() => Some(world.tenant_by_id(id).ok_or_else(none)?),
        _ => None,
    };
    let by_sid = if sid > 0 { Some(world.tenant(sid)?) } else { None };
    match (by_id, by_sid) {
        (Some(a), Some(b)) if a.sid != b.sid => Err(Refusal::bad_request("tenantId and tenantSid name two tenants")),
        (a, b) => Ok(a.or(b)),
    }
}

fn authored_user(world: &World, user: i64, tenant: Option<i64>, token: &str) -> HandlerResult {
    let user = world.users.get(&user).ok_or_else(Refusal::not_signed_in)?;
    let tenant = tenant.and_then(|sid| world.tenants.get(&sid));
    Ok(json!({
        "token": token, "userId": user.text("id"), "sid": user.sid, "userName": user.text("name"),
        "email": user.text("email"), "telephone": user.text("telephone"),
        "tenantId": tenant.map(|tenant| tenant.text("id")), "tenantSid": tenant.map(|tenant| tenant.sid),
        "tenantName": tenant.map(|tenant| tenant.text("name")), "tokenExpiresIn": world.token_lifetime().as_secs(),
        "headImageUrl": null, "isAdmin": tenant.is_some_and(|tenant| tenant.is_admin(user.sid)),
        "agreeAgreement": true, "identityType": "query",
    }))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Logout {
    clear_all: Option<bool>,
}

pub(super) fn logout(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let body: Logout = if call.body.is_empty() { Logout::default() } else { call.body()? };
    let session = call.session()?;
    if body.clear_all == Some(true) {
        world.revoke(|other| other.user == session.user);
    } else if let Some(token) = call.token {
        world.sign_out(token);
    }
    Ok(Value::Null)
}

pub(super) fn analyze_token(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let session = call.session()?;
    let user = world.users.get(&session.user).ok_or_else(Refusal::not_signed_in)?;
    let tenant = session.tenant.and_then(|sid| world.tenants.get(&sid));
    Ok(json!({
        "userSid": user.sid, "userId": user.text("id"), "userName": user.text("name"), "email": user.text("email"),
        "telephone": user.text("telephone"), "tenantId": tenant.map(|tenant| tenant.text("id")),
        "tenantSid": tenant.map(|tenant| tenant.sid), "tenantName": tenant.map(|tenant| tenant.text("name")),
        "isAdmin": tenant.is_some_and(|tenant| tenant.is_admin(user.sid)), "appId": world.application,
    }))
}

pub(super) fn login_info(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let session = call.session()?;
    authored_user(world, session.user, session.tenant, call.token.unwrap_or_default())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Switch {
    tenant_id: Option<String>,
    #[serde(default)]
    tenant_sid: i64,
}

pub(super) fn switch_tenant(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let body: Switch = call.body()?;
    let session = call.session()?;
    let tenant = find_tenant(world, body.tenant_id.as_deref(), body.tenant_sid)?
        .ok_or_else(|| Refusal::bad_request("tenantId or tenantSid is needed"))?;
    let (sid, id) = (world.admit_to(session.user, tenant)?, tenant.text("id").to_owned());
    let token = world.sign_in(session.user, Some(sid));
    Ok(json!({"user_token": token, "token": token, "tenantId": id, "tenantSid": sid}))
}

/// Issues a new token and revokes the old one.
pub(super) fn refresh(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let session = call.session()?;
    if let Some(token) = call.token {
        world.sign_out(token);
    }
    Ok(json!({"user_token": world.sign_in(session.user, session.tenant)}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Grant {
    grant_type: String,
    tenant_id: String,
    verify_user_id: String,
}

pub(super) fn grant_access(world: &mut World, call: &Call<'_>) -> HandlerResult {
    let body: Grant = call.body()?;
    if body.grant_type != "verifyUser_credentials" {
        return Err(Refusal::bad_request("unknown grantType"));
    }
    let tenant =
        find_tenant(world, Some(&body.tenant_id), 0)?.ok_or_else(|| Refusal::bad_request("tenantId is needed"))?;
    let user = world.user_by_id(&body.verify_user_id).filter(|user| !user.is_disabled());
    let user = user.ok_or_else(|| Refusal::not_found("no such user"))?.sid;
    let tenant = world.admit_to(user, tenant)?;
    let token = world.sign_in(user, Some(tenant));
    authored_user(world, user, Some(tenant), &token)
}
