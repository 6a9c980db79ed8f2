use crate::{UserToken, protocol::model::model};

model! {
    /// The user whom a login, or a granted token, is for.
    ///
    /// The vendor names the members and their types alone; the descriptions follow the names.
    AuthoredUser {
        /// The user token; the session has it already after a login.
        token: Option<UserToken> = secret "token",
        /// The id of the user.
        user_id: Option<String> = "userId",
        /// The number that the service gave the user.
        user_sid: Option<i64> = "sid",
        /// The name of the user.
        user_name: Option<String> = "userName",
        /// The id of the tenant.
        tenant_id: Option<String> = "tenantId",
        /// The number that the service gave the tenant.
        tenant_sid: Option<i64> = "tenantSid",
        /// The name of the tenant.
        tenant_name: Option<String> = "tenantName",
        /// The mail address of the user.
        email: Option<String> = "email",
        /// The mobile number of the user.
        telephone: Option<String> = "telephone",
        /// The lifetime of the token. The vendor does not document the unit; treated as seconds.
        token_expires_in: Option<i64> = "tokenExpiresIn",
        /// The URL of the portrait.
        head_image_url: Option<String> = "headImageUrl",
        /// Whether the user administers the tenant.
        is_admin: Option<bool> = "isAdmin",
        /// Whether the user has accepted the terms of use.
        agree_agreement: Option<bool> = "agreeAgreement",
    }
}

model! {
    /// The user and the tenant that a token is for.
    ///
    /// The vendor names the members and their types alone; the descriptions follow the names.
    UserTokenInfo {
        /// The number that the service gave the user.
        user_sid: Option<i64> = "userSid",
        /// The id of the user.
        user_id: Option<String> = "userId",
        /// The name of the user.
        user_name: Option<String> = "userName",
        /// The id of the tenant.
        tenant_id: Option<String> = "tenantId",
        /// The number that the service gave the tenant.
        tenant_sid: Option<i64> = "tenantSid",
        /// The name of the tenant.
        tenant_name: Option<String> = "tenantName",
        /// The mail address of the user.
        email: Option<String> = "email",
        /// The mobile number of the user.
        telephone: Option<String> = "telephone",
        /// Whether the user administers the tenant.
        is_admin: Option<bool> = "isAdmin",
    }
}

model! {
    /// The token after a tenant switch.
    ///
    /// The vendor names the members and their types alone; the descriptions follow the names.
    ChangedToken {
        /// The token, as a refresh for a user names it.
        user_token: Option<UserToken> = secret "user_token",
        /// The user token; the session has it already.
        token: Option<UserToken> = secret "token",
        /// The id of the tenant.
        tenant_id: Option<String> = "tenantId",
        /// The number that the service gave the tenant.
        tenant_sid: Option<i64> = "tenantSid",
    }
}
