//! The data of Authing management.

mod node;
mod pool;

pub use node::{OrgNode, OrgNodeDetails, RareOrgNodeDetails};
pub use pool::{AllowLists, FrequencyCheck, UserPool, UserPoolType};

use super::{
    udf::CustomData,
    values::{ResourceType, TargetType, UserStatus},
};
use crate::{Json, Password, UserToken, protocol::model::model};

model! {
    /// A user. Times are ISO 8601 texts.
    ///
    /// The members from `name` to `country` mean what the standard claims of OpenID Connect mean that have their names. The
    /// descriptions of the others follow the names.
    User {
        /// The id of the user.
        id: Option<String> = "id",
        /// The ARN of the user: its name in policies.
        arn: Option<String> = "arn",
        /// The id of the user pool.
        user_pool_id: Option<String> = "userPoolId",
        /// The state of the account.
        status: Option<UserStatus> = "status",
        /// The user name, unique in the pool.
        username: Option<String> = "username",
        /// The mail address.
        email: Option<String> = "email",
        /// Whether the mail address is verified.
        email_verified: Option<bool> = "emailVerified",
        /// The phone number.
        phone: Option<String> = "phone",
        /// Whether the phone number is verified.
        phone_verified: Option<bool> = "phoneVerified",
        /// The id of the user at a social login, the same in all applications there.
        unionid: Option<String> = "unionid",
        /// The id of the user in one application at a social login.
        openid: Option<String> = "openid",
        /// The nickname.
        nickname: Option<String> = "nickname",
        /// How the user was registered.
        register_source: Vec<String> = "registerSource",
        /// The URL of the portrait.
        photo: Option<String> = "photo",
        /// The password, salted and hashed, or as it was kept with `keep_password`.
        password: Option<Password> = secret "password",
        /// What a social login's provider said of the user; it can hold the provider's tokens.
        oauth: Option<Json> = secret "oauth",
        /// The user's own token.
        token: Option<UserToken> = secret "token",
        /// When the token expires.
        token_expired_at: Option<String> = "tokenExpiredAt",
        /// The number of logins.
        logins_count: Option<i64> = "loginsCount",
        /// When the user last logged in.
        last_login: Option<String> = "lastLogin",
        /// The IP address of the last login.
        last_ip: Option<String> = "lastIP",
        /// When the user registered.
        signed_up: Option<String> = "signedUp",
        /// Whether the user may not log in.
        blocked: Option<bool> = "blocked",
        /// Whether the user is deleted.
        is_deleted: Option<bool> = "isDeleted",
        /// The device of the last login.
        device: Option<String> = "device",
        /// The browser of the last login.
        browser: Option<String> = "browser",
        /// The company.
        company: Option<String> = "company",
        /// The name of the user.
        name: Option<String> = "name",
        /// The given name.
        given_name: Option<String> = "givenName",
        /// The family name.
        family_name: Option<String> = "familyName",
        /// The middle name.
        middle_name: Option<String> = "middleName",
        /// The URL of the profile page.
        profile: Option<String> = "profile",
        /// The name that the user wishes to be called by.
        preferred_username: Option<String> = "preferredUsername",
        /// The web site.
        website: Option<String> = "website",
        /// The gender.
        gender: Option<String> = "gender",
        /// The date of birth.
        birthdate: Option<String> = "birthdate",
        /// The time zone, such as `Asia/Shanghai`.
        zoneinfo: Option<String> = "zoneinfo",
        /// The language, such as `zh-CN`.
        locale: Option<String> = "locale",
        /// The postal address.
        address: Option<String> = "address",
        /// The postal address as one text.
        formatted: Option<String> = "formatted",
        /// The street and the house number.
        street_address: Option<String> = "streetAddress",
        /// The town.
        locality: Option<String> = "locality",
        /// The region.
        region: Option<String> = "region",
        /// The postal code.
        postal_code: Option<String> = "postalCode",
        /// The city.
        city: Option<String> = "city",
        /// The province.
        province: Option<String> = "province",
        /// The country.
        country: Option<String> = "country",
        /// When the user was created.
        created_at: Option<String> = "createdAt",
        /// When the user was last changed.
        updated_at: Option<String> = "updatedAt",
        /// The id of the user in another system.
        external_id: Option<String> = "externalId",
        /// The accounts of the user at identity providers; in lists and batches.
        identities: Vec<Identity> = "identities",
        /// The custom data, where it was asked for.
        custom_data: CustomData = "customData",
    }
}

model! {
    /// An account of a user at an identity provider.
    Identity {
        /// The id of the user in one application at the provider.
        openid: Option<String> = "openid",
        /// The id of the user at the provider.
        user_id_in_idp: Option<String> = "userIdInIdp",
        /// The id of the user in the pool.
        user_id: Option<String> = "userId",
        /// The id of the connection to the provider.
        connection_id: Option<String> = "connectionId",
        /// Whether the provider is a social login.
        is_social: Option<bool> = "isSocial",
        /// The identity provider.
        provider: Option<String> = "provider",
        /// The kind of account.
        kind: Option<String> = "type",
        /// The id of the user pool.
        user_pool_id: Option<String> = "userPoolId",
    }
}

