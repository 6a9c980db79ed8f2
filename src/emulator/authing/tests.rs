//! What calls cost, and whether all indices are kept in step.

use super::{
    resolvers::{
        args::{Args, text},
        fields::resolver,
    },
    seed::Seed,
    settings::Settings,
    state::{password::PoolKey, pool::Pool},
};
use crate::emulator::store::cost_of;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Value, json};
use std::sync::Arc;

fn pool() -> Pool {
    let settings = Settings::new().seed(Seed::new("pool", "secret").custom_field("school", "STRING"));
    let account = settings.seed.account();
    let key = Arc::new(PoolKey::default());
    let mut pool = Pool::new(&account.user_pool_id, account.secret.clone(), settings.token_lifetime, key);
    super::populate::populate(settings.seed, &mut pool).unwrap();
    pool
}

fn call(pool: &mut Pool, field: &str, args: Value) -> Result<Value, u32> {
    let resolver = resolver("Query", field).or_else(|| resolver("Mutation", field)).unwrap();
    let Value::Object(args) = args else { panic!("{args}") };
    resolver(pool, &Value::Null, &Args(args)).map_err(|error| error.code)
}

fn create(pool: &mut Pool, n: usize) -> String {
    let info = json!({"username": format!("u{n}"), "email": format!("u{n}@x.example"), "phone": n.to_string(),
        "externalId": format!("e{n}")});
    let identity = json!({"provider": "wx", "userIdInIdp": n.to_string(), "openid": "o"});
    let created = call(pool, "createUser", json!({"userInfo": info, "identity": identity})).unwrap();
    text(&created, "id").to_owned()
}

/// A pool in which everything there is belongs to `users` users.
fn filled(users: usize) -> (Pool, Vec<String>) {
    let mut pool = pool();
    let ids: Vec<String> = (0..users).map(|n| create(&mut pool, n)).collect();
    let org = call(&mut pool, "createOrg", json!({"name": "Org", "code": "org"})).unwrap();
    for (n, id) in ids.iter().enumerate() {
        let (code, resource) = (format!("c{n}"), format!("book:{n}"));
        call(&mut pool, "createGroup", json!({"code": code, "name": "G"})).unwrap();
        call(&mut pool, "addUserToGroup", json!({"userIds": [id], "code": code})).unwrap();
        call(&mut pool, "createRole", json!({"code": code})).unwrap();
        call(&mut pool, "assignRole", json!({"userIds": [id], "roleCode": code})).unwrap();
        let statements = json!([{"resource": resource, "actions": ["read"], "effect": "ALLOW"}]);
        call(&mut pool, "createPolicy", json!({"code": code, "statements": statements})).unwrap();
        let policy = json!({"policies": [code], "targetType": "USER", "targetIdentifiers": [id]});
        call(&mut pool, "addPolicyAssignments", policy).unwrap();
        call(&mut pool, "allow", json!({"resource": resource, "action": "read", "userId": id})).unwrap();
        let value = json!({"targetType": "USER", "targetId": id, "key": "school", "value": "\"ETH\""});
        call(&mut pool, "setUdv", value).unwrap();
        call(&mut pool, "refreshToken", json!({"id": id})).unwrap();
        let node = json!({"orgId": org["id"], "name": "N", "code": code});
        let node = call(&mut pool, "addNodeV2", node).unwrap();
        call(&mut pool, "addMember", json!({"nodeId": node["id"], "userIds": [id]})).unwrap();
    }
    (pool, ids)
}

