//! Authing's state. Each operation's module has the functions that change it.

use super::{
    access::Access,
    custom::CustomData,
    groups::Group,
    orgs::Node,
    password::PoolKey,
    pool,
    seed::Seed,
    users::{Session, User},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

pub(super) struct World {
    pub(super) pool: Value,
    pub(super) user_pool_id: String,
    pub(super) secret: String,
    pub(super) token_lifetime: Duration,
    /// How far the service's clock is ahead, in seconds.
    pub(super) clock_offset: i64,
    /// The management tokens, and when each expires.
    pub(super) management_tokens: HashMap<String, i64>,
    pub(super) key: std::sync::Arc<PoolKey>,
    /// All users in order of creation, archived ones included.
    pub(super) users: Vec<User>,
    pub(super) groups: Vec<Group>,
    /// Organizations: their ids and root nodes.
    pub(super) orgs: Vec<(String, String)>,
    pub(super) nodes: HashMap<String, Node>,
    /// A user's main department.
    pub(super) main_departments: HashMap<String, String>,
    pub(super) access: Access,
    pub(super) custom: CustomData,
    /// The signed-in users, by token.
    pub(super) sessions: BTreeMap<String, Session>,
    /// The log of users' actions, newest last.
    pub(super) actions: Vec<Value>,
    pub(super) whitelist: Vec<Value>,
    pub(super) mail: Vec<(String, String)>,
    /// The root fields that were requested.
    pub(super) operations: Vec<String>,
}

impl World {
    pub(super) fn new(seed: &Seed, token_lifetime: Duration, key: std::sync::Arc<PoolKey>) -> Self {
        let mut world = Self {
            pool: pool::initial(&seed.user_pool_id, seed.secret.expose_secret()),
            user_pool_id: seed.user_pool_id.clone(),
            secret: seed.secret.expose_secret().to_owned(),
            token_lifetime,
            clock_offset: 0,
            management_tokens: HashMap::new(),
            key,
            users: Vec::new(),
            groups: Vec::new(),
            orgs: Vec::new(),
            nodes: HashMap::new(),
            main_departments: HashMap::new(),
            access: Access::default(),
            custom: CustomData::default(),
            sessions: BTreeMap::new(),
            actions: Vec::new(),
            whitelist: Vec::new(),
            mail: Vec::new(),
            operations: Vec::new(),
        };
        seed.sow(&mut world);
        world
    }

    pub(super) fn arn(&self, of: &str, id: &str) -> String {
        format!("arn:cn:authing:{}:{of}:{id}", self.user_pool_id)
    }

    /// Adds an entry to the log of users' actions.
    pub(super) fn note(&mut self, operation: &str, user_id: &str) {
        let user = self.user(user_id).map(User::json).unwrap_or_default();
        self.actions.push(json!({
            "userpool_id": self.user_pool_id,
            "operator_arn": self.arn("user", user_id),
            "operation_name": operation,
            "operation_desc": operation,
            "timestamp": super::value::now(),
            "user": {"id": user_id, "userPoolId": self.user_pool_id, "displayName": user["username"]},
            "geoip": {"ip": "127.0.0.1"},
        }));
    }
}
