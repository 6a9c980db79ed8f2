//! Requests below `/api/iam/v2/user`.

use super::{ExistsOptions, UserQueryOptions, UserQueryType, UserRef, references::IdOrSid};
use crate::{
    Result,
    protocol::{decode::Data, operation::operations, request::Request},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

operations! {
    GET_USER = "digiwin.users.get_user" Read IfAny Data POST "/api/iam/v2/user"
        | NotFound: "the service has no such user";
    GET_USER_LIST = "digiwin.users.get_user_list" Read IfAny List POST "/api/iam/v2/user/list";
    QUERY_USERS = "digiwin.users.query_users" Read IfAny List POST "/api/iam/v2/user/query";
    GET_USER_SIMPLE = "digiwin.users.get_user_simple" Read IfAny Data GET "/api/iam/v2/user/simple";
    CHECK_EMAIL_EXISTS = "digiwin.users.check_email_exists" Read IfAny Data POST "/api/iam/v2/user/email/exist";
    CHECK_PHONE_EXISTS = "digiwin.users.check_phone_exists" Read IfAny Data POST "/api/iam/v2/user/mobilephone/exist";
    CHECK_USER_EXISTS = "digiwin.users.check_user_exists" Read IfAny Data POST "/api/iam/v2/user/exists";
    UPDATE_USER = "digiwin.users.update_user" Idempotent IfAny Data POST "/api/iam/v2/user/update"
        | InvalidArgument: "`user` does not serialize to an object";
    GET_USER_ROLES = "digiwin.users.get_user_roles" Read IfAny Data POST "/api/iam/v2/user/role"
        | NotFound: "the service has no such user";
}

pub(crate) fn get_user(user: &UserRef) -> Result<Request> {
    GET_USER.json(&IdOrSid::from(user))
}

pub(crate) fn get_user_list(ids: &[impl AsRef<str>]) -> Result<Request> {
    let ids: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
    GET_USER_LIST.json(&ids)
}

pub(crate) fn query_users(query_type: UserQueryType, options: &UserQueryOptions) -> Result<Request> {
    let mut parameter = json!({"type": query_type, "sid": options.org_sid.unwrap_or(0)});
    if let Some(uri) = &options.org_uri {
        parameter["uri"] = uri.as_str().into();
    }
    QUERY_USERS.json(&json!({"queryParameter": parameter}))
}

pub(crate) fn get_user_simple() -> Result<Request> {
    Ok(GET_USER_SIMPLE.request())
}

pub(crate) fn check_email_exists(email: &str, options: &ExistsOptions) -> Result<Request> {
    CHECK_EMAIL_EXISTS.json(&json!({"email": email, "id": options.user_id}))
}

pub(crate) fn check_phone_exists(phone: &str, options: &ExistsOptions) -> Result<Request> {
    CHECK_PHONE_EXISTS.json(&json!({"telephone": phone, "id": options.user_id}))
}

pub(crate) fn check_user_exists(id: &str) -> Result<Request> {
    CHECK_USER_EXISTS.json(&json!({"id": id}))
}

pub(crate) fn update_user(user: &(impl Serialize + ?Sized)) -> Result<Request> {
    UPDATE_USER.request().json_object(user)
}

pub(crate) fn get_user_roles(user: &UserRef) -> Result<Request> {
    GET_USER_ROLES.json(&IdOrSid::from(user))
}

/// Reads `{"isRegister": bool}`: whether an address is taken.
///
/// `null` and an empty body mean no, as the vendor's client has it. An object without that member says neither yes nor no.
pub(crate) fn is_registered(data: &Data) -> Result<bool> {
    #[derive(Deserialize)]
    struct Registered {
        #[serde(rename = "isRegister")]
        is_register: Option<bool>,
    }
    let response: Option<Registered> = data.decode()?;
    Ok(response.and_then(|response| response.is_register).unwrap_or(false))
}

/// Reads `{"isExistId": bool}`: whether an id is taken, read like [`is_registered`].
pub(crate) fn id_exists(data: &Data) -> Result<bool> {
    #[derive(Deserialize)]
    struct IdExists {
        #[serde(rename = "isExistId")]
        is_exist_id: Option<bool>,
    }
    let response: Option<IdExists> = data.decode()?;
    Ok(response.and_then(|response| response.is_exist_id).unwrap_or(false))
}
