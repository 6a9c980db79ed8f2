use super::{
    udf::CustomData,
    values::{ResourceType, TargetType, UserStatus},
};
use crate::{
    Json, Password, UserToken,
    protocol::{model::model, paging::Page},
};

model! {
    /// A user. Times are ISO 8601 texts.
    User {
        id: Option<String> = "id",
        arn: Option<String> = "arn",
        user_pool_id: Option<String> = "userPoolId",
        status: Option<UserStatus> = "status",
        username: Option<String> = "username",
        email: Option<String> = "email",
        email_verified: Option<bool> = "emailVerified",
        phone: Option<String> = "phone",
        phone_verified: Option<bool> = "phoneVerified",
        unionid: Option<String> = "unionid",
        openid: Option<String> = "openid",
        nickname: Option<String> = "nickname",
        register_source: Vec<String> = "registerSource",
        photo: Option<String> = "photo",
        /// Salted and hashed, or as it was kept with `keep_password`.
        password: Option<Password> = secret "password",
        /// What a social login's provider said of the user; it can hold the provider's tokens.
        oauth: Option<Json> = secret "oauth",
        token: Option<UserToken> = secret "token",
        token_expired_at: Option<String> = "tokenExpiredAt",
        logins_count: Option<i64> = "loginsCount",
        last_login: Option<String> = "lastLogin",
        last_ip: Option<String> = "lastIP",
        signed_up: Option<String> = "signedUp",
        blocked: Option<bool> = "blocked",
        is_deleted: Option<bool> = "isDeleted",
        device: Option<String> = "device",
        browser: Option<String> = "browser",
        company: Option<String> = "company",
        name: Option<String> = "name",
        given_name: Option<String> = "givenName",
        family_name: Option<String> = "familyName",
        middle_name: Option<String> = "middleName",
        profile: Option<String> = "profile",
        preferred_username: Option<String> = "preferredUsername",
        website: Option<String> = "website",
        gender: Option<String> = "gender",
        birthdate: Option<String> = "birthdate",
        zoneinfo: Option<String> = "zoneinfo",
        locale: Option<String> = "locale",
        address: Option<String> = "address",
        formatted: Option<String> = "formatted",
        street_address: Option<String> = "streetAddress",
        locality: Option<String> = "locality",
        region: Option<String> = "region",
        postal_code: Option<String> = "postalCode",
        city: Option<String> = "city",
        province: Option<String> = "province",
        country: Option<String> = "country",
        created_at: Option<String> = "createdAt",
        updated_at: Option<String> = "updatedAt",
        external_id: Option<String> = "externalId",
        /// In lists and batches.
        identities: Vec<Identity> = "identities",
        /// Where it was asked for.
        custom_data: CustomData = "customData",
    }
}

model! {
    /// As whom an identity provider knows a user.
    Identity {
        openid: Option<String> = "openid",
        user_id_in_idp: Option<String> = "userIdInIdp",
        user_id: Option<String> = "userId",
        connection_id: Option<String> = "connectionId",
        is_social: Option<bool> = "isSocial",
        provider: Option<String> = "provider",
        kind: Option<String> = "type",
        user_pool_id: Option<String> = "userPoolId",
    }
}

model! {
    /// A group of users.
    Group {
        code: Option<String> = "code",
        name: Option<String> = "name",
        description: Option<String> = "description",
        created_at: Option<String> = "createdAt",
        updated_at: Option<String> = "updatedAt",
    }
}

model! {
    /// A role, unique by code in its namespace.
    Role {
        id: Option<String> = "id",
        namespace: Option<String> = "namespace",
        code: Option<String> = "code",
        arn: Option<String> = "arn",
        description: Option<String> = "description",
        created_at: Option<String> = "createdAt",
        updated_at: Option<String> = "updatedAt",
        /// In a user's roles.
        parent: Option<Box<Role>> = "parent",
    }
}

model! {
    /// An organization: its nodes as a flat list, whose `children` are ids. [`treeify`](Self::treeify) nests them.
    Org {
        id: Option<String> = "id",
        root_node: Option<OrgNode> = "rootNode",
        nodes: Vec<OrgNode> = "nodes",
    }
}

model! {
    /// A node of an organization, a department for instance.
    OrgNode {
        id: Option<String> = "id",
        org_id: Option<String> = "orgId",
        name: Option<String> = "name",
        name_i18n: Option<String> = "nameI18n",
        description: Option<String> = "description",
        description_i18n: Option<String> = "descriptionI18n",
        /// Where it stands among its siblings: the larger, the earlier.
        order: Option<i64> = "order",
        code: Option<String> = "code",
        root: Option<bool> = "root",
        depth: Option<i64> = "depth",
        /// The ids from the root to this node.
        path: Vec<String> = "path",
        /// The codes on that path; a node without a code has `None`.
        code_path: Vec<Option<String>> = "codePath",
        name_path: Vec<String> = "namePath",
        created_at: Option<String> = "createdAt",
        updated_at: Option<String> = "updatedAt",
        /// Ids; empty in a tree, where the children themselves are.
        children: Vec<String> = "children",
        /// The first page of its members, after `add_members` and `delete_members`.
        users: Option<Box<Page<User>>> = "users",
        /// All its members, in an export.
        members: Vec<User> = "members",
    }
}

