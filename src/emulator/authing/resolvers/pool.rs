//! The user pool: settings, allow lists and management tokens.

use super::{
    super::state::{pool::Pool, refusal::Refusal, whitelist::WhitelistType},
    args::{Args, message_response, shown},
};
use serde_json::{Value, json};

type Answer = Result<Value, Refusal>;

pub(super) fn access_token(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    let issued = pool.managers.issue(args.required("userPoolId"), args.required("secret"))?;
    Ok(json!({"accessToken": issued.token, "iat": issued.issued, "exp": issued.expires}))
}

pub(super) fn pool(pool: &mut Pool, _: &Value, _: &Args) -> Answer {
    Ok(shown(&pool.settings))
}

pub(super) fn update(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    pool.settings.update(args.object("input"))?;
    Ok(shown(&pool.settings))
}

fn listed(pool: &Pool, kind: WhitelistType) -> Value {
    pool.whitelist.iter(kind).map(shown).collect()
}

pub(super) fn whitelist(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    Ok(listed(pool, args.read("type")?))
}

pub(super) fn add_to_whitelist(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    let kind = args.read("type")?;
    args.texts("list").into_iter().for_each(|value| pool.whitelist.add(kind, value));
    Ok(listed(pool, kind))
}

pub(super) fn remove_from_whitelist(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    let kind = args.read("type")?;
    args.texts("list").into_iter().for_each(|value| pool.whitelist.remove(kind, value));
    Ok(listed(pool, kind))
}

pub(super) fn send_email(pool: &mut Pool, _: &Value, args: &Args) -> Answer {
    let mail = args.required("email");
    if !mail.contains('@') {
        return Err(Refusal::BAD_EMAIL);
    }
    pool.mail.push((mail.to_owned(), args.required("scene").to_owned()));
    message_response("发送成功")
}