#[test]
fn no_call_but_a_list_costs_more_the_more_there_is() {
    let costs = |users: usize| -> Vec<(&str, u64)> {
        let (mut pool, ids) = filled(users);
        let org = text(&call(&mut pool, "orgs", json!({})).unwrap()["list"][0], "id").to_owned();
        let node = text(&call(&mut pool, "nodeByCode", json!({"orgId": org, "code": "c7"})).unwrap(), "id").to_owned();
        let (id, other) = (&ids[7], &ids[8]);
        let calls = [
            ("user", json!({"id": id})),
            ("findUser", json!({"email": "U7@x.example", "identity": {"provider": "wx", "userIdInIdp": "7"}})),
            ("isUserExists", json!({"phone": "nobody's"})),
            ("userBatch", json!({"ids": ["u7", "u8"], "type": "username"})),
            ("createUser", json!({"userInfo": {"username": "new", "email": "new@x.example", "phone": "new"}})),
            ("updateUser", json!({"id": id, "input": {"username": "other", "email": "other@x.example"}})),
            ("groups", json!({"userId": id})),
            ("group", json!({"code": "c7"})),
            ("createGroup", json!({"code": "new", "name": "G"})),
            ("updateGroup", json!({"code": "c7", "newCode": "d7"})),
            ("addUserToGroup", json!({"userIds": [other], "code": "d7"})),
            ("removeUserFromGroup", json!({"userIds": [other], "code": "d7"})),
            ("deleteGroups", json!({"codeList": ["d7"]})),
            ("createRole", json!({"code": "new"})),
            ("updateRole", json!({"code": "c7", "newCode": "d7"})),
            ("assignRole", json!({"roleCode": "d7", "userIds": [other], "nodeCodes": ["c7"]})),
            ("revokeRole", json!({"roleCode": "d7", "userIds": [other]})),
            ("authorizedResources", json!({"targetType": "USER", "targetIdentifier": id})),
            ("isActionAllowed", json!({"userId": id, "resource": "book:7", "action": "read"})),
            ("allow", json!({"resource": "book:8", "action": "write", "userId": id})),
            ("policyAssignments", json!({"targetType": "USER", "targetIdentifier": id})),
            ("updatePolicy", json!({"code": "c7", "newCode": "d7"})),
            ("deletePolicy", json!({"code": "d7"})),
            ("deleteRole", json!({"code": "d7"})),
            ("updateNode", json!({"id": node, "code": "d7"})),
            ("addMember", json!({"nodeId": node, "userIds": [other]})),
            ("setMainDepartment", json!({"userId": other, "departmentId": node})),
            ("removeMember", json!({"nodeId": node, "userIds": [other]})),
            ("addNodeV2", json!({"orgId": org, "parentNodeId": node, "name": "N"})),
            ("deleteNode", json!({"orgId": org, "nodeId": node})),
            ("setUdv", json!({"targetType": "USER", "targetId": id, "key": "school", "value": "\"KTH\""})),
            ("deleteUsers", json!({"ids": [id, other]})),
        ];
        let cost = |(field, args): (&'static str, Value)| {
            (field, cost_of(|| drop(call(&mut pool, field, args).unwrap_or_else(|code| panic!("{field}: {code}")))))
        };
        calls.into_iter().map(cost).collect()
    };
    assert_eq!(costs(20), costs(400));
    let list = |users: usize| {
        let mut pool = filled(users).0;
        cost_of(|| drop(call(&mut pool, "users", json!({"excludeUsersInOrg": true})).unwrap()))
    };
    assert!(list(400) > 10 * list(20), "what is counted grows where it has to");
}

/// What a user of the model has: id, user name and mail address, and whether it is in the archive.
struct ModelUser {
    id: String,
    name: String,
    mail: String,
    archived: bool,
}

/// Returns the ids of the users of a page.
fn ids(page: &Value) -> Vec<String> {
    page["list"].as_array().into_iter().flatten().map(|user| text(user, "id").to_owned()).collect()
}

