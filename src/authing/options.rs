use super::{
    udf::CustomData,
    values::{QueryField, ResourceType, SortBy},
};
use crate::{Json, Password, protocol::options::options};
use std::{collections::BTreeMap, fmt};

macro_rules! user_info {
    ($($(#[$doc:meta])* $setter:ident: $type:ty = $wire:literal,)+) => {
        impl UserInfo {
            $(
                $(#[$doc])*
                #[doc = concat!("Sets [`", stringify!($setter), "`](super::User::", stringify!($setter), "), `", $wire, "` on the wire.")]
                pub fn $setter(self, $setter: impl Into<$type>) -> Self {
                    let value: $type = $setter.into();
                    self.set($wire, value)
                }
            )+
        }
    };
}

/// Members of a user that `create` and `update` write. What is not set stays as it is.
///
/// The password is encrypted on its way out; this value stays as it is, and can be used again.
#[derive(Clone, Default, PartialEq)]
pub struct UserInfo {
    pub(super) members: BTreeMap<String, Json>,
    pub(super) password: Option<Password>,
}

impl UserInfo {
    /// Creates a value with nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the password, in clear text; with `keep_password`, as the service is to keep it.
    pub fn password(mut self, password: impl Into<Password>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Sets a member by the name that it has on the wire.
    ///
    /// A `password` is taken as [`password`](Self::password) takes it, whatever kind of JSON it is: 4711 is the password
    /// `4711`. `null` takes the password out again.
    pub fn set(mut self, name: impl Into<String>, value: impl Into<Json>) -> Self {
        let (name, value) = (name.into(), value.into());
        if name == "password" {
            self.password = match value.decode::<String>() {
                Ok(password) => Some(password.into()),
                Err(_) if value.is_null() => None,
                Err(_) => Some(value.as_text().into()),
            };
        } else {
            self.members.insert(name, value);
        }
        self
    }
}

user_info! {
    username: String = "username",
    email: String = "email",
    email_verified: bool = "emailVerified",
    phone: String = "phone",
    phone_verified: bool = "phoneVerified",
    external_id: String = "externalId",
    unionid: String = "unionid",
    openid: String = "openid",
    nickname: String = "nickname",
    photo: String = "photo",
    blocked: bool = "blocked",
    company: String = "company",
    name: String = "name",
    given_name: String = "givenName",
    family_name: String = "familyName",
    middle_name: String = "middleName",
    profile: String = "profile",
    preferred_username: String = "preferredUsername",
    website: String = "website",
    gender: String = "gender",
    birthdate: String = "birthdate",
    zoneinfo: String = "zoneinfo",
    locale: String = "locale",
    address: String = "address",
    formatted: String = "formatted",
    street_address: String = "streetAddress",
    locality: String = "locality",
    region: String = "region",
    postal_code: String = "postalCode",
    city: String = "city",
    province: String = "province",
    country: String = "country",
}

impl fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.members.keys()).entries(self.password.iter().map(|_| "password")).finish()
    }
}

/// Optional arguments of `users().create`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CreateUserOptions {
    pub(super) keep_password: bool,
    pub(super) reset_password_on_first_login: Option<bool>,
    pub(super) custom_data: CustomData,
}

impl CreateUserOptions {
    /// Creates options with nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps the password as it comes, for users from another system with a hash of their own. Default: `false`.
    pub fn keep_password(mut self, keep: bool) -> Self {
        self.keep_password = keep;
        self
    }

    /// Has the user choose another password at the first login. Default: the service's.
    pub fn reset_password_on_first_login(mut self, reset: bool) -> Self {
        self.reset_password_on_first_login = Some(reset);
        self
    }

    /// Sets custom data, which the response then has too. The pool must define their fields.
    pub fn custom_data(mut self, data: CustomData) -> Self {
        self.custom_data = data;
        self
    }
}

options! {
    /// Optional arguments of `users().detail`.
    UserDetailOptions (
        /// Asks for the custom data too. Default: `false`.
        with_custom_data,
    ) {}
}

options! {
    /// Optional arguments of `users().batch_get`.
    BatchGetOptions (
        /// Asks for the custom data too. Default: `false`.
        with_custom_data,
    ) {
        /// Sets which member of a user the identifiers are. Default: the id.
        query_field: QueryField,
    }
}

