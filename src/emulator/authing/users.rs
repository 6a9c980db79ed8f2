//! Users, their sessions and their actions.

use super::{
    password::Received,
    refusal::Refusal,
    value::{Args, done, new_id, now, text, unix_now, whole},
    world::World,
};
use serde_json::{Map, Value, json};

type HandlerResult = Result<Value, Refusal>;

/// The lifetime of a user's own token, in seconds: 14 days, the setting of a new pool.
const TOKEN_LIFETIME: i64 = 1_209_600;
const BATCH: usize = 80;

pub(super) struct User {
    fields: Map<String, Value>,
    pub(super) password: Option<Received>,
    identities: Vec<Value>,
}

pub(super) struct Session {
    pub(super) user_id: String,
    pub(super) app_id: Option<String>,
    issued: i64,
    pub(super) expires: i64,
}

impl User {
    pub(super) fn id(&self) -> &str {
        self.field("id")
    }

    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn is_archived(&self) -> bool {
        self.field("status") == "Archived"
    }

    pub(super) fn json(&self) -> Value {
        let mut fields = self.fields.clone();
        fields.insert("identities".to_owned(), self.identities.clone().into());
        fields.into()
    }

    /// Returns whether a member has this value. Mail addresses are compared without case.
    fn has(&self, member: &str, value: &str) -> bool {
        let own = self.field(member);
        !value.is_empty() && if member == "email" { own.eq_ignore_ascii_case(value) } else { own == value }
    }

    fn matches(&self, query: &str, fields: &[&str]) -> bool {
        const SEARCHED: [&str; 10] = [
            "username",
            "nickname",
            "name",
            "givenName",
            "familyName",
            "email",
            "phone",
            "company",
            "externalId",
            "id",
        ];
        let fields = if fields.is_empty() { &SEARCHED[..] } else { fields };
        let query = query.to_lowercase();
        fields.iter().any(|field| self.field(field).to_lowercase().contains(&query))
    }
}

/// The members by which a user is found, each with the refusal if another user has the value.
const UNIQUE: [(&str, Refusal); 4] = [
    ("username", Refusal::USERNAME_EXISTS),
    ("email", Refusal::USER_EXISTS),
    ("phone", Refusal::PHONE_EXISTS),
    ("externalId", Refusal::USER_EXISTS),
];

