//! Requests below `/api/iam/v2/identity`, and the tokens in their responses.

use super::{
    AccessTokenOptions, AuthoredUser, ChangedToken, IdentityType, InternalLoginOptions, LoginAdOptions, LoginOptions,
    LogoutOptions, TenantId, TenantRef,
};
use crate::{
    Result, UserToken, VerificationCode,
    crypto::{SealedPassword, ServiceKey},
    protocol::{
        decode::Data,
        login::KeyRequest,
        operation::{Operation, operations},
        request::Request,
        token::{TokenResponse, first_token, with_lifetime, with_lifetime_of},
    },
    token_store::StoredToken,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{sync::Arc, time::Duration};

// `get_aes_key`: asking twice gives two keys under one name, so it is not certain to be idempotent.
operations! {
    LOGIN = "digiwin.identity.login" Other Never Secret POST "/api/iam/v2/identity/login"
        | Authentication: "wrong user or password"
        | Application: "wrong app token"
        | Crypto: "the handshake failed"
        | InvalidArgument: "the user or the password is empty; nothing is sent"
        | Configuration: "the session has credentials, and logs in by itself; nothing is sent";
    LOGIN_AD = "digiwin.identity.login_ad" Other Never Secret POST "/api/iam/v2/identity/login"
        | Authentication: "wrong user or password"
        | Application: "wrong app token"
        | Crypto: "the handshake failed"
        | InvalidArgument: "the user or the password is empty; nothing is sent"
        | Configuration: "the session has credentials, and logs in by itself; nothing is sent";
    LOGIN_VERIFICATION_CODE = "digiwin.identity.login_verification_code" Other Never Secret POST "/api/iam/v2/identity/login"
        | Authentication: "wrong phone number or code"
        | InvalidArgument: "the phone number or the code is empty; nothing is sent"
        | Configuration: "the session has credentials, and logs in by itself; nothing is sent";
    INTERNAL_LOGIN = "digiwin.identity.internal_login" Other Never Secret POST "/api/iam/v2/identity/internal/login"
        | Authentication: "wrong user or password"
        | Application: "wrong app token"
        | Crypto: "the handshake failed"
        | InvalidArgument: "the user or the password is empty; nothing is sent"
        | Configuration: "the session has credentials, and logs in by itself; nothing is sent";
    LOGOUT = "digiwin.identity.logout" Other AsItIs Data POST "/api/iam/v2/identity/logout"
        | Store: "the user was logged out, but the token is still in the token store";
    GET_PUBLIC_KEY = "digiwin.identity.get_public_key" Read Never Data GET "/api/iam/v2/identity/publickey"
        | Application: "wrong app token";
    GET_AES_KEY = "digiwin.identity.get_aes_key" Other Never Secret POST "/api/iam/v2/identity/aeskey"
        | Application: "wrong app token";
    ANALYZE_TOKEN = "digiwin.identity.analyze_token" Read IfAny Data POST "/api/iam/v2/identity/token/analyze";
    ANALYZE_TOKEN_INTERNAL = "digiwin.identity.analyze_token_internal" Read IfAny Data GET "/api/iam/v2/identity/token/analyze/internal";
    GET_LOGIN_INFO = "digiwin.identity.get_login_info" Read IfAny Secret POST "/api/iam/v2/identity/login/info";
    REFRESH_TOKEN_WITH_TENANT = "digiwin.identity.refresh_token_with_tenant" Other IfAny Secret POST "/api/iam/v2/identity/token/refresh/tenant"
        | Authorization: "the tenant has not bought the application, or the user is not in it"
        | InvalidArgument: "`tenant` names none";
    REFRESH_USER_TOKEN = "digiwin.identity.refresh_user_token" Other IfAny Secret POST "/api/iam/v2/identity/token/refresh/user";
    CREATE_ACCESS_TOKEN = "digiwin.identity.create_access_token" Other Never Secret POST "/api/iam/v2/identity/token/grant/access";
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct LoginBody<'a> {
    user_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_encrypt_public_key: Option<&'a str>,
    identity_type: IdentityType,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_sid: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verification_code: Option<&'a str>,
}

impl<'a> LoginBody<'a> {
    fn new(user_id: &'a str, password: &'a SealedPassword) -> Self {
        Self {
            user_id,
            password_hash: Some(&password.password_hash),
            client_encrypt_public_key: Some(&password.wrapped_key),
            ..Self::default()
        }
    }

    fn request(&self, operation: &'static Operation) -> Result<Request> {
        let request = operation.json(self)?;
        Ok(self.password_hash.into_iter().fold(request, Request::secret))
    }
}

pub(crate) fn login(user_id: &str, password: &SealedPassword, options: &LoginOptions) -> Result<Request> {
    LoginBody {
        identity_type: options.identity_type.clone().unwrap_or_default(),
        tenant_id: options.tenant_id.as_deref(),
        ..LoginBody::new(user_id, password)
    }
    .request(&LOGIN)
}

pub(crate) fn login_ad(user_id: &str, password: &SealedPassword, options: &LoginAdOptions) -> Result<Request> {
    LoginBody {
        identity_type: "service".into(),
        service_name: Some("digiwin"),
        tenant_id: options.tenant_id.as_deref(),
        ..LoginBody::new(user_id, password)
    }
    .request(&LOGIN_AD)
}

pub(crate) fn login_verification_code(phone: &str, code: &VerificationCode) -> Result<Request> {
    let operation =
        LOGIN_VERIFICATION_CODE.has_text("phone", phone)?.has_text("verification code", code.expose_secret())?;
    let body = LoginBody {
        user_id: phone,
        identity_type: "verificationCode".into(),
        verification_code: Some(code.expose_secret()),
        ..LoginBody::default()
    };
    Ok(body.request(operation)?.secret(code.expose_secret()))
}

pub(crate) fn internal_login(
    tenant_id: &str,
    user_id: &str,
    password: &SealedPassword,
    options: &InternalLoginOptions,
) -> Result<Request> {
    LoginBody {
        identity_type: options.identity_type.clone().unwrap_or_default(),
        tenant_id: Some(tenant_id),
        tenant_sid: Some(0),
        ..LoginBody::new(user_id, password)
    }
    .request(&INTERNAL_LOGIN)
}

pub(crate) fn logout(options: &LogoutOptions) -> Result<Request> {
    let body = if options.clear_all == Some(true) { json!({"clearAll": true}) } else { json!({}) };
    LOGOUT.json(&body)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PublicKey {
    public_key: String,
}

pub(crate) fn get_public_key() -> Result<Request> {
    Ok(GET_PUBLIC_KEY.request())
}

pub(crate) fn public_key(data: &Data) -> Result<String> {
    Ok(data.decode::<PublicKey>()?.public_key)
}

/// The keys of a login; `refused` is a key that the service could not use.
pub(crate) fn login_keys(refused: Option<Arc<ServiceKey>>) -> Result<KeyRequest> {
    let read = |data: &Data| ServiceKey::read(&public_key(data)?);
    let with_pair = refused.is_none();
    Ok(KeyRequest { request: get_public_key()?, read, refused, with_pair })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WrappedAesKey {
    pub(crate) encrypt_aes_key: String,
}

pub(crate) fn get_aes_key(client_encrypt_public_key: &str) -> Result<Request> {
    GET_AES_KEY.json(&json!({"clientEncryptPublicKey": client_encrypt_public_key}))
}

pub(crate) fn wrapped_aes_key(data: &Data) -> Result<String> {
    Ok(data.decode::<WrappedAesKey>()?.encrypt_aes_key)
}

pub(crate) fn analyze_token() -> Result<Request> {
    ANALYZE_TOKEN.json(&json!({}))
}

pub(crate) fn analyze_token_internal() -> Result<Request> {
    Ok(ANALYZE_TOKEN_INTERNAL.request())
}

pub(crate) fn get_login_info() -> Result<Request> {
    GET_LOGIN_INFO.json(&json!({}))
}

pub(crate) fn refresh_token_with_tenant(tenant: &TenantRef) -> Result<Request> {
    match tenant.is_empty() {
        true => Err(REFRESH_TOKEN_WITH_TENANT.refuse("neither a tenant's id nor its sid is given")),
        false => REFRESH_TOKEN_WITH_TENANT.json(tenant),
    }
}

pub(crate) fn refresh_user_token() -> Result<Request> {
    REFRESH_USER_TOKEN.json(&json!({}))
}

pub(crate) fn create_access_token(
    tenant_id: TenantId<'_>,
    verify_user_id: &str,
    options: &AccessTokenOptions,
) -> Result<Request> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        grant_type: &'a str,
        tenant_id: TenantId<'a>,
        verify_user_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        account: Option<&'a str>,
    }

    CREATE_ACCESS_TOKEN.json(&Body {
        grant_type: options.grant_type.as_deref().unwrap_or("verifyUser_credentials"),
        tenant_id,
        verify_user_id,
        account: options.account.as_deref(),
    })
}

/// The response of `refresh_user_token`.
#[derive(Deserialize)]
pub(crate) struct RefreshedToken {
    user_token: Option<UserToken>,
    token: Option<UserToken>,
}

impl TokenResponse for AuthoredUser {
    fn to_stored_token(&self, _: Option<&StoredToken>) -> Result<StoredToken> {
        let stored = StoredToken { tenant: not_empty(&self.tenant_id), ..first_token([&self.token])? };
        let seconds =
            self.token_expires_in.and_then(|seconds| u64::try_from(seconds).ok()).filter(|&seconds| seconds > 0);
        Ok(match seconds {
            // What a JWT tells of itself is exact; the unit of this member is not documented.
            Some(_) if stored.lifetime.is_some() => stored,
            Some(seconds) => with_lifetime(stored, Some(Duration::from_secs(seconds))),
            None => stored,
        })
    }
}

impl TokenResponse for ChangedToken {
    fn to_stored_token(&self, previous: Option<&StoredToken>) -> Result<StoredToken> {
        let stored = first_token([&self.token, &self.user_token])?;
        Ok(with_lifetime_of(StoredToken { tenant: not_empty(&self.tenant_id), ..stored }, previous))
    }
}

impl RefreshedToken {
    pub(crate) fn into_token(self) -> Result<UserToken> {
        Ok(self.to_stored_token(None)?.token)
    }
}

impl TokenResponse for RefreshedToken {
    fn to_stored_token(&self, previous: Option<&StoredToken>) -> Result<StoredToken> {
        let stored = first_token([&self.user_token, &self.token])?;
        let tenant = previous.and_then(|previous| previous.tenant.clone());
        Ok(with_lifetime_of(StoredToken { tenant, ..stored }, previous))
    }
}

fn not_empty(id: &Option<String>) -> Option<String> {
    id.clone().filter(|id| !id.is_empty())
}
