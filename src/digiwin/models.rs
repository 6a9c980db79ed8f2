use crate::{
    AppToken, Json, UserToken,
    protocol::model::{field_values, model},
};
use serde::{Deserialize, Deserializer, Serialize, de::Visitor};
use std::fmt;

model! {
    /// Who logged in.
    AuthoredUser {
        /// The user token, already the session's after a login.
        token: Option<UserToken> = secret "token",
        user_id: Option<String> = "userId",
        /// The service's number.
        user_sid: Option<i64> = "sid",
        user_name: Option<String> = "userName",
        tenant_id: Option<String> = "tenantId",
        tenant_sid: Option<i64> = "tenantSid",
        tenant_name: Option<String> = "tenantName",
        email: Option<String> = "email",
        telephone: Option<String> = "telephone",
        /// How long the token lives; the unit is not documented, and taken as seconds.
        token_expires_in: Option<i64> = "tokenExpiresIn",
        head_image_url: Option<String> = "headImageUrl",
        is_admin: Option<bool> = "isAdmin",
        agree_agreement: Option<bool> = "agreeAgreement",
    }
}

model! {
    /// What a token says.
    UserTokenInfo {
        user_sid: Option<i64> = "userSid",
        user_id: Option<String> = "userId",
        user_name: Option<String> = "userName",
        tenant_id: Option<String> = "tenantId",
        tenant_sid: Option<i64> = "tenantSid",
        tenant_name: Option<String> = "tenantName",
        email: Option<String> = "email",
        telephone: Option<String> = "telephone",
        is_admin: Option<bool> = "isAdmin",
    }
}

model! {
    /// The answer of a tenant switch.
    ChangedToken {
        /// The token, as a refresh for a user spells it.
        user_token: Option<UserToken> = secret "user_token",
        /// The user token, already the session's after a login.
        token: Option<UserToken> = secret "token",
        tenant_id: Option<String> = "tenantId",
        tenant_sid: Option<i64> = "tenantSid",
    }
}

/// A user's type, which the service sends as a boolean or as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum UserType {
    /// A boolean; the vendor does not document which type is which.
    Flag(bool),
    /// A number; the vendor does not document which type is which.
    Number(i64),
}

impl From<bool> for UserType {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<i64> for UserType {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl<'de> Deserialize<'de> for UserType {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = UserType;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a boolean or a whole number")
            }

            fn visit_bool<E>(self, flag: bool) -> Result<UserType, E> {
                Ok(UserType::Flag(flag))
            }

