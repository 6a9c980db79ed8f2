use super::{Call, Pager, Session, options_method};
use crate::{
    authing::{
        self, AuthorizedResource, AuthorizedResourceOptions, CreateGroupOptions, Group, GroupUsersOptions, Page,
        SortedPageOptions, UpdateGroupOptions, User, documents, groups,
    },
    protocol::{decode::Data, paging},
};

/// Finds and changes groups of users. Any call can fail as [`Error`](crate::Error) says.
///
/// A call about a group that does not exist is an error of kind [`NotFound`](crate::ErrorKind::NotFound).
#[derive(Clone, Debug)]
pub struct Groups {
    pub(super) session: Session,
}

impl Groups {
    options_method!();

    /// Creates a group.
    #[doc = documents::docs!(CREATE_GROUP)]
    pub fn create(&self, code: impl AsRef<str>, name: &str) -> Call<Group> {
        self.create_with(code, name, CreateGroupOptions::new())
    }

    /// Creates a group with a description: see [`create`](Self::create).
    pub fn create_with(&self, code: impl AsRef<str>, name: &str, options: CreateGroupOptions) -> Call<Group> {
        self.session.call(groups::create(code.as_ref(), name, &options))
    }

    /// Changes a group's code, name or description.
    #[doc = documents::docs!(UPDATE_GROUP)]
    pub fn update(&self, code: impl AsRef<str>, options: UpdateGroupOptions) -> Call<Group> {
        self.session.call_with(groups::update(code.as_ref(), &options), Data::non_null)
    }

    /// Returns a group.
    #[doc = documents::docs!(GROUP)]
    pub fn detail(&self, code: impl AsRef<str>) -> Call<Group> {
        self.session.call_with(groups::detail(code.as_ref()), Data::non_null)
    }

    /// Returns the first ten groups.
    #[doc = documents::docs!(GROUPS)]
    pub fn list(&self) -> Call<Page<Group>> {
        self.list_with(SortedPageOptions::new())
    }

    /// Returns a page of groups: see [`list`](Self::list).
    pub fn list_with(&self, options: SortedPageOptions) -> Call<Page<Group>> {
        self.session.call(groups::list(&options))
    }

    /// Returns a pager over all groups: see [`list`](Self::list).
    pub fn list_all(&self, options: SortedPageOptions) -> Pager<Group> {
        Pager::new(&self.session, options, groups::list, paging::page)
    }

    /// Deletes a group. Its users stay.
    #[doc = documents::docs!(DELETE_GROUPS)]
    pub fn delete(&self, code: impl AsRef<str>) -> Call<()> {
        self.session.call_with(groups::delete(code.as_ref()), authing::check_status)
    }

    /// Deletes groups. Their users stay.
    #[doc = documents::docs!(DELETE_MANY_GROUPS)]
    pub fn delete_many(&self, codes: &[impl AsRef<str>]) -> Call<()> {
        self.session.call_with(groups::delete_many(codes), authing::check_status)
    }

    /// Returns the first ten users in a group.
    #[doc = documents::docs!(GROUP_USERS)]
    pub fn list_users(&self, code: impl AsRef<str>) -> Call<Page<User>> {
        self.list_users_with(code, GroupUsersOptions::new())
    }

    /// Returns a page of the users in a group, with their custom data if asked for: see [`list_users`](Self::list_users).
    pub fn list_users_with(&self, code: impl AsRef<str>, options: GroupUsersOptions) -> Call<Page<User>> {
        self.session.call_with(groups::list_users(code.as_ref(), &options), authing::non_null_field)
    }

    /// Returns a pager over all users in a group: see [`list_users`](Self::list_users).
    pub fn list_all_users(&self, code: impl Into<String>, options: GroupUsersOptions) -> Pager<User> {
        let code = code.into();
        Pager::new(&self.session, options, move |page| groups::list_users(&code, page), authing::non_null_page)
    }

    /// Takes users into a group.
    #[doc = documents::docs!(ADD_USERS_TO_GROUP)]
    pub fn add_users(&self, code: impl AsRef<str>, user_ids: &[impl AsRef<str>]) -> Call<()> {
        self.session.call_with(groups::add_users(code.as_ref(), user_ids), authing::check_status)
    }

    /// Takes users out of a group.
    #[doc = documents::docs!(REMOVE_USERS_FROM_GROUP)]
    pub fn remove_users(&self, code: impl AsRef<str>, user_ids: &[impl AsRef<str>]) -> Call<()> {
        self.session.call_with(groups::remove_users(code.as_ref(), user_ids), authing::check_status)
    }

    /// Returns the resources that the users of a group may use.
    #[doc = documents::docs!(GROUP_RESOURCES)]
    pub fn list_authorized_resources(&self, code: impl AsRef<str>) -> Call<Page<AuthorizedResource>> {
        self.list_authorized_resources_with(code, AuthorizedResourceOptions::new())
    }

    /// Returns the resources that the users of a group may use, in one namespace or of one kind: see
    /// [`list_authorized_resources`](Self::list_authorized_resources).
    pub fn list_authorized_resources_with(
        &self,
        code: impl AsRef<str>,
        options: AuthorizedResourceOptions,
    ) -> Call<Page<AuthorizedResource>> {
        self.session.call_with(groups::list_authorized_resources(code.as_ref(), &options), authing::resources)
    }
}