impl World {
    pub(super) fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id() == id && !user.is_archived())
    }

    pub(super) fn known(&self, id: &str) -> Result<&User, Refusal> {
        self.user(id).ok_or(Refusal::NO_USER)
    }

    /// Fails if one of these users does not exist.
    pub(super) fn all_known(&self, ids: &[&str]) -> Result<(), Refusal> {
        ids.iter().try_for_each(|id| self.known(id).map(drop))
    }

    pub(super) fn users_with(&self, keep: impl Fn(&User) -> bool) -> Vec<&User> {
        self.users.iter().filter(|user| !user.is_archived() && keep(user)).collect()
    }

    /// Returns a page of users, in the requested order.
    pub(super) fn page_of_users(&self, args: &Args, keep: impl Fn(&User) -> bool) -> Value {
        let users = args.sorted(self.users_with(keep), |user| user.field("updatedAt").to_owned());
        args.page(users, User::json)
    }

    fn find(&self, args: &Args) -> Option<&User> {
        let matches = |user: &&User| {
            UNIQUE.iter().any(|(member, _)| args.text(member).is_some_and(|value| user.has(member, value)))
                || args.object("identity").get("userIdInIdp").is_some_and(|id| {
                    user.identities.iter().any(|identity| {
                        identity["userIdInIdp"] == *id && identity["provider"] == args.object("identity")["provider"]
                    })
                })
        };
        self.users.iter().filter(|user| !user.is_archived()).find(matches)
    }

    /// Refuses values that another user has, and malformed mail addresses.
    fn check(&self, fields: &Map<String, Value>, id: &str) -> Result<(), Refusal> {
        let given = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let mail = given("email");
        if !mail.is_empty() && mail.split_once('@').is_none_or(|(name, host)| name.is_empty() || host.is_empty()) {
            return Err(Refusal::BAD_EMAIL);
        }
        for (member, refusal) in UNIQUE {
            let taken = |user: &User| user.id() != id && user.has(member, given(member));
            if self.users.iter().any(|user| !user.is_archived() && taken(user)) {
                return Err(refusal);
            }
        }
        Ok(())
    }

    /// Decrypts the password in `fields`, and puts in its place what responses show: the password with `keep`, else a hash.
    fn receive_password(&self, fields: &mut Map<String, Value>, keep: bool) -> Result<Option<Received>, Refusal> {
        let Some(sent) = fields.get("password").and_then(Value::as_str) else { return Ok(None) };
        let received = self.key.open(sent)?;
        let shown = match &received {
            Received::Opened(password) if keep => password.expose_secret().to_owned(),
            _ => format!("{}{}", new_id(), new_id()),
        };
        fields.insert("password".to_owned(), shown.into());
        Ok(Some(received))
    }

    pub(super) fn create_user(&mut self, args: &Args) -> HandlerResult {
        let mut given = args.object("userInfo");
        given.retain(|_, value| !value.is_null());
        self.check(&given, "")?;
        let password = self.receive_password(&mut given, args.flag("keepPassword"))?;
        let custom: Vec<Value> = match args.text("params") {
            None => Vec::new(),
            Some(params) => serde_json::from_str(params).map_err(|_| Refusal::invalid("params: no JSON list"))?,
        };
        for entry in &custom {
            self.custom.check("USER", text(entry, "key"), &entry["value"])?;
        }
        let id = new_id();
        let mut fields = json!({
            "id": id, "arn": self.arn("user", &id), "userPoolId": self.user_pool_id, "status": "Activated",
            "emailVerified": false, "phoneVerified": false, "registerSource": ["import:manual"], "loginsCount": 0,
            "photo": "default-user-avatar.png", "blocked": false, "isDeleted": false, "signedUp": now(),
            "createdAt": now(), "updatedAt": now(),
        });
        for (name, value) in given {
            fields[name] = value;
        }
        let mut identity = args.object("identity");
        if !identity.is_empty() {
            identity.insert("userId".to_owned(), id.clone().into());
            identity.insert("userPoolId".to_owned(), self.user_pool_id.clone().into());
        }
        let Value::Object(fields) = fields else { return Err(Refusal::invalid("userInfo")) };
        let identities = if identity.is_empty() { Vec::new() } else { vec![identity.into()] };
        self.users.push(User { fields, password, identities });
        for entry in &custom {
            self.custom.set("USER", &id, text(entry, "key"), &entry["value"])?;
        }
        self.note("createUser", &id);
        self.known(&id).map(User::json)
    }

    pub(super) fn update_user(&mut self, args: &Args) -> HandlerResult {
        let id = args.required("id").to_owned();
        self.known(&id)?;
        let mut given = args.object("input");
        given.retain(|_, value| !value.is_null());
        self.check(&given, &id)?;
        let password = self.receive_password(&mut given, false)?;
        let archived = given.get("status").is_some_and(|status| status == "Archived");
        let user = self.users.iter_mut().find(|user| user.id() == id).ok_or(Refusal::NO_USER)?;
        user.fields.extend(given);
        user.fields.insert("updatedAt".to_owned(), now());
        user.password = password.or(user.password.take());
        let shown = user.json();
        self.note("updateUser", &id);
        if archived {
            self.archive(&id);
        }
        Ok(shown)
    }

    /// Deletes a user: only the archive keeps it.
    fn archive(&mut self, id: &str) {
        self.note("deleteUser", id);
        for user in self.users.iter_mut().filter(|user| user.id() == id) {
            user.fields.insert("status".to_owned(), "Archived".into());
            user.fields.insert("isDeleted".to_owned(), true.into());
            user.fields.insert("updatedAt".to_owned(), now());
        }
        self.sign_out(id, None);
        self.groups.iter_mut().for_each(|group| group.members.retain(|member| member != id));
        self.nodes.values_mut().for_each(|node| node.members.retain(|(member, _)| member != id));
        self.main_departments.remove(id);
        self.access.forget("USER", id);
        self.custom.forget("USER", id);
    }

    /// Signs a user in, as an application's login page would.
    pub(super) fn sign_in(&mut self, user_id: &str, app_id: Option<&str>) -> Result<(String, i64, i64), Refusal> {
        self.known(user_id)?;
        for user in self.users.iter_mut().filter(|user| user.id() == user_id) {
            let logins = user.fields.get("loginsCount").and_then(Value::as_i64).unwrap_or(0) + 1;
            user.fields.insert("loginsCount".to_owned(), logins.into());
            user.fields.insert("lastLogin".to_owned(), now());
            user.fields.insert("lastIP".to_owned(), "127.0.0.1".into());
        }
        let token = format!("eyJ{}.{}.{}", new_id(), new_id(), new_id());
        let (issued, expires) = (unix_now(), unix_now() + TOKEN_LIFETIME);
        let session = Session { user_id: user_id.to_owned(), app_id: app_id.map(str::to_owned), issued, expires };
        self.sessions.insert(token.clone(), session);
        self.note("login", user_id);
        Ok((token, issued, expires))
    }

    pub(super) fn sign_out(&mut self, user_id: &str, app_id: Option<&str>) {
        self.sessions.retain(|_, session| {
            session.user_id != user_id || app_id.is_some_and(|app| session.app_id.as_deref() != Some(app))
        });
    }

    pub(super) fn is_signed_in(&self, user_id: &str, app_id: Option<&str>) -> bool {
        let mut live = self.sessions.values().filter(|session| session.expires > unix_now());
        live.any(|session| {
            session.user_id == user_id && app_id.is_none_or(|app| session.app_id.as_deref() == Some(app))
        })
    }
}

pub(super) fn users(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let in_org = |user: &User| world.nodes.values().any(|node| node.has_member(user.id()));
    let outside = args.flag("excludeUsersInOrg");
    Ok(world.page_of_users(args, |user| !outside || !in_org(user)))
}

