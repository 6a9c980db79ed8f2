//! Digiwin's state. Users, tenants and organizations are kept as JSON, so that members that a client adds are kept too.

use super::{
    Refusal,
    seed::{self, Seed},
};
use rand::distr::{Alphanumeric, SampleString};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, Instant},
};

pub(super) type Members = Map<String, Value>;

pub(super) fn object(value: Value) -> Members {
    match value {
        Value::Object(members) => members,
        _ => Members::new(),
    }
}

/// The user, tenant and end of a token.
#[derive(Clone, Copy)]
pub(super) struct Session {
    pub(super) user: i64,
    pub(super) tenant: Option<i64>,
    expires: Instant,
}

pub(super) struct User {
    pub(super) sid: i64,
    pub(super) profile: Members,
    pub(super) password: Option<crate::Password>,
}

impl User {
    pub(super) fn text(&self, member: &str) -> &str {
        self.profile.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn is_disabled(&self) -> bool {
        self.profile.get("disabled") == Some(&Value::Bool(true))
    }
}

pub(super) struct Tenant {
    pub(super) sid: i64,
    pub(super) profile: Members,
    pub(super) is_digiwin: bool,
    pub(super) applications: Vec<Members>,
    pub(super) roles: BTreeMap<i64, Members>,
    /// The roles of each member.
    pub(super) members: BTreeMap<i64, BTreeSet<i64>>,
    pub(super) orgs: BTreeMap<i64, Members>,
    /// Pairs of an organization and a user in it.
    pub(super) places: BTreeSet<(i64, i64)>,
}

impl Tenant {
    pub(super) fn text(&self, member: &str) -> &str {
        self.profile.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn has_bought(&self, application: &str) -> bool {
        self.applications.iter().any(|bought| bought["id"] == application)
    }

    pub(super) fn is_admin(&self, user: i64) -> bool {
        let roles = self.members.get(&user).into_iter().flatten();
        roles.filter_map(|role| self.roles.get(role)).any(|role| role["id"] == "admin")
    }

    pub(super) fn roles_of(&self, user: i64) -> Vec<&Members> {
        self.members.get(&user).into_iter().flatten().filter_map(|role| self.roles.get(role)).collect()
    }

    /// Returns an organization and all organizations below it.
    pub(super) fn org_and_below(&self, org: i64) -> BTreeSet<i64> {
        let mut found = BTreeSet::from([org]);
        loop {
            let more: Vec<i64> = self
                .orgs
                .iter()
                .filter(|(sid, org)| {
                    let parent = org.get("parentSid").and_then(Value::as_i64);
                    !found.contains(sid) && parent.is_some_and(|parent| found.contains(&parent))
                })
                .map(|(sid, _)| *sid)
                .collect();
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }

    /// Returns the users of any of these organizations, each once.
    pub(super) fn users_in(&self, orgs: &BTreeSet<i64>) -> BTreeSet<i64> {
        self.places.iter().filter(|(org, _)| orgs.contains(org)).map(|(_, user)| *user).collect()
    }
}

pub(super) struct World {
    pub(super) application: String,
    token_lifetime: Duration,
    last_sid: i64,
    pub(super) users: BTreeMap<i64, User>,
    pub(super) tenants: BTreeMap<i64, Tenant>,
    sessions: HashMap<String, Session>,
}

impl World {
    pub(super) fn new(seed: Seed, token_lifetime: Duration) -> Self {
        let mut world = Self {
            application: seed.app_id,
            token_lifetime,
            last_sid: 100_000,
            users: BTreeMap::new(),
            tenants: BTreeMap::new(),
            sessions: HashMap::new(),
        };
        for person in seed.people {
            world.add_user(
                object(json!({
                    "id": person.id, "name": person.name, "email": person.email, "telephone": person.telephone,
                    "phone": person.telephone, "nickname": person.name, "type": 0, "userType": false, "confirm": true,
                    "visible": true, "readonly": false, "changed": false, "agreeAgreement": true, "doubleCheck": false,
                    "disabled": person.disabled, "dueDate": null, "pwDate": "2026-01-01 00:00:00", "userMappings": [],
                })),
                Some(person.password),
            );
        }
        for tenant in seed.tenants {
            world.add_tenant(tenant);
        }
        world
    }

    pub(super) fn next_sid(&mut self) -> i64 {
        self.last_sid += 1;
        self.last_sid
    }

    pub(super) fn add_user(&mut self, mut profile: Members, password: Option<crate::Password>) -> i64 {
        let sid = self.next_sid();
        profile.insert("sid".into(), sid.into());
        self.users.insert(sid, User { sid, profile, password });
        sid
    }

    fn add_tenant(&mut self, seed: seed::Tenant) {
        let sid = self.next_sid();
        let roles: BTreeMap<i64, Members> =
            [("admin", "管理员 Administrator"), ("manager", "主管 Manager"), ("staff", "员工 Staff")]
                .into_iter()
                .map(|(id, name)| {
                    let role = self.next_sid();
                    (role, object(json!({"sid": role, "id": id, "name": name, "label": name, "disabled": false})))
                })
                .collect();
        let role_sid = |id: &str| roles.iter().find(|(_, role)| role["id"] == id).map(|(sid, _)| *sid);
        let members: BTreeMap<i64, BTreeSet<i64>> = seed
            .members
            .iter()
            .filter_map(|(person, role)| Some((self.user_by_id(person)?.sid, role_sid(role).into_iter().collect())))
            .collect();
        let owner = seed.members.first().and_then(|(person, _)| self.user_by_id(person));
        let (owner_sid, owner_id, owner_name) =
            owner.map_or((0, "", ""), |owner| (owner.sid, owner.text("id"), owner.text("name")));
        let profile = object(json!({
            "sid": sid, "id": seed.id, "name": seed.name, "tenantId": seed.id, "customerId": format!("C{sid}"),
            "industryType": "制造业", "address": "上海市静安区江场路 1377 弄", "telephone": "021-00000000",
            "email": format!("contact@{}.example", seed.id.to_lowercase()), "adminId": owner_id, "adminName": owner_name,
            "contacts": owner_name, "isOpen": true, "isConfirm": 1, "status": "active", "comeFrom": "emulator",
            "testTenant": true, "experience": false, "isv": false, "offline": false, "ownerUserSid": owner_sid,
            "ownerUserId": owner_id, "createDate": "2024-05-06 07:08:09", "version": "standard", "staffSize": "11-50",
            "invoiceTitle": seed.name, "dealer": false, "owner": true, "enterpriseType": 1,
        }));
        let applications = seed
            .applications
            .iter()
            .map(|(id, expires)| {
                let app = self.next_sid();
                object(json!({
                    "sid": app, "id": id, "name": id, "categoryId": "app", "tenantSid": sid, "tenantId": seed.id,
                    "tenantName": seed.name, "expiredTime": expires, "expired": false, "bufferPeriod": false,
                    "authOpen": true, "totalUsage": 1000, "remainingUsage": 640, "totalUserCount": 100,
                    "userCount": members.len(), "remainUsageCapacity": "5GB", "showConsoleManagement": true,
                    "showConsolePolicy": false, "appToken": format!("app-token-of-{id}"), "willExpire": false,
                    "willExhaust": false, "exhausted": false,
                }))
            })
            .collect();
        let mut tenant = Tenant {
            sid,
            profile,
            is_digiwin: seed.is_digiwin,
            applications,
            roles,
            members,
            orgs: BTreeMap::new(),
            places: BTreeSet::new(),
        };
        for org in seed.orgs {
            self.add_org(&mut tenant, None, org);
        }
        self.tenants.insert(sid, tenant);
    }

    fn add_org(&mut self, tenant: &mut Tenant, parent: Option<i64>, seed: seed::Org) {
        let sid = self.next_sid();
        let org = new_org(tenant, sid, parent, object(json!({"id": seed.id, "name": seed.name, "createBy": "seed"})));
        tenant.orgs.insert(sid, org);
        let people: Vec<i64> = seed.members.iter().filter_map(|id| Some(self.user_by_id(id)?.sid)).collect();
        tenant.places.extend(people.into_iter().map(|user| (sid, user)));
        for child in seed.children {
            self.add_org(tenant, Some(sid), child);
        }
    }

    pub(super) fn user_by_id(&self, id: &str) -> Option<&User> {
        self.users.values().find(|user| user.text("id") == id)
    }

    /// Finds a user by id, mail address or phone number.
    pub(super) fn user_by_any(&self, name: &str) -> Option<&User> {
        let has = |user: &&User| ["id", "email", "telephone"].iter().any(|member| user.text(member) == name);
        self.users.values().find(|user| !name.is_empty() && has(user))
    }

    /// Finds a user by id, or else by sid.
    pub(super) fn user_by_ref(&self, id: Option<&str>, sid: i64) -> Option<&User> {
        match id {
            Some(id) if !id.is_empty() => self.user_by_id(id),
            _ => self.users.get(&sid),
        }
    }

    pub(super) fn tenant_by_id(&self, id: &str) -> Option<&Tenant> {
        self.tenants.values().find(|tenant| tenant.text("id") == id)
    }

    pub(super) fn tenant(&self, sid: i64) -> Result<&Tenant, Refusal> {
        self.tenants.get(&sid).ok_or_else(|| Refusal::not_found("no such tenant"))
    }

    pub(super) fn tenant_mut(&mut self, sid: i64) -> Result<&mut Tenant, Refusal> {
        self.tenants.get_mut(&sid).ok_or_else(|| Refusal::not_found("no such tenant"))
    }

    /// Returns the users that a session may see: the members of its tenant, or of all of its user's tenants.
    pub(super) fn visible(&self, session: Session) -> BTreeSet<i64> {
        let tenants = self.tenants.values().filter(|tenant| match session.tenant {
            Some(sid) => tenant.sid == sid,
            None => tenant.members.contains_key(&session.user),
        });
        tenants.flat_map(|tenant| tenant.members.keys().copied()).chain([session.user]).collect()
    }

    /// Returns the tenant, if the user may have a token in it.
    pub(super) fn admit_to(&self, user: i64, tenant: &Tenant) -> Result<i64, Refusal> {
        if !tenant.members.contains_key(&user) {
            return Err(Refusal::forbidden("the user is not in the tenant"));
        }
        if !tenant.has_bought(&self.application) {
            return Err(Refusal::forbidden("租户未购买该应用 (the tenant has not bought the application)"));
        }
        Ok(tenant.sid)
    }

    pub(super) fn token_lifetime(&self) -> Duration {
        self.token_lifetime
    }

    pub(super) fn sign_in(&mut self, user: i64, tenant: Option<i64>) -> String {
        let token = Alphanumeric.sample_string(&mut rand::rng(), 40);
        let session = Session { user, tenant, expires: Instant::now() + self.token_lifetime };
        self.sessions.insert(token.clone(), session);
        token
    }

    pub(super) fn session(&self, token: &str) -> Option<Session> {
        self.sessions.get(token).copied().filter(|session| session.expires > Instant::now())
    }

    pub(super) fn sign_out(&mut self, token: &str) {
        self.sessions.remove(token);
    }

    pub(super) fn revoke(&mut self, which: impl Fn(&Session) -> bool) {
        self.sessions.retain(|_, session| !which(session));
    }

    pub(super) fn expire_tokens(&mut self) {
        let now = Instant::now();
        self.sessions.values_mut().for_each(|session| session.expires = now);
    }
}

/// Returns an organization's JSON: default members, overridden by those in `given`.
pub(super) fn new_org(tenant: &Tenant, sid: i64, parent: Option<i64>, given: Members) -> Members {
    let id = given.get("id").and_then(Value::as_str).map_or_else(|| format!("org-{sid}"), str::to_owned);
    let parent_id = parent.and_then(|sid| tenant.orgs.get(&sid)).map(|parent| parent["id"].clone());
    let mut org = object(json!({
        "sid": sid, "tenantSid": tenant.sid, "label": given.get("name"), "parentSid": parent.unwrap_or(0),
        "parentId": parent_id, "orgAspectSid": 1, "orgAspectId": "defaultOrgAspect", "orgCatalogSid": 1,
        "orgCatalogId": "defaultOrgCatalog", "typeSid": 1, "typeId": "department", "typeUri": "drn:iam:orgtype:department",
        "typeName": "部门", "uri": format!("drn:iam:org:{}:{id}", tenant.text("id")), "urn": format!("urn:{id}"),
        "orgTags": [], "id": id, "createTime": "2026-01-01 00:00:00", "chargeSid": 0,
    }));
    org.extend(given);
    org
}