model! {
    /// A group of users.
    Group {
        /// The code of the group.
        code: Option<String> = "code",
        /// The name of the group.
        name: Option<String> = "name",
        /// A description of the group.
        description: Option<String> = "description",
        /// When the group was created.
        created_at: Option<String> = "createdAt",
        /// When the group was last changed.
        updated_at: Option<String> = "updatedAt",
    }
}

model! {
    /// A role, unique by code in its namespace.
    Role {
        /// The id of the role.
        id: Option<String> = "id",
        /// The code of the permission namespace.
        namespace: Option<String> = "namespace",
        /// The code of the role.
        code: Option<String> = "code",
        /// The ARN of the role: its name in policies.
        arn: Option<String> = "arn",
        /// A description of the role.
        description: Option<String> = "description",
        /// When the role was created.
        created_at: Option<String> = "createdAt",
        /// When the role was last changed.
        updated_at: Option<String> = "updatedAt",
        /// The role above; in a user's roles.
        parent: Option<Box<Role>> = "parent",
    }
}

model! {
    /// An organization: its nodes as a flat list, whose `children` are ids. [`treeify`](Self::treeify) nests them.
    Org {
        /// The id of the organization.
        id: Option<String> = "id",
        /// The node at the top.
        root_node: Option<OrgNode> = "rootNode",
        /// All nodes, the root among them.
        nodes: Vec<OrgNode> = "nodes",
    }
}

model! {
    /// A department that a user belongs to.
    UserDepartment {
        /// The department.
        department: Option<OrgNode> = "department",
        /// Whether it is the main department of the user.
        is_main_department: Option<bool> = "isMainDepartment",
        /// When the user joined.
        joined_at: Option<String> = "joinedAt",
    }
}

model! {
    /// A resource and the actions on it that are allowed. Members that are empty are absent.
    AuthorizedResource {
        /// The code of the resource.
        code: Option<String> = "code",
        /// The kind of resource.
        kind: Option<ResourceType> = "type",
        /// The actions that are allowed.
        actions: Vec<String> = "actions",
    }
}

model! {
    /// An assignment of a policy to a target.
    PolicyAssignment {
        /// The code of the policy.
        code: Option<String> = "code",
        /// The kind of target.
        target_type: Option<TargetType> = "targetType",
        /// The id or the code of the target.
        target_identifier: Option<String> = "targetIdentifier",
    }
}

model! {
    /// A user's own token, after its refresh.
    RefreshedToken {
        /// The token.
        token: Option<UserToken> = secret "token",
        /// When the token was issued, in Unix seconds.
        iat: Option<i64> = "iat",
        /// When the token expires, in Unix seconds.
        exp: Option<i64> = "exp",
    }
}

model! {
    /// Whether a user's token is valid. The service sends this for an invalid token too: look at `status`.
    TokenStatus {
        /// The code of the response.
        code: Option<i64> = "code",
        /// What the service says about it.
        message: Option<String> = "message",
        /// Whether the token is valid.
        status: Option<bool> = "status",
        /// When the token expires, in Unix seconds.
        exp: Option<i64> = "exp",
        /// When the token was issued, in Unix seconds.
        iat: Option<i64> = "iat",
        /// The owner of the token.
        data: Option<TokenOwner> = "data",
    }
}

model! {
    /// The user whom a token is for.
    TokenOwner {
        /// The id of the user.
        id: Option<String> = "id",
        /// The id of the user pool.
        user_pool_id: Option<String> = "userPoolId",
        /// The ARN of the user: its name in policies.
        arn: Option<String> = "arn",
    }
}

model! {
    /// Whether a user is logged in.
    LoginStatus {
        /// Whether the user is logged in.
        is_login: Option<bool> = "isLogin",
        /// The user.
        user: Option<Box<User>> = "user",
        /// The application, in an undocumented form.
        application: Option<Json> = "application",
    }
}

model! {
    /// An entry of the log of what users did.
    UserAction {
        /// The ARN of the user who acted.
        operator_arn: Option<String> = "operator_arn",
        /// The name of the operation.
        operation_name: Option<String> = "operation_name",
        /// A description of the operation.
        operation_desc: Option<String> = "operation_desc",
        /// When it happened.
        timestamp: Option<String> = "timestamp",
        /// The id of the application.
        app_id: Option<String> = "app_id",
        /// The user who acted, in an undocumented form.
        user: Option<Json> = "user",
        /// The place of the IP address, in an undocumented form.
        geoip: Option<Json> = "geoip",
    }
}

model! {
    /// Whether a password fits the pool's rules.
    PasswordCheck {
        /// Whether the password fits the pool's rules.
        valid: Option<bool> = "valid",
        /// What the service says about it.
        message: Option<String> = "message",
    }
}
