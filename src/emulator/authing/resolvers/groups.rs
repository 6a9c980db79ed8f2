//! Groups.

use super::{
    super::state::{groups::Group, pool::Pool, refusal::Refusal, target::Target, user::User},
    access,
    args::{Args, done, shown, text},
};
use serde_json::Value;

type Answer = Result<Value, Refusal>;

pub(super) fn groups(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    let Some(id) = args.text("userId") else {
        return Ok(args.sorted_page(pool.groups.len(), pool.groups.iter(), Group::updated_at, shown));
    };
    let own = pool.users.number(id).into_iter().flat_map(|user| pool.groups.of_user(user));
    let own: Vec<&Group> = own.collect();
    Ok(args.sorted_page(own.len(), own.into_iter(), Group::updated_at, shown))
}

pub(super) fn group(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    Ok(shown(&pool.groups.get(args.required("code"))))
}

pub(super) fn create(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    let group = pool.groups.create(args.required("code"), args.required("name"), args.text("description"))?;
    Ok(shown(&group))
}

pub(super) fn update(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    let code = args.required("code");
    let new = args.text("newCode").unwrap_or(code);
    let group = pool.groups.update(code, new, args.text("name"), args.text("description"))?;
    pool.rename(&Target::group(code), &Target::group(new));
    Ok(shown(&group))
}

pub(super) fn delete(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    for code in args.texts("codeList") {
        pool.groups.delete(code);
        pool.forget(&Target::group(code));
    }
    done()
}

pub(super) fn add_users(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    let users = pool.users.numbers(&args.texts("userIds"))?;
    let group = pool.groups.known(args.required("code"))?;
    pool.groups.add(group, &users);
    done()
}

/// Removes users from a group. Users who are not members, and groups that do not exist, are ignored.
pub(super) fn remove_users(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    if let Ok(group) = pool.groups.known(args.required("code")) {
        let users: Vec<_> = args.texts("userIds").into_iter().filter_map(|id| pool.users.number(id)).collect();
        users.into_iter().for_each(|user| pool.groups.remove(group, user));
    }
    done()
}

pub(super) fn users(pool: &mut Pool, of: &Value, args: &Args) -> Answer {
    let (total, members) = pool.groups.members(pool.groups.known(text(of, "code"))?);
    let members = members.filter_map(|user| pool.users.at(user));
    Ok(args.sorted_page(total, members, User::updated_at, shown))
}

pub(super) fn authorized_resources(pool: &mut Pool, of: &Value, args: &Args) -> Answer {
    access::resources_of(pool, &Target::group(text(of, "code")), args.text("namespace"), args)
}
