//! From an answer's bytes to a value or an error; the one place where that happens.

use super::dialect::{Dialect, Fault};
use crate::{Error, ErrorKind, Result};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use std::time::Duration;

/// What came back.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The data of an answer, unwrapped, and known to be no error.
#[derive(Clone)]
pub(crate) struct Data {
    status: StatusCode,
    bytes: Bytes,
}

impl Response {
    /// Takes the data out, or says why there is none.
    pub(crate) fn into_data(self, operation: &'static str, dialect: &dyn Dialect) -> Result<Data> {
        if !self.status.is_success() {
            return Err(self.failure(dialect.fault(operation, self.status.as_u16(), &self.body)));
        }
        match dialect.data(&self.body) {
            Ok(data) => Ok(Data { status: self.status, bytes: self.body.slice_ref(data) }),
            Err(fault) => Err(self.failure(fault)),
        }
    }

    fn failure(&self, fault: Fault) -> Error {
        let status = self.status.as_u16();
        let otherwise = if self.status.is_success() { ErrorKind::Business } else { ErrorKind::Api };
        let kind = fault.kind.or_else(|| ErrorKind::of_status(status)).unwrap_or(otherwise);
        let request_id = fault.request_id.or_else(|| {
            let id = self.headers.get("x-request-id")?.to_str().ok()?;
            Some(id.to_owned())
        });
        let error = fault.detail.into_iter().fold(Error::new(kind), Error::detail);
        error
            .http_status(status)
            .retryable(fault.retryable)
            .service_said(fault.code, fault.message, request_id)
            .wait(self.retry_after())
            .answer_body(&self.body)
    }

    /// `Retry-After` in seconds; its date form is not used by these services and reads as absent.
    fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

impl Data {
    /// The data of a response without any.
    #[cfg(test)]
    pub(crate) fn empty() -> Self {
        Self { status: StatusCode::OK, bytes: Bytes::new() }
    }

    /// The data as a `T`; an empty body reads as `null`.
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        let bytes = if self.bytes.trim_ascii().is_empty() { b"null" } else { &*self.bytes };
        serde_json::from_slice(bytes).map_err(|error| self.explain::<T>(bytes, &error))
    }

    /// The data as it came.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// An error about this data.
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind).http_status(self.status.as_u16()).answer_body(&self.bytes)
    }

    /// A second, slower reading, to find the place. The texts of serde quote the data, which may hold a token: only what
    /// is expected and the kind of what was found go into the error.
    fn explain<T: DeserializeOwned>(&self, bytes: &[u8], error: &serde_json::Error) -> Error {
        let json = &mut serde_json::Deserializer::from_slice(bytes);
        let path = serde_path_to_error::deserialize::<_, T>(json)
            .err()
            .map(|error| error.path().to_string())
            .filter(|path| path != ".");
        let error = self.error(ErrorKind::Decode).detail(mismatch(error));
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
        serde_json::error::Category::Data => {
            let found = text.split_once(": ").map_or("", |(_, rest)| rest);
            let found = found.split(['`', '"', ',']).next().unwrap_or_default().trim();
            let expected = text.rsplit_once("expected ").map_or("another value", |(_, rest)| rest);
            let expected = expected.split(" at line ").next().unwrap_or_default();
            match text.starts_with("invalid ") && !found.is_empty() {
                true => format!("{found} instead of {expected}, {place}"),
                false => format!("JSON of another shape, {place}"),
            }
        }
        serde_json::error::Category::Eof => format!("the JSON is cut off, {place}"),
        serde_json::error::Category::Syntax if text.starts_with("recursion limit") => {
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
        Data { status: StatusCode::OK, bytes: Bytes::from_static(body.as_bytes()) }
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
        for (body, text) in [("<html>", "no JSON"), ("[1, 2", "cut off"), ("nul", "cut off")] {
            let error = data(body).decode::<serde_json::Value>().unwrap_err();
            assert!(error.is_decode() && error.to_string().contains(text), "{body}: {error}");
        }
        let deep: &'static str = "[".repeat(100_000).leak();
        let error = data(deep).decode::<serde_json::Value>().unwrap_err();
        assert!(error.to_string().contains("nested too deep"), "{error}");
    }

    #[test]
    fn nothing_reads_as_null() {
        assert_eq!(data(" \n").decode::<Option<i64>>().unwrap(), None);
        assert!(data("null").decode::<List<i64>>().unwrap().0.is_empty());
        assert!(data("").decode::<i64>().unwrap_err().is_decode());
    }
}
