//! Requests about the pool itself, tokens and passwords.

use super::{
    dialect::RAW, documents as doc, graphql::is_query, models::PasswordCheck, request::rest, values::EmailScene,
};
use crate::{
    Error, Password, Result, UserToken,
    protocol::{
        decode::Data,
        request::{Effect, Request},
    },
};
use http::Method;
use serde::Serialize;
use serde_json::{Map, Value, json};

pub(crate) fn check_login_status(token: &UserToken) -> Result<Request> {
    let request = doc::CHECK_LOGIN_STATUS.request(&json!({"token": token.expose_secret()}))?;
    Ok(request.without_session().secret(token.expose_secret()))
}

pub(crate) fn send_email(email: &str, scene: EmailScene) -> Result<Request> {
    Ok(doc::SEND_EMAIL.request(&json!({"email": email, "scene": scene}))?.without_session())
}

/// Makes a request of a document of the caller's own.
pub(crate) fn graphql(document: &str, variables: &impl Serialize) -> Result<Request> {
    let effect = if is_query(document) { Effect::Read } else { Effect::Other };
    let variables = match serde_json::to_value(variables) {
        Ok(Value::Object(variables)) => variables,
        Ok(Value::Null) => Map::new(),
        _ => return Err(Error::argument("the variables must be a JSON object").operation_named(RAW)),
    };
    let request = Request::post(RAW, "/graphql/v2").effect(effect).needs_token();
    request.json(&json!({"query": document, "variables": variables}))
}

pub(crate) fn userpool_detail() -> Result<Request> {
    doc::USERPOOL.request(&json!({}))
}

pub(crate) fn is_password_valid(password: &Password) -> Result<Request> {
    let request = rest("authing.is_password_valid", Method::POST, "/api/v2/password/check").effect(Effect::Read);
    let request = request.json(&json!({"password": password.expose_secret()}))?;
    Ok(request.secret(password.expose_secret()))
}

/// Reads an object, or a bare truth value: the vendor does not document which of them comes.
pub(crate) fn password_check(data: &Data) -> Result<PasswordCheck> {
    match data.bytes()?.trim_ascii() {
        bare @ (b"true" | b"false") => Ok(PasswordCheck { valid: Some(bare == b"true"), ..PasswordCheck::default() }),
        _ => Ok(data.decode::<Option<PasswordCheck>>()?.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_document_that_reads_is_sent_again() {
        for (document, effect) in [
            ("query { a }", Effect::Read),
            ("# mutation\n{ a }", Effect::Read),
            ("# reads\nmutation { a }", Effect::Other),
            ("fragment f on T { a } mutation { b { ...f } }", Effect::Other),
            ("\u{FEFF}, mutation { a }", Effect::Other),
            ("subscription { a }", Effect::Other),
            ("{ a", Effect::Other),
        ] {
            assert_eq!(graphql(document, &json!({})).unwrap().effect, effect, "{document}");
        }
    }
}