pub(super) fn archived(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let archived = world.users.iter().filter(|user| user.is_archived()).rev().collect();
    Ok(args.page(archived, User::json))
}

pub(super) fn user(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    Ok(world.user(args.required("id")).map(User::json).unwrap_or_default())
}

pub(super) fn find(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    Ok(world.find(args).map(User::json).unwrap_or_default())
}

pub(super) fn exists(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    Ok(world.find(args).is_some().into())
}

pub(super) fn batch(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let ids = args.texts("ids");
    let by = args.text("type").unwrap_or("id");
    if ids.len() > BATCH {
        return Err(Refusal::TOO_MANY_USERS);
    }
    if !["id", "username", "phone", "email", "externalId"].contains(&by) {
        return Err(Refusal::BAD_SEARCH_TYPE);
    }
    let found = ids.iter().filter_map(|id| world.users_with(|user| user.has(by, id)).first().map(|user| user.json()));
    Ok(found.collect())
}

pub(super) fn search(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let (query, fields) = (args.required("query"), args.texts("fields"));
    let departments: Vec<_> = args.list("departmentOpts").iter().filter(|matches| !matches.is_null()).collect();
    let groups: Vec<_> = args.list("groupOpts").iter().filter(|matches| !matches.is_null()).collect();
    let roles: Vec<_> = args.list("roleOpts").iter().filter(|matches| !matches.is_null()).collect();
    let any =
        |all: &[&Value], holds: &dyn Fn(&Value) -> bool| all.is_empty() || all.iter().any(|matches| holds(matches));
    let keep = |user: &User| {
        user.matches(query, &fields)
            && any(&departments, &|matches| {
                let below = matches["includeChildrenDepartments"].as_bool().unwrap_or(false);
                world.members_of(text(matches, "departmentId"), below).iter().any(|member| *member == user.id())
            })
            && any(&groups, &|matches| world.group(text(matches, "code")).is_some_and(|group| group.has(user.id())))
            && any(&roles, &|matches| {
                let namespace = matches["namespace"].as_str().unwrap_or("default");
                world.roles_of_user(user.id(), namespace).iter().any(|role| text(role, "code") == text(matches, "code"))
            })
    };
    Ok(world.page_of_users(args, keep))
}

pub(super) fn create(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    world.create_user(args)
}

pub(super) fn update(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    world.update_user(args)
}

pub(super) fn delete(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let id = args.required("id");
    world.known(id)?;
    world.archive(id);
    done()
}

pub(super) fn delete_many(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    args.texts("ids").into_iter().for_each(|id| world.archive(id));
    done()
}

pub(super) fn refresh_token(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let (token, iat, exp) = world.sign_in(args.required("id"), None)?;
    Ok(json!({"token": token, "iat": iat, "exp": exp}))
}

pub(super) fn check_login_status(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let session = args.text("token").and_then(|token| world.sessions.get(token));
    let Some(session) = session.filter(|session| session.expires > unix_now()) else {
        return Ok(json!({"code": 2206, "message": "登录信息已过期", "status": false}));
    };
    let id = &session.user_id;
    Ok(json!({
        "code": 200, "message": "已登录", "status": true, "exp": session.expires, "iat": session.issued,
        "data": {"id": id, "userPoolId": world.user_pool_id, "arn": world.arn("user", id)},
    }))
}

pub(super) fn first_login_mail(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let mail = world.known(args.required("userId"))?.field("email").to_owned();
    world.mail.push((mail, "FIRST_EMAIL_LOGIN_VERIFY".to_owned()));
    super::value::message_response("发送成功")
}

pub(super) fn groups(world: &mut World, of: &Value, _: &Args) -> HandlerResult {
    let groups = world.groups.iter().filter(|group| group.has(text(of, "id")));
    Ok(whole(groups.map(|group| group.json.clone()).collect()))
}

pub(super) fn roles(world: &mut World, of: &Value, args: &Args) -> HandlerResult {
    Ok(whole(world.roles_of_user(text(of, "id"), args.namespace())))
}

pub(super) fn departments(world: &mut World, of: &Value, args: &Args) -> HandlerResult {
    let id = text(of, "id");
    let main = world.main_departments.get(id);
    let mut list: Vec<Value> = Vec::new();
    for node in world.departments_of(id) {
        if args.text("orgId").is_some_and(|org| org != node.org_id) {
            continue;
        }
        let joined = node.members.iter().find(|(member, _)| member == id).map(|(_, at)| at);
        list.push(json!({
            "department": world.node_json(&node.id), "isMainDepartment": main == Some(&node.id), "joinedAt": joined,
        }));
    }
    Ok(whole(list))
}

pub(super) fn authorized_resources(world: &mut World, of: &Value, args: &Args) -> HandlerResult {
    Ok(world.authorized_resources("USER", text(of, "id"), Some(args.namespace()), args.text("resourceType")))
}

pub(super) fn custom_data(world: &mut World, of: &Value, _: &Args) -> HandlerResult {
    Ok(world.custom.list("USER", text(of, "id")))
}
