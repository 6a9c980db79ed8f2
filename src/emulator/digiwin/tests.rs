//! What calls cost, and whether all indices are kept in step.

use super::{
    call::{Call, Handler},
    handlers::{orgs, tenants, users},
    handshake::ServerKeys,
    populate::populate,
    seed::{Org, Person, Seed, Tenant},
    state::{directory::Directory, session::Session, users::User},
};
use crate::emulator::store::cost_of;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use std::{collections::HashMap, time::Duration};

/// A directory in which the first of many people is an administrator.
struct Setting {
    directory: Directory,
    keys: ServerKeys,
    session: Session,
}

impl Setting {
    fn new(people: usize) -> Self {
        let mut tenant = Tenant::new("T1", "Tenant").application("app", "2099-01-01 00:00:00");
        let (mut seed, mut root) = (Seed::new("app", "token"), Org::new("hq", "HQ"));
        for n in 0..people {
            let id = format!("p{n}");
            seed = seed.person(Person::new(&id, "pw").email(format!("{id}@x")).telephone(format!("1{n}")));
            tenant = tenant.member(&id, if n == 0 { "admin" } else { "staff" });
            root = root.child(Org::new(format!("o{n}"), "Org").member(&id));
        }
        let mut directory = populate(seed.tenant(tenant.org(root)), Duration::from_secs(60)).unwrap();
        let (user, tenant) =
            (directory.users.with_id("p0").unwrap().sid(), directory.tenants.with_id("T1").unwrap().sid);
        for n in 0..people {
            let user = directory.users.with_id(&format!("p{n}")).unwrap().sid();
            directory.sign_in(user, Some(tenant));
        }
        let token = directory.sign_in(user, Some(tenant));
        let session = directory.session(&token).unwrap();
        Self { directory, keys: ServerKeys::generate(1024).unwrap(), session }
    }

    fn call(&mut self, handler: Handler, query: &[(&str, &str)], body: Value) -> Result<Value, u16> {
        let query: HashMap<String, String> =
            query.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let body = body.to_string().into_bytes();
        let call = Call { keys: &self.keys, query: &query, body: &body, session: Some(self.session), token: None };
        handler(&mut self.directory, &call).map_err(|error| error.status)
    }

    fn org(&self, id: &str) -> i64 {
        self.directory.tenants.with_id("T1").unwrap().orgs.with_id(id).unwrap()
    }
}

/// A call: its name, what it does, its query and its body.
type Example = (&'static str, Handler, &'static [(&'static str, &'static str)], Value);

#[test]
fn no_call_but_a_list_costs_more_the_more_there_is() {
    let costs = |people: usize| -> Vec<(&str, u64)> {
        let mut setting = Setting::new(people);
        let (org, uri) = (setting.org("o7"), "drn:iam:org:T1:o8");
        let invite =
            json!({"tenantId": "T1", "user": "new@x", "role": [{"id": "staff"}], "org": [{"id": "o7"}], "app": []});
        let calls: [Example; 15] = [
            ("get", users::get, &[], json!({"id": "p7"})),
            ("list", users::list, &[], json!(["p7", "p8", "nobody"])),
            ("email_exists", users::email_exists, &[], json!({"email": "p7@x"})),
            ("phone_exists", users::phone_exists, &[], json!({"telephone": "nobody's"})),
            ("id_exists", users::id_exists, &[], json!({"id": "p7"})),
            ("update", users::update, &[], json!({"id": "p7", "email": "new@y", "disabled": true})),
            ("roles", users::roles, &[], json!({"id": "p7"})),
            ("has_user", tenants::has_user, &[("userId", "p8")], Value::Null),
            ("invite", tenants::invite, &[], invite),
            ("users", orgs::users, &[], json!({"orgSid": org})),
            ("users_cascade", orgs::users_cascade, &[], json!({"orgUri": uri})),
            ("orgs", orgs::list, &[], json!({"sids": [org]})),
            ("create_or_update", orgs::create_or_update, &[], json!({"sid": org, "parentSid": setting.org("o8")})),
            ("delete", orgs::delete, &[], json!({"sid": org})),
            ("remove", tenants::remove, &[], json!({"id": "new@x"})),
        ];
        let cost = |(name, handler, query, body): Example| {
            (name, cost_of(|| drop(setting.call(handler, query, body).unwrap_or_else(|code| panic!("{name}: {code}")))))
        };
        calls.into_iter().map(cost).collect()
    };
    assert_eq!(costs(20), costs(400));
    let list = |people: usize| {
        let mut setting = Setting::new(people);
        cost_of(|| drop(setting.call(users::simple, &[], Value::Null).unwrap()))
    };
    assert!(list(400) > 10 * list(20), "what is counted grows where it has to");
}

