//! A call, as its handler gets it.

use super::{
    handshake::ServerKeys,
    state::{directory::Directory, error_response::ErrorResponse, session::Session},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;

/// The credentials that a call requires.
#[derive(Clone, Copy)]
pub(super) enum Requirement {
    Application,
    User,
    Tenant,
}

/// A request whose credentials are valid.
pub(super) struct Call<'a> {
    pub(super) keys: &'a ServerKeys,
    pub(super) query: &'a HashMap<String, String>,
    pub(super) body: &'a [u8],
    pub(super) session: Option<Session>,
    pub(super) token: Option<&'a str>,
}

impl Call<'_> {
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, ErrorResponse> {
        serde_json::from_slice(self.body)
            .map_err(|error| ErrorResponse::bad_request(format!("unreadable body: {error}")))
    }

    pub(super) fn session(&self) -> Result<Session, ErrorResponse> {
        self.session.ok_or_else(ErrorResponse::not_signed_in)
    }

    pub(super) fn tenant(&self) -> Result<i64, ErrorResponse> {
        self.session()?.tenant.ok_or_else(ErrorResponse::no_tenant)
    }
}

pub(super) type HandlerResult = Result<Value, ErrorResponse>;

pub(super) type Handler = fn(&mut Directory, &Call<'_>) -> HandlerResult;
