//! The settings of the pool.

use super::value::{new_id, now};
use serde_json::{Map, Value, json};

/// The settings as the wire has them: the service reads none of them.
pub(crate) struct PoolSettings(Value);

impl PoolSettings {
    /// Returns the settings of a new pool.
    pub(crate) fn new(id: &str, secret: &str) -> Self {
        let check = |seconds: i64, limit: i64| json!({"timeInterval": seconds, "limit": limit, "enabled": true});
        Self(json!({
            "id": id, "name": "Emulated pool", "domain": "emulated-pool", "description": null, "secret": secret,
            "jwtSecret": new_id(), "ownerId": new_id(), "logo": "https://files.example/logo.png",
            "createdAt": now(), "updatedAt": now(), "emailVerifiedDefault": false, "sendWelcomeEmail": false,
            "registerDisabled": false, "appSsoEnabled": false, "showWxQRCodeWhenRegisterDisabled": false,
            "allowedOrigins": "", "tokenExpiresAfter": 1_209_600, "isDeleted": false, "loginFailStrategy": "captcha",
            "packageType": 0, "useCustomUserStore": false, "loginRequireEmailVerified": false, "verifyCodeLength": 4,
            "userpoolTypes": [{"code": "ToE", "name": "ToE", "description": "staff", "image": "", "sdks": []}],
            "frequentRegisterCheck": check(300, 20), "loginFailCheck": check(300, 3),
            "loginPasswordFailCheck": check(300, 5), "changePhoneStrategy": {"verifyOldPhone": false},
            "changeEmailStrategy": {"verifyOldEmail": false},
            "qrcodeLoginStrategy": {
                "qrcodeExpiresAfter": 120, "returnFullUserInfo": false, "allowExchangeUserInfoFromBrowser": true,
                "ticketExpiresAfter": 300,
            },
            // Misspelled by the service.
            "app2WxappLoginStrategy": {"ticketExpriresAfter": 300, "ticketExchangeUserInfoNeedSecret": true},
            "whitelist": {"phoneEnabled": false, "emailEnabled": false, "usernameEnabled": false},
            "customSMSProvider": {"enabled": false, "provider": null, "config": null},
        }))
    }

    pub(crate) fn json(&self) -> &Value {
        &self.0
    }

    /// Changes the settings that are given; within a group of settings, too, the others stay as they are.
    pub(crate) fn update(&mut self, given: Map<String, Value>) {
        for (name, value) in given {
            match (&mut self.0[name], value) {
                (_, Value::Null) => {}
                (Value::Object(group), Value::Object(given)) => group.extend(given),
                (setting, given) => *setting = given,
            }
        }
        self.0["updatedAt"] = now().into();
    }
}
