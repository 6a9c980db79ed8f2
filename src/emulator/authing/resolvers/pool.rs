//! The user pool: settings, allow lists and management tokens.

use super::{
    super::state::{error_response::ErrorResponse, pool::Pool, whitelist::WhitelistType},
    args::{Args, ResolverResult, message_response, to_json},
};
use serde_json::{Value, json};

pub(super) fn access_token(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let issued = pool.managers.issue(args.required("userPoolId"), args.required("secret"))?;
    Ok(json!({"accessToken": issued.token, "iat": issued.issued, "exp": issued.expires}))
}

pub(super) fn pool(pool: &mut Pool, _: &Value, _: &Args) -> ResolverResult {
    Ok(pool.settings.json().clone())
}

pub(super) fn update(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    pool.settings.update(args.object("input"));
    Ok(pool.settings.json().clone())
}

fn listed(pool: &Pool, kind: WhitelistType) -> Value {
    pool.whitelist.iter(kind).map(to_json).collect()
}

pub(super) fn whitelist(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    Ok(listed(pool, args.read("type")?))
}

pub(super) fn add_to_whitelist(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let kind = args.read("type")?;
    args.strs("list").into_iter().for_each(|value| pool.whitelist.add(kind, value));
    Ok(listed(pool, kind))
}

pub(super) fn remove_from_whitelist(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let kind = args.read("type")?;
    args.strs("list").into_iter().for_each(|value| pool.whitelist.remove(kind, value));
    Ok(listed(pool, kind))
}

pub(super) fn send_email(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let mail = args.required("email");
    if !mail.contains('@') {
        return Err(ErrorResponse::BAD_EMAIL);
    }
    pool.mail.push((mail.to_owned(), args.required("scene").to_owned()));
    message_response("发送成功")
}
