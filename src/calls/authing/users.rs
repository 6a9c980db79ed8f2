use super::{Call, Pager, Session, options_method};
use crate::{
    authing::{
        self, AppId, AuthorizedResource, AuthorizedResourceOptions, BatchGetOptions, CreateUserOptions,
        DepartmentOptions, Group, GroupCode, LoginStatus, LoginStatusOptions, Namespace, NamespaceOptions, OrgNode,
        Page, PageOptions, PasswordKey, PolicyAssignment, RefreshedToken, Role, RoleCode, User, UserAction,
        UserActionOptions, UserDepartment, UserDetailOptions, UserInfo, UserListOptions, UserLogoutOptions, UserLookup,
        UserSearchOptions, documents, users,
    },
    protocol::{decode::Data, paging},
};
use std::sync::Arc;

/// Finds and changes users, their roles, groups, policies and custom data. Any call can fail as [`Error`](crate::Error) says.
///
/// A call about a user that does not exist is an error of kind [`NotFound`](crate::ErrorKind::NotFound).
#[derive(Clone, Debug)]
pub struct Users {
    pub(super) session: Session,
    pub(super) key: Arc<PasswordKey>,
}

impl Users {
    options_method!(key);

    /// Creates a user. The password goes out encrypted under the pool's public key.
    #[doc = documents::docs!(CREATE_USER)]
    pub fn create(&self, info: &UserInfo) -> Call<User> {
        self.create_with(info, CreateUserOptions::new())
    }

    /// Creates a user with custom data, or with a password that is kept as it is: see [`create`](Self::create).
    pub fn create_with(&self, info: &UserInfo, options: CreateUserOptions) -> Call<User> {
        self.session.call(users::create(info, &options, &self.key))
    }

    /// Changes what is set in `updates`. The password goes out encrypted.
    ///
    /// With a password it is not repeated after an ambiguous failure: a pool can refuse a
    /// password that the user has already.
    #[doc = documents::docs!(UPDATE_USER)]
    pub fn update(&self, user_id: impl AsRef<str>, updates: &UserInfo) -> Call<User> {
        self.session.call(users::update(user_id.as_ref(), updates, &self.key))
    }

    /// Returns a user.
    #[doc = users::docs!(DETAIL)]
    pub fn detail(&self, user_id: impl AsRef<str>) -> Call<User> {
        self.detail_with(user_id, UserDetailOptions::new())
    }

    /// Returns a user, with the custom data if asked for: see [`detail`](Self::detail).
    pub fn detail_with(&self, user_id: impl AsRef<str>, options: UserDetailOptions) -> Call<User> {
        self.session.call_with(users::detail(user_id.as_ref(), &options), Data::non_null)
    }

    /// Returns the first ten users, the newest first.
    #[doc = documents::docs!(USERS)]
    pub fn list(&self) -> Call<Page<User>> {
        self.list_with(UserListOptions::new())
    }

    /// Returns a page of users: see [`list`](Self::list).
    pub fn list_with(&self, options: UserListOptions) -> Call<Page<User>> {
        self.session.call(users::list(&options))
    }

    /// Returns a pager over all users: see [`list`](Self::list).
    pub fn list_all(&self, options: UserListOptions) -> Pager<User> {
        Pager::new(&self.session, options, users::list, paging::page)
    }

    /// Returns the first ten archived users.
    #[doc = documents::docs!(ARCHIVED_USERS)]
    pub fn list_archived_users(&self) -> Call<Page<User>> {
        self.list_archived_users_with(PageOptions::new())
    }

    /// Returns a page of archived users: see [`list_archived_users`](Self::list_archived_users).
    pub fn list_archived_users_with(&self, options: PageOptions) -> Call<Page<User>> {
        self.session.call(users::list_archived(&options))
    }

    /// Returns a pager over all archived users: see [`list_archived_users`](Self::list_archived_users).
    pub fn list_all_archived_users(&self, options: PageOptions) -> Pager<User> {
        Pager::new(&self.session, options, users::list_archived, paging::page)
    }

    /// Returns whether there is such a user.
    #[doc = documents::docs!(IS_USER_EXISTS)]
    pub fn exists(&self, lookup: UserLookup) -> Call<bool> {
        self.session.call_with(users::exists(&lookup), Data::non_null)
    }

    /// Returns a user, named by user name, mail address, phone number or external id.
    #[doc = documents::docs!(FIND_USER)]
    pub fn find(&self, lookup: UserLookup) -> Call<User> {
        self.session.call_with(users::find(&lookup), Data::non_null)
    }

