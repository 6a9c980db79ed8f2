use super::{Session, maybe_async};
use crate::{
    Json, Result,
    digiwin::{
        ExistsOptions, User, UserQueryOptions, UserQueryType, UserRef, UserSimple, UserWithRoles,
        users::{self, IdExists, Registered},
    },
    protocol::decode::Data,
};
use serde::Serialize;

/// Users: `/api/iam/v2/user`.
#[derive(Clone, Debug)]
pub struct Users {
    pub(super) session: Session,
}

#[maybe_async]
impl Users {
    /// A user by id (text) or sid (integer), if there is one: `POST user`.
    pub async fn get_user(&self, user: impl Into<UserRef>) -> Result<Option<User>> {
        self.session.call(users::get_user(&user.into())?).await
    }

    /// The users with these ids; unknown ids are left out: `POST user/list`.
    pub async fn get_user_list(&self, ids: &[impl AsRef<str>]) -> Result<Vec<User>> {
        self.session.call_with(users::get_user_list(ids)?, Data::list).await
    }

    /// The users of a kind: `POST user/query`. Those of an organization need
    /// [`query_users_with`](Self::query_users_with).
    pub async fn query_users(&self, query_type: UserQueryType) -> Result<Vec<User>> {
        self.query_users_with(query_type, UserQueryOptions::new()).await
    }

    /// [`query_users`](Self::query_users) in an organization.
    pub async fn query_users_with(&self, query_type: UserQueryType, options: UserQueryOptions) -> Result<Vec<User>> {
        self.session.call_with(users::query_users(query_type, &options)?, Data::list).await
    }

    /// All users, in short: `GET user/simple`.
    pub async fn get_user_simple(&self) -> Result<Vec<UserSimple>> {
        self.session.call_with(users::get_user_simple(), Data::list).await
    }

    /// Whether a user has this mail address: `POST user/email/exist`.
    pub async fn check_email_exists(&self, email: &str) -> Result<bool> {
        self.check_email_exists_with(email, ExistsOptions::new()).await
    }

    /// [`check_email_exists`](Self::check_email_exists), one user left out.
    pub async fn check_email_exists_with(&self, email: &str, options: ExistsOptions) -> Result<bool> {
        let answer = self.session.call(users::check_email_exists(email, &options)?).await?;
        Ok(Registered::yes(answer))
    }

    /// Whether a user has this phone number: `POST user/mobilephone/exist`.
    pub async fn check_phone_exists(&self, phone: &str) -> Result<bool> {
        self.check_phone_exists_with(phone, ExistsOptions::new()).await
    }

    /// [`check_phone_exists`](Self::check_phone_exists), one user left out.
    pub async fn check_phone_exists_with(&self, phone: &str, options: ExistsOptions) -> Result<bool> {
        let answer = self.session.call(users::check_phone_exists(phone, &options)?).await?;
        Ok(Registered::yes(answer))
    }

    /// Whether a user has this id: `POST user/exists`.
    pub async fn check_user_exists(&self, id: &str) -> Result<bool> {
        let answer = self.session.call(users::check_user_exists(id)?).await?;
        Ok(IdExists::yes(answer))
    }

    /// Changes a user: `POST user/update`. `user` is a [`User`], a `json!` object or anything else that serializes to an
    /// object, `id` or `sid` among its members. A [`User`] leaves out what is `None` and sends unknown members back.
    ///
    /// The answer is not documented, and given as it is.
    pub async fn update_user(&self, user: &(impl Serialize + Sync + ?Sized)) -> Result<Json> {
        self.session.call(users::update_user(user)?).await
    }

    /// A user and their roles: `POST user/role`.
    pub async fn get_user_roles(&self, user: impl Into<UserRef>) -> Result<UserWithRoles> {
        self.session.call(users::get_user_roles(&user.into())?).await
    }
}
