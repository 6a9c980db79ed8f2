//! The user pool: settings, allow lists and management tokens.

use super::{
    refusal::Refusal,
    value::{Args, message_response, new_id, now, unix_now},
    world::World,
};
use serde_json::{Value, json};

type HandlerResult = Result<Value, Refusal>;

/// Returns the settings of a new pool.
pub(super) fn initial(id: &str, secret: &str) -> Value {
    let check = |time: i64, limit: i64| json!({"timeInterval": time, "limit": limit, "enabled": true});
    json!({
        "id": id, "name": "Emulated pool", "domain": "emulated-pool", "description": null, "secret": secret,
        "jwtSecret": new_id(), "ownerId": new_id(), "logo": "https://files.example/logo.png", "createdAt": now(),
        "updatedAt": now(), "emailVerifiedDefault": false, "sendWelcomeEmail": false, "registerDisabled": false,
        "appSsoEnabled": false, "showWxQRCodeWhenRegisterDisabled": false, "allowedOrigins": "",
        "tokenExpiresAfter": 1_209_600, "isDeleted": false, "loginFailStrategy": "captcha", "packageType": 0,
        "useCustomUserStore": false, "loginRequireEmailVerified": false, "verifyCodeLength": 4,
        "userpoolTypes": [{"code": "ToE", "name": "ToE", "description": "staff", "image": "", "sdks": []}],
        "frequentRegisterCheck": check(300, 20), "loginFailCheck": check(300, 3), "loginPasswordFailCheck": check(300, 5),
        "changePhoneStrategy": {"verifyOldPhone": false}, "changeEmailStrategy": {"verifyOldEmail": false},
        "qrcodeLoginStrategy": {
            "qrcodeExpiresAfter": 120, "returnFullUserInfo": false, "allowExchangeUserInfoFromBrowser": true,
            "ticketExpiresAfter": 300,
        },
        "app2WxappLoginStrategy": {"ticketExpriresAfter": 300, "ticketExchangeUserInfoNeedSecret": true},
        "whitelist": {"phoneEnabled": false, "emailEnabled": false, "usernameEnabled": false},
        "customSMSProvider": {"enabled": false, "provider": null, "config": null},
    })
}

impl World {
    pub(super) fn is_manager(&self, token: &str) -> bool {
        self.management_tokens.get(token).is_some_and(|expires| *expires > unix_now())
    }
}

pub(super) fn access_token(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    if args.required("userPoolId") != world.user_pool_id {
        return Err(Refusal::NO_POOL);
    }
    if args.required("secret") != world.secret {
        return Err(Refusal::BAD_SECRET);
    }
    let token = format!("eyJ{}{}.{}", new_id(), new_id(), new_id());
    let lifetime = world.token_lifetime.as_secs() as i64;
    world.management_tokens.insert(token.clone(), unix_now() + lifetime);
    // What the service's clock says, which may be off.
    let iat = unix_now() + world.clock_offset;
    Ok(json!({"accessToken": token, "iat": iat, "exp": iat + lifetime}))
}

pub(super) fn pool(world: &mut World, _: &Value, _: &Args) -> HandlerResult {
    Ok(world.pool.clone())
}

pub(super) fn update(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    for (name, value) in args.object("input") {
        match (&mut world.pool[&name], value) {
            (_, Value::Null) => {}
            (Value::Object(known), Value::Object(given)) => known.extend(given),
            (known, given) => *known = given,
        }
    }
    world.pool["updatedAt"] = now();
    Ok(world.pool.clone())
}

fn listed(world: &World, kind: &str) -> Value {
    world.whitelist.iter().filter(|entry| entry["type"] == kind).cloned().collect()
}

pub(super) fn whitelist(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    Ok(listed(world, args.required("type")))
}

pub(super) fn add_to_whitelist(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let kind = args.required("type");
    for value in args.texts("list") {
        if !world.whitelist.iter().any(|entry| entry["type"] == kind && entry["value"] == value) {
            world.whitelist.push(json!({"type": kind, "value": value, "createdAt": now(), "updatedAt": now()}));
        }
    }
    Ok(listed(world, kind))
}

pub(super) fn remove_from_whitelist(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let (kind, gone) = (args.required("type"), args.texts("list"));
    world.whitelist.retain(|entry| entry["type"] != kind || !gone.iter().any(|value| entry["value"] == *value));
    Ok(listed(world, kind))
}

pub(super) fn send_email(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let mail = args.required("email");
    if !mail.contains('@') {
        return Err(Refusal::BAD_EMAIL);
    }
    world.mail.push((mail.to_owned(), args.required("scene").to_owned()));
    message_response("发送成功")
}
