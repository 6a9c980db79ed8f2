use super::{Pager, Session, maybe_async};
use crate::{
    Result,
    authing::{
        self, AppId, AuthorizedResource, AuthorizedResourceOptions, BatchGetOptions, CreateUserOptions, CustomData,
        DepartmentOptions, Group, GroupCode, LoginStatus, LoginStatusOptions, Namespace, NamespaceOptions, OrgNode,
        Page, PageOptions, PasswordKey, PolicyAssignment, RefreshedToken, Role, RoleCode, UdfValue, Udv, User,
        UserAction, UserActionOptions, UserDepartment, UserDetailOptions, UserInfo, UserListOptions, UserLogoutOptions,
        UserLookup, UserSearchOptions, users,
    },
    protocol::{decode::Data, paging},
};
use std::{collections::BTreeMap, sync::Arc};

/// Users.
#[derive(Clone, Debug)]
pub struct Users {
    pub(super) session: Session,
    pub(super) key: Arc<PasswordKey>,
}

impl Users {
    /// All users, over all pages: see [`list_with`](Self::list_with).
    pub fn list_all(&self, options: UserListOptions) -> Pager<User> {
        Pager::new(&self.session, options, users::list, paging::page)
    }

    /// All archived users, over all pages: see [`list_archived_users_with`](Self::list_archived_users_with).
    pub fn list_all_archived_users(&self, options: PageOptions) -> Pager<User> {
        Pager::new(&self.session, options, users::list_archived, paging::page)
    }

    /// All users that fit, over all pages: see [`search_with`](Self::search_with).
    pub fn search_all(&self, query: impl Into<String>, options: UserSearchOptions) -> Pager<User> {
        let query = query.into();
        Pager::new(&self.session, options, move |page| users::search(&query, page), paging::page)
    }

    /// All of a user's policies, over all pages: see [`list_policies_with`](Self::list_policies_with).
    pub fn list_all_policies(&self, user_id: impl Into<String>, options: PageOptions) -> Pager<PolicyAssignment> {
        let user_id = user_id.into();
        Pager::new(&self.session, options, move |page| users::list_policies(&user_id, page), paging::page)
    }

    /// Everything that was done, over all pages: see [`list_user_actions_with`](Self::list_user_actions_with).
    pub fn list_all_user_actions(&self, options: UserActionOptions) -> Pager<UserAction> {
        Pager::new(&self.session, options, users::list_user_actions, paging::page)
    }
}

#[maybe_async]
impl Users {
    /// Creates a user: mutation `createUser`. The password goes out encrypted under the pool's public key.
    ///
    /// # Errors
    ///
    /// [`Conflict`](crate::ErrorKind::Conflict): the user name, mail address, phone number or external id is taken.
    pub async fn create(&self, info: &UserInfo) -> Result<User> {
        self.create_with(info, CreateUserOptions::new()).await
    }

    /// The same, with custom data, or with a password that is kept as it is.
    pub async fn create_with(&self, info: &UserInfo, options: CreateUserOptions) -> Result<User> {
        self.session.call(users::create(info, &options, &self.key)?).await
    }

    /// Changes what is set in `updates`: mutation `updateUser`. The password goes out encrypted.
    pub async fn update(&self, user_id: &str, updates: &UserInfo) -> Result<User> {
        self.session.call(users::update(user_id, updates, &self.key)?).await
    }

    /// A user: `GET /api/v2/users/{id}`.
    pub async fn detail(&self, user_id: &str) -> Result<User> {
        self.detail_with(user_id, UserDetailOptions::new()).await
    }

    /// The same, with their custom data if asked for.
    pub async fn detail_with(&self, user_id: &str, options: UserDetailOptions) -> Result<User> {
        self.session.call_with(users::detail(user_id, &options)?, authing::non_null).await
    }

    /// The first ten users, the newest first: query `users`.
    pub async fn list(&self) -> Result<Page<User>> {
        self.list_with(UserListOptions::new()).await
    }

    /// A page of users. All of them: [`list_all`](Self::list_all).
    pub async fn list_with(&self, options: UserListOptions) -> Result<Page<User>> {
        self.session.call(users::list(&options)?).await
    }

    /// The first ten archived users: query `archivedUsers`.
    pub async fn list_archived_users(&self) -> Result<Page<User>> {
        self.list_archived_users_with(PageOptions::new()).await
    }

    /// A page of archived users. All of them: [`list_all_archived_users`](Self::list_all_archived_users).
    pub async fn list_archived_users_with(&self, options: PageOptions) -> Result<Page<User>> {
        self.session.call(users::list_archived(&options)?).await
    }

