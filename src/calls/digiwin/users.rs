use super::{Call, Session, options_method};
use crate::{
    Json,
    digiwin::{
        ExistsOptions, User, UserQueryOptions, UserQueryType, UserRef, UserSimple, UserWithRoles,
        users::{self, id_exists, is_registered},
    },
    protocol::decode::Data,
};
use serde::Serialize;

/// Finds and changes users: `/api/iam/v2/user`. Any call can fail as [`Error`](crate::Error) says.
#[derive(Clone, Debug)]
pub struct Users {
    pub(super) session: Session,
}

impl Users {
    options_method!();

    /// Returns a user, named by id (text) or by sid (integer).
    #[doc = users::docs!(GET_USER)]
    pub fn get_user(&self, user: impl Into<UserRef>) -> Call<User> {
        self.session.call_with(users::get_user(&user.into()), Data::non_null)
    }

    /// Returns the users with these ids, without those that do not exist.
    #[doc = users::docs!(GET_USER_LIST)]
    pub fn get_user_list(&self, ids: &[impl AsRef<str>]) -> Call<Vec<User>> {
        self.session.call_with(users::get_user_list(ids), Data::list)
    }

    /// Returns the users of a kind.
    ///
    /// To ask for those of an organization use
    /// [`query_users_with`](Self::query_users_with).
    #[doc = users::docs!(QUERY_USERS)]
    pub fn query_users(&self, query_type: UserQueryType) -> Call<Vec<User>> {
        self.query_users_with(query_type, UserQueryOptions::new())
    }

    /// Returns the users of a kind, in an organization: see [`query_users`](Self::query_users).
    pub fn query_users_with(&self, query_type: UserQueryType, options: UserQueryOptions) -> Call<Vec<User>> {
        self.session.call_with(users::query_users(query_type, &options), Data::list)
    }

    /// Returns all users, with few members of each.
    #[doc = users::docs!(GET_USER_SIMPLE)]
    pub fn get_user_simple(&self) -> Call<Vec<UserSimple>> {
        self.session.call_with(users::get_user_simple(), Data::list)
    }

    /// Returns whether a user has this mail address.
    #[doc = users::docs!(CHECK_EMAIL_EXISTS)]
    pub fn check_email_exists(&self, email: &str) -> Call<bool> {
        self.check_email_exists_with(email, ExistsOptions::new())
    }

    /// Returns whether another user has this mail address: see [`check_email_exists`](Self::check_email_exists).
    pub fn check_email_exists_with(&self, email: &str, options: ExistsOptions) -> Call<bool> {
        self.session.call_with(users::check_email_exists(email, &options), is_registered)
    }

    /// Returns whether a user has this phone number.
    #[doc = users::docs!(CHECK_PHONE_EXISTS)]
    pub fn check_phone_exists(&self, phone: &str) -> Call<bool> {
        self.check_phone_exists_with(phone, ExistsOptions::new())
    }

    /// Returns whether another user has this phone number: see [`check_phone_exists`](Self::check_phone_exists).
    pub fn check_phone_exists_with(&self, phone: &str, options: ExistsOptions) -> Call<bool> {
        self.session.call_with(users::check_phone_exists(phone, &options), is_registered)
    }

    /// Returns whether a user has this id.
    #[doc = users::docs!(CHECK_USER_EXISTS)]
    pub fn check_user_exists(&self, id: impl AsRef<str>) -> Call<bool> {
        self.session.call_with(users::check_user_exists(id.as_ref()), id_exists)
    }

    /// Changes a user.
    ///
    /// `user` is a [`User`], a `json!` object or anything else that serializes to an
    /// object, with `id` or `sid` among its members. A [`User`] leaves out what is `None` and sends unknown members back. The
    /// vendor does not document the response; it is returned unchanged.
    #[doc = users::docs!(UPDATE_USER)]
    pub fn update_user(&self, user: &(impl Serialize + ?Sized)) -> Call<Json> {
        self.session.call(users::update_user(user))
    }

    /// Returns a user and the user's roles.
    #[doc = users::docs!(GET_USER_ROLES)]
    pub fn get_user_roles(&self, user: impl Into<UserRef>) -> Call<UserWithRoles> {
        self.session.call_with(users::get_user_roles(&user.into()), Data::non_null)
    }
}