#[test]
fn people_and_organizations_are_found_as_in_a_plain_list() {
    let mut random = StdRng::seed_from_u64(5);
    let mut setting = Setting::new(12);
    let mut mails: Vec<String> = (0..12).map(|n| format!("p{n}@x")).collect();
    // Each organization's id and parent; the root has none.
    let mut parents: Vec<(i64, i64)> = (0..12).map(|n| (setting.org(&format!("o{n}")), setting.org("hq"))).collect();
    for _ in 0..2_000 {
        let (n, mail) = (random.random_range(0..12), format!("m{}@x", random.random_range(0..20)));
        let updated = setting.call(users::update, &[], json!({"id": format!("p{n}"), "email": mail}));
        let is_free = mails.iter().enumerate().all(|(other, known)| other == n || *known != mail);
        assert_eq!(updated.is_ok(), is_free);
        if is_free {
            mails[n] = mail.clone();
        }
        let found = setting.directory.users.with_any(&mail).map(User::sid);
        let expected = mails.iter().position(|known| *known == mail);
        let sid = |at: usize| setting.directory.users.with_id(&format!("p{at}")).map(User::sid);
        assert_eq!(found, expected.and_then(sid));

        let (at, to) = (random.random_range(0..parents.len()), random.random_range(0..parents.len()));
        let (moved, parent) = (parents[at].0, parents[to].0);
        let above =
            std::iter::successors(Some(parent), |sid| parents.iter().find(|(own, _)| own == sid).map(|(_, up)| *up));
        let is_below_itself = above.take(20).any(|sid| sid == moved);
        let result = setting.call(orgs::create_or_update, &[], json!({"sid": moved, "parentSid": parent}));
        assert_eq!(result.is_err(), is_below_itself);
        if result.is_ok() {
            parents[at].1 = parent;
        }
        let below = setting.directory.tenants.with_id("T1").unwrap().orgs.with_those_below(moved);
        let mut expected = vec![moved];
        for _ in 0..parents.len() {
            let more = parents.iter().filter(|(own, up)| expected.contains(up) && !expected.contains(own));
            expected.extend(more.map(|(own, _)| *own).collect::<Vec<_>>());
        }
        expected.sort_unstable();
        assert_eq!(below.into_iter().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_member_of_the_wrong_type_is_refused_and_others_are_kept() {
    let mut setting = Setting::new(4);
    let sid = setting.directory.users.with_id("p1").unwrap().sid();
    for change in [
        json!({"id": 7}),
        json!({"id": ""}),
        json!({"disabled": "true"}),
        json!({"email": ["x"]}),
        json!({"phone": 7}),
        json!({"id": "p2"}),
        json!({"id": "p2@x"}),
        json!({"telephone": "p2"}),
        json!({"phone": "12"}),
    ] {
        let mut body = change.clone();
        body["sid"] = sid.into();
        assert_eq!(setting.call(users::update, &[], body), Err(400), "{change}");
    }
    setting.call(users::update, &[], json!({"id": "p1", "color": "red", "email": null})).unwrap();
    let user = setting.call(users::get, &[], json!({"id": "p1"})).unwrap();
    assert_eq!((&user["color"], &user["email"], &user["sid"]), (&json!("red"), &Value::Null, &json!(sid)));

    let (o1, o2) = (setting.org("o1"), setting.org("o2"));
    for body in [
        json!({"name": "New", "id": "o1"}),
        json!({"sid": o2, "id": "o1"}),
        json!({"sid": o2, "id": 7}),
        json!({"name": 7}),
        json!({"id": "new"}),
        json!({"sid": o2.to_string(), "name": "New"}),
        json!({"sid": o2, "name": ""}),
        json!({"sid": o2, "name": null}),
        json!({"sid": o2, "parentSid": o1.to_string()}),
        json!({"sid": o2, "uri": "drn:iam:org:T1:o1"}),
    ] {
        assert_eq!(setting.call(orgs::create_or_update, &[], body.clone()), Err(400), "{body}");
    }
    assert_eq!((setting.org("o1"), setting.org("o2")), (o1, o2));
    assert_eq!(setting.call(orgs::create_or_update, &[], json!({"sid": o2, "parentSid": 7})), Err(404));
    for (user, email, expected) in [("", "a@x", Err(400)), ("new", "p2@x", Err(400)), ("new", "a@x", Ok(()))] {
        let body = json!({"tenantId": "T1", "user": user, "userEmail": email, "role": [], "org": [], "app": []});
        assert_eq!(setting.call(tenants::invite, &[], body).map(drop), expected, "{user} {email}");
    }
    setting.call(orgs::create_or_update, &[], json!({"sid": o2, "id": "other", "color": "red"})).unwrap();
    assert_eq!(setting.org("other"), o2);
    let listed = setting.call(orgs::list, &[], json!({"sids": [o2]})).unwrap();
    assert_eq!(listed[0]["color"], "red");
}

#[test]
fn an_application_can_be_used_until_it_expires() {
    for (expires, admitted) in [("2020-01-01 00:00:00", Err(403)), ("2999-01-01 00:00:00", Ok(()))] {
        let tenant = Tenant::new("T1", "Tenant").application("app", expires).member("ann", "admin");
        let seed = Seed::new("app", "token").person(Person::new("ann", "pw")).tenant(tenant);
        let directory = populate(seed, Duration::from_secs(60)).unwrap();
        let (user, tenant) = (directory.users.with_id("ann").unwrap().sid(), directory.tenants.with_id("T1").unwrap());
        assert_eq!(directory.admit_to(user, tenant).map(drop).map_err(|error| error.status), admitted, "{expires}");
        let mut setting = Setting { session: Session { user, tenant: Some(tenant.sid) }, ..Setting::new(1) };
        setting.directory = directory;
        let applications = setting.call(tenants::applications, &[], Value::Null).unwrap();
        assert_eq!(applications[0]["expired"], admitted.is_err());
    }
}
