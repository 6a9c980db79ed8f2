//! A call, as a value.

use crate::{Error, Result};
use bytes::Bytes;
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use serde::Serialize;
use std::{
    borrow::Cow,
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};
use url::Url;
use zeroize::Zeroizing;

/// What repeating a call does at the service; the HTTP verb does not tell, these services read with POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Changes nothing.
    Read,
    /// Twice is once.
    Idempotent,
    /// Anything else: repeated only when it was never sent.
    Other,
}

/// Whether the session's token goes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenUse {
    Never,
    /// If the session has one, as it is: none is got or renewed for the call.
    AsItIs,
    /// If the session has one.
    IfAny,
    /// Without one the call fails before anything is sent.
    Required,
}

/// One call, before a base URL, a session or a socket is known.
pub(crate) struct Request {
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    pub(crate) path: Cow<'static, str>,
    pub(crate) query: Vec<(Cow<'static, str>, String)>,
    pub(crate) body: Option<Bytes>,
    pub(crate) effect: Effect,
    pub(crate) token_use: TokenUse,
    /// What an error must not repeat, if the service echoes it.
    pub(crate) secrets: Vec<Zeroizing<String>>,
}

impl Request {
    pub(crate) fn new(operation: &'static str, method: Method, path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            operation,
            method,
            path: path.into(),
            query: Vec::new(),
            body: None,
            effect: Effect::Other,
            token_use: TokenUse::IfAny,
            secrets: Vec::new(),
        }
    }

    /// A GET that reads.
    pub(crate) fn get(operation: &'static str, path: &'static str) -> Self {
        Self::new(operation, Method::GET, path).effect(Effect::Read)
    }

    /// A POST; say what it does with [`effect`](Self::effect).
    pub(crate) fn post(operation: &'static str, path: &'static str) -> Self {
        Self::new(operation, Method::POST, path)
    }

    pub(crate) fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    pub(crate) fn without_session(mut self) -> Self {
        self.token_use = TokenUse::Never;
        self
    }

    pub(crate) fn with_token_as_it_is(mut self) -> Self {
        self.token_use = TokenUse::AsItIs;
        self
    }

    pub(crate) fn needs_token(mut self) -> Self {
        self.token_use = TokenUse::Required;
        self
    }

    pub(crate) fn secret(mut self, secret: &str) -> Self {
        self.secrets.push(Zeroizing::new(secret.to_owned()));
        self
    }

    /// What tells calls of this operation apart: raw calls have one name for all paths.
    pub(crate) fn discriminant(&self) -> u64 {
        match &self.path {
            Cow::Owned(path) if self.operation.ends_with(".request") => {
                let mut hasher = DefaultHasher::new();
                path.hash(&mut hasher);
                hasher.finish()
            }
            _ => 0,
        }
    }

    /// Adds a query parameter, unless it is `None`.
    pub(crate) fn query<V: ToString>(mut self, name: impl Into<Cow<'static, str>>, value: Option<V>) -> Self {
        self.query.extend(value.map(|value| (name.into(), value.to_string())));
        self
    }

    pub(crate) fn json(mut self, body: &(impl Serialize + ?Sized)) -> Result<Self> {
        // serde's text can quote the value, which may be a secret.
        let bytes = serde_json::to_vec(body)
            .map_err(|_| Error::argument("the body cannot be written as JSON").operation_named(self.operation))?;
        self.body = Some(bytes.into());
        Ok(self)
    }

    /// A caller's own object as the body; another kind of JSON value is refused.
    pub(crate) fn json_object(self, body: &(impl Serialize + ?Sized)) -> Result<Self> {
        let operation = self.operation;
        let request = self.json(body)?;
        match request.body.as_deref() {
            Some([b'{', ..]) => Ok(request),
            _ => Err(Error::argument("the body must be a JSON object").operation_named(operation)),
        }
    }

