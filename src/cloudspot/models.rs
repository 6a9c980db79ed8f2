use crate::{Json, Pin, UserToken, protocol::model::model};

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
    pub fn company(&self, id: impl AsRef<str>) -> Option<&CompanyPermissions> {
        self.permissions.iter().find(|company| company.company_id.as_deref() == Some(id.as_ref()))
    }
}

model! {
    /// What a user may do in a company.
    CompanyPermissions {
        /// The id of the company, as text even if it was sent as a number.
        company_id: Option<String> = "company_id",
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
        /// The user, in an undocumented form, which can hold the user's pin.
        user: Option<Json> = secret "user",
        /// The company, in an undocumented form.
        company: Option<Json> = "company",
    }
}
