//! Requests about groups.

use super::{documents as doc, options::*, request::as_strs};
use crate::{Result, protocol::request::Request};
use serde_json::json;

pub(crate) fn create(code: &str, name: &str, options: &CreateGroupOptions) -> Result<Request> {
    doc::CREATE_GROUP.with(json!({"code": code, "name": name}), options)
}

pub(crate) fn update(code: &str, options: &UpdateGroupOptions) -> Result<Request> {
    doc::UPDATE_GROUP.with(json!({"code": code}), options)
}

pub(crate) fn detail(code: &str) -> Result<Request> {
    doc::GROUP.variables(&json!({"code": code}))
}

pub(crate) fn list(options: &SortedPageOptions) -> Result<Request> {
    doc::GROUPS.page(json!({}), options)
}

pub(crate) fn delete(code: &str) -> Result<Request> {
    doc::DELETE_GROUPS.variables(&json!({"codeList": [code]}))
}

pub(crate) fn delete_many(codes: &[impl AsRef<str>]) -> Result<Request> {
    doc::DELETE_MANY_GROUPS.not_empty("codes", codes)?.variables(&json!({"codeList": as_strs(codes)}))
}

pub(crate) fn list_users(code: &str, options: &GroupUsersOptions) -> Result<Request> {
    doc::GROUP_USERS.page(json!({"code": code, "withCustomData": options.with_custom_data}), options)
}

pub(crate) fn add_users(code: &str, user_ids: &[impl AsRef<str>]) -> Result<Request> {
    doc::ADD_USERS_TO_GROUP
        .not_empty("user ids", user_ids)?
        .variables(&json!({"code": code, "userIds": as_strs(user_ids)}))
}

pub(crate) fn remove_users(code: &str, user_ids: &[impl AsRef<str>]) -> Result<Request> {
    doc::REMOVE_USERS_FROM_GROUP
        .not_empty("user ids", user_ids)?
        .variables(&json!({"code": code, "userIds": as_strs(user_ids)}))
}

pub(crate) fn list_authorized_resources(code: &str, options: &AuthorizedResourceOptions) -> Result<Request> {
    doc::GROUP_RESOURCES.resources(json!({"code": code}), options)
}
