use crate::{
    Json,
    protocol::model::{field_values, model},
};
use serde::{Deserialize, Deserializer, Serialize, de::Visitor};
use std::fmt;

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
    /// A role of a user in a tenant.
    ///
    /// The vendor names the members and their types alone; the descriptions follow the names.
    Role {
        /// The number that the service gave the role.
        sid: Option<i64> = "sid",
        /// The id of the role.
        id: Option<String> = "id",
        /// The name of the role.
        name: Option<String> = "name",
        /// The label of the role.
        label: Option<String> = "label",
        /// Whether the role is disabled.
        disabled: Option<bool> = "disabled",
    }
}

model! {
    /// A user.
    ///
    /// The vendor names the members and their types alone; the descriptions follow the names.
    ///
    /// ```
    /// use iam_sdk::digiwin::User;
    ///
    /// let ann = User::default().with_id("ann").with_email("ann@example.com").with_disabled(false).with_extra("shoeSize", 38);
    /// assert_eq!(serde_json::to_string(&ann)?, r#"{"id":"ann","email":"ann@example.com","disabled":false,"shoeSize":38}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    User {
        /// The number that the service gave the user.
        sid: Option<i64> = "sid",
        /// The id of the user.
        id: Option<String> = "id",
        /// The name of the user.
        name: Option<String> = "name",
        /// Another id of the user.
        alias_id: Option<String> = "aliasId",
        /// The mail address of the user.
        email: Option<String> = "email",
        /// The mobile number of the user.
        telephone: Option<String> = "telephone",
        /// The phone number of the user.
        phone: Option<String> = "phone",
        /// The WeChat account.
        wechat: Option<String> = "wechat",
        /// A remark about the user.
        remark: Option<String> = "remark",
        /// The URL of the portrait.
        head_image_url: Option<String> = "headImageUrl",
        /// The nickname.
        nickname: Option<String> = "nickname",
        /// The type of the user, as a number; the vendor does not document which type is which.
        kind: Option<i64> = "type",
        /// The type of the user.
        user_type: Option<UserType> = "userType",
        /// Whether the user is confirmed.
        confirm: Option<bool> = "confirm",
        /// Whether the user is visible.
        visible: Option<bool> = "visible",
        /// Whether the user is read-only.
        readonly: Option<bool> = "readonly",
        /// Whether the user was changed.
        changed: Option<bool> = "changed",
        /// Whether the user has accepted the terms of use.
        agree_agreement: Option<bool> = "agreeAgreement",
        /// Whether the user logs in with a second factor.
        double_check: Option<bool> = "doubleCheck",
        /// When the user expires, in an undocumented form.
        due_date: Option<Json> = "dueDate",
        /// When the password was set, in an undocumented form.
        pw_date: Option<Json> = "pwDate",
        /// Whether the user is disabled.
        disabled: Option<bool> = "disabled",
        /// The accounts of the user in other systems, in an undocumented form.
        user_mappings: Vec<Json> = "userMappings",
    }
}

model! {
    /// The short form of a user, with roles.
    ///
    /// The vendor names the members and their types alone; the descriptions follow the names.
    UserSimple {
        /// The number that the service gave the user.
        sid: Option<i64> = "sid",
        /// The id of the user.
        id: Option<String> = "id",
        /// The name of the user.
        name: Option<String> = "name",
        /// The mail address of the user.
        email: Option<String> = "email",
        /// The mobile number of the user.
        telephone: Option<String> = "telephone",
        /// The number of the tenant that the user enters by default.
        default_tenant_sid: Option<i64> = "defaultTenantSid",
        /// The WeChat account.
        wechat: Option<String> = "wechat",
        /// The phone number of the user.
        phone: Option<String> = "phone",
        /// The status of the user, as a number.
        status: Option<i64> = "status",
        /// The type of the user, as a number; the vendor does not document which type is which.
        kind: Option<i64> = "type",
        /// The type of the user in the tenant, as a number.
        tenant_user_type: Option<i64> = "tenantUserType",
        /// Whether the user is disabled.
        disabled: Option<bool> = "disabled",
        /// Where the user was created from.
        come_from: Option<String> = "comeFrom",
        /// The roles of the user.
        roles: Vec<Role> = "roles",
        /// The employee number.
        emp_id: Option<String> = "empId",
        /// The name of the employee.
        emp_name: Option<String> = "empName",
    }
}

model! {
    /// A user and the roles of the user.
    ///
    /// The vendor names the members and their types alone; the descriptions follow the names.
    UserWithRoles {
        /// The number that the service gave the user.
        sid: Option<i64> = "sid",
        /// The id of the user.
        id: Option<String> = "id",
        /// The name of the user.
        name: Option<String> = "name",
        /// The mail address of the user.
        email: Option<String> = "email",
        /// The phone number of the user.
        phone: Option<String> = "phone",
        /// The mobile number of the user.
        telephone: Option<String> = "telephone",
        /// Where the user was created from.
        come_from: Option<String> = "comeFrom",
        /// The type of the user, as a number; the vendor does not document which type is which.
        kind: Option<i64> = "type",
        /// The type of the user.
        user_type: Option<UserType> = "userType",
        /// Whether the user is disabled.
        disabled: Option<bool> = "disabled",
        /// The roles of the user.
        roles: Vec<Role> = "roles",
    }
}
