//! The directory: people, tenants and tokens, and what concerns several of them.

use super::{
    error_response::ErrorResponse,
    members::{Members, changed},
    session::{Session, Sessions},
    tenants::{Tenant, Tenants},
    users::{User, Users},
};
use crate::{Password, emulator::store::random_token};
use serde_json::json;
use std::{collections::BTreeSet, time::Duration};

pub(crate) struct Directory {
    application: String,
    last_sid: i64,
    pub(crate) users: Users,
    pub(crate) tenants: Tenants,
    pub(crate) sessions: Sessions,
}

impl Directory {
    pub(crate) fn new(application: String, token_lifetime: Duration) -> Self {
        let (users, tenants) = Default::default();
        Self { application, last_sid: 100_000, users, tenants, sessions: Sessions::new(token_lifetime) }
    }

    /// Returns the id of the application that the directory serves.
    pub(crate) fn application(&self) -> &str {
        &self.application
    }

    pub(crate) fn next_sid(&mut self) -> i64 {
        self.last_sid += 1;
        self.last_sid
    }

    pub(crate) fn add_user(&mut self, profile: Members, password: Option<Password>) -> Result<i64, ErrorResponse> {
        let sid = self.next_sid();
        self.users.insert(changed(json!({"sid": sid}), profile)?, password);
        Ok(sid)
    }

    /// Signs a user in, and returns the token.
    pub(crate) fn sign_in(&mut self, user: i64, tenant: Option<i64>) -> String {
        let token = random_token();
        self.sessions.insert(token.clone(), user, Session { user, tenant });
        token
    }

    /// Returns the session of a token that has not expired.
    pub(crate) fn session(&self, token: &str) -> Option<Session> {
        self.sessions.get(token).map(|(_, session)| *session)
    }

    /// Finds the tenant that an id, a sid or both name; `None` if there is neither.
    pub(crate) fn find_tenant(&self, id: Option<&str>, sid: i64) -> Result<Option<&Tenant>, ErrorResponse> {
        let not_found = || ErrorResponse::not_found("no such tenant");
        let by_id = match id {
            Some(id) if !id.is_empty() => Some(self.tenants.with_id(id).ok_or_else(not_found)?),
            _ => None,
        };
        let by_sid = if sid > 0 { Some(self.tenants.find(sid)?) } else { None };
        match (by_id, by_sid) {
            (Some(a), Some(b)) if a.sid != b.sid => {
                Err(ErrorResponse::bad_request("tenantId and tenantSid name two tenants"))
            }
            (a, b) => Ok(a.or(b)),
        }
    }

    /// Returns the tenants whose users a session may see: its own, or all of its user's.
    pub(crate) fn tenants_of(&self, session: Session) -> Vec<&Tenant> {
        match session.tenant {
            Some(sid) => self.tenants.get(sid).into_iter().collect(),
            None => self.tenants.of_user(session.user).collect(),
        }
    }

    /// Returns the users that a session may see: the members of its tenants, and its own user.
    pub(crate) fn visible(&self, session: Session) -> BTreeSet<i64> {
        self.tenants_of(session).into_iter().flat_map(Tenant::members).chain([session.user]).collect()
    }

    pub(crate) fn may_see(&self, session: Session, user: &User) -> bool {
        user.sid() == session.user || self.tenants_of(session).iter().any(|tenant| tenant.has(user.sid()))
    }

    /// Returns the tenant, if the user may have a token in it.
    pub(crate) fn admit_to(&self, user: i64, tenant: &Tenant) -> Result<i64, ErrorResponse> {
        if !tenant.has(user) {
            return Err(ErrorResponse::forbidden("the user is not in the tenant"));
        }
        if !tenant.may_use(&self.application) {
            return Err(ErrorResponse::forbidden(
                "租户未购买该应用 (the tenant has not bought the application, or its use has expired)",
            ));
        }
        Ok(tenant.sid)
    }
}
