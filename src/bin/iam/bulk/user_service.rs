//! The calls that an import of users makes.

use super::user_row::UserRow;
use iam_sdk::{
    Result,
    authing::{CreateUserOptions, User},
    blocking::authing::Users,
};

/// The calls that an import makes.
pub trait Service: Sync {
    fn create(&self, user: &UserRow) -> Result<User>;
    fn find(&self, user: &UserRow) -> Result<Option<User>>;
    fn update(&self, id: &str, user: &UserRow) -> Result<()>;
    fn set_custom_data(&self, id: &str, user: &UserRow) -> Result<()>;
}

/// Authing.
#[derive(Debug)]
pub struct Authing {
    pub users: Users,
    /// Those of every user, but for the custom data.
    pub options: CreateUserOptions,
}

impl Service for Authing {
    fn create(&self, user: &UserRow) -> Result<User> {
        let options = match user.custom.is_empty() {
            true => self.options.clone(),
            false => self.options.clone().custom_data(user.custom.clone()),
        };
        self.users.create_with(&user.info, options)
    }

    fn find(&self, user: &UserRow) -> Result<Option<User>> {
        let Some(lookup) = user.lookup() else { return Ok(None) };
        match self.users.find(lookup) {
            Ok(user) => Ok(Some(user)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn update(&self, id: &str, user: &UserRow) -> Result<()> {
        self.users.update(id, &user.info).map(drop)
    }

    fn set_custom_data(&self, id: &str, user: &UserRow) -> Result<()> {
        self.users.set_udf_value(id, &user.custom).map(drop)
    }
}
