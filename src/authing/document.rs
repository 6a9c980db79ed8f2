//! How a GraphQL operation is sent.

use super::{
    options::AuthorizedResourceOptions,
    request::{paged, variables},
    values::ResourceType,
};
use crate::{
    Result,
    protocol::{
        operation::{Document, Operation},
        options::ToWire,
        request::Request,
    },
};
use serde::Serialize;
use serde_json::Value;

/// Where all documents go.
pub(super) const PATH: &str = "/graphql/v2";

/// Returns whether a token, a password or another secret is among the selected fields.
pub(super) fn selects_secret(document: &Document) -> bool {
    const SECRETS: [&str; 6] = ["accessToken", "token", "password", "secret", "jwtSecret", "config"];
    let selected = document.text.split_once('{').map_or("", |(_, selected)| selected);
    selected.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| SECRETS.contains(&word))
}

/// What is sent.
#[derive(Serialize)]
pub(super) struct Body<'a, V> {
    pub(super) query: &'a str,
    pub(super) variables: &'a V,
}

impl Operation {
    /// Makes the request with these variables.
    pub(super) fn variables(&'static self, variables: &impl Serialize) -> Result<Request> {
        self.json(&Body { query: self.document.as_ref().map_or("", |document| document.text), variables })
    }

    /// Makes the request with these variables, those of an optional value among them.
    pub(super) fn with(&'static self, required: Value, optional: &impl ToWire) -> Result<Request> {
        self.variables(&self.check(variables(required, optional))?)
    }

    /// Makes the request for the resources of a target; a kind of resource that the vendor does not document is refused.
    pub(super) fn resources(&'static self, required: Value, options: &AuthorizedResourceOptions) -> Result<Request> {
        match &options.resource_type {
            Some(ResourceType::Other(kind)) => {
                Err(self.refuse(format!("there is no kind of resource `{kind}`: use one that ResourceType names")))
            }
            _ => self.with(required, options),
        }
    }

    /// Makes the request for a page.
    pub(super) fn page(&'static self, required: Value, optional: &impl ToWire) -> Result<Request> {
        self.variables(&self.check(paged(required, optional))?)
    }
}
