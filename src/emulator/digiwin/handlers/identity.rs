//! `/api/iam/v2/identity`.

use super::super::{
    call::{Call, HandlerResult},
    seed::VERIFICATION_CODE,
    state::{directory::Directory, error_response::ErrorResponse, users::User},
};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) fn public_key(_: &mut Directory, call: &Call<'_>) -> HandlerResult {
    Ok(json!({"publicKey": call.keys.public_key()}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AesKey {
    client_encrypt_public_key: String,
}

pub(crate) fn aes_key(_: &mut Directory, call: &Call<'_>) -> HandlerResult {
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
    fn password(&self, call: &Call<'_>) -> Result<String, ErrorResponse> {
        match (&self.client_encrypt_public_key, &self.password_hash) {
            (Some(key), Some(hash)) => call.keys.decrypt(key, hash),
            _ => Err(ErrorResponse::bad_request("passwordHash and clientEncryptPublicKey are needed")),
        }
    }
}

pub(crate) fn login(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let login: Login = call.body()?;
    match login.identity_type.as_deref() {
        Some("verificationCode") => {
            let user = directory
                .users
                .with_any(&login.user_id)
                .filter(|user| user.profile.telephone.as_ref() == Some(&login.user_id));
            let sid = user.map(User::sid).filter(|_| login.verification_code.as_deref() == Some(VERIFICATION_CODE));
            let sid = sid.ok_or_else(|| ErrorResponse::new(401, "验证码错误 (wrong verification code)"))?;
            issue_token(directory, sid, &login)
        }
        Some("service") => {
            if login.service_name.as_deref() != Some("digiwin") {
                return Err(ErrorResponse::bad_request("unknown serviceName"));
            }
            let sid = check_password(directory, &login, call)?;
            let in_directory = directory
                .users
                .get(sid)
                .is_some_and(|user| user.profile.email.as_deref().is_some_and(|email| email.ends_with("@digiwin.com")));
            if in_directory { issue_token(directory, sid, &login) } else { Err(ErrorResponse::wrong_password()) }
        }
        Some("query" | "token") | None => {
            let sid = check_password(directory, &login, call)?;
            issue_token(directory, sid, &login)
        }
        Some(_) => Err(ErrorResponse::bad_request("unknown identityType")),
    }
}

pub(crate) fn internal_login(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let login: Login = call.body()?;
    if login.tenant_id.as_deref().unwrap_or_default().is_empty() && login.tenant_sid <= 0 {
        return Err(ErrorResponse::bad_request("tenantId is needed"));
    }
    let sid = check_password(directory, &login, call)?;
    issue_token(directory, sid, &login)
}

fn check_password(directory: &Directory, login: &Login, call: &Call<'_>) -> Result<i64, ErrorResponse> {
    let password = login.password(call)?;
    let user = directory.users.with_any(&login.user_id).filter(|user| user.has_password(&password));
    user.map(User::sid).ok_or_else(ErrorResponse::wrong_password)
}

fn issue_token(directory: &mut Directory, user: i64, login: &Login) -> HandlerResult {
    if directory.users.get(user).is_none_or(User::is_disabled) {
        return Err(ErrorResponse::forbidden("用户已停用 (the user is disabled)"));
    }
    let tenant = directory.find_tenant(login.tenant_id.as_deref(), login.tenant_sid)?;
    let tenant = tenant.map(|tenant| directory.admit_to(user, tenant)).transpose()?;
    let token = directory.sign_in(user, tenant);
    authored_user(directory, user, tenant, &token)
}

fn authored_user(directory: &Directory, user: i64, tenant: Option<i64>, token: &str) -> HandlerResult {
    let user = directory.users.get(user).ok_or_else(ErrorResponse::not_signed_in)?;
    let tenant = tenant.and_then(|sid| directory.tenants.get(sid));
    Ok(json!({
        "token": token, "userId": user.id(), "sid": user.sid(), "userName": user.profile.name,
        "email": user.profile.email, "telephone": user.profile.telephone,
        "tenantId": tenant.map(|tenant| &tenant.id), "tenantSid": tenant.map(|tenant| tenant.sid),
        "tenantName": tenant.map(|tenant| &tenant.name), "tokenExpiresIn": directory.sessions.lifetime().as_secs(),
        "headImageUrl": null, "isAdmin": tenant.is_some_and(|tenant| tenant.is_admin(user.sid())),
        "agreeAgreement": true, "identityType": "query",
    }))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Logout {
    clear_all: Option<bool>,
}

pub(crate) fn logout(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let body: Logout = if call.body.is_empty() { Logout::default() } else { call.body()? };
    let session = call.session()?;
    if body.clear_all == Some(true) {
        directory.sessions.revoke(&session.user, |_| true);
    } else if let Some(token) = call.token {
        directory.sessions.remove(token);
    }
    Ok(Value::Null)
}

pub(crate) fn analyze_token(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let session = call.session()?;
    let user = directory.users.get(session.user).ok_or_else(ErrorResponse::not_signed_in)?;
    let tenant = session.tenant.and_then(|sid| directory.tenants.get(sid));
    Ok(json!({
        "userSid": user.sid(), "userId": user.id(), "userName": user.profile.name, "email": user.profile.email,
        "telephone": user.profile.telephone, "tenantId": tenant.map(|tenant| &tenant.id),
        "tenantSid": tenant.map(|tenant| tenant.sid), "tenantName": tenant.map(|tenant| &tenant.name),
        "isAdmin": tenant.is_some_and(|tenant| tenant.is_admin(user.sid())), "appId": directory.application(),
    }))
}

pub(crate) fn login_info(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let session = call.session()?;
    authored_user(directory, session.user, session.tenant, call.token.unwrap_or_default())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Switch {
    tenant_id: Option<String>,
    #[serde(default)]
    tenant_sid: i64,
}

pub(crate) fn switch_tenant(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let body: Switch = call.body()?;
    let session = call.session()?;
    let tenant = directory
        .find_tenant(body.tenant_id.as_deref(), body.tenant_sid)?
        .ok_or_else(|| ErrorResponse::bad_request("tenantId or tenantSid is needed"))?;
    let (sid, id) = (directory.admit_to(session.user, tenant)?, tenant.id.clone());
    let token = directory.sign_in(session.user, Some(sid));
    Ok(json!({"user_token": token, "token": token, "tenantId": id, "tenantSid": sid}))
}

/// Issues a new token and revokes the old one.
pub(crate) fn refresh(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let session = call.session()?;
    if let Some(token) = call.token {
        directory.sessions.remove(token);
    }
    Ok(json!({"user_token": directory.sign_in(session.user, session.tenant)}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Grant {
    grant_type: String,
    tenant_id: String,
    verify_user_id: String,
}

pub(crate) fn grant_access(directory: &mut Directory, call: &Call<'_>) -> HandlerResult {
    let body: Grant = call.body()?;
    if body.grant_type != "verifyUser_credentials" {
        return Err(ErrorResponse::bad_request("unknown grantType"));
    }
    let tenant = directory
        .find_tenant(Some(&body.tenant_id), 0)?
        .ok_or_else(|| ErrorResponse::bad_request("tenantId is needed"))?;
    let user = directory.users.with_id(&body.verify_user_id).filter(|user| !user.is_disabled());
    let user = user.ok_or_else(|| ErrorResponse::not_found("no such user"))?.sid();
    let tenant = directory.admit_to(user, tenant)?;
    let token = directory.sign_in(user, Some(tenant));
    authored_user(directory, user, Some(tenant), &token)
}