    /// Whether there is such a user: query `isUserExists`.
    pub async fn exists(&self, lookup: UserLookup) -> Result<bool> {
        self.session.call_with(users::exists(&lookup)?, authing::non_null).await
    }

    /// A user: query `findUser`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound): there is none. [`InvalidArgument`](crate::ErrorKind::InvalidArgument):
    /// the text to look for is empty.
    pub async fn find(&self, lookup: UserLookup) -> Result<User> {
        self.session.call_with(users::find(&lookup)?, authing::non_null).await
    }

    /// The first ten users whose name, address and so on contains `query`: query `searchUser`.
    pub async fn search(&self, query: &str) -> Result<Page<User>> {
        self.search_with(query, UserSearchOptions::new()).await
    }

    /// A page of them, in departments, groups or roles. All of them: [`search_all`](Self::search_all).
    pub async fn search_with(&self, query: &str, options: UserSearchOptions) -> Result<Page<User>> {
        self.session.call(users::search(query, &options)?).await
    }

    /// Returns the users with these ids: query `userBatch`, for 80 at a time, four requests at once at the most.
    ///
    /// They stand in the order of the ids, each user once; ids that no user has are left out.
    ///
    /// # Errors
    ///
    /// Those of any batch. [`Error::partial`](crate::Error::partial) says for which ids users came, and for which not.
    pub async fn batch_get(&self, user_ids: &[impl AsRef<str> + Sync]) -> Result<Vec<User>> {
        self.batch_get_with(user_ids, BatchGetOptions::new()).await
    }

    /// Returns the users with these user names, phones, mail addresses or external ids, in their order: see
    /// [`batch_get`](Self::batch_get).
    pub async fn batch_get_with(
        &self,
        identifiers: &[impl AsRef<str> + Sync],
        options: BatchGetOptions,
    ) -> Result<Vec<User>> {
        let request = |batch: &[String]| users::batch_get(batch, &options);
        let batches = users::batches("authing.users.batch_get", identifiers)?;
        let users = self.session.call_in_batches(batches, request, Data::list).await?;
        Ok(users::in_order(users.into_iter().flatten().collect(), identifiers, &options))
    }

    /// Deletes a user, who goes to the archive: mutation `deleteUser`.
    pub async fn delete(&self, user_id: &str) -> Result<()> {
        self.session.call_with(users::delete(user_id)?, authing::check_status).await
    }

    /// Deletes users: mutation `deleteUsers`, for 80 at a time, four requests at once at the most.
    ///
    /// # Errors
    ///
    /// Those of any batch. [`Error::partial`](crate::Error::partial) says which users are deleted, and which not.
    pub async fn delete_many(&self, user_ids: &[impl AsRef<str> + Sync]) -> Result<()> {
        let batches = users::batches("authing.users.delete_many", user_ids)?;
        self.session.call_in_batches(batches, users::delete_many, authing::check_status).await.map(drop)
    }

    /// Signs users out everywhere: `POST /api/v2/users/kick`.
    pub async fn kick(&self, user_ids: &[impl AsRef<str> + Sync]) -> Result<()> {
        self.session.run(users::kick(user_ids)?).await
    }

    /// A user's groups: query `user { groups }`.
    pub async fn list_groups(&self, user_id: &str) -> Result<Page<Group>> {
        self.session.call_with(users::list_groups(user_id)?, authing::non_null_field).await
    }

    /// Takes a user into a group: mutation `addUserToGroup`.
    pub async fn add_group(&self, user_id: &str, code: GroupCode<'_>) -> Result<()> {
        self.session.call_with(users::add_group(user_id, code)?, authing::check_status).await
    }

    /// Takes a user out of a group: mutation `removeUserFromGroup`.
    pub async fn remove_group(&self, user_id: &str, code: GroupCode<'_>) -> Result<()> {
        self.session.call_with(users::remove_group(user_id, code)?, authing::check_status).await
    }

    /// A user's roles: query `user { roles }`.
    pub async fn list_roles(&self, user_id: &str) -> Result<Page<Role>> {
        self.list_roles_with(user_id, NamespaceOptions::new()).await
    }

    /// The same, in a namespace.
    pub async fn list_roles_with(&self, user_id: &str, options: NamespaceOptions) -> Result<Page<Role>> {
        self.session.call_with(users::list_roles(user_id, &options)?, authing::non_null_field).await
    }

    /// Gives a user roles, by code: mutation `assignRole`.
    pub async fn add_roles(&self, user_id: &str, codes: &[impl AsRef<str> + Sync]) -> Result<()> {
        self.add_roles_with(user_id, codes, NamespaceOptions::new()).await
    }

