use super::{
    udf::CustomData,
    values::{QueryField, ResourceType, SortBy},
};
use crate::{Password, protocol::options::options};
use serde_json::{Map, Value};
use std::fmt;

macro_rules! user_info {
    ($($(#[$doc:meta])* $setter:ident: $type:ty = $wire:literal,)+) => {
        impl UserInfo {
            $(
                $(#[$doc])*
                #[doc = concat!("Sets `", $wire, "`.")]
                pub fn $setter(self, $setter: impl Into<$type>) -> Self {
                    let value: $type = $setter.into();
                    self.set($wire, value)
                }
            )+
        }
    };
}

/// What to write about a user: of `create` and `update`. What is not set stays as it is.
///
/// The password is encrypted on its way out; this value stays as it is, and can be used again.
#[derive(Clone, Default, PartialEq)]
pub struct UserInfo {
    pub(super) members: Map<String, Value>,
    pub(super) password: Option<Password>,
}

impl UserInfo {
    /// Nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The password, in clear text; with `keep_password` as it is to be kept.
    pub fn password(mut self, password: impl Into<Password>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Sets a member by the name that it has on the wire.
    ///
    /// A `password` is taken as [`password`](Self::password) takes it, whatever kind of JSON it is: 4711 is the password
    /// `4711`. `null` takes the password out again.
    pub fn set(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let (name, value) = (name.into(), value.into());
        if name == "password" {
            self.password = match value {
                Value::Null => None,
                Value::String(password) => Some(password.into()),
                other => Some(other.to_string().into()),
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

/// Of `users().create`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CreateUserOptions {
    pub(super) keep_password: bool,
    pub(super) reset_password_on_first_login: Option<bool>,
    pub(super) custom_data: CustomData,
}

impl CreateUserOptions {
    /// None set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps the password as it comes, for users who come from elsewhere with a hash of their own. Default: `false`.
    pub fn keep_password(mut self, keep: bool) -> Self {
        self.keep_password = keep;
        self
    }

    /// Has the user choose another password at the first login. Default: the service's.
    pub fn reset_password_on_first_login(mut self, reset: bool) -> Self {
        self.reset_password_on_first_login = Some(reset);
        self
    }

    /// Sets custom data, which the response then has too. Their fields must be defined in the pool.
    pub fn custom_data(mut self, data: CustomData) -> Self {
        self.custom_data = data;
        self
    }
}

options! {
    /// Of `users().detail`.
    UserDetailOptions (
        /// Gives the custom data as well. Default: `false`.
        with_custom_data,
    ) {}
}

options! {
    /// Of `users().batch_get`.
    BatchGetOptions (
        /// Gives the custom data as well. Default: `false`.
        with_custom_data,
    ) {
        /// What the identifiers are. Default: ids.
        query_field: QueryField,
    }
}

options! {
    /// Of `users().list`.
    UserListOptions (
        /// Gives the custom data as well. Default: `false`.
        with_custom_data,
    ) {
        /// From 1 on. Default: 1.
        page: i64,
        /// How many on a page. Default: 10.
        limit: i64,
        /// Default: the service's, which is the newest first.
        sort_by: SortBy,
        /// Leaves out who is in an organization. Default: the service's.
        exclude_users_in_org: bool,
    }
}

options! {
    /// Of calls that give a page.
    PageOptions {
        /// From 1 on. Default: 1.
        page: i64,
        /// How many on a page. Default: 10.
        limit: i64,
    }
}

options! {
    /// Of `orgs().list` and `groups().list`.
    SortedPageOptions {
        /// From 1 on. Default: 1.
        page: i64,
        /// How many on a page. Default: 10.
        limit: i64,
        /// Default: the service's, which is the newest first.
        sort_by: SortBy,
    }
}

options! {
    /// Of `groups().list_users`.
    GroupUsersOptions (
        /// Gives the custom data as well. Default: `false`.
        with_custom_data,
    ) {
        /// From 1 on. Default: 1.
        page: i64,
        /// How many on a page. Default: 10.
        limit: i64,
    }
}

options! {
    /// Of `orgs().list_members`.
    MemberListOptions {
        /// From 1 on. Default: 1.
        page: i64,
        /// How many on a page. Default: 10.
        limit: i64,
        /// Default: the service's, which is the newest first.
        sort_by: SortBy,
        /// Those of the nodes below as well. Default: the service's, which is not.
        include_children_nodes: bool,
    }
}

options! {
    /// Of `users().search`. Conditions of one kind are alternatives; those of different kinds must all hold.
    UserSearchOptions [
        /// Looks in these members of users alone.
        fields,
        /// In a department: `{"departmentId", "includeChildrenDepartments"}`; see [`in_department`](Self::in_department).
        department_opts,
        /// In a group: `{"code"}`; see [`in_group`](Self::in_group).
        group_opts,
        /// With a role: `{"namespace", "code"}`; see [`with_role`](Self::with_role).
        role_opts,
    ] (
        /// Gives the custom data as well. Default: `false`.
        with_custom_data,
    ) {
        /// From 1 on. Default: 1.
        page: i64,
        /// How many on a page. Default: 10.
        limit: i64,
    }
}

impl UserSearchOptions {
    /// Only members of this department, or with `below` of those below it as well.
    pub fn in_department(self, id: impl Into<String>, below: bool) -> Self {
        self.department_opts(serde_json::json!({"departmentId": id.into(), "includeChildrenDepartments": below}))
    }

    /// Only members of this group.
    pub fn in_group(self, code: impl Into<String>) -> Self {
        self.group_opts(serde_json::json!({"code": code.into()}))
    }

    /// Only those with this role.
    pub fn with_role(self, namespace: impl Into<String>, code: impl Into<String>) -> Self {
        self.role_opts(serde_json::json!({"namespace": namespace.into(), "code": code.into()}))
    }
}

options! {
    /// Of calls about roles.
    NamespaceOptions {
        /// The code of the permission namespace. Default: the service's, which is `default`.
        namespace: String,
    }
}

options! {
    /// Of `list_authorized_resources`.
    AuthorizedResourceOptions {
        /// The code of the permission namespace. Default: the service's.
        namespace: String,
        /// Resources of this kind alone.
        resource_type: ResourceType,
    }
}

options! {
    /// Of `users().list_user_actions`.
    UserActionOptions {
        /// From 1 on. Default: 1.
        page: i64,
        /// How many on a page. Default: 10.
        limit: i64,
        /// From this address alone.
        client_ip: String,
        /// What was done.
        operation_name: String,
        /// By whom.
        operator_arn: String,
    }
}

options! {
    /// Of `users().list_department`.
    DepartmentOptions {
        /// In this organization alone.
        org_id: String,
    }
}

options! {
    /// Of `users().logout`.
    UserLogoutOptions {
        /// Out of this application alone. Default: out of all.
        app_id: String,
    }
}

options! {
    /// Of `users().check_login_status`.
    LoginStatusOptions {
        /// At this application. Default: at any.
        app_id: String,
        /// On this device. Default: on any.
        device_id: String,
    }
}

options! {
    /// Of `orgs().create`.
    CreateOrgOptions {
        /// A code, unique in the pool.
        code: String,
        /// For people.
        description: String,
    }
}

options! {
    /// Of `orgs().add_node`.
    AddNodeOptions {
        /// A code, unique in the organization.
        code: String,
        /// For people.
        description: String,
        /// Names in other languages: JSON, by language.
        name_i18n: String,
        /// Descriptions in other languages: JSON, by language.
        description_i18n: String,
        /// Where it stands among its siblings: the larger, the earlier.
        order: i64,
    }
}

options! {
    /// Of `orgs().update_node`.
    UpdateNodeOptions {
        /// Another name.
        name: String,
        /// Another code.
        code: String,
        /// Another description.
        description: String,
    }
}

options! {
    /// Of `groups().create`.
    CreateGroupOptions {
        /// For people.
        description: String,
    }
}

options! {
    /// Of `groups().update`.
    UpdateGroupOptions {
        /// Another code.
        new_code: String,
        /// Another name.
        name: String,
        /// Another description.
        description: String,
    }
}
