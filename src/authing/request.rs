//! What the constructors of requests share.

use super::models::AuthorizedResource;
use crate::{
    Error, Json, Result,
    authing::dialect::{BUSY, FirstField, is_success, kind_of},
    protocol::{
        decode::{Data, List},
        options::ToWire,
        paging::{Page, Received},
    },
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// The variables of a call: those that every such call has, and the optional ones.
pub(super) fn variables(required: Value, optional: &impl ToWire) -> Result<Map<String, Value>> {
    let optional = serde_json::to_value(optional.to_wire())
        .map_err(|_| Error::argument("the options cannot be written as JSON"))?;
    let mut all = Map::new();
    for members in [optional, required] {
        if let Value::Object(members) = members {
            all.extend(members);
        }
    }
    Ok(all)
}

/// The variables of a call that gives a page, which are always sent.
pub(super) fn paged(required: Value, optional: &impl ToWire) -> Result<Map<String, Value>> {
    let mut all = variables(required, optional)?;
    check_page(&all)?;
    all.entry("page").or_insert_with(|| FIRST_PAGE.into());
    all.entry("limit").or_insert_with(|| PAGE_SIZE.into());
    Ok(all)
}

pub(crate) const FIRST_PAGE: usize = 1;
pub(crate) const PAGE_SIZE: usize = 10;

fn check_page(variables: &Map<String, Value>) -> Result<()> {
    for name in ["page", "limit"] {
        if variables.get(name).is_some_and(|value| !value.as_i64().is_some_and(|n| (1..=i32::MAX.into()).contains(&n)))
        {
            return Err(Error::argument(format!("{name}: not from 1 to {}", i32::MAX)));
        }
    }
    Ok(())
}

pub(super) fn as_strs(list: &[impl AsRef<str>]) -> Vec<&str> {
    list.iter().map(AsRef::as_ref).collect()
}

/// Decodes the one member of an object whose absence says that the thing does not exist.
pub(crate) fn non_null_field<T: DeserializeOwned>(data: &Data) -> Result<T> {
    let FirstField(inner) = data.non_null()?;
    Ok(inner)
}

/// Decodes the one member of such an object, a page, for a pager.
pub(crate) fn non_null_page<T: DeserializeOwned>(data: &Data) -> Result<Received<T>> {
    Ok(Received::new(non_null_field(data)?, data))
}

/// Accepts `CommonMessage`, or nothing: an error if its code is one.
pub(crate) fn check_status(data: &Data) -> Result<()> {
    #[derive(Default, Deserialize)]
    struct CommonMessage {
        code: Option<Json>,
        message: Option<Json>,
    }
    let CommonMessage { code, message } = data.decode::<Option<CommonMessage>>()?.unwrap_or_default();
    match code.as_ref().and_then(as_text) {
        Some(code) if !is_success(&code) => {
            let message = message.as_ref().and_then(as_text);
            Err(data.error(kind_of(&code)).retryable(code == BUSY).service_said(Some(code), message, None))
        }
        _ => Ok(()),
    }
}

/// A member as text: `null` and "" as nothing.
fn as_text(member: &Json) -> Option<String> {
    match member.decode() {
        Ok(Value::Null) => None,
        Ok(Value::String(text)) => (!text.is_empty()).then_some(text),
        _ => Some(member.as_text().to_owned()),
    }
}

/// Decodes a page of resources inside such an object.
pub(crate) fn resources(data: &Data) -> Result<Page<AuthorizedResource>> {
    let mut page: Page<AuthorizedResource> = non_null_field(data)?;
    page.list.iter_mut().for_each(AuthorizedResource::drop_empty);
    Ok(page)
}

/// Decodes a bare list of resources.
pub(crate) fn resource_list(data: &Data) -> Result<Vec<AuthorizedResource>> {
    let List(mut list) = data.decode()?;
    list.iter_mut().for_each(AuthorizedResource::drop_empty);
    Ok(list)
}

impl AuthorizedResource {
    /// What is empty is absent.
    pub(super) fn drop_empty(&mut self) {
        self.code.take_if(|code| code.is_empty());
        self.kind.take_if(|kind| kind.as_str().is_empty());
    }
}