    /// The same, in a namespace.
    pub async fn add_roles_with(
        &self,
        user_id: &str,
        codes: &[impl AsRef<str> + Sync],
        options: NamespaceOptions,
    ) -> Result<()> {
        self.session.call_with(users::add_roles(user_id, codes, &options)?, authing::check_status).await
    }

    /// Takes roles away from a user, by code: mutation `revokeRole`.
    pub async fn remove_roles(&self, user_id: &str, codes: &[impl AsRef<str> + Sync]) -> Result<()> {
        self.remove_roles_with(user_id, codes, NamespaceOptions::new()).await
    }

    /// The same, in a namespace.
    pub async fn remove_roles_with(
        &self,
        user_id: &str,
        codes: &[impl AsRef<str> + Sync],
        options: NamespaceOptions,
    ) -> Result<()> {
        self.session.call_with(users::remove_roles(user_id, codes, &options)?, authing::check_status).await
    }

    /// Whether a user has a role: `GET /api/v2/users/{id}/has-role`.
    pub async fn has_role(&self, user_id: &str, code: RoleCode<'_>) -> Result<bool> {
        self.has_role_with(user_id, code, NamespaceOptions::new()).await
    }

    /// The same, in a namespace.
    pub async fn has_role_with(&self, user_id: &str, code: RoleCode<'_>, options: NamespaceOptions) -> Result<bool> {
        self.session.call(users::has_role(user_id, code, &options)?).await
    }

    /// What a user may use: query `user { authorizedResources }`.
    pub async fn list_authorized_resources(&self, user_id: &str) -> Result<Page<AuthorizedResource>> {
        self.list_authorized_resources_with(user_id, AuthorizedResourceOptions::new()).await
    }

    /// The same, in a namespace or of one kind.
    pub async fn list_authorized_resources_with(
        &self,
        user_id: &str,
        options: AuthorizedResourceOptions,
    ) -> Result<Page<AuthorizedResource>> {
        self.session.call_with(users::list_authorized_resources(user_id, &options)?, authing::resources).await
    }

    /// Of these resources, those that a user may do anything with: `POST /api/v2/acl/check-resource-permission-batch`.
    pub async fn check_resource_permission_batch(
        &self,
        user_id: &str,
        namespace: Namespace<'_>,
        resources: &[impl AsRef<str> + Sync],
    ) -> Result<Vec<AuthorizedResource>> {
        self.session.call_with(users::check_permissions(user_id, namespace, resources)?, authing::resource_list).await
    }

    /// What of one kind of resource, `books` for instance, a user may use:
    /// `POST /api/v2/acl/get-authorized-resources-of-resource-kind`.
    pub async fn list_authorized_resources_of_resource_kind(
        &self,
        user_id: &str,
        namespace: Namespace<'_>,
        resource: &str,
    ) -> Result<Vec<AuthorizedResource>> {
        self.session.call_with(users::permissions_of_kind(user_id, namespace, resource)?, authing::resource_list).await
    }

    /// The last ten things that users did: `GET /api/v2/analysis/user-action`.
    pub async fn list_user_actions(&self) -> Result<Page<UserAction>> {
        self.list_user_actions_with(UserActionOptions::new()).await
    }

    /// A page of them, by whom, from where or of which kind. All of them: [`list_all_user_actions`](Self::list_all_user_actions).
    pub async fn list_user_actions_with(&self, options: UserActionOptions) -> Result<Page<UserAction>> {
        self.session.call(users::list_user_actions(&options)?).await
    }

    /// Gives a user a new token: mutation `refreshToken`.
    pub async fn refresh_token(&self, user_id: &str) -> Result<RefreshedToken> {
        self.session.call_with(users::refresh_token(user_id)?, authing::non_null).await
    }

    /// The first ten of a user's policies: query `policyAssignments`.
    pub async fn list_policies(&self, user_id: &str) -> Result<Page<PolicyAssignment>> {
        self.list_policies_with(user_id, PageOptions::new()).await
    }

    /// A page of them. All of them: [`list_all_policies`](Self::list_all_policies).
    pub async fn list_policies_with(&self, user_id: &str, options: PageOptions) -> Result<Page<PolicyAssignment>> {
        self.session.call(users::list_policies(user_id, &options)?).await
    }

    /// Assigns policies to a user, by code: mutation `addPolicyAssignments`.
    pub async fn add_policies(&self, user_id: &str, policies: &[impl AsRef<str> + Sync]) -> Result<()> {
        self.session.call_with(users::add_policies(user_id, policies)?, authing::check_status).await
    }