options! {
    /// Optional arguments of `users().list`.
    UserListOptions (
        /// Asks for the custom data too. Default: `false`.
        with_custom_data,
    ) {
        /// Sets the number of the page, from 1 on. Default: 1.
        page: usize,
        /// Sets how many items a page has. Default: 10.
        limit: usize,
        /// Sets the order. Default: the service's, which is the newest first.
        sort_by: SortBy,
        /// Leaves out users that are in an organization. Default: the service's.
        exclude_users_in_org: bool,
    }
}

options! {
    /// Optional arguments of calls that return a page.
    PageOptions {
        /// Sets the number of the page, from 1 on. Default: 1.
        page: usize,
        /// Sets how many items a page has. Default: 10.
        limit: usize,
    }
}

options! {
    /// Optional arguments of `orgs().list` and `groups().list`.
    SortedPageOptions {
        /// Sets the number of the page, from 1 on. Default: 1.
        page: usize,
        /// Sets how many items a page has. Default: 10.
        limit: usize,
        /// Sets the order. Default: the service's, which is the newest first.
        sort_by: SortBy,
    }
}

options! {
    /// Optional arguments of `groups().list_users`.
    GroupUsersOptions (
        /// Asks for the custom data too. Default: `false`.
        with_custom_data,
    ) {
        /// Sets the number of the page, from 1 on. Default: 1.
        page: usize,
        /// Sets how many items a page has. Default: 10.
        limit: usize,
    }
}

options! {
    /// Optional arguments of `orgs().list_members`.
    MemberListOptions {
        /// Sets the number of the page, from 1 on. Default: 1.
        page: usize,
        /// Sets how many items a page has. Default: 10.
        limit: usize,
        /// Sets the order. Default: the service's, which is the newest first.
        sort_by: SortBy,
        /// Includes the members of the nodes below. Default: the service's, which is not to.
        include_children_nodes: bool,
    }
}

options! {
    /// Optional arguments of calls about roles.
    NamespaceOptions {
        /// Sets the code of the permission namespace. Default: the service's, which is `default`.
        namespace: String,
    }
}

options! {
    /// Optional arguments of `list_authorized_resources`.
    AuthorizedResourceOptions {
        /// Sets the code of the permission namespace. Default: the service's.
        namespace: String,
        /// Keeps only resources of a kind. Another kind than the documented ones is refused before a request is sent.
        resource_type: ResourceType,
    }
}

options! {
    /// Optional arguments of `users().list_user_actions`.
    UserActionOptions {
        /// Sets the number of the page, from 1 on. Default: 1.
        page: usize,
        /// Sets how many items a page has. Default: 10.
        limit: usize,
        /// Keeps only actions from an IP address.
        client_ip: String,
        /// Keeps only actions of an operation.
        operation_name: String,
        /// Keeps only actions of a user, named by ARN.
        operator_arn: String,
    }
}

options! {
    /// Optional arguments of `users().list_department`.
    DepartmentOptions {
        /// Keeps only departments of an organization.
        org_id: String,
    }
}

options! {
    /// Optional arguments of `users().logout`.
    UserLogoutOptions {
        /// Logs out of one application. Default: out of all.
        app_id: String,
    }
}

options! {
    /// Optional arguments of `users().check_login_status`.
    LoginStatusOptions {
        /// Looks at one application. Default: at any.
        app_id: String,
        /// Looks at one device. Default: at any.
        device_id: String,
    }
}

options! {
    /// Optional arguments of `orgs().create`.
    CreateOrgOptions {
        /// Sets the code, unique in the pool.
        code: String,
        /// Sets the description.
        description: String,
    }
}

options! {
    /// Optional arguments of `orgs().add_node`.
    AddNodeOptions {
        /// Sets the code, unique in the organization.
        code: String,
        /// Sets the description.
        description: String,
        /// Sets the names in other languages: JSON text, by language.
        name_i18n: String,
        /// Sets the descriptions in other languages: JSON text, by language.
        description_i18n: String,
        /// Sets the place among the siblings: the larger, the earlier.
        order: i64,
    }
}

options! {
    /// Optional arguments of `orgs().update_node`.
    UpdateNodeOptions {
        /// Changes the name.
        name: String,
        /// Changes the code.
        code: String,
        /// Changes the description.
        description: String,
    }
}

options! {
    /// Optional arguments of `groups().create`.
    CreateGroupOptions {
        /// Sets the description.
        description: String,
    }
}

options! {
    /// Optional arguments of `groups().update`.
    UpdateGroupOptions {
        /// Changes the code.
        new_code: String,
        /// Changes the name.
        name: String,
        /// Changes the description.
        description: String,
    }
}
