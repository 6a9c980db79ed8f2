use super::{Pager, Session, maybe_async};
use crate::{
    Result,
    authing::{
        self, AuthorizedResource, AuthorizedResourceOptions, CreateGroupOptions, Group, GroupUsersOptions, Page,
        SortedPageOptions, UpdateGroupOptions, User, groups,
    },
    protocol::paging,
};

/// Groups of users.
#[derive(Clone, Debug)]
pub struct Groups {
    pub(super) session: Session,
}

impl Groups {
    /// All groups, over all pages: see [`list_with`](Self::list_with).
    pub fn list_all(&self, options: SortedPageOptions) -> Pager<Group> {
        Pager::new(&self.session, options, groups::list, paging::page)
    }

    /// All users in a group, over all pages: see [`list_users_with`](Self::list_users_with).
    pub fn list_all_users(&self, code: impl Into<String>, options: GroupUsersOptions) -> Pager<User> {
        let code = code.into();
        Pager::new(&self.session, options, move |page| groups::list_users(&code, page), authing::non_null_page)
    }
}

#[maybe_async]
impl Groups {
    /// Creates a group: mutation `createGroup`.
    pub async fn create(&self, code: &str, name: &str) -> Result<Group> {
        self.create_with(code, name, CreateGroupOptions::new()).await
    }

    /// The same, with a description.
    pub async fn create_with(&self, code: &str, name: &str, options: CreateGroupOptions) -> Result<Group> {
        self.session.call(groups::create(code, name, &options)?).await
    }

    /// Changes what is set in `options`: mutation `updateGroup`.
    pub async fn update(&self, code: &str, options: UpdateGroupOptions) -> Result<Group> {
        self.session.call_with(groups::update(code, &options)?, authing::non_null).await
    }

    /// A group: query `group`.
    pub async fn detail(&self, code: &str) -> Result<Group> {
        self.session.call_with(groups::detail(code)?, authing::non_null).await
    }

    /// The first ten groups: query `groups`.
    pub async fn list(&self) -> Result<Page<Group>> {
        self.list_with(SortedPageOptions::new()).await
    }

    /// A page of them. All of them: [`list_all`](Self::list_all).
    pub async fn list_with(&self, options: SortedPageOptions) -> Result<Page<Group>> {
        self.session.call(groups::list(&options)?).await
    }

    /// Deletes a group; its users stay: mutation `deleteGroups`.
    pub async fn delete(&self, code: &str) -> Result<()> {
        self.session.call_with(groups::delete(code)?, authing::check_status).await
    }

    /// Deletes groups: mutation `deleteGroups`.
    pub async fn delete_many(&self, codes: &[impl AsRef<str> + Sync]) -> Result<()> {
        self.session.call_with(groups::delete_many(codes)?, authing::check_status).await
    }

    /// The first ten users in a group: query `group { users }`.
    pub async fn list_users(&self, code: &str) -> Result<Page<User>> {
        self.list_users_with(code, GroupUsersOptions::new()).await
    }

    /// A page of them, with their custom data if asked for. All of them: [`list_all_users`](Self::list_all_users).
    pub async fn list_users_with(&self, code: &str, options: GroupUsersOptions) -> Result<Page<User>> {
        self.session.call_with(groups::list_users(code, &options)?, authing::non_null_field).await
    }

    /// Takes users into a group: mutation `addUserToGroup`.
    pub async fn add_users(&self, code: &str, user_ids: &[impl AsRef<str> + Sync]) -> Result<()> {
        self.session.call_with(groups::add_users(code, user_ids)?, authing::check_status).await
    }

    /// Takes users out of a group: mutation `removeUserFromGroup`.
    pub async fn remove_users(&self, code: &str, user_ids: &[impl AsRef<str> + Sync]) -> Result<()> {
        self.session.call_with(groups::remove_users(code, user_ids)?, authing::check_status).await
    }

    /// What a group's users may use: query `group { authorizedResources }`.
    pub async fn list_authorized_resources(&self, code: &str) -> Result<Page<AuthorizedResource>> {
        self.list_authorized_resources_with(code, AuthorizedResourceOptions::new()).await
    }

    /// The same, in a namespace or of one kind.
    pub async fn list_authorized_resources_with(
        &self,
        code: &str,
        options: AuthorizedResourceOptions,
    ) -> Result<Page<AuthorizedResource>> {
        self.session.call_with(groups::list_authorized_resources(code, &options)?, authing::resources).await
    }
}
