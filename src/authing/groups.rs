//! Requests about groups.

use super::{
    documents as doc,
    options::*,
    request::{check_not_empty, with_operation},
    users::as_strs,
};
use crate::{Result, protocol::request::Request};
use serde_json::json;

pub(crate) fn create(code: &str, name: &str, options: &CreateGroupOptions) -> Result<Request> {
    doc::CREATE_GROUP.with(json!({"code": code, "name": name}), options)
}

pub(crate) fn update(code: &str, options: &UpdateGroupOptions) -> Result<Request> {
    doc::UPDATE_GROUP.with(json!({"code": code}), options)
}

pub(crate) fn detail(code: &str) -> Result<Request> {
    doc::GROUP.request(&json!({"code": code}))
}

pub(crate) fn list(options: &SortedPageOptions) -> Result<Request> {
    doc::GROUPS.page(json!({}), options)
}

pub(crate) fn delete(code: &str) -> Result<Request> {
    doc::DELETE_GROUPS.request(&json!({"codeList": [code]}))
}

pub(crate) fn delete_many(codes: &[impl AsRef<str>]) -> Result<Request> {
    with_operation("authing.groups.delete_many", check_not_empty("codes", codes))?;
    doc::DELETE_MANY_GROUPS.request(&json!({"codeList": as_strs(codes)}))
}

pub(crate) fn list_users(code: &str, options: &GroupUsersOptions) -> Result<Request> {
    let document = if options.with_custom_data { &doc::GROUP_USERS_WITH_CUSTOM_DATA } else { &doc::GROUP_USERS };
    document.page(json!({"code": code}), options)
}

pub(crate) fn add_users(code: &str, user_ids: &[impl AsRef<str>]) -> Result<Request> {
    with_operation("authing.groups.add_users", check_not_empty("user ids", user_ids))?;
    doc::ADD_USERS_TO_GROUP.request(&json!({"code": code, "userIds": as_strs(user_ids)}))
}

pub(crate) fn remove_users(code: &str, user_ids: &[impl AsRef<str>]) -> Result<Request> {
    with_operation("authing.groups.remove_users", check_not_empty("user ids", user_ids))?;
    doc::REMOVE_USERS_FROM_GROUP.request(&json!({"code": code, "userIds": as_strs(user_ids)}))
}

pub(crate) fn list_authorized_resources(code: &str, options: &AuthorizedResourceOptions) -> Result<Request> {
    doc::GROUP_RESOURCES.resources(json!({"code": code}), options)
}
