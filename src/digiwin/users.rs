//! Requests below `/api/iam/v2/user`.

use super::{ExistsOptions, UserQueryOptions, UserQueryType, UserRef, references::IdOrSid};
use crate::{
    Result,
    protocol::request::{Effect, Request},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(crate) fn get_user(user: &UserRef) -> Result<Request> {
    read("digiwin.users.get_user", "/api/iam/v2/user").json(&IdOrSid::from(user))
}

pub(crate) fn get_user_list(ids: &[impl AsRef<str>]) -> Result<Request> {
    let ids: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
    read("digiwin.users.get_user_list", "/api/iam/v2/user/list").json(&ids)
}

pub(crate) fn query_users(query_type: UserQueryType, options: &UserQueryOptions) -> Result<Request> {
    let mut parameter = json!({"type": query_type, "sid": options.org_sid.unwrap_or(0)});
    if let Some(uri) = &options.org_uri {
        parameter["uri"] = uri.as_str().into();
    }
    read("digiwin.users.query_users", "/api/iam/v2/user/query").json(&json!({"queryParameter": parameter}))
}

pub(crate) fn get_user_simple() -> Request {
    Request::get("digiwin.users.get_user_simple", "/api/iam/v2/user/simple")
}

pub(crate) fn check_email_exists(email: &str, options: &ExistsOptions) -> Result<Request> {
    read("digiwin.users.check_email_exists", "/api/iam/v2/user/email/exist")
        .json(&json!({"email": email, "id": options.user_id}))
}

pub(crate) fn check_phone_exists(phone: &str, options: &ExistsOptions) -> Result<Request> {
    read("digiwin.users.check_phone_exists", "/api/iam/v2/user/mobilephone/exist")
        .json(&json!({"telephone": phone, "id": options.user_id}))
}

pub(crate) fn check_user_exists(id: &str) -> Result<Request> {
    read("digiwin.users.check_user_exists", "/api/iam/v2/user/exists").json(&json!({"id": id}))
}

pub(crate) fn update_user(user: &(impl Serialize + ?Sized)) -> Result<Request> {
    Request::post("digiwin.users.update_user", "/api/iam/v2/user/update").effect(Effect::Idempotent).json_object(user)
}

pub(crate) fn get_user_roles(user: &UserRef) -> Result<Request> {
    read("digiwin.users.get_user_roles", "/api/iam/v2/user/role").json(&IdOrSid::from(user))
}

fn read(operation: &'static str, path: &'static str) -> Request {
    Request::post(operation, path).effect(Effect::Read)
}

/// `{"isRegister": bool}`: whether an address is taken.
///
/// `null` and an empty body mean no, as the vendor's client has it. An object without that member says neither yes nor no.
#[derive(Deserialize)]
pub(crate) struct Registered {
    #[serde(rename = "isRegister")]
    is_register: Option<bool>,
}

impl Registered {
    pub(crate) fn yes(answer: Option<Self>) -> bool {
        answer.and_then(|answer| answer.is_register).unwrap_or(false)
    }
}

/// `{"isExistId": bool}`: whether an id is taken, read like [`Registered`].
#[derive(Deserialize)]
pub(crate) struct IdExists {
    #[serde(rename = "isExistId")]
    is_exist_id: Option<bool>,
}

impl IdExists {
    pub(crate) fn yes(answer: Option<Self>) -> bool {
        answer.and_then(|answer| answer.is_exist_id).unwrap_or(false)
    }
}
