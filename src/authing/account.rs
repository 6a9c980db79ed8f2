//! Requests about the pool itself, tokens and passwords.

use super::{document::Body, documents as doc, graphql::is_query, models::PasswordCheck, values::EmailScene};
use crate::{
    Password, Result, UserToken,
    protocol::{
        decode::Data,
        operation::{Effect, operations},
        request::Request,
    },
};
use serde::Serialize;
use serde_json::{Map, Value, json};

// What a raw document or call selects is not known: its response may hold a secret.
operations! {
    IS_PASSWORD_VALID = "authing.is_password_valid" Read Required Data POST "/api/v2/password/check";
    GRAPHQL = "authing.graphql" Other Required Secret POST "/graphql/v2"
        | InvalidArgument: "the variables do not serialize to an object or to `null`";
    REQUEST = "authing.request" Other Required Secret GET "";
}

pub(crate) fn check_login_status(token: &UserToken) -> Result<Request> {
    let request = doc::CHECK_LOGIN_STATUS.variables(&json!({"token": token.expose_secret()}))?;
    Ok(request.secret(token.expose_secret()))
}

pub(crate) fn send_email(email: &str, scene: EmailScene) -> Result<Request> {
    doc::SEND_EMAIL.variables(&json!({"email": email, "scene": scene}))
}

/// Makes a request of a document of the caller's own.
pub(crate) fn graphql(document: &str, variables: &impl Serialize) -> Result<Request> {
    let variables = match serde_json::to_value(variables) {
        Ok(Value::Object(variables)) => variables,
        Ok(Value::Null) => Map::new(),
        _ => return Err(GRAPHQL.refuse("the variables must be a JSON object")),
    };
    let mut request = GRAPHQL.json(&Body { query: document, variables: &variables })?;
    if is_query(document) {
        request.effect = Effect::Read;
    }
    Ok(request)
}

pub(crate) fn userpool_detail() -> Result<Request> {
    doc::USERPOOL.variables(&json!({}))
}

pub(crate) fn is_password_valid(password: &Password) -> Result<Request> {
    let request = IS_PASSWORD_VALID.json(&json!({"password": password.expose_secret()}))?;
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
