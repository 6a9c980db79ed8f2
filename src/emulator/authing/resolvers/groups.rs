//! Groups.

use super::{
    super::state::{groups::Group, pool::Pool, target::Target, user::User},
    access,
    args::{Args, ResolverResult, ok, text, to_json},
};
use serde_json::Value;

pub(super) fn groups(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let Some(id) = args.text("userId") else {
        return Ok(args.sorted_page(pool.groups.len(), pool.groups.iter(), Group::updated_at, to_json));
    };
    let own = pool.users.number(id).into_iter().flat_map(|user| pool.groups.of_user(user));
    let own: Vec<&Group> = own.collect();
    Ok(args.sorted_page(own.len(), own.into_iter(), Group::updated_at, to_json))
}

pub(super) fn group(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    Ok(to_json(&pool.groups.get(args.required("code"))))
}

pub(super) fn create(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let group = pool.groups.create(args.required("code"), args.required("name"), args.text("description"))?;
    Ok(to_json(&group))
}

pub(super) fn update(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let code = args.required("code");
    let new = args.new_code(code)?;
    let group = pool.groups.update(code, new, args.text("name"), args.text("description"))?;
    pool.rename(&Target::group(code), &Target::group(new));
    Ok(to_json(&group))
}

pub(super) fn delete(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    for code in args.strs("codeList") {
        pool.groups.delete(code);
        pool.forget(&Target::group(code));
    }
    ok()
}

pub(super) fn add_users(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let users = pool.users.numbers(&args.strs("userIds"))?;
    let group = pool.groups.number(args.required("code"))?;
    pool.groups.add(group, &users);
    ok()
}

/// Removes users from a group. Users who are not members, and groups that do not exist, are ignored.
pub(super) fn remove_users(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    if let Ok(group) = pool.groups.number(args.required("code")) {
        let users: Vec<_> = args.strs("userIds").into_iter().filter_map(|id| pool.users.number(id)).collect();
        users.into_iter().for_each(|user| pool.groups.remove(group, user));
    }
    ok()
}

pub(super) fn users(pool: &mut Pool, of: &Value, args: &Args) -> ResolverResult {
    let (total, members) = pool.groups.members(pool.groups.number(text(of, "code"))?);
    let members = members.filter_map(|user| pool.users.at(user));
    Ok(args.sorted_page(total, members, User::updated_at, to_json))
}

pub(super) fn authorized_resources(pool: &mut Pool, of: &Value, args: &Args) -> ResolverResult {
    access::resources_of(pool, &Target::group(text(of, "code")), args.text("namespace"), args)
}
