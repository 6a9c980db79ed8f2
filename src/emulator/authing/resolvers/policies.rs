//! Policies and their assignments.

use super::{
    super::state::{
        policies::{Assignment, Policy},
        pool::Pool,
        refusal::Refusal,
        target::Target,
    },
    args::{Args, done, shown},
};
use serde_json::Value;

type Answer = Result<Value, Refusal>;

fn shown_policy(pool: &Pool, policy: &Policy) -> Value {
    let mut json = shown(policy);
    json["assignmentsCount"] = pool.policies.assignment_count(policy).into();
    json
}

pub(super) fn policies(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    let (total, policies) = pool.policies.of_namespace(args.namespace());
    Ok(args.page(total, policies.rev(), |policy| shown_policy(pool, policy)))
}

pub(super) fn policy(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    let policy = pool.policies.get(args.namespace(), args.required("code"));
    Ok(policy.map(|policy| shown_policy(pool, policy)).unwrap_or_default())
}

pub(super) fn create(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    let (code, statements) = (args.required("code"), args.read("statements")?);
    let policy = pool.policies.create(args.namespace(), code, args.text("description"), statements)?;
    Ok(shown_policy(pool, &policy))
}

pub(super) fn update(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    let (code, statements) = (args.required("code"), args.optional("statements")?);
    let new = args.text("newCode").unwrap_or(code);
    let policy = pool.policies.update(args.namespace(), code, new, args.text("description"), statements)?;
    Ok(shown_policy(pool, &policy))
}

pub(super) fn delete(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    for code in args.one_or_many("codeList", "code") {
        pool.policies.delete(args.namespace(), code);
    }
    done()
}

pub(super) fn assignments(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    let target_type = args.optional("targetType")?;
    let id = args.text("targetIdentifier");
    let target = target_type.zip(id).map(|(target_type, id)| Target::new(target_type, id));
    let mut found = pool.policies.assignments(target.as_ref());
    found.retain(|assignment| {
        args.text("namespace").is_none_or(|namespace| assignment.namespace == namespace)
            && args.text("code").is_none_or(|code| assignment.code == code)
            && target_type.is_none_or(|target_type| assignment.target.target_type == target_type)
            && id.is_none_or(|id| assignment.target.id == id)
    });
    Ok(args.page(found.len(), found.into_iter(), shown))
}

/// Returns an assignment of each policy to each target that the arguments name.
fn named_assignments(args: &Args) -> Result<Vec<Assignment>, Refusal> {
    let targets = args.targets("targetIdentifiers")?;
    let of = |code: &str| targets.iter().map(|target| assignment(args, code, target.clone())).collect::<Vec<_>>();
    Ok(args.texts("policies").into_iter().flat_map(of).collect())
}

fn assignment(args: &Args, code: &str, target: Target) -> Assignment {
    Assignment { namespace: args.namespace().to_owned(), code: code.to_owned(), target }
}

pub(super) fn assign(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    pool.policies.known(&args.texts("policies"))?;
    named_assignments(args)?.into_iter().for_each(|assignment| pool.policies.assign(assignment));
    done()
}

pub(super) fn unassign(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    named_assignments(args)?.iter().for_each(|assignment| pool.policies.unassign(assignment));
    done()
}

fn switch(pool: &mut Pool, args: &Args, enabled: bool) -> Answer {
    let target = Target::new(args.read("targetType")?, args.required("targetIdentifier"));
    pool.policies.enable(&assignment(args, args.required("policy"), target), enabled);
    done()
}

pub(super) fn enable(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    switch(pool, args, true)
}

pub(super) fn disable(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    switch(pool, args, false)
}
