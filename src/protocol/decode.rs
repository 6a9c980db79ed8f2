//! From a response's bytes to a value or an error; the one place where that happens.

use super::{
    dialect::{Dialect, ErrorResponse},
    meter::{self, Refusal, Text},
    operation::Operation,
    raw_response::RawResponse,
    retry_after::retry_after,
};
use crate::{Error, ErrorKind, Result};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::error::Category;
use std::{
    sync::OnceLock,
    time::{Duration, SystemTime},
};

/// An HTTP response, read to its end.
#[derive(Clone)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Nothing came, and nothing said that there was nothing to come: neither a length, nor a mark of the end.
    pub(crate) is_unmarked: bool,
}

/// A response with a status of success. Its envelope, which may say otherwise, is read with its data.
#[derive(Clone)]
pub(crate) struct Data {
    response: Response,
    operation: &'static Operation,
    dialect: &'static dyn Dialect,
    /// The body as UTF-8, where it is none.
    repaired: OnceLock<Box<Bytes>>,
    /// Where the data stand in the body, once the envelope was read by itself.
    found: OnceLock<Box<Bytes>>,
}

impl Response {
    /// Takes an HTTP status of failure for the error that it is.
    pub(crate) fn into_data(self, operation: &'static Operation, dialect: &'static dyn Dialect) -> Result<Data> {
        if !self.status.is_success() {
            let body = String::from_utf8_lossy(&self.body);
            let said = dialect.error_response(operation, self.status.as_u16(), body.as_bytes());
            return Err(self.error(said).response_body(&self.body));
        }
        Ok(Data { response: self, operation, dialect, repaired: OnceLock::new(), found: OnceLock::new() })
    }

    fn error(&self, said: ErrorResponse) -> Error {
        let status = self.status.as_u16();
        let otherwise = if self.status.is_success() { ErrorKind::Business } else { ErrorKind::Api };
        let kind = said.kind.or_else(|| ErrorKind::of_status(status)).unwrap_or(otherwise);
        let request_id = said.request_id.or_else(|| self.request_id().map(str::to_owned));
        let error = said.detail.into_iter().fold(Error::new(kind), Error::detail);
        error
            .http_status(status)
            .retryable(said.retryable)
            .in_own_form(said.in_own_form)
            .service_said(said.code, said.message, request_id)
            .wait(self.retry_after())
    }

    fn request_id(&self) -> Option<&str> {
        self.headers.get("x-request-id")?.to_str().ok()
    }

    /// The clock is read here, moments after the response came: a call that succeeds has no use for it.
    fn retry_after(&self) -> Option<Duration> {
        retry_after(self.headers.get(RETRY_AFTER)?.to_str().ok()?, SystemTime::now())
    }
}

impl Data {
    /// The data of a response without any.
    #[cfg(test)]
    pub(crate) fn empty() -> Self {
        Self::of(Bytes::new(), &crate::cloudspot::DIALECT)
    }

    #[cfg(test)]
    fn of(body: Bytes, dialect: &'static dyn Dialect) -> Self {
        let response = Response { status: StatusCode::OK, headers: HeaderMap::new(), body, is_unmarked: false };
        let operation = crate::cloudspot::operations().next().expect("there are operations");
        Self { response, operation, dialect, repaired: OnceLock::new(), found: OnceLock::new() }
    }