model! {
    /// A department of a user.
    UserDepartment {
        department: Option<OrgNode> = "department",
        is_main_department: Option<bool> = "isMainDepartment",
        joined_at: Option<String> = "joinedAt",
    }
}

model! {
    /// A resource and what may be done with it. Members that are empty are absent.
    AuthorizedResource {
        code: Option<String> = "code",
        kind: Option<ResourceType> = "type",
        actions: Vec<String> = "actions",
    }
}

model! {
    /// A policy and whom it is assigned to.
    PolicyAssignment {
        code: Option<String> = "code",
        target_type: Option<TargetType> = "targetType",
        target_identifier: Option<String> = "targetIdentifier",
    }
}

model! {
    /// A user's own token, new.
    RefreshedToken {
        token: Option<UserToken> = secret "token",
        /// Since when, in Unix seconds.
        iat: Option<i64> = "iat",
        /// Until when, in Unix seconds.
        exp: Option<i64> = "exp",
    }
}

model! {
    /// Whether a user's token is valid. The service answers so for an invalid one too: look at `status`.
    TokenStatus {
        code: Option<i64> = "code",
        message: Option<String> = "message",
        status: Option<bool> = "status",
        /// Until when, in Unix seconds.
        exp: Option<i64> = "exp",
        /// Since when, in Unix seconds.
        iat: Option<i64> = "iat",
        data: Option<TokenOwner> = "data",
    }
}

model! {
    /// Whose a token is.
    TokenOwner {
        id: Option<String> = "id",
        user_pool_id: Option<String> = "userPoolId",
        arn: Option<String> = "arn",
    }
}

model! {
    /// Whether a user is signed in somewhere.
    LoginStatus {
        is_login: Option<bool> = "isLogin",
        user: Option<Box<User>> = "user",
        /// Where; the form is not documented.
        application: Option<Json> = "application",
    }
}

model! {
    /// Something that a user did.
    UserAction {
        operator_arn: Option<String> = "operator_arn",
        operation_name: Option<String> = "operation_name",
        operation_desc: Option<String> = "operation_desc",
        timestamp: Option<String> = "timestamp",
        app_id: Option<String> = "app_id",
        /// Who; the form is not documented.
        user: Option<Json> = "user",
        /// From where; the form is not documented.
        geoip: Option<Json> = "geoip",
    }
}

model! {
    /// Whether a password fits the pool's rules.
    PasswordCheck {
        valid: Option<bool> = "valid",
        message: Option<String> = "message",
    }
}

model! {
    /// The settings of a user pool.
    UserPool {
        id: Option<String> = "id",
        name: Option<String> = "name",
        domain: Option<String> = "domain",
        description: Option<String> = "description",
        secret: Option<Password> = secret "secret",
        jwt_secret: Option<Password> = secret "jwtSecret",
        owner_id: Option<String> = "ownerId",
        logo: Option<String> = "logo",
        created_at: Option<String> = "createdAt",
        updated_at: Option<String> = "updatedAt",
        email_verified_default: Option<bool> = "emailVerifiedDefault",
        send_welcome_email: Option<bool> = "sendWelcomeEmail",
        register_disabled: Option<bool> = "registerDisabled",
        app_sso_enabled: Option<bool> = "appSsoEnabled",
        show_wx_qr_code_when_register_disabled: Option<bool> = "showWxQRCodeWhenRegisterDisabled",
        allowed_origins: Option<String> = "allowedOrigins",
        /// In seconds.
        token_expires_after: Option<i64> = "tokenExpiresAfter",
        is_deleted: Option<bool> = "isDeleted",
        login_fail_strategy: Option<String> = "loginFailStrategy",
        package_type: Option<i64> = "packageType",
        use_custom_user_store: Option<bool> = "useCustomUserStore",
        login_require_email_verified: Option<bool> = "loginRequireEmailVerified",
        verify_code_length: Option<i64> = "verifyCodeLength",
        userpool_types: Vec<UserPoolType> = "userpoolTypes",
        frequent_register_check: Option<FrequencyCheck> = "frequentRegisterCheck",
        login_fail_check: Option<FrequencyCheck> = "loginFailCheck",
        login_password_fail_check: Option<FrequencyCheck> = "loginPasswordFailCheck",
        change_phone_strategy: Option<Json> = "changePhoneStrategy",
        change_email_strategy: Option<Json> = "changeEmailStrategy",
        qrcode_login_strategy: Option<Json> = "qrcodeLoginStrategy",
        app2_wxapp_login_strategy: Option<Json> = "app2WxappLoginStrategy",
        whitelist: Option<AllowLists> = "whitelist",
        /// It can hold the provider's keys.
        custom_sms_provider: Option<Json> = secret "customSMSProvider",
    }
}

model! {
    /// What a pool is for.
    UserPoolType {
        code: Option<String> = "code",
        name: Option<String> = "name",
        description: Option<String> = "description",
        image: Option<String> = "image",
        sdks: Vec<String> = "sdks",
    }
}

model! {
    /// A limit on how often something may happen.
    FrequencyCheck {
        /// In seconds.
        time_interval: Option<i64> = "timeInterval",
        limit: Option<i64> = "limit",
        enabled: Option<bool> = "enabled",
    }
}

model! {
    /// Which allow lists are in force.
    AllowLists {
        phone_enabled: Option<bool> = "phoneEnabled",
        email_enabled: Option<bool> = "emailEnabled",
        username_enabled: Option<bool> = "usernameEnabled",
    }
}
