//! The settings of the pool.

use super::{
    refusal::Refusal,
    value::{new_id, now},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Declares a group of settings: each member's name and type.
macro_rules! settings {
    ($($(#[$doc:meta])* $group:ident { $($(#[$attribute:meta])* $name:ident: $type:ty,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Deserialize, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $group { $($(#[$attribute])* $name: $type,)+ }
    )+};
}

settings! {
    PoolSettings {
        id: String,
        name: String,
        domain: String,
        description: Option<String>,
        secret: String,
        jwt_secret: String,
        owner_id: String,
        logo: String,
        created_at: String,
        updated_at: String,
        email_verified_default: bool,
        send_welcome_email: bool,
        register_disabled: bool,
        app_sso_enabled: bool,
        #[serde(rename = "showWxQRCodeWhenRegisterDisabled")]
        show_wx_qr_code_when_register_disabled: bool,
        allowed_origins: String,
        token_expires_after: i64,
        is_deleted: bool,
        login_fail_strategy: String,
        package_type: i64,
        use_custom_user_store: bool,
        login_require_email_verified: bool,
        verify_code_length: i64,
        userpool_types: Vec<PoolType>,
        frequent_register_check: FrequentCheck,
        login_fail_check: FrequentCheck,
        login_password_fail_check: FrequentCheck,
        change_phone_strategy: ChangePhone,
        change_email_strategy: ChangeEmail,
        qrcode_login_strategy: QrCodeLogin,
        app2_wxapp_login_strategy: AppToWxappLogin,
        whitelist: WhitelistSwitches,
        #[serde(rename = "customSMSProvider")]
        custom_sms_provider: CustomSmsProvider,
    }
    PoolType { code: String, name: String, description: String, image: String, sdks: Vec<String>, }
    FrequentCheck { time_interval: i64, limit: i64, enabled: bool, }
    ChangePhone { verify_old_phone: bool, }
    ChangeEmail { verify_old_email: bool, }
    QrCodeLogin {
        qrcode_expires_after: i64,
        return_full_user_info: bool,
        allow_exchange_user_info_from_browser: bool,
        ticket_expires_after: i64,
    }
    AppToWxappLogin {
        /// Misspelled by the service.
        ticket_exprires_after: i64,
        ticket_exchange_user_info_need_secret: bool,
    }
    WhitelistSwitches { phone_enabled: bool, email_enabled: bool, username_enabled: bool, }
    CustomSmsProvider { enabled: bool, provider: Option<String>, config: Option<Value>, }
}

impl PoolSettings {
    /// Returns the settings of a new pool.
    pub(crate) fn new(id: &str, secret: &str) -> Self {
        let check = |time_interval, limit| FrequentCheck { time_interval, limit, enabled: true };
        Self {
            id: id.to_owned(),
            name: "Emulated pool".to_owned(),
            domain: "emulated-pool".to_owned(),
            description: None,
            secret: secret.to_owned(),
            jwt_secret: new_id(),
            owner_id: new_id(),
            logo: "https://files.example/logo.png".to_owned(),
            created_at: now(),
            updated_at: now(),
            email_verified_default: false,
            send_welcome_email: false,
            register_disabled: false,
            app_sso_enabled: false,
            show_wx_qr_code_when_register_disabled: false,
            allowed_origins: String::new(),
            token_expires_after: 1_209_600,
            is_deleted: false,
            login_fail_strategy: "captcha".to_owned(),
            package_type: 0,
            use_custom_user_store: false,
            login_require_email_verified: false,
            verify_code_length: 4,
            userpool_types: vec![PoolType {
                code: "ToE".to_owned(),
                name: "ToE".to_owned(),
                description: "staff".to_owned(),
                image: String::new(),
                sdks: Vec::new(),
            }],
            frequent_register_check: check(300, 20),
            login_fail_check: check(300, 3),
            login_password_fail_check: check(300, 5),
            change_phone_strategy: ChangePhone { verify_old_phone: false },
            change_email_strategy: ChangeEmail { verify_old_email: false },
            qrcode_login_strategy: QrCodeLogin {
                qrcode_expires_after: 120,
                return_full_user_info: false,
                allow_exchange_user_info_from_browser: true,
                ticket_expires_after: 300,
            },
            app2_wxapp_login_strategy: AppToWxappLogin {
                ticket_exprires_after: 300,
                ticket_exchange_user_info_need_secret: true,
            },
            whitelist: WhitelistSwitches { phone_enabled: false, email_enabled: false, username_enabled: false },
            custom_sms_provider: CustomSmsProvider { enabled: false, provider: None, config: None },
        }
    }

    /// Takes over the settings that are given; within a group of settings, too, the others stay as they are.
    pub(crate) fn update(&mut self, given: Map<String, Value>) -> Result<(), Refusal> {
        let mut all = serde_json::to_value(&*self).map_err(|_| Refusal::invalid("input"))?;
        for (name, value) in given {
            match (&mut all[&name], value) {
                (_, Value::Null) => {}
                (Value::Object(known), Value::Object(given)) => known.extend(given),
                (known, given) => *known = given,
            }
        }
        *self = serde_json::from_value(all).map_err(|_| Refusal::invalid("input"))?;
        self.updated_at = now();
        Ok(())
    }
}