    /// Takes policies away from a user, by code: mutation `removePolicyAssignments`.
    pub async fn remove_policies(&self, user_id: &str, policies: &[impl AsRef<str> + Sync]) -> Result<()> {
        self.session.call_with(users::remove_policies(user_id, policies)?, authing::check_status).await
    }

    /// A user's custom data with types and labels: query `udv`.
    pub async fn list_udv(&self, user_id: &str) -> Result<Vec<Udv>> {
        self.session.call_with(users::list_udv(user_id)?, users::udvs).await
    }

    /// Sets one value of a user's custom data, and gives all of them: mutation `setUdv`.
    pub async fn set_udv(&self, user_id: &str, key: &str, value: impl Into<UdfValue>) -> Result<Vec<Udv>> {
        self.session.call_with(users::set_udv(user_id, key, &value.into())?, users::udvs).await
    }

    /// Takes one value out of a user's custom data, and gives the others: mutation `removeUdv`.
    pub async fn remove_udv(&self, user_id: &str, key: &str) -> Result<Vec<Udv>> {
        self.session.call_with(users::remove_udv(user_id, key)?, users::udvs).await
    }

    /// A user's custom data, by key: query `udv`.
    pub async fn get_udf_value(&self, user_id: &str) -> Result<CustomData> {
        Ok(self.session.call::<Option<CustomData>>(users::list_udv(user_id)?).await?.unwrap_or_default())
    }

    /// The custom data of many users, by user id: query `udfValueBatch`.
    pub async fn get_udf_value_batch(
        &self,
        user_ids: &[impl AsRef<str> + Sync],
    ) -> Result<BTreeMap<String, CustomData>> {
        self.session.call_with(users::get_udf_value_batch(user_ids)?, users::custom_data_of_many).await
    }

    /// Sets values of a user's custom data; the others stay: mutation `setUdvBatch`.
    pub async fn set_udf_value(&self, user_id: &str, data: &CustomData) -> Result<()> {
        self.session.run(users::set_udf_value(user_id, data)?).await
    }

    /// Sets values of the custom data of many users, by user id: mutation `setUdfValueBatch`.
    pub async fn set_udf_value_batch(&self, data: &BTreeMap<String, CustomData>) -> Result<()> {
        self.session.call_with(users::set_udf_value_batch(data)?, authing::check_status).await
    }

    /// Takes one value out of a user's custom data: mutation `removeUdv`.
    pub async fn remove_udf_value(&self, user_id: &str, key: &str) -> Result<()> {
        self.session.run(users::remove_udv(user_id, key)?).await
    }

    /// For each department of a user the nodes from the root to it: `GET /api/v2/users/{id}/orgs`.
    pub async fn list_org(&self, user_id: &str) -> Result<Vec<Vec<OrgNode>>> {
        self.session.call_with(users::list_org(user_id)?, Data::list).await
    }

    /// A user's departments: query `user { departments }`.
    pub async fn list_department(&self, user_id: &str) -> Result<Page<UserDepartment>> {
        self.list_department_with(user_id, DepartmentOptions::new()).await
    }

    /// The same, in one organization.
    pub async fn list_department_with(
        &self,
        user_id: &str,
        options: DepartmentOptions,
    ) -> Result<Page<UserDepartment>> {
        self.session.call_with(users::list_department(user_id, &options)?, authing::non_null_field).await
    }

    /// Sends a user the mail that verifies the address at the first login: mutation `sendFirstLoginVerifyEmail`.
    pub async fn send_first_login_verify_email(&self, app_id: AppId<'_>, user_id: &str) -> Result<()> {
        self.session.call_with(users::first_login_mail(app_id, user_id)?, authing::check_status).await
    }

    /// Signs a user out of all applications: `GET /logout`.
    pub async fn logout(&self, user_id: &str) -> Result<()> {
        self.logout_with(user_id, UserLogoutOptions::new()).await
    }

    /// The same, out of one.
    pub async fn logout_with(&self, user_id: &str, options: UserLogoutOptions) -> Result<()> {
        self.session.run(users::logout(user_id, &options)).await
    }

    /// Whether a user is signed in: `GET /api/v2/users/login-status`.
    pub async fn check_login_status(&self, user_id: &str) -> Result<LoginStatus> {
        self.check_login_status_with(user_id, LoginStatusOptions::new()).await
    }

    /// The same, at an application or on a device.
    pub async fn check_login_status_with(&self, user_id: &str, options: LoginStatusOptions) -> Result<LoginStatus> {
        self.session.call_with(users::check_login_status(user_id, &options), authing::non_null).await
    }
}