    /// Decodes the data; an empty body reads as `null`.
    ///
    /// A single object must have at least one of the members that its model has. Lists, and objects inside, may be of any:
    /// services add members, and leave them out.
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        if self.found.get().is_none()
            && let Some(envelope) = self.dialect.usual_envelope(self.operation)
            && let Some(value) = meter::decode_usual(&self.response.body, envelope)
        {
            return Ok(value);
        }
        let found = self.text()?;
        let text = if found.json.trim_ascii().is_empty() { Text { json: "null", ..found } } else { found };
        meter::decode(text).map_err(|refusal| self.explain::<T>(text, refusal))
    }

    /// Decodes the data, and returns them with the response's status and headers.
    pub(crate) fn raw(&self) -> Result<RawResponse> {
        let data = self.decode()?;
        Ok(RawResponse::new(self.response.status.as_u16(), self.response.headers.clone(), data))
    }

    /// Decodes an object whose absence says that the thing does not exist.
    pub(crate) fn non_null<T: DeserializeOwned>(&self) -> Result<T> {
        self.decode::<Option<T>>()?.ok_or_else(|| self.error(ErrorKind::NotFound))
    }

    /// Decodes a list; `null` and an empty body read as an empty one.
    pub(crate) fn list<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        self.decode::<List<T>>().map(|list| list.0)
    }

    /// Reads the data with a reader of its own, which spends its memory with the functions of [`meter`].
    pub(crate) fn read<T>(&self, read: impl FnOnce(&[u8]) -> T) -> Result<T> {
        let text = self.text()?;
        meter::within(text, || read(text.json.as_bytes())).ok_or_else(|| self.too_large())
    }

    /// Accepts the data of a call that gives nothing: an empty body, or any JSON.
    ///
    /// A page of HTML, say of a proxy that asks for a login, does not mean that the service did anything.
    pub(crate) fn acknowledge(&self) -> Result<()> {
        // The head says that the service did it, whatever became of the end.
        if self.response.is_unmarked {
            return Ok(());
        }
        self.decode::<IgnoredAny>().map(drop)
    }

    /// Returns the data as they came, or the error that the envelope holds.
    ///
    /// An empty body is an error where the server may as well have died before it sent one.
    pub(crate) fn bytes(&self) -> Result<&[u8]> {
        if let Some(found) = self.found.get() {
            return Ok(found);
        }
        if self.response.is_unmarked {
            let detail = "an empty response, without a length or a mark of its end: it may have been cut off";
            return Err(self.error(ErrorKind::Transport).sent(true).detail(detail));
        }
        let body = self.repaired_body();
        match self.dialect.data(self.operation, body) {
            Ok(data) => Ok(self.found.get_or_init(|| Box::new(body.slice_ref(data)))),
            Err(said) if self.is_secret() => Err(self.response.error(said)),
            Err(said) => Err(self.response.error(said).response_body(body)),
        }
    }

    /// Returns the data as a text, or the error that the envelope holds.
    fn text(&self) -> Result<Text<'_>> {
        let json = std::str::from_utf8(self.bytes()?).map_err(|_| self.error(ErrorKind::Decode).detail("no UTF-8"))?;
        Ok(Text { json, is_repaired: self.repaired.get().is_some() })
    }

    /// Returns the body, with U+FFFD for what is no UTF-8: a message in another coding must not hide what the envelope says.
    fn repaired_body(&self) -> &Bytes {
        let body = &self.response.body;
        match std::str::from_utf8(body) {
            Ok(_) => body,
            Err(_) => self.repaired.get_or_init(|| Box::new(String::from_utf8_lossy(body).into_owned().into())),
        }
    }

    /// Returns the data as they came, or the whole body if nothing but the data differs between two of this kind.
    pub(crate) fn as_came(&self) -> &[u8] {
        self.found.get().map_or(&self.response.body, |found| found)
    }

    /// Returns the id under which the service knows the request, if its response's headers have it.
    pub(crate) fn request_id(&self) -> Option<&str> {
        self.response.request_id()
    }

    /// Creates an error about this data.
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        let error = Error::new(kind).http_status(self.response.status.as_u16());
        if self.is_secret() { error } else { error.response_body(self.as_came()) }
    }

    /// Whether it can hold a token or another secret: then no error keeps it.
    fn is_secret(&self) -> bool {
        self.dialect.brings_secret(self.operation)
    }

    fn too_large(&self) -> Error {
        self.error(ErrorKind::TooLarge)
            .detail(format!("{} bytes would take more than 20 times as much memory once decoded", self.as_came().len()))
    }

    fn explain<T: DeserializeOwned>(&self, text: Text<'_>, refusal: Refusal) -> Error {
        let error = match refusal {
            Refusal::TooMuchMemory => return self.too_large(),
            Refusal::NoMemberOf(model) => {
                return self.error(ErrorKind::Decode).detail(format!("an object without any member of {model}"));
            }
            // What is cut off is of another shape for that reason.
            Refusal::Json(error) if error.is_data() => {
                serde_json::from_str::<IgnoredAny>(text.json).err().unwrap_or(error)
            }
            Refusal::Json(error) => error,
        };
        // A second, slower reading, to find the place.
        let path = meter::path_of_failure::<T>(text);
        // serde's texts quote the data, which may hold a token: only the kinds of what is expected and of what came are kept.
        let error = self.error(ErrorKind::Decode).detail(mismatch(&error));
        match path {
            Some(path) => error.at_json_path(path),
            None => error,
        }
    }
}

