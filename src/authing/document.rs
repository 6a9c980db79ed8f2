//! A GraphQL document, and the request of one.

use crate::{
    Result,
    protocol::request::{Effect, Request},
};
use serde::Serialize;

/// One operation.
pub(super) struct Document {
    /// How errors name the call.
    pub(super) operation: &'static str,
    /// The field under which a response has what was asked for.
    pub(super) root: &'static str,
    pub(super) text: &'static str,
    pub(super) effect: Effect,
}

/// Takes the name out of a root field with its arguments.
pub(super) const fn name_of_field(root: &'static str) -> &'static str {
    let bytes = root.as_bytes();
    let mut end = 0;
    while end < bytes.len() && bytes[end] != b'(' {
        end += 1;
    }
    root.split_at(end).0
}

#[derive(Serialize)]
struct Body<'a, V> {
    query: &'static str,
    variables: &'a V,
}

impl Document {
    /// Returns whether a token, a password or another secret is among the selected fields.
    pub(super) fn selects_secret(&self) -> bool {
        const SECRETS: [&str; 6] = ["accessToken", "token", "password", "secret", "jwtSecret", "config"];
        let selected = self.text.split_once('{').map_or("", |(_, selected)| selected);
        selected.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| SECRETS.contains(&word))
    }

    pub(super) fn request(&self, variables: &impl Serialize) -> Result<Request> {
        let request = Request::post(self.operation, "/graphql/v2").effect(self.effect).needs_token();
        request.json(&Body { query: self.text, variables })
    }
}
