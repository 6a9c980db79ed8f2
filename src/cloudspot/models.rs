use crate::{
    Json, Pin, UserToken,
    protocol::model::{field_values, model},
    secret::Text,
};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// The id of a company, which the service may write as text or as a number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct CompanyId(String);

impl CompanyId {
    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CompanyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for CompanyId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl From<String> for CompanyId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl From<i64> for CompanyId {
    fn from(id: i64) -> Self {
        Self(id.to_string())
    }
}

impl From<&CompanyId> for CompanyId {
    fn from(id: &CompanyId) -> Self {
        id.clone()
    }
}

impl<'de> Deserialize<'de> for CompanyId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Text).map(Self)
    }
}

field_values!(CompanyId);

model! {
    /// What a user may do, by company: the response of `authenticate` and `get_permissions`.
    AuthenticatedLicense {
        /// The license token; the session has it already after `authenticate`.
        token: Option<UserToken> = secret "token",
        /// The companies in which the user may use the application.
        permissions: Vec<CompanyPermissions> = "permissions",
    }
}

impl AuthenticatedLicense {
    /// Returns the permissions in a company, if the user may use the application there.
    pub fn company(&self, id: impl Into<CompanyId>) -> Option<&CompanyPermissions> {
        let id = id.into();
        self.permissions.iter().find(|company| company.company_id.as_ref() == Some(&id))
    }
}

model! {
    /// What a user may do in a company.
    CompanyPermissions {
        /// The id of the company.
        company_id: Option<CompanyId> = "company_id",
        /// The name of the company.
        company_name: Option<String> = "company_name",
        /// The permissions, as slugs; `use_app` is always among them.
        permissions: Vec<String> = "permissions",
    }
}

impl CompanyPermissions {
    /// Returns whether the permission with this slug is among them.
    pub fn has(&self, slug: &str) -> bool {
        self.permissions.iter().any(|permission| permission == slug)
    }
}

model! {
    /// The user who is logged in.
    LicenseUser {
        /// The given name.
        first_name: Option<String> = "first_name",
        /// The family name.
        last_name: Option<String> = "last_name",
        /// The mail address.
        email: Option<String> = "email",
        /// The company, in an undocumented form.
        company: Option<Json> = "company",
        /// The PIN of the user.
        pin: Option<Pin> = secret "pin",
    }
}

model! {
    /// The impersonation of a user by another one.
    Impersonation {
        /// The impersonation's own token.
        token: Option<UserToken> = secret "token",
        /// A license token of the user who is impersonated.
        auth_token: Option<UserToken> = secret "auth_token",
        /// The user, in an undocumented form.
        user: Option<Json> = "user",
        /// The company, in an undocumented form.
        company: Option<Json> = "company",
    }
}