#[test]
fn users_are_found_as_in_a_plain_list_of_them() {
    let mut random = StdRng::seed_from_u64(11);
    let (mut pool, mut model): (Pool, Vec<ModelUser>) = (pool(), Vec::new());
    call(&mut pool, "createGroup", json!({"code": "g", "name": "G"})).unwrap();
    for _ in 0..4_000 {
        let (name, mail) = (format!("u{}", random.random_range(0..20)), format!("M{}@x", random.random_range(0..20)));
        let picked = (0..model.len()).collect::<Vec<_>>().choose(&mut random).copied();
        let is_free = |model: &[ModelUser], but: Option<usize>| {
            let mut others = model.iter().enumerate().filter(|(at, user)| !user.archived && Some(*at) != but);
            !others.any(|(_, user)| user.name == name || user.mail == mail)
        };
        match (random.random_range(0..6), picked) {
            (0..3, _) => {
                let created = call(&mut pool, "createUser", json!({"userInfo": {"username": name, "email": mail}}));
                assert_eq!(created.is_ok(), is_free(&model, None));
                if let Ok(created) = created {
                    let id = text(&created, "id").to_owned();
                    call(&mut pool, "addUserToGroup", json!({"userIds": [id], "code": "g"})).unwrap();
                    model.push(ModelUser { id, name: name.clone(), mail: mail.clone(), archived: false });
                }
            }
            (3 | 4, Some(at)) => {
                let input = json!({"username": name, "email": mail.to_lowercase()});
                let updated = call(&mut pool, "updateUser", json!({"id": model[at].id, "input": input}));
                let expected = !model[at].archived && is_free(&model, Some(at));
                assert_eq!(updated.is_ok(), expected);
                if expected {
                    (model[at].name, model[at].mail) = (name.clone(), mail.clone());
                }
            }
            (_, Some(at)) => {
                assert_eq!(call(&mut pool, "deleteUser", json!({"id": model[at].id})).is_ok(), !model[at].archived);
                model[at].archived = true;
            }
            (_, None) => {}
        }
        let live: Vec<&ModelUser> = model.iter().filter(|user| !user.archived).collect();
        let id_with =
            |fits: &dyn Fn(&ModelUser) -> bool| live.iter().find(|user| fits(user)).map(|user| user.id.as_str());
        let found = |pool: &mut Pool, args| call(pool, "findUser", args).unwrap()["id"].as_str().map(str::to_owned);
        assert_eq!(found(&mut pool, json!({"username": name})).as_deref(), id_with(&|user| user.name == name));
        assert_eq!(found(&mut pool, json!({"email": mail})).as_deref(), id_with(&|user| user.mail == mail));
        let either = id_with(&|user| user.mail == mail || user.name == name);
        assert_eq!(found(&mut pool, json!({"email": mail, "username": name})).as_deref(), either);
    }
    let all = json!({"limit": 10_000, "sortBy": "CREATEDAT_ASC"});
    let live: Vec<String> = model.iter().filter(|user| !user.archived).map(|user| user.id.clone()).collect();
    let mut archived: Vec<String> = model.iter().filter(|user| user.archived).map(|user| user.id.clone()).collect();
    archived.reverse();
    assert!(live.len() > 5 && archived.len() > 100);
    assert_eq!(ids(&call(&mut pool, "users", all.clone()).unwrap()), live);
    assert_eq!(ids(&call(&mut pool, "archivedUsers", json!({"limit": 10_000})).unwrap()), archived);
    let members = resolver("Group", "users").unwrap();
    let all = Args(all.as_object().cloned().unwrap());
    let members = members(&mut pool, &json!({"code": "g"}), &all).map_err(|error| error.code).unwrap();
    assert_eq!(ids(&members), live);
}

#[test]
fn an_action_that_is_granted_twice_is_there_once() {
    let mut pool = pool();
    let id = create(&mut pool, 0);
    for action in ["read", "write", "read"] {
        call(&mut pool, "allow", json!({"resource": "book:1", "action": action, "userId": id})).unwrap();
    }
    let target = json!({"targetType": "USER", "targetIdentifier": id});
    let resources = call(&mut pool, "authorizedResources", target).unwrap();
    assert_eq!(resources["list"], json!([{"code": "book:1", "type": "DATA", "actions": ["read", "write"]}]));
}

/// Returns how many resources a role may act on, and how many policies it has.
fn of_role(pool: &mut Pool, namespace: &str, code: &str) -> (Value, Value) {
    let of = |field, pool: &mut Pool| {
        let target = json!({"targetType": "ROLE", "targetIdentifier": code, "namespace": namespace});
        call(pool, field, target).unwrap()["totalCount"].clone()
    };
    (of("authorizedResources", pool), of("policyAssignments", pool))
}