    /// Returns the first ten users that have `query` in their name, address and so on.
    #[doc = documents::docs!(SEARCH_USER)]
    pub fn search(&self, query: &str) -> Call<Page<User>> {
        self.search_with(query, UserSearchOptions::new())
    }

    /// Returns a page of the users that match `query`, only those in the given departments, groups or roles: see
    /// [`search`](Self::search).
    pub fn search_with(&self, query: &str, options: UserSearchOptions) -> Call<Page<User>> {
        self.session.call(users::search(query, &options))
    }

    /// Returns a pager over all users that fit: see [`search`](Self::search).
    pub fn search_all(&self, query: impl Into<String>, options: UserSearchOptions) -> Pager<User> {
        let query = query.into();
        Pager::new(&self.session, options, move |page| users::search(&query, page), paging::page)
    }

    /// Returns the users with these ids, in the order of the ids, each user once. Ids that no user has are left out.
    ///
    /// Asks for 80 at a time, four requests at once at the most. If one fails, [`Error::partial`](crate::Error::partial) says for
    /// which ids users came, and for which not.
    #[doc = documents::docs!(USER_BATCH)]
    pub fn batch_get(&self, user_ids: &[impl AsRef<str>]) -> Call<Vec<User>> {
        self.batch_get_with(user_ids, BatchGetOptions::new())
    }

    /// Returns the users with these user names, phone numbers, mail addresses or external ids: see
    /// [`batch_get`](Self::batch_get).
    pub fn batch_get_with(&self, identifiers: &[impl AsRef<str>], options: BatchGetOptions) -> Call<Vec<User>> {
        let join = users::in_order(identifiers, &options);
        let request = move |batch: &[String]| users::batch_get(batch, &options);
        self.session.call_in_batches(users::batches_to_get(identifiers), request, Data::list, join)
    }

    /// Deletes a user, who goes to the archive.
    #[doc = documents::docs!(DELETE_USER)]
    pub fn delete(&self, user_id: impl AsRef<str>) -> Call<()> {
        self.session.call_with(users::delete(user_id.as_ref()), authing::check_status)
    }

    /// Deletes users, who go to the archive.
    ///
    /// Deletes 80 at a time, four requests at once at the most. If one fails, [`Error::partial`](crate::Error::partial) says which
    /// users are deleted, and which not.
    #[doc = documents::docs!(DELETE_USERS)]
    pub fn delete_many(&self, user_ids: &[impl AsRef<str>]) -> Call<()> {
        let batches = users::batches_to_delete(user_ids);
        self.session.call_in_batches(batches, users::delete_many, authing::check_status, drop)
    }

    /// Signs users out everywhere.
    #[doc = users::docs!(KICK)]
    pub fn kick(&self, user_ids: &[impl AsRef<str>]) -> Call<()> {
        self.session.run(users::kick(user_ids))
    }

    /// Returns a user's groups.
    #[doc = documents::docs!(USER_GROUPS)]
    pub fn list_groups(&self, user_id: impl AsRef<str>) -> Call<Page<Group>> {
        self.session.call_with(users::list_groups(user_id.as_ref()), authing::non_null_field)
    }

    /// Takes a user into a group.
    #[doc = documents::docs!(ADD_USER_TO_GROUP)]
    pub fn add_group(&self, user_id: impl AsRef<str>, code: GroupCode<'_>) -> Call<()> {
        self.session.call_with(users::add_group(user_id.as_ref(), code), authing::check_status)
    }

    /// Takes a user out of a group.
    #[doc = documents::docs!(REMOVE_USER_FROM_GROUP)]
    pub fn remove_group(&self, user_id: impl AsRef<str>, code: GroupCode<'_>) -> Call<()> {
        self.session.call_with(users::remove_group(user_id.as_ref(), code), authing::check_status)
    }

    /// Returns a user's roles.
    #[doc = documents::docs!(USER_ROLES)]
    pub fn list_roles(&self, user_id: impl AsRef<str>) -> Call<Page<Role>> {
        self.list_roles_with(user_id, NamespaceOptions::new())
    }

    /// Returns a user's roles in a namespace: see [`list_roles`](Self::list_roles).
    pub fn list_roles_with(&self, user_id: impl AsRef<str>, options: NamespaceOptions) -> Call<Page<Role>> {
        self.session.call_with(users::list_roles(user_id.as_ref(), &options), authing::non_null_field)
    }

