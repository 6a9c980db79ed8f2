//! Permissions.

use super::{
    super::state::{grants::ResourceType, pool::Pool, refusal::Refusal, target::Target},
    args::{Args, done, read, shown, text, whole},
};
use serde_json::{Value, json};

type Answer = Result<Value, Refusal>;

/// Returns the resources that a holder may act on, of the kind that the arguments name.
pub(super) fn resources_of(pool: &Pool, target: &Target, namespace: Option<&str>, args: &Args) -> Answer {
    let resources = pool.access().resources(target, namespace, args.text("resourceType"));
    let resources = resources
        .into_iter()
        .map(|resource| json!({"code": resource.code, "type": resource.resource_type, "actions": resource.actions}));
    Ok(whole(resources.collect()))
}

/// Returns the resources that a user may act on: those of the namespace `default` where none is named.
pub(super) fn resources_of_user(pool: &Pool, id: &str, args: &Args) -> Answer {
    resources_of(pool, &Target::user(id), Some(args.namespace()), args)
}

/// Grants actions on a resource. Where no type is named, it is that of the resource, or else `DATA`.
fn grant(pool: &mut Pool, args: &Args, resource_type: Option<ResourceType>, target: Target, actions: &[&str]) {
    let (namespace, resource) = (args.namespace(), args.required("resource"));
    let known = || pool.resources.get(namespace, resource)?.resource_type();
    let resource_type = resource_type.or_else(known).unwrap_or_default();
    pool.grants.grant(namespace, resource, resource_type, target, actions);
}

pub(super) fn allow(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    let (resource, action) = (args.required("resource"), args.required("action"));
    if !resource.contains(':') && resource != "*" {
        return Err(Refusal::invalid("resource: its form is kind:id"));
    }
    let users = args.one_or_many("userIds", "userId").into_iter().map(Target::user);
    let roles = args.one_or_many("roleCodes", "roleCode").into_iter().map(Target::role);
    users.chain(roles).for_each(|target| grant(pool, args, None, target, &[action]));
    done()
}

pub(super) fn is_allowed(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    let user = args.required("userId");
    pool.users.known(user)?;
    Ok(pool.access().may(user, args.namespace(), args.required("action"), args.required("resource")).into())
}

pub(super) fn authorize(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    let resource_type = args.optional("resourceType")?;
    for opt in args.list("opts").iter().filter(|opt| !opt.is_null()) {
        let actions: Vec<&str> = opt["actions"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        grant(pool, args, resource_type, read("opts", opt.clone())?, &actions);
    }
    done()
}

pub(super) fn authorized(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    match args.optional("targetType")? {
        Some(target_type) => {
            let target = Target::new(target_type, args.required("targetIdentifier"));
            resources_of(pool, &target, args.text("namespace"), args)
        }
        None => Ok(whole(Vec::new())),
    }
}

pub(super) fn authorized_targets(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    let requested = args.object("actions");
    let wanted = requested.get("list").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut wanted = wanted.iter().filter_map(Value::as_str).peekable();
    let any = wanted.peek().is_none();
    let wanted: Vec<&str> = wanted.collect();
    let all = requested.get("op").is_some_and(|op| op == "AND");
    let (resource, resource_type) = (args.required("resource"), args.read::<ResourceType>("resourceType")?);
    let target_type = args.optional("targetType")?;
    let fitting = pool.grants.iter().filter(|grant| {
        let has = |action: &&str| grant.permits(action);
        let actions = any || if all { wanted.iter().all(has) } else { wanted.iter().any(has) };
        grant.namespace == args.namespace()
            && grant.covers(resource)
            && grant.resource_type == resource_type
            && target_type.is_none_or(|target_type| grant.target.target_type == target_type)
            && actions
    });
    let targets = fitting.map(|grant| {
        let mut json = shown(&grant.target);
        json["actions"] = grant.actions.as_slice().into();
        json
    });
    Ok(whole(targets.collect()))
}

/// Returns the requested resources that a user may act on, with the actions.
pub(crate) fn permissions(pool: &Pool, user_id: &str, namespace: &str, resources: &[&str]) -> Answer {
    pool.users.known(user_id)?;
    let access = pool.access();
    let permitted = resources.iter().map(|resource| (resource, access.actions(user_id, namespace, resource)));
    let permitted = permitted.filter(|(_, actions)| !actions.is_empty());
    Ok(permitted.map(|(resource, actions)| json!({"code": resource, "actions": actions})).collect())
}

/// Returns the resources of one kind that a user may act on.
pub(crate) fn permissions_of_kind(pool: &Pool, user_id: &str, namespace: &str, kind: &str) -> Answer {
    pool.users.known(user_id)?;
    let mut list = resources_of(pool, &Target::user(user_id), Some(namespace), &Args::default())?["list"].take();
    if let Some(list) = list.as_array_mut() {
        let of_kind = |code: &str| code.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
        list.retain(|resource| of_kind(text(resource, "code")));
    }
    Ok(list)
}

/// Revokes grants on a resource; where a kind is named, on the resources of that kind.
pub(crate) fn revoke(pool: &mut Pool, args: &Args) -> Answer {
    let (namespace, resource) = (args.namespace(), args.required("resource"));
    let kind = resource.strip_suffix(":*").unwrap_or(resource);
    let taken = |code: &str| code == resource || code.strip_prefix(kind).is_some_and(|rest| rest.starts_with(':'));
    for opt in args.list("opts") {
        // A target of an unknown type has no grants.
        let Ok(target) = read::<Target>("opts", opt.clone()) else { continue };
        pool.grants.revoke(&target, |grant| grant.namespace == namespace && taken(&grant.resource));
    }
    Ok(Value::Null)
}

/// Returns whether a user has a role, directly or through a group or department.
pub(crate) fn has_role(pool: &Pool, user_id: &str, namespace: &str, code: &str) -> Answer {
    pool.users.known(user_id)?;
    Ok(pool.access().roles_of_user(user_id, namespace).iter().any(|role| role.code == code).into())
}