#[test]
fn a_role_of_another_namespace_is_another_role() {
    let mut pool = pool();
    let statements = json!([{"resource": "book:*", "actions": ["read"], "effect": "ALLOW"}]);
    for namespace in ["a", "b"] {
        let role = json!({"namespace": namespace, "code": "r"});
        call(&mut pool, "createRole", role).unwrap();
        let grant = json!({"namespace": namespace, "resource": "book:1", "action": "read", "roleCode": "r"});
        call(&mut pool, "allow", grant).unwrap();
        let policy = json!({"namespace": namespace, "code": "p", "statements": statements});
        call(&mut pool, "createPolicy", policy).unwrap();
        let assignment = json!({"namespace": namespace, "policies": ["p"], "targetType": "ROLE",
            "targetIdentifiers": ["r"]});
        call(&mut pool, "addPolicyAssignments", assignment).unwrap();
    }
    call(&mut pool, "updateRole", json!({"namespace": "a", "code": "r", "newCode": "s"})).unwrap();
    let (none, one) = ((json!(0), json!(0)), (json!(1), json!(1)));
    for (namespace, code, expected) in [("a", "r", &none), ("a", "s", &one), ("b", "r", &one), ("b", "s", &none)] {
        assert_eq!(of_role(&mut pool, namespace, code), *expected, "{namespace} {code}");
    }
    // A new role does not inherit what a deleted one had.
    let role = json!({"namespace": "a", "code": "s"});
    call(&mut pool, "deleteRole", role.clone()).unwrap();
    call(&mut pool, "createRole", role).unwrap();
    assert_eq!(of_role(&mut pool, "a", "s"), none);
    assert_eq!(of_role(&mut pool, "b", "r"), one);
}

#[test]
fn a_policy_of_another_namespace_is_another_policy() {
    let mut pool = pool();
    let id = create(&mut pool, 0);
    for (namespace, effect) in [("a", "ALLOW"), ("b", "DENY")] {
        let statements = json!([{"resource": "book:*", "actions": ["read"], "effect": effect}]);
        let policy = json!({"namespace": namespace, "code": "p", "statements": statements});
        call(&mut pool, "createPolicy", policy).unwrap();
    }
    let assign = |pool: &mut Pool, namespace: &str| {
        let targets =
            json!({"namespace": namespace, "policies": ["p"], "targetType": "USER", "targetIdentifiers": [id]});
        call(pool, "addPolicyAssignments", targets)
    };
    assert_eq!(assign(&mut pool, "c").unwrap_err(), 404);
    assign(&mut pool, "b").unwrap();
    let count = |pool: &mut Pool, namespace: &str| {
        call(pool, "policy", json!({"namespace": namespace, "code": "p"})).unwrap()["assignmentsCount"].clone()
    };
    assert_eq!((count(&mut pool, "a"), count(&mut pool, "b")), (json!(0), json!(1)));
    assign(&mut pool, "a").unwrap();
    for (namespace, allowed) in [("a", true), ("b", false)] {
        let action = json!({"namespace": namespace, "userId": id, "resource": "book:1", "action": "read"});
        assert_eq!(call(&mut pool, "isActionAllowed", action).unwrap(), allowed, "{namespace}");
    }
}

#[test]
fn members_who_move_to_where_they_are_stay() {
    let (mut pool, ids) = filled(2);
    let org = text(&call(&mut pool, "orgs", json!({})).unwrap()["list"][0], "id").to_owned();
    let node = call(&mut pool, "nodeByCode", json!({"orgId": org, "code": "c1"})).unwrap();
    let node = text(&node, "id");
    let moved = json!({"userIds": [ids[1]], "sourceNodeId": node, "targetNodeId": node});
    call(&mut pool, "moveMembers", moved).unwrap();
    let number = pool.orgs.number(node).unwrap();
    assert_eq!(pool.departments.members(number).0, 1);
}

#[test]
fn a_code_is_not_empty() {
    let (mut pool, _) = filled(1);
    for (field, args) in [
        ("createRole", json!({"code": ""})),
        ("createPolicy", json!({"code": "", "statements": []})),
        ("updateGroup", json!({"code": "c0", "newCode": ""})),
        ("updateRole", json!({"code": "c0", "newCode": ""})),
        ("updatePolicy", json!({"code": "c0", "newCode": ""})),
    ] {
        assert_eq!(call(&mut pool, field, args), Err(400), "{field}");
    }
}