    /// Gives a user roles, by code.
    #[doc = documents::docs!(ASSIGN_ROLE)]
    pub fn add_roles(&self, user_id: impl AsRef<str>, codes: &[impl AsRef<str>]) -> Call<()> {
        self.add_roles_with(user_id, codes, NamespaceOptions::new())
    }

    /// Gives a user roles of a namespace: see [`add_roles`](Self::add_roles).
    pub fn add_roles_with(
        &self,
        user_id: impl AsRef<str>,
        codes: &[impl AsRef<str>],
        options: NamespaceOptions,
    ) -> Call<()> {
        self.session.call_with(users::add_roles(user_id.as_ref(), codes, &options), authing::check_status)
    }

    /// Takes roles away from a user, by code.
    #[doc = documents::docs!(REVOKE_ROLE)]
    pub fn remove_roles(&self, user_id: impl AsRef<str>, codes: &[impl AsRef<str>]) -> Call<()> {
        self.remove_roles_with(user_id, codes, NamespaceOptions::new())
    }

    /// Takes roles of a namespace away from a user: see [`remove_roles`](Self::remove_roles).
    pub fn remove_roles_with(
        &self,
        user_id: impl AsRef<str>,
        codes: &[impl AsRef<str>],
        options: NamespaceOptions,
    ) -> Call<()> {
        self.session.call_with(users::remove_roles(user_id.as_ref(), codes, &options), authing::check_status)
    }

    /// Returns whether a user has a role.
    #[doc = users::docs!(HAS_ROLE)]
    pub fn has_role(&self, user_id: impl AsRef<str>, code: RoleCode<'_>) -> Call<bool> {
        self.has_role_with(user_id, code, NamespaceOptions::new())
    }

    /// Returns whether a user has a role of a namespace: see [`has_role`](Self::has_role).
    pub fn has_role_with(&self, user_id: impl AsRef<str>, code: RoleCode<'_>, options: NamespaceOptions) -> Call<bool> {
        self.session.call(users::has_role(user_id.as_ref(), code, &options))
    }

    /// Returns the resources that a user may use.
    #[doc = documents::docs!(USER_RESOURCES)]
    pub fn list_authorized_resources(&self, user_id: impl AsRef<str>) -> Call<Page<AuthorizedResource>> {
        self.list_authorized_resources_with(user_id, AuthorizedResourceOptions::new())
    }

    /// Returns the resources that a user may use, in one namespace or of one kind: see
    /// [`list_authorized_resources`](Self::list_authorized_resources).
    pub fn list_authorized_resources_with(
        &self,
        user_id: impl AsRef<str>,
        options: AuthorizedResourceOptions,
    ) -> Call<Page<AuthorizedResource>> {
        self.session.call_with(users::list_authorized_resources(user_id.as_ref(), &options), authing::resources)
    }

    /// Returns which of the given resources a user may access, with the allowed actions.
    #[doc = users::docs!(CHECK_PERMISSIONS)]
    pub fn check_resource_permission_batch(
        &self,
        user_id: impl AsRef<str>,
        namespace: Namespace<'_>,
        resources: &[impl AsRef<str>],
    ) -> Call<Vec<AuthorizedResource>> {
        let request = users::check_permissions(user_id.as_ref(), namespace, resources);
        self.session.call_with(request, authing::resource_list)
    }

    /// Returns the resources of one kind, `books` for instance, that a user may use.
    #[doc = users::docs!(PERMISSIONS_OF_KIND)]
    pub fn list_authorized_resources_of_resource_kind(
        &self,
        user_id: impl AsRef<str>,
        namespace: Namespace<'_>,
        resource: &str,
    ) -> Call<Vec<AuthorizedResource>> {
        let request = users::permissions_of_kind(user_id.as_ref(), namespace, resource);
        self.session.call_with(request, authing::resource_list)
    }

    /// Returns the last ten actions of users.
    #[doc = users::docs!(LIST_USER_ACTIONS)]
    pub fn list_user_actions(&self) -> Call<Page<UserAction>> {
        self.list_user_actions_with(UserActionOptions::new())
    }

    /// Returns a page of actions, of a user, an address or a kind if asked for: see
    /// [`list_user_actions`](Self::list_user_actions).
    pub fn list_user_actions_with(&self, options: UserActionOptions) -> Call<Page<UserAction>> {
        self.session.call(users::list_user_actions(&options))
    }

    /// Returns a pager over all actions: see [`list_user_actions`](Self::list_user_actions).
    pub fn list_all_user_actions(&self, options: UserActionOptions) -> Pager<UserAction> {
        Pager::new(&self.session, options, users::list_user_actions, paging::page)
    }

