//! Policies and their assignments.

use super::{
    super::state::{
        error_response::ErrorResponse,
        policies::{Assignment, Policy},
        pool::Pool,
        target::{Target, TargetType},
    },
    args::{Args, ResolverResult, ok, to_json},
};
use serde_json::Value;

fn policy_json(pool: &Pool, policy: &Policy) -> Value {
    let mut json = to_json(policy);
    json["assignmentsCount"] = pool.policies.assignment_count(policy).into();
    json
}

pub(super) fn policies(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let (total, policies) = pool.policies.of_namespace(args.namespace());
    Ok(args.page(total, policies.rev(), |policy| policy_json(pool, policy)))
}

pub(super) fn policy(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let policy = pool.policies.get(args.namespace(), args.required("code"));
    Ok(policy.map(|policy| policy_json(pool, policy)).unwrap_or_default())
}

pub(super) fn create(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let (code, statements) = (args.required("code"), args.read("statements")?);
    let policy = pool.policies.create(args.namespace(), code, args.text("description"), statements)?;
    Ok(policy_json(pool, &policy))
}

pub(super) fn update(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let (code, statements) = (args.required("code"), args.optional("statements")?);
    let new = args.new_code(code)?;
    let policy = pool.policies.update(args.namespace(), code, new, args.text("description"), statements)?;
    Ok(policy_json(pool, &policy))
}

pub(super) fn delete(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    for code in args.one_or_many("codeList", "code") {
        pool.policies.delete(args.namespace(), code);
    }
    ok()
}

pub(super) fn assignments(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let target_type = args.optional("targetType")?;
    let id = args.text("targetIdentifier");
    let namespace = args.text("namespace");
    // Without a namespace, a role's code fits in all of them.
    let indexed = target_type.filter(|target_type| namespace.is_some() || *target_type != TargetType::Role);
    let target = indexed.zip(id).map(|(target_type, id)| Target::new(target_type, id, args.namespace()));
    let mut found = pool.policies.assignments(target.as_ref());
    found.retain(|assignment| {
        namespace.is_none_or(|namespace| assignment.namespace == namespace)
            && args.text("code").is_none_or(|code| assignment.code == code)
            && target_type.is_none_or(|target_type| assignment.target.target_type == target_type)
            && id.is_none_or(|id| assignment.target.id == id)
    });
    Ok(args.page(found.len(), found.into_iter(), to_json))
}

/// Returns an assignment of every policy to every target of the arguments.
fn assignments_of(args: &Args) -> Result<Vec<Assignment>, ErrorResponse> {
    let targets = args.targets("targetIdentifiers")?;
    let of = |code: &str| {
        let to = |target: &Target| Assignment {
            namespace: args.namespace().to_owned(),
            code: code.to_owned(),
            target: target.clone(),
        };
        targets.iter().map(to).collect::<Vec<_>>()
    };
    Ok(args.strs("policies").into_iter().flat_map(of).collect())
}

pub(super) fn assign(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    pool.policies.check(args.namespace(), &args.strs("policies"))?;
    assignments_of(args)?.into_iter().for_each(|assignment| pool.policies.assign(assignment));
    ok()
}

pub(super) fn unassign(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    assignments_of(args)?.iter().for_each(|assignment| pool.policies.unassign(assignment));
    ok()
}
