use crate::{Json, Password, protocol::model::model};

model! {
    /// The settings of a user pool.
    UserPool {
        /// The id of the pool.
        id: Option<String> = "id",
        /// The name of the pool.
        name: Option<String> = "name",
        /// The domain of the login page.
        domain: Option<String> = "domain",
        /// A description of the pool.
        description: Option<String> = "description",
        /// The secret of the pool.
        secret: Option<Password> = secret "secret",
        /// The secret that ID tokens are signed with.
        jwt_secret: Option<Password> = secret "jwtSecret",
        /// The id of the owner.
        owner_id: Option<String> = "ownerId",
        /// The URL of the logo.
        logo: Option<String> = "logo",
        /// When the pool was created.
        created_at: Option<String> = "createdAt",
        /// When the pool was last changed.
        updated_at: Option<String> = "updatedAt",
        /// Whether mail addresses count as verified from the start.
        email_verified_default: Option<bool> = "emailVerifiedDefault",
        /// Whether new users get a mail.
        send_welcome_email: Option<bool> = "sendWelcomeEmail",
        /// Whether nobody can register.
        register_disabled: Option<bool> = "registerDisabled",
        /// Whether applications share a login.
        app_sso_enabled: Option<bool> = "appSsoEnabled",
        /// Whether the WeChat QR code is shown while nobody can register.
        show_wx_qr_code_when_register_disabled: Option<bool> = "showWxQRCodeWhenRegisterDisabled",
        /// The origins that may call the pool from a browser.
        allowed_origins: Option<String> = "allowedOrigins",
        /// The lifetime of tokens, in seconds.
        token_expires_after: Option<i64> = "tokenExpiresAfter",
        /// Whether the pool is deleted.
        is_deleted: Option<bool> = "isDeleted",
        /// What follows failed logins.
        login_fail_strategy: Option<String> = "loginFailStrategy",
        /// The package that was bought, as a number.
        package_type: Option<i64> = "packageType",
        /// Whether users are kept in a database of the owner.
        use_custom_user_store: Option<bool> = "useCustomUserStore",
        /// Whether only users with a verified mail address can log in.
        login_require_email_verified: Option<bool> = "loginRequireEmailVerified",
        /// The number of digits of verification codes.
        verify_code_length: Option<i64> = "verifyCodeLength",
        /// What the pool is for.
        userpool_types: Vec<UserPoolType> = "userpoolTypes",
        /// The limit on registrations.
        frequent_register_check: Option<FrequencyCheck> = "frequentRegisterCheck",
        /// The limit on failed logins.
        login_fail_check: Option<FrequencyCheck> = "loginFailCheck",
        /// The limit on wrong passwords.
        login_password_fail_check: Option<FrequencyCheck> = "loginPasswordFailCheck",
        /// How users change their phone number, in an undocumented form.
        change_phone_strategy: Option<Json> = "changePhoneStrategy",
        /// How users change their mail address, in an undocumented form.
        change_email_strategy: Option<Json> = "changeEmailStrategy",
        /// How users log in with a QR code, in an undocumented form.
        qrcode_login_strategy: Option<Json> = "qrcodeLoginStrategy",
        /// How users log in from an app by way of a WeChat mini program, in an undocumented form.
        app2_wxapp_login_strategy: Option<Json> = "app2WxappLoginStrategy",
        /// The allow lists that are in force.
        whitelist: Option<AllowLists> = "whitelist",
        /// The SMS provider of the pool, in an undocumented form; it can hold the provider's keys.
        custom_sms_provider: Option<Json> = secret "customSMSProvider",
    }
}

model! {
    /// What a user pool is for.
    UserPoolType {
        /// The code of the type.
        code: Option<String> = "code",
        /// The name of the type.
        name: Option<String> = "name",
        /// A description of the type.
        description: Option<String> = "description",
        /// The URL of the image.
        image: Option<String> = "image",
        /// The SDKs for this type of pool.
        sdks: Vec<String> = "sdks",
    }
}

model! {
    /// A limit on how often something may happen.
    FrequencyCheck {
        /// The time that the limit counts in, in seconds.
        time_interval: Option<i64> = "timeInterval",
        /// How often it may happen in that time.
        limit: Option<i64> = "limit",
        /// Whether the limit is in force.
        enabled: Option<bool> = "enabled",
    }
}

model! {
    /// Which allow lists are in force.
    AllowLists {
        /// Whether only listed phone numbers can register.
        phone_enabled: Option<bool> = "phoneEnabled",
        /// Whether only listed mail addresses can register.
        email_enabled: Option<bool> = "emailEnabled",
        /// Whether only listed user names can register.
        username_enabled: Option<bool> = "usernameEnabled",
    }
}