    /// Returns a new token for a user.
    #[doc = documents::docs!(REFRESH_TOKEN)]
    pub fn refresh_token(&self, user_id: impl AsRef<str>) -> Call<RefreshedToken> {
        self.session.call_with(users::refresh_token(user_id.as_ref()), Data::non_null)
    }

    /// Returns the first ten of a user's policies.
    #[doc = documents::docs!(POLICY_ASSIGNMENTS)]
    pub fn list_policies(&self, user_id: impl AsRef<str>) -> Call<Page<PolicyAssignment>> {
        self.list_policies_with(user_id, PageOptions::new())
    }

    /// Returns a page of a user's policies: see [`list_policies`](Self::list_policies).
    pub fn list_policies_with(&self, user_id: impl AsRef<str>, options: PageOptions) -> Call<Page<PolicyAssignment>> {
        self.session.call(users::list_policies(user_id.as_ref(), &options))
    }

    /// Returns a pager over all of a user's policies: see [`list_policies`](Self::list_policies).
    pub fn list_all_policies(&self, user_id: impl Into<String>, options: PageOptions) -> Pager<PolicyAssignment> {
        let user_id = user_id.into();
        Pager::new(&self.session, options, move |page| users::list_policies(&user_id, page), paging::page)
    }

    /// Assigns policies to a user, by code.
    #[doc = documents::docs!(ADD_POLICIES)]
    pub fn add_policies(&self, user_id: impl AsRef<str>, policies: &[impl AsRef<str>]) -> Call<()> {
        self.session.call_with(users::add_policies(user_id.as_ref(), policies), authing::check_status)
    }

    /// Takes policies away from a user, by code.
    #[doc = documents::docs!(REMOVE_POLICIES)]
    pub fn remove_policies(&self, user_id: impl AsRef<str>, policies: &[impl AsRef<str>]) -> Call<()> {
        self.session.call_with(users::remove_policies(user_id.as_ref(), policies), authing::check_status)
    }

    /// Returns, for each department of a user, the nodes from the root to it.
    #[doc = users::docs!(LIST_ORG)]
    pub fn list_org(&self, user_id: impl AsRef<str>) -> Call<Vec<Vec<OrgNode>>> {
        self.session.call_with(users::list_org(user_id.as_ref()), Data::list)
    }

    /// Returns a user's departments.
    #[doc = documents::docs!(USER_DEPARTMENTS)]
    pub fn list_department(&self, user_id: impl AsRef<str>) -> Call<Page<UserDepartment>> {
        self.list_department_with(user_id, DepartmentOptions::new())
    }

    /// Returns a user's departments in one organization: see [`list_department`](Self::list_department).
    pub fn list_department_with(
        &self,
        user_id: impl AsRef<str>,
        options: DepartmentOptions,
    ) -> Call<Page<UserDepartment>> {
        self.session.call_with(users::list_department(user_id.as_ref(), &options), authing::non_null_field)
    }

    /// Sends a user the mail that verifies the address at the first login.
    #[doc = documents::docs!(FIRST_LOGIN_MAIL)]
    pub fn send_first_login_verify_email(&self, app_id: AppId<'_>, user_id: impl AsRef<str>) -> Call<()> {
        self.session.call_with(users::first_login_mail(app_id, user_id.as_ref()), authing::check_status)
    }

    /// Signs a user out of all applications.
    #[doc = users::docs!(LOGOUT)]
    pub fn logout(&self, user_id: impl AsRef<str>) -> Call<()> {
        self.logout_with(user_id, UserLogoutOptions::new())
    }

    /// Signs a user out of one application: see [`logout`](Self::logout).
    pub fn logout_with(&self, user_id: impl AsRef<str>, options: UserLogoutOptions) -> Call<()> {
        self.session.run(users::logout(user_id.as_ref(), &options))
    }

    /// Returns whether a user is signed in.
    #[doc = users::docs!(CHECK_LOGIN_STATUS)]
    pub fn check_login_status(&self, user_id: impl AsRef<str>) -> Call<LoginStatus> {
        self.check_login_status_with(user_id, LoginStatusOptions::new())
    }

    /// Returns whether a user is signed in at an application or on a device: see
    /// [`check_login_status`](Self::check_login_status).
    pub fn check_login_status_with(&self, user_id: impl AsRef<str>, options: LoginStatusOptions) -> Call<LoginStatus> {
        self.session.call_with(users::check_login_status(user_id.as_ref(), &options), Data::non_null)
    }
}
