//! Permissions.

use super::{
    super::state::{error_response::ErrorResponse, grants::ResourceType, pool::Pool, target::Target},
    args::{Args, ResolverResult, ok, read, single_page, text},
};
use serde_json::{Value, json};

/// Returns the resources that a holder may act on, of the kind that the arguments name.
pub(super) fn resources_of(pool: &Pool, target: &Target, namespace: Option<&str>, args: &Args) -> ResolverResult {
    let resources = pool.access().resources(target, namespace, args.text("resourceType"));
    let resources = resources
        .into_iter()
        .map(|resource| json!({"code": resource.code, "type": resource.resource_type, "actions": resource.actions}));
    Ok(single_page(resources.collect()))
}

/// Returns the resources that a user may act on: those of the namespace `default`, unless the arguments say another.
pub(super) fn resources_of_user(pool: &Pool, id: &str, args: &Args) -> ResolverResult {
    resources_of(pool, &Target::user(id), Some(args.namespace()), args)
}

pub(super) fn allow(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let (resource, action) = (args.required("resource"), args.required("action"));
    if !resource.contains(':') && resource != "*" {
        return Err(ErrorResponse::invalid("resource: its form is kind:id"));
    }
    let users = args.one_or_many("userIds", "userId").into_iter().map(Target::user);
    let roles = args.one_or_many("roleCodes", "roleCode").into_iter().map(|code| Target::role(args.namespace(), code));
    for target in users.chain(roles) {
        pool.grants.grant(args.namespace(), resource, ResourceType::default(), target, &[action]);
    }
    ok()
}

pub(super) fn is_allowed(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let user = args.required("userId");
    pool.users.find(user)?;
    Ok(pool.access().may(user, args.namespace(), args.required("action"), args.required("resource")).into())
}

pub(super) fn authorize(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let (resource, resource_type) = (args.required("resource"), args.optional("resourceType")?.unwrap_or_default());
    for opt in args.list("opts").iter().filter(|opt| !opt.is_null()) {
        let actions: Vec<&str> = opt["actions"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let target_type = read("opts", opt["targetType"].clone())?;
        let target = Target::new(target_type, text(opt, "targetIdentifier"), args.namespace());
        pool.grants.grant(args.namespace(), resource, resource_type, target, &actions);
    }
    ok()
}

pub(super) fn authorized(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    match args.optional("targetType")? {
        Some(target_type) => {
            let target = Target::new(target_type, args.required("targetIdentifier"), args.namespace());
            resources_of(pool, &target, args.text("namespace"), args)
        }
        None => Ok(single_page(Vec::new())),
    }
}

/// Returns the requested resources that a user may act on, with the actions.
pub(crate) fn permissions(pool: &Pool, user_id: &str, namespace: &str, resources: &[&str]) -> ResolverResult {
    pool.users.find(user_id)?;
    let access = pool.access();
    let permitted = resources.iter().map(|resource| (resource, access.actions(user_id, namespace, resource)));
    let permitted = permitted.filter(|(_, actions)| !actions.is_empty());
    Ok(permitted.map(|(resource, actions)| json!({"code": resource, "actions": actions})).collect())
}

/// Returns the resources of one kind that a user may act on.
pub(crate) fn permissions_of_kind(pool: &Pool, user_id: &str, namespace: &str, kind: &str) -> ResolverResult {
    pool.users.find(user_id)?;
    let mut list = resources_of(pool, &Target::user(user_id), Some(namespace), &Args::default())?["list"].take();
    if let Some(list) = list.as_array_mut() {
        let of_kind = |code: &str| code.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
        list.retain(|resource| of_kind(text(resource, "code")));
    }
    Ok(list)
}

/// Returns whether a user has a role, directly or through a group or department.
pub(crate) fn has_role(pool: &Pool, user_id: &str, namespace: &str, code: &str) -> ResolverResult {
    pool.users.find(user_id)?;
    Ok(pool.access().roles_of_user(user_id, namespace).iter().any(|role| role.code == code).into())
}
