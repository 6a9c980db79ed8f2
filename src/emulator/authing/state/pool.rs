//! The user pool: all its parts, and what concerns several of them.

use super::{
    access::Access,
    actions::Actions,
    custom::{self, CustomData, FieldOwner},
    departments::Departments,
    error_response::ErrorResponse,
    grants::Grants,
    groups::Groups,
    managers::Managers,
    node::Tree,
    orgs::Orgs,
    password::{PoolKey, Received},
    policies::Policies,
    roles::Roles,
    sessions::{Session, Sessions},
    settings::PoolSettings,
    target::Target,
    user::{Identity, Profile, Status, User},
    users::{self, Users},
    value::{arn, new_id},
    whitelist::Whitelist,
};
use crate::{Password, emulator::store::RowNo};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

pub(crate) struct Pool {
    id: String,
    key: Arc<PoolKey>,
    pub(crate) managers: Managers,
    pub(crate) settings: PoolSettings,
    pub(crate) whitelist: Whitelist,
    pub(crate) users: Users,
    pub(crate) sessions: Sessions,
    pub(crate) actions: Actions,
    pub(crate) groups: Groups,
    pub(crate) orgs: Orgs,
    pub(crate) departments: Departments,
    pub(crate) roles: Roles,
    pub(crate) policies: Policies,
    pub(crate) grants: Grants,
    pub(crate) custom: CustomData,
    /// The mails that were sent, as address and scene.
    pub(crate) mail: Vec<(String, String)>,
}

/// A user to be created.
#[derive(Default)]
pub(crate) struct NewUser {
    /// Where it is absent, the user gets a new one.
    pub(crate) id: Option<String>,
    pub(crate) profile: Profile,
    pub(crate) identity: Option<Identity>,
    /// Whether responses show the password as it is.
    pub(crate) keep_password: bool,
    /// A password in clear text, which only seeds have.
    pub(crate) clear_password: Option<String>,
    /// Values of custom fields, by key.
    pub(crate) custom: Vec<(String, Value)>,
}

