//! Roles and their assignments.

use super::{
    super::state::{
        error_response::ErrorResponse,
        pool::Pool,
        roles::Role,
        target::{Target, TargetType},
        user::User,
    },
    access,
    args::{Args, ResolverResult, ok, text, to_json},
};
use crate::emulator::store::RowNo;
use serde_json::Value;

pub(super) fn roles(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let (total, roles) = pool.roles.of_namespace(args.namespace());
    Ok(args.sorted_page(total, roles, Role::updated_at, to_json))
}

pub(super) fn role(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    Ok(to_json(&pool.roles.get(args.namespace(), args.required("code"))))
}

pub(super) fn create(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let (code, description) = (args.required("code"), args.text("description"));
    pool.roles.create(args.namespace(), code, description, args.text("parent")).map(|role| to_json(&role))
}

pub(super) fn update(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let code = args.required("code");
    let new = args.new_code(code)?;
    let role = pool.roles.update(args.namespace(), code, new, args.text("description"))?;
    pool.rename(&Target::role(args.namespace(), code), &Target::role(args.namespace(), new));
    Ok(to_json(&role))
}

pub(super) fn delete(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    for code in args.one_or_many("codeList", "code") {
        pool.roles.delete(args.namespace(), code);
        pool.forget(&Target::role(args.namespace(), code));
    }
    ok()
}

pub(super) fn parent(pool: &mut Pool, of: &Value, _: &Args) -> ResolverResult {
    Ok(to_json(&pool.roles.get(text(of, "namespace"), text(of, "parentCode"))))
}

/// Returns the users who have the role themselves.
pub(super) fn users(pool: &mut Pool, of: &Value, args: &Args) -> ResolverResult {
    let role = pool.roles.number(text(of, "namespace"), text(of, "code"))?;
    let holders = pool.roles.holders(role).filter(|holder| holder.target_type == TargetType::User);
    let mut users: Vec<_> = holders.filter_map(|holder| pool.users.number(&holder.id)).collect();
    users.sort_unstable();
    let users: Vec<&User> = users.into_iter().filter_map(|user| pool.users.at(user)).collect();
    Ok(args.sorted_page(users.len(), users.into_iter(), User::updated_at, to_json))
}

pub(super) fn authorized_resources(pool: &mut Pool, of: &Value, args: &Args) -> ResolverResult {
    let target = Target::role(text(of, "namespace"), text(of, "code"));
    access::resources_of(pool, &target, Some(text(of, "namespace")), args)
}

/// Returns the users, groups and nodes of the arguments. The arguments have the ids or the codes of nodes.
fn holders(pool: &Pool, args: &Args) -> Result<Vec<Target>, ErrorResponse> {
    let users = args.strs("userIds").into_iter().map(Target::user);
    let mut holders: Vec<Target> = users.chain(args.strs("groupCodes").into_iter().map(Target::group)).collect();
    for id_or_code in args.strs("nodeCodes") {
        holders.push(Target::node(&pool.orgs.find(id_or_code)?.id));
    }
    Ok(holders)
}

fn role_numbers(pool: &Pool, args: &Args) -> Result<Vec<RowNo>, ErrorResponse> {
    let codes = args.one_or_many("roleCodes", "roleCode");
    codes.into_iter().map(|code| pool.roles.number(args.namespace(), code)).collect()
}

pub(super) fn assign(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let roles = role_numbers(pool, args)?;
    pool.users.numbers(&args.strs("userIds"))?;
    let holders = holders(pool, args)?;
    for role in roles {
        holders.iter().for_each(|holder| pool.roles.assign(role, holder));
    }
    ok()
}

pub(super) fn revoke(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let (roles, holders) = (role_numbers(pool, args)?, holders(pool, args)?);
    for role in roles {
        holders.iter().for_each(|holder| pool.roles.revoke(role, holder));
    }
    ok()
}