fn mismatch(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!("line {} column {}", error.line(), error.column());
    match error.classify() {
        Category::Data => {
            let found = text.split_once(": ").map_or("", |(_, rest)| rest);
            let found = found.split(['`', '"', ',']).next().unwrap_or_default().trim();
            let expected = text.rsplit_once("expected ").map_or("another value", |(_, rest)| rest);
            let expected = expected.split(" at line ").next().unwrap_or_default();
            match text.starts_with("invalid ") && !found.is_empty() {
                true => format!("{found} instead of {expected}, {place}"),
                false => format!("JSON of another shape, {place}"),
            }
        }
        Category::Eof => format!("the JSON is cut off, {place}"),
        Category::Syntax if text.starts_with("recursion limit") => {
            format!("the JSON is nested too deep, {place}")
        }
        _ => format!("no JSON, {place}"),
    }
}

/// A list that `null` and an empty body read as empty.
pub(crate) struct List<T>(pub(crate) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(|list| Self(list.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(body: &'static str) -> Data {
        Data::of(Bytes::from_static(body.as_bytes()), &crate::cloudspot::DIALECT)
    }

    #[test]
    fn a_mismatch_names_the_path_and_not_the_value() {
        #[derive(Debug, Deserialize)]
        struct User {
            #[serde(rename = "sid")]
            _sid: i64,
        }
        let error = data(r#"[{"sid": 1}, {"sid": "tok-secret"}]"#).decode::<Vec<User>>().unwrap_err();
        assert_eq!(error.json_path(), Some("[1].sid"));
        let text = format!("{error} {error:?}");
        assert!(text.contains("string instead of i64"), "{text}");
        assert!(!text.contains("tok-secret"), "{text}");
    }

    #[test]
    fn what_is_no_json_says_so() {
        for (body, text) in
            [("<html>", "no JSON"), ("[1, 2", "cut off"), ("nul", "cut off"), ("{\"data\": [", "cut off")]
        {
            let error = data(body).decode::<Vec<i64>>().unwrap_err();
            assert!(error.is_decode() && error.to_string().contains(text), "{body}: {error}");
        }
        let error = data("<html>").decode::<serde_json::Value>().unwrap_err();
        assert!(error.to_string().contains("no JSON"), "{error}");
        let deep: &'static str = "[".repeat(100_000).leak();
        let error = data(deep).decode::<serde_json::Value>().unwrap_err();
        assert!(error.to_string().contains("nested too deep"), "{error}");
    }

    #[test]
    fn text_that_is_no_unicode_matters_where_it_is_asked_for() {
        #[derive(Debug, Deserialize)]
        struct User {
            #[serde(rename = "id")]
            id: String,
        }
        let users = crate::digiwin::operations().find(|declared| declared.name == "digiwin.users.query_users").unwrap();
        let data = |body: &'static [u8]| Data {
            operation: users,
            ..Data::of(Bytes::from_static(body), &crate::digiwin::DIALECT)
        };
        // The message is "你好" in GBK.
        for passed in [
            &b"[{\"id\": \"ann\", \"message\": \"\xc4\xe3\xba\xc3\"}]"[..],
            b"{\"status\": 200, \"message\": \"\xc4\xe3\xba\xc3\", \"data\": [{\"id\": \"ann\"}]}",
        ] {
            assert_eq!(data(passed).decode::<Vec<User>>().unwrap()[0].id, "ann");
            data(passed).acknowledge().unwrap();
        }
        let refused = data(b"{\"status\": 500, \"message\": \"\xc4\xe3\xba\xc3\", \"data\": null}");
        assert_eq!(refused.acknowledge().unwrap_err().code(), Some("500"));
        let asked_for = b"{\"status\": 200, \"data\": [{\"id\": \"\xc4\xe3\"}]}";
        let error = data(asked_for).decode::<Vec<User>>().unwrap_err();
        assert_eq!((error.is_decode(), error.json_path()), (true, Some("[0].id")));
        assert!(error.to_string().contains("not UTF-8"), "{error}");
        // Unknown members would be written back as something else.
        let unknown = data(b"[{\"id\": \"ann\", \"new\": \"\xc4\xe3\"}]");
        assert!(unknown.decode::<Vec<crate::digiwin::User>>().unwrap_err().is_decode());
    }

    #[test]
    fn nothing_reads_as_null() {
        assert_eq!(data(" \n").decode::<Option<i64>>().unwrap(), None);
        assert!(data("null").decode::<List<i64>>().unwrap().0.is_empty());
        assert!(data("").decode::<i64>().unwrap_err().is_decode());
    }

    #[test]
    fn nothing_that_may_have_been_cut_off_is_no_data() {
        let mut data = data("");
        data.response.is_unmarked = true;
        let error = data.decode::<Option<i64>>().unwrap_err();
        assert!(error.is_transport() && error.to_string().contains("empty response"), "{error}");
        assert!(data.list::<i64>().unwrap_err().is_transport());
        assert!(data.raw().unwrap_err().is_transport());
        data.acknowledge().unwrap();
    }
}