impl Pool {
    pub(crate) fn new(id: &str, secret: Password, token_lifetime: Duration, key: Arc<PoolKey>) -> Self {
        Self {
            id: id.to_owned(),
            key,
            settings: PoolSettings::new(id, secret.expose_secret()),
            managers: Managers::new(id, secret, token_lifetime),
            whitelist: Whitelist::default(),
            users: Users::new(id),
            sessions: Sessions::default(),
            actions: Actions::default(),
            groups: Groups::default(),
            orgs: Orgs::default(),
            departments: Departments::default(),
            roles: Roles::new(id),
            policies: Policies::default(),
            grants: Grants::default(),
            custom: CustomData::default(),
            mail: Vec::new(),
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn arn(&self, of: &str, id: &str) -> String {
        arn(&self.id, of, id)
    }

    /// Returns the view that decides what may be done.
    pub(crate) fn access(&self) -> Access<'_> {
        Access {
            users: &self.users,
            groups: &self.groups,
            orgs: &self.orgs,
            departments: &self.departments,
            roles: &self.roles,
            policies: &self.policies,
            grants: &self.grants,
        }
    }

    fn record(&mut self, operation: &'static str, user_id: &str) {
        let username = self.users.get(user_id).and_then(|user| user.profile().username.clone());
        self.actions.record(operation, user_id, username);
    }

    /// Decrypts a password, and puts in its place what responses show: the password with `keep`, else a hash.
    fn receive_password(
        &self,
        sent: Option<String>,
        keep: bool,
        shown_in: &mut users::Checked,
    ) -> Result<Option<Received>, ErrorResponse> {
        let Some(sent) = sent else { return Ok(None) };
        let received = self.key.decrypt(&sent)?;
        shown_in.set_password(match &received {
            Received::Decrypted(password) if keep => password.expose_secret().to_owned(),
            _ => format!("{}{}", new_id(), new_id()),
        });
        Ok(Some(received))
    }

    pub(crate) fn create_user(&mut self, new: NewUser) -> Result<&User, ErrorResponse> {
        let sent = new.profile.password.clone();
        let mut checked = self.users.check(new.profile, "")?;
        let password = match new.clear_password {
            Some(text) => {
                checked.set_password(format!("{}{}", new_id(), new_id()));
                Some(Received::clear(text)?)
            }
            None => self.receive_password(sent, new.keep_password, &mut checked)?,
        };
        let check = |(key, value): &(String, Value)| self.custom.check(FieldOwner::User, key, value);
        let custom: Vec<custom::Checked> = new.custom.iter().map(check).collect::<Result<_, _>>()?;
        let id = self.users.create(new.id, checked, new.identity, password);
        custom.into_iter().for_each(|value| self.custom.set(FieldOwner::User, &id, value));
        self.record("createUser", &id);
        self.users.find(&id)
    }

    /// Updates a user, and returns it as it is then. One whose status becomes `Archived` is deleted next.
    pub(crate) fn update_user(&mut self, id: &str, given: Profile) -> Result<User, ErrorResponse> {
        self.users.find(id)?;
        let archived = given.status == Some(Status::Archived);
        let sent = given.password.clone();
        let mut checked = self.users.check(given, id)?;
        let password = self.receive_password(sent, false, &mut checked)?;
        let updated = self.users.update(id, checked, password).ok_or(ErrorResponse::NO_USER)?.clone();
        self.record("updateUser", id);
        if archived {
            self.delete_user(id);
        }
        Ok(updated)
    }

    /// Deletes a user: only the archive keeps it.
    pub(crate) fn delete_user(&mut self, id: &str) {
        if self.users.get(id).is_some() {
            self.record("deleteUser", id);
        }
        if let Some(number) = self.users.archive(id) {
            self.groups.forget_user(number);
            self.departments.forget_user(number);
        }
        self.sessions.close(id, None);
        self.forget(&Target::user(id));
        self.custom.forget(FieldOwner::User, id);
    }

    /// Removes all roles, policies and grants from a holder that was deleted.
    pub(crate) fn forget(&mut self, target: &Target) {
        self.roles.forget(target);
        self.policies.forget(target);
        self.grants.forget(target);
    }

    /// Moves a holder's roles, policies and grants to its new identifier.
    pub(crate) fn rename(&mut self, from: &Target, to: &Target) {
        self.roles.rename(from, to);
        self.policies.rename(from, to);
        self.grants.rename(from, to);
    }

    /// Signs a user in, as an application's login page would.
    pub(crate) fn sign_in(&mut self, user_id: &str, app_id: Option<&str>) -> Result<(String, Session), ErrorResponse> {
        self.users.record_login(user_id)?;
        let opened = self.sessions.open(user_id, app_id);
        self.record("login", user_id);
        Ok(opened)
    }

    /// Signs a user in with a token that was issued for it.
    pub(crate) fn sign_in_with(&mut self, token: String, session: Session) -> Result<(), ErrorResponse> {
        self.users.record_login(&session.user_id)?;
        self.record("login", &session.user_id);
        self.sessions.add(token, session);
        Ok(())
    }

    pub(crate) fn sign_out(&mut self, user_id: &str, app_id: Option<&str>) {
        self.sessions.close(user_id, app_id);
        self.record("logout", user_id);
    }

    pub(crate) fn join(&mut self, node_id: &str, user_ids: &[&str]) -> Result<(), ErrorResponse> {
        let users = self.users.numbers(user_ids)?;
        self.departments.join(self.orgs.number(node_id)?, &users);
        Ok(())
    }

    pub(crate) fn leave(&mut self, node_id: &str, user_ids: &[&str]) -> Result<(), ErrorResponse> {
        let node = self.orgs.number(node_id)?;
        let users: Vec<RowNo> = user_ids.iter().filter_map(|id| self.users.number(id)).collect();
        users.into_iter().for_each(|user| self.departments.leave(node, user));
        Ok(())
    }

    pub(crate) fn delete_node(&mut self, id: &str) {
        let gone = self.orgs.remove(id);
        self.forget_nodes(gone);
    }

    pub(crate) fn delete_org(&mut self, id: &str) {
        let gone = self.orgs.delete(id);
        self.forget_nodes(gone);
    }

    fn forget_nodes(&mut self, gone: Vec<(RowNo, String)>) {
        for (number, id) in gone {
            self.departments.forget_node(number);
            self.forget(&Target::node(&id));
        }
    }

    /// Creates an organization from a tree, or nothing of it if a node is refused.
    pub(crate) fn import(&mut self, tree: Tree) -> Result<String, ErrorResponse> {
        let org_id = self.orgs.create(tree.details)?;
        let root = self.orgs.root(&org_id)?.id.clone();
        let mut next = vec![(root, tree.members, tree.children)];
        while let Some((id, members, children)) = next.pop() {
            self.departments.join(self.orgs.number(&id)?, &members);
            for child in children {
                let child_id = self.orgs.add(&id, child.details).inspect_err(|_| self.delete_org(&org_id))?;
                next.push((child_id, child.members, child.children));
            }
        }
        Ok(org_id)
    }
}