            fn visit_i64<E>(self, number: i64) -> Result<UserType, E> {
                Ok(UserType::Number(number))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<UserType, E> {
                let wrong = |_| E::invalid_value(serde::de::Unexpected::Unsigned(number), &self);
                i64::try_from(number).map(UserType::Number).map_err(wrong)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<UserType, E> {
                match text.trim() {
                    "true" => Ok(UserType::Flag(true)),
                    "false" => Ok(UserType::Flag(false)),
                    number => {
                        let wrong = |_| E::invalid_value(serde::de::Unexpected::Str(text), &self);
                        number.parse().map(UserType::Number).map_err(wrong)
                    }
                }
            }
        }

        from.deserialize_any(Either)
    }
}

field_values!(UserType);

model! {
    /// A role.
    Role {
        /// The service's number.
        sid: Option<i64> = "sid",
        /// The id.
        id: Option<String> = "id",
        /// The name.
        name: Option<String> = "name",
        label: Option<String> = "label",
        disabled: Option<bool> = "disabled",
    }
}

model! {
    /// A user.
    User {
        /// The service's number.
        sid: Option<i64> = "sid",
        /// The id.
        id: Option<String> = "id",
        /// The name.
        name: Option<String> = "name",
        alias_id: Option<String> = "aliasId",
        email: Option<String> = "email",
        telephone: Option<String> = "telephone",
        phone: Option<String> = "phone",
        wechat: Option<String> = "wechat",
        remark: Option<String> = "remark",
        head_image_url: Option<String> = "headImageUrl",
        nickname: Option<String> = "nickname",
        r#type: Option<i64> = "type",
        /// Sent as a boolean or as a number.
        user_type: Option<UserType> = "userType",
        confirm: Option<bool> = "confirm",
        visible: Option<bool> = "visible",
        readonly: Option<bool> = "readonly",
        changed: Option<bool> = "changed",
        agree_agreement: Option<bool> = "agreeAgreement",
        double_check: Option<bool> = "doubleCheck",
        /// When it ends; the form is not documented.
        due_date: Option<Json> = "dueDate",
        /// When the password was set; the form is not documented.
        pw_date: Option<Json> = "pwDate",
        disabled: Option<bool> = "disabled",
        user_mappings: Vec<Json> = "userMappings",
    }
}

model! {
    /// A user, in short.
    UserSimple {
        /// The service's number.
        sid: Option<i64> = "sid",
        /// The id.
        id: Option<String> = "id",
        /// The name.
        name: Option<String> = "name",
        email: Option<String> = "email",
        telephone: Option<String> = "telephone",
        default_tenant_sid: Option<i64> = "defaultTenantSid",
        wechat: Option<String> = "wechat",
        phone: Option<String> = "phone",
        status: Option<i64> = "status",
        r#type: Option<i64> = "type",
        tenant_user_type: Option<i64> = "tenantUserType",
        disabled: Option<bool> = "disabled",
        come_from: Option<String> = "comeFrom",
        roles: Vec<Role> = "roles",
        emp_id: Option<String> = "empId",
        emp_name: Option<String> = "empName",
    }
}

model! {
    /// A user and their roles.
    UserWithRoles {
        /// The service's number.
        sid: Option<i64> = "sid",
        /// The id.
        id: Option<String> = "id",
        /// The name.
        name: Option<String> = "name",
        email: Option<String> = "email",
        phone: Option<String> = "phone",
        telephone: Option<String> = "telephone",
        come_from: Option<String> = "comeFrom",
        r#type: Option<i64> = "type",
        /// Sent as a boolean or as a number.
        user_type: Option<i64> = "userType",
        disabled: Option<bool> = "disabled",
        roles: Vec<Role> = "roles",
    }
}

model! {
    /// A tenant.
    Tenant {
        /// The service's number.
        sid: Option<i64> = "sid",
        /// The id.
        id: Option<String> = "id",
        /// The name.
        name: Option<String> = "name",
        tenant_id: Option<String> = "tenantId",
        customer_id: Option<String> = "customerId",
        industry_type: Option<String> = "industryType",
        image_url: Option<String> = "imageUrl",
        address: Option<String> = "address",
        telephone: Option<String> = "telephone",
        email: Option<String> = "email",
        admin_id: Option<String> = "adminId",
        admin_name: Option<String> = "adminName",
        contacts: Option<String> = "contacts",
        description: Option<String> = "description",
        is_open: Option<bool> = "isOpen",
        is_confirm: Option<i64> = "isConfirm",
        status: Option<String> = "status",
        come_from: Option<String> = "comeFrom",
        test_tenant: Option<bool> = "testTenant",
        experience: Option<bool> = "experience",
        isv: Option<bool> = "isv",
        offline: Option<bool> = "offline",
        back_uri: Option<String> = "backUri",
        owner_user_sid: Option<i64> = "ownerUserSid",
        owner_user_id: Option<String> = "ownerUserId",
        /// When it was created; the form is not documented.
        create_date: Option<Json> = "createDate",
        version: Option<String> = "version",
        website: Option<String> = "website",
        staff_size: Option<String> = "staffSize",
        invoice_title: Option<String> = "invoiceTitle",
        dealer: Option<bool> = "dealer",
        corp_id: Option<String> = "corpId",
        ding_talk_corp_id: Option<String> = "dingTalkCorpId",
        fei_shu_corp_id: Option<String> = "feiShuCorpId",
        theme_color: Option<String> = "themeColor",
        icon_url: Option<String> = "iconUrl",
        owner: Option<bool> = "owner",
        authentication_info: Option<Json> = "authenticationInfo",
    }
}

model! {
    /// An application that a tenant has bought.
    TenantApplication {
        /// The service's number.
        sid: Option<i64> = "sid",
        /// The id.
        id: Option<String> = "id",
        /// The name.
        name: Option<String> = "name",
        category_id: Option<String> = "categoryId",
        tenant_sid: Option<i64> = "tenantSid",
        tenant_id: Option<String> = "tenantId",
        tenant_name: Option<String> = "tenantName",
        product_id: Option<String> = "productId",
        item_id: Option<String> = "itemId",
        strategy_id: Option<String> = "strategyId",
        expired_time: Option<String> = "expiredTime",
        expired: Option<bool> = "expired",
        buffer_period: Option<bool> = "bufferPeriod",
        auth_open: Option<bool> = "authOpen",
        total_usage: Option<i64> = "totalUsage",
        remaining_usage: Option<i64> = "remainingUsage",
        total_user_count: Option<i64> = "totalUserCount",
        user_count: Option<i64> = "userCount",
        remain_usage_capacity: Option<String> = "remainUsageCapacity",
        logo_image: Option<String> = "logoImage",
        description: Option<String> = "description",
        custom_unit: Option<String> = "customUnit",
        show_console_management: Option<bool> = "showConsoleManagement",
        show_console_policy: Option<bool> = "showConsolePolicy",
        /// The application's own token.
        app_token: Option<AppToken> = secret "appToken",
        will_expire: Option<bool> = "willExpire",
        will_exhaust: Option<bool> = "willExhaust",
        exhausted: Option<bool> = "exhausted",
    }
}

model! {
    /// An organization: one node of a tree, below `parent_sid`.
    Org {
        /// The service's number.
        sid: Option<i64> = "sid",
        tenant_sid: Option<i64> = "tenantSid",
        label: Option<String> = "label",
        /// The id.
        id: Option<String> = "id",
        /// The name.
        name: Option<String> = "name",
        parent_sid: Option<i64> = "parentSid",
        org_aspect_sid: Option<i64> = "orgAspectSid",
        org_aspect_id: Option<String> = "orgAspectId",
        org_catalog_sid: Option<i64> = "orgCatalogSid",
        org_catalog_id: Option<String> = "orgCatalogId",
        type_sid: Option<i64> = "typeSid",
        type_id: Option<String> = "typeId",
        type_uri: Option<String> = "typeUri",
        type_name: Option<String> = "typeName",
        uri: Option<String> = "uri",
        urn: Option<String> = "urn",
        org_tags: Vec<Json> = "orgTags",
        hash: Option<String> = "hash",
        create_by: Option<String> = "createBy",
        /// When it was created; the form is not documented.
        create_time: Option<Json> = "createTime",
        user_count: Option<i64> = "userCount",
        active_count: Option<i64> = "activeCount",
        charge_sid: Option<i64> = "chargeSid",
        org_type_sid: Option<i64> = "orgTypeSid",
        org_type_id: Option<String> = "orgTypeId",
        errors: Option<String> = "errors",
        parent_id: Option<String> = "parentId",
    }
}

model! {
    /// A user in an organization.
    OrgUser {
        /// The service's number.
        sid: Option<i64> = "sid",
        user_sid: Option<i64> = "userSid",
        user_id: Option<String> = "userId",
        user_name: Option<String> = "userName",
        /// Sent as a boolean or as a number.
        user_type: Option<i64> = "userType",
        deleted_user: Option<bool> = "deletedUser",
        disabled_user: Option<bool> = "disabledUser",
        org_sid: Option<i64> = "orgSid",
        org_label: Option<String> = "orgLabel",
        org_name: Option<String> = "orgName",
        org_uri: Option<String> = "orgUri",
        org_urn: Option<String> = "orgUrn",
        org_type_uri: Option<String> = "orgTypeUri",
        org_type_urn: Option<String> = "orgTypeUrn",
        org_type_name: Option<String> = "orgTypeName",
        deleted_org: Option<bool> = "deletedOrg",
        disabled_org: Option<bool> = "disabledOrg",
        role_sid: Option<i64> = "roleSid",
        role_id: Option<String> = "roleId",
        role_name: Option<String> = "roleName",
        deleted_role: Option<bool> = "deletedRole",
        disabled_role: Option<bool> = "disabledRole",
        priority: Option<i64> = "priority",
        hash: Option<String> = "hash",
        tenant_sid: Option<i64> = "tenantSid",
        relation_disabled: Option<bool> = "relationDisabled",
    }
}
