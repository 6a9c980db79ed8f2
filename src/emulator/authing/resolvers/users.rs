//! Users.

use super::{
    super::state::{
        error_response::ErrorResponse,
        pool::{NewUser, Pool},
        user::{Profile, Unique, User},
    },
    access,
    args::{Args, ResolverResult, message_response, ok, read, single_page, text, to_json},
    nodes,
};
use serde_json::{Value, json};

const BATCH: usize = 80;

/// Returns a page of the users that `keep` keeps, in the requested order.
pub(super) fn page(pool: &Pool, args: &Args, keep: impl Fn(&User) -> bool) -> Value {
    let users: Vec<&User> = pool.users.iter().filter(|user| keep(user)).collect();
    args.sorted_page(users.len(), users.into_iter(), User::updated_at, to_json)
}

pub(super) fn users(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let is_outside =
        |user: &User| pool.users.number(user.id()).is_some_and(|number| pool.departments.is_in_none(number));
    Ok(match args.flag("excludeUsersInOrg") {
        true => page(pool, args, is_outside),
        false => args.sorted_page(pool.users.len(), pool.users.iter(), User::updated_at, to_json),
    })
}

pub(super) fn archived(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    Ok(args.page(pool.users.archived_len(), pool.users.archived().rev(), to_json))
}

pub(super) fn user(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    Ok(to_json(&pool.users.get(args.required("id"))))
}

fn find_any<'a>(pool: &'a Pool, args: &Args) -> Option<&'a User> {
    let values = Unique::ALL.into_iter().filter_map(|member| Some((member, args.text(member.name())?)));
    let identity = args.object("identity");
    let identity = match (&identity.get("provider"), &identity.get("userIdInIdp")) {
        (Some(Value::String(provider)), Some(Value::String(id))) => Some((provider.clone(), id.clone())),
        _ => None,
    };
    pool.users.with_any(&values.collect::<Vec<_>>(), identity)
}

pub(super) fn find(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    Ok(to_json(&find_any(pool, args)))
}

pub(super) fn exists(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    Ok(find_any(pool, args).is_some().into())
}

pub(super) fn batch(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let ids = args.strs("ids");
    if ids.len() > BATCH {
        return Err(ErrorResponse::TOO_MANY_USERS);
    }
    let by = args.text("type").unwrap_or("id");
    let member = Unique::ALL.into_iter().find(|member| member.name() == by);
    match member {
        Some(member) => Ok(ids.into_iter().filter_map(|value| pool.users.with(member, value)).map(to_json).collect()),
        None if by == "id" => Ok(ids.into_iter().filter_map(|id| pool.users.get(id)).map(to_json).collect()),
        None => Err(ErrorResponse::BAD_SEARCH_TYPE),
    }
}

pub(super) fn search(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let (query, fields) = (args.required("query").to_lowercase(), args.strs("fields"));
    let options = |name| args.list(name).iter().filter(|option| !option.is_null()).collect::<Vec<_>>();
    let departments: Vec<_> = options("departmentOpts")
        .into_iter()
        .map(|option| {
            let below = option["includeChildrenDepartments"].as_bool().unwrap_or(false);
            nodes::member_numbers(pool, text(option, "departmentId"), below)
        })
        .collect();
    let (groups, roles) = (options("groupOpts"), options("roleOpts"));
    let in_department = |number| departments.is_empty() || departments.iter().any(|found| found.contains(&number));
    let in_group =
        |number| groups.is_empty() || groups.iter().any(|group| pool.groups.has(text(group, "code"), number));
    let has_role = |id: &str| {
        let has = |option: &&Value| {
            let namespace = option["namespace"].as_str().unwrap_or("default");
            pool.access().roles_of_user(id, namespace).iter().any(|role| role.code == text(option, "code"))
        };
        roles.is_empty() || roles.iter().any(has)
    };
    Ok(page(pool, args, |user| {
        let number = pool.users.number(user.id());
        let is_member = number.is_some_and(|number| in_department(number) && in_group(number));
        user.matches(&query, &fields) && is_member && has_role(user.id())
    }))
}

pub(super) fn create(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let custom: Vec<Value> = match args.text("params") {
        None => Vec::new(),
        Some(params) => serde_json::from_str(params).map_err(|_| ErrorResponse::invalid("params: no JSON list"))?,
    };
    let new = NewUser {
        id: None,
        profile: args.read("userInfo")?,
        identity: args.optional("identity")?,
        keep_password: args.flag("keepPassword"),
        clear_password: None,
        custom: custom.iter().map(|entry| (text(entry, "key").to_owned(), entry["value"].clone())).collect(),
    };
    pool.create_user(new).map(to_json)
}

pub(super) fn update(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let given: Profile = read("input", args.object("input").into())?;
    pool.update_user(args.required("id"), given).map(|user| to_json(&user))
}

pub(super) fn delete(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let id = args.required("id");
    pool.users.find(id)?;
    pool.delete_user(id);
    ok()
}

pub(super) fn delete_many(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    args.strs("ids").into_iter().for_each(|id| pool.delete_user(id));
    ok()
}

pub(super) fn refresh_token(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let (token, session) = pool.sign_in(args.required("id"), None)?;
    Ok(json!({"token": token, "iat": session.issued, "exp": session.expires}))
}

pub(super) fn check_login_status(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let Some(session) = args.text("token").and_then(|token| pool.sessions.get(token)) else {
        return Ok(json!({"code": 2206, "message": "登录信息已过期", "status": false}));
    };
    let id = &session.user_id;
    Ok(json!({
        "code": 200, "message": "已登录", "status": true, "exp": session.expires, "iat": session.issued,
        "data": {"id": id, "userPoolId": pool.id(), "arn": pool.arn("user", id)},
    }))
}

pub(super) fn first_login_mail(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let mail = pool.users.find(args.required("userId"))?.profile().email.clone().unwrap_or_default();
    pool.mail.push((mail, "FIRST_EMAIL_LOGIN_VERIFY".to_owned()));
    message_response("发送成功")
}

pub(super) fn groups(pool: &mut Pool, of: &Value, _: &Args) -> ResolverResult {
    let groups = pool.users.number(text(of, "id")).into_iter().flat_map(|user| pool.groups.of_user(user));
    Ok(single_page(groups.map(to_json).collect()))
}

pub(super) fn roles(pool: &mut Pool, of: &Value, args: &Args) -> ResolverResult {
    let roles = pool.access().roles_of_user(text(of, "id"), args.namespace());
    Ok(single_page(roles.into_iter().map(to_json).collect()))
}

pub(super) fn departments(pool: &mut Pool, of: &Value, args: &Args) -> ResolverResult {
    let id = text(of, "id");
    let Some(user) = pool.users.number(id) else { return Ok(single_page(Vec::new())) };
    let main = pool.departments.main(user);
    let mut list: Vec<Value> = Vec::new();
    for node in nodes::departments_of(pool, user) {
        if args.text("orgId").is_some_and(|org| org != node.org_id) {
            continue;
        }
        let number = pool.orgs.number(&node.id)?;
        list.push(json!({
            "department": nodes::json(pool, &node.id), "isMainDepartment": main == Some(number),
            "joinedAt": pool.departments.joined(number, user),
        }));
    }
    Ok(single_page(list))
}

pub(super) fn authorized_resources(pool: &mut Pool, of: &Value, args: &Args) -> ResolverResult {
    access::resources_of_user(pool, text(of, "id"), args)
}

pub(super) fn custom_data(pool: &mut Pool, of: &Value, _: &Args) -> ResolverResult {
    Ok(super::custom::of_user(pool, text(of, "id")))
}