    /// The URL of the call below `base`, whose host and scheme no path can change.
    pub(crate) fn url(&self, base: &Url) -> Url {
        let mut url = base.clone();
        let prefix = base.path().trim_end_matches('/');
        if prefix.is_empty() {
            url.set_path(&self.path);
        } else {
            url.set_path(&format!("{prefix}{}", self.path));
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }
}

/// Refuses a caller's own path that could leave the base URL's path on its way through URL parsers, proxies and servers: one
/// with a segment `.` or `..`, a backslash or a control character, percent-encoded or not.
pub(crate) fn check_path(operation: &'static str, path: &str) -> Result<()> {
    let refused = |what| Err(Error::argument(format!("the path {what}")).operation_named(operation));
    if !path.starts_with('/') {
        return refused("must begin with `/`");
    }
    let mut text = path.as_bytes().to_vec();
    loop {
        if text.iter().any(|byte| *byte == b'\\' || byte.is_ascii_control()) {
            return refused("must not hold a backslash or a control character");
        }
        // Servers such as Tomcat cut a segment at its first `;`.
        let names = text.split(|byte| *byte == b'/').filter_map(|segment| segment.split(|byte| *byte == b';').next());
        if names.into_iter().any(|name| matches!(name, b"." | b"..")) {
            return refused("must not hold a segment `.` or `..`");
        }
        // What one hop decodes the next one may decode again.
        let decoded: Vec<u8> = percent_decode(&text).collect();
        if decoded == text {
            return Ok(());
        }
        text = decoded;
    }
}

/// An argument as one segment of a path. `.` and `..`, which a URL resolves however they are escaped, are refused.
pub(crate) fn segment(operation: &'static str, name: &str, text: &str) -> Result<String> {
    if matches!(text, "" | "." | "..") {
        let error = Error::argument(format!("the {name} `{text}` cannot stand in a path"));
        return Err(error.operation_named(operation));
    }
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    Ok(utf8_percent_encode(text, KEPT).to_string())
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("operation", &self.operation)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(base: &str, request: &Request) -> String {
        request.url(&Url::parse(base).unwrap()).into()
    }

    #[test]
    fn paths_stand_below_the_base() {
        let request = Request::get("t", "/api/x").query("userId", Some("u 1/é")).query("no", None::<&str>);
        assert_eq!(url("https://h", &request), "https://h/api/x?userId=u+1%2F%C3%A9");
        assert_eq!(url("https://h:8443/gw/", &request), "https://h:8443/gw/api/x?userId=u+1%2F%C3%A9");
    }

    #[test]
    fn no_path_leaves_the_origin() {
        for path in ["//evil.example/x", "@evil.example", "/../../x", "https://evil.example/"] {
            let request = Request::new("t", Method::GET, path);
            assert_eq!(request.url(&Url::parse("https://h/").unwrap()).host_str(), Some("h"), "{path}");
        }
    }

    #[test]
    fn a_path_stays_below_the_base() {
        let base = Url::parse("https://h/gw/").unwrap();
        for path in [
            "/",
            "/api/iam/v2/user/simple",
            "/a//b/",
            "/a/...",
            "/a/..b/c..",
            "/a/.well-known/%2e.x",
            "/ü/%20/100%",
            "/a/%zz/%",
        ] {
            check_path("t", path).unwrap();
            let url = Request::new("t", Method::GET, path.to_owned()).url(&base);
            assert!(url.path().starts_with("/gw/"), "{url}");
        }
        for path in [
            "",
            "api",
            "/..",
            "/.",
            "/a/../../b",
            "/a/./b",
            "/a/%2e%2e/b",
            "/a/%2E./b",
            "/a/.%2e",
            "/%2e",
            "/a\\..\\b",
            "/a/\\",
            "/a/%5c..%5cb",
            "/a%2f..%2fb",
            "/a/..;x=1/b",
            "/a/%252e%252e/b",
            "/a/%25252e%25252e%25252fb",
            "/a/.\t./b",
            "/a/.\n",
            "/a/%0d%0a",
        ] {
            let error = check_path("t", path).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument, "{path}");
        }
    }

    #[test]
    fn a_segment_stays_one() {
        for id in ["a/b", "ü ?#", "%2e%2e", "..a", "c-1._~"] {
            let request = Request::new("t", Method::GET, format!("/x/{}/y/", segment("t", "id", id).unwrap()));
            let url = request.url(&Url::parse("https://h/v1").unwrap());
            let segments: Vec<_> = url.path_segments().unwrap().collect();
            assert_eq!(segments.len(), 5, "{url}");
            let back = percent_encoding::percent_decode_str(segments[2]).decode_utf8().unwrap();
            assert_eq!(back, id);
        }
        for id in ["", ".", ".."] {
            assert_eq!(segment("t", "id", id).unwrap_err().kind(), crate::ErrorKind::InvalidArgument);
        }
    }

    #[test]
    fn a_body_that_is_no_object_is_refused() {
        let post = || Request::post("t", "/x");
        assert!(post().json_object(&serde_json::json!({"id": 1})).is_ok());
        let error = post().json_object(&[1, 2]).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument);
    }
}
