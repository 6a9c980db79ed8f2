//! Policies and their assignments.

use super::{
    access::is_of,
    refusal::Refusal,
    value::{Args, done, now, put, text},
    world::World,
};
use serde_json::{Value, json};

type HandlerResult = Result<Value, Refusal>;

fn shown_policy(world: &World, policy: &Value) -> Value {
    let mut shown = policy.clone();
    let count =
        world.access.policy_assignments.iter().filter(|assignment| assignment["code"] == policy["code"]).count();
    shown["assignmentsCount"] = count.into();
    shown
}

pub(super) fn policies(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let policies =
        world.access.policies.iter().rev().filter(|policy| policy["namespace"] == args.namespace()).collect();
    Ok(args.page(policies, |policy| shown_policy(world, policy)))
}

fn is_policy(policy: &Value, args: &Args) -> bool {
    policy["namespace"] == args.namespace() && policy["code"] == args.required("code")
}

pub(super) fn policy(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let policy = world.access.policies.iter().find(|policy| is_policy(policy, args));
    Ok(policy.map(|policy| shown_policy(world, policy)).unwrap_or_default())
}

pub(super) fn create_policy(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    if world.access.policies.iter().any(|policy| is_policy(policy, args)) {
        return Err(Refusal::exists("policy"));
    }
    let policy = json!({
        "namespace": args.namespace(), "code": args.required("code"), "isDefault": false,
        "description": args.get("description"), "statements": args.list("statements"), "createdAt": now(),
        "updatedAt": now(),
    });
    world.access.policies.push(policy.clone());
    Ok(shown_policy(world, &policy))
}

pub(super) fn update_policy(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let policy = world.access.policies.iter_mut().find(|policy| is_policy(policy, args));
    let policy = policy.ok_or(Refusal::missing("policy"))?;
    put(policy, args, &["description", "statements"]);
    policy["code"] = args.text("newCode").unwrap_or(args.required("code")).into();
    policy["updatedAt"] = now();
    let policy = policy.clone();
    for assignment in &mut world.access.policy_assignments {
        if assignment["namespace"] == args.namespace() && assignment["code"] == args.required("code") {
            assignment["code"] = policy["code"].clone();
        }
    }
    Ok(shown_policy(world, &policy))
}

pub(super) fn delete_policies(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    for code in args.texts("codeList").into_iter().chain(args.text("code")) {
        let gone = |entry: &Value| entry["namespace"] == args.namespace() && entry["code"] == code;
        world.access.policies.retain(|policy| !gone(policy));
        world.access.policy_assignments.retain(|assignment| !gone(assignment));
    }
    done()
}

pub(super) fn policy_assignments(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let matches = |assignment: &&Value| {
        ["namespace", "code", "targetType", "targetIdentifier"]
            .iter()
            .all(|name| args.get(name).is_none_or(|value| assignment[*name] == *value))
    };
    Ok(args.page(world.access.policy_assignments.iter().filter(matches).collect(), Value::clone))
}

pub(super) fn assign_policies(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let known = |code: &&str| world.access.policies.iter().any(|policy| policy["code"] == **code);
    if !args.texts("policies").iter().all(known) {
        return Err(Refusal::missing("policy"));
    }
    remove_policies(world, &Value::Null, args)?;
    for code in args.texts("policies") {
        for target in args.texts("targetIdentifiers") {
            world.access.policy_assignments.push(json!({
                "namespace": args.namespace(), "code": code, "targetType": args.required("targetType"),
                "targetIdentifier": target, "enabled": true, "inheritByChildren": args.flag("inheritByChildren"),
            }));
        }
    }
    done()
}

pub(super) fn remove_policies(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let (policies, targets) = (args.texts("policies"), args.texts("targetIdentifiers"));
    world.access.policy_assignments.retain(|assignment| {
        assignment["namespace"] != args.namespace()
            || assignment["targetType"] != args.required("targetType")
            || !policies.contains(&text(assignment, "code"))
            || !targets.contains(&text(assignment, "targetIdentifier"))
    });
    done()
}

fn switch_policy(world: &mut World, args: &Args, enabled: bool) -> HandlerResult {
    for assignment in &mut world.access.policy_assignments {
        if assignment["namespace"] == args.namespace()
            && assignment["code"] == args.required("policy")
            && is_of(assignment, args.required("targetType"), args.required("targetIdentifier"))
        {
            assignment["enabled"] = enabled.into();
        }
    }
    done()
}

pub(super) fn enable_policy(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    switch_policy(world, args, true)
}

pub(super) fn disable_policy(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    switch_policy(world, args, false)
}
