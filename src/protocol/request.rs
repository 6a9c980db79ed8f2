//! A call, as a value.

use super::operation::{Effect, Operation, TokenUse};
use crate::{Error, RequestOptions, Result};
use bytes::Bytes;
use http::Method;
use percent_encoding::percent_decode;
use serde::Serialize;
use std::{
    borrow::Cow,
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};
use url::Url;
use zeroize::Zeroizing;

/// One call, before a base URL, a session or a socket is known.
pub(crate) struct Request {
    pub(crate) operation: &'static Operation,
    pub(crate) method: Method,
    pub(crate) path: Cow<'static, str>,
    pub(crate) query: Vec<(Cow<'static, str>, String)>,
    /// A query that is sent as it stands, encoded already.
    pub(crate) encoded_query: Option<Box<str>>,
    pub(crate) body: Option<Bytes>,
    pub(crate) effect: Effect,
    pub(crate) token_use: TokenUse,
    /// What an error must not repeat, if the service echoes it.
    pub(crate) secrets: Vec<Zeroizing<String>>,
}

impl Request {
    pub(crate) fn new(operation: &'static Operation, method: Method, path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            operation,
            method,
            path: path.into(),
            query: Vec::new(),
            encoded_query: None,
            body: None,
            effect: operation.effect,
            token_use: operation.token_use,
            secrets: Vec::new(),
        }
    }

    /// Makes the request of a raw call: `path` can hold a query.
    pub(crate) fn raw(
        operation: &'static Operation,
        method: Method,
        path: &str,
        options: RequestOptions,
    ) -> Result<Self> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        operation.check(check_path(path))?;
        if method == Method::CONNECT {
            return Err(operation.refuse("CONNECT opens a tunnel, and is no request of a service"));
        }
        let mut request = Self::new(operation, method, path.to_owned());
        // The verb says little: Digiwin reads with POST, and Authing signs users out with GET.
        if options.repeatable {
            request.effect = Effect::Idempotent;
        }
        let in_path = url::form_urlencoded::parse(query.as_bytes()).into_owned();
        for (name, value) in in_path.chain(options.query) {
            request = request.query(name, Some(value));
        }
        match options.json {
            Some(body) => request.json(&operation.check(body)?),
            None => Ok(request),
        }
    }

    pub(crate) fn secret(mut self, secret: &str) -> Self {
        self.secrets.push(Zeroizing::new(secret.to_owned()));
        self
    }

    /// What tells calls of this operation apart: raw calls have one name for all paths.
    pub(crate) fn discriminant(&self) -> u64 {
        match &self.path {
            Cow::Owned(path) if self.operation.is_raw() => {
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
        let bytes =
            serde_json::to_vec(body).map_err(|_| self.operation.refuse("the body cannot be written as JSON"))?;
        self.body = Some(bytes.into());
        Ok(self)
    }

    /// A caller's own object as the body; another kind of JSON value is refused.
    pub(crate) fn json_object(self, body: &(impl Serialize + ?Sized)) -> Result<Self> {
        let operation = self.operation;
        let request = self.json(body)?;
        match request.body.as_deref() {
            Some([b'{', ..]) => Ok(request),
            _ => Err(operation.refuse("the body must be a JSON object")),
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
        if self.encoded_query.is_some() {
            url.set_query(self.encoded_query.as_deref());
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }
}

/// Refuses a caller's own path that could leave the base URL's path on its way through URL parsers, proxies and servers: one
/// with a segment `.` or `..`, a backslash or a control character, percent-encoded or not.
fn check_path(path: &str) -> Result<()> {
    let refused = |what| Err(Error::argument(format!("the path {what}")));
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

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("operation", &self.operation.name)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    super::super::operation::operations! {
        GET_X = "t" Read IfAny Data GET "/api/x";
        REQUEST = "t.request" Other IfAny Secret GET "";
    }

    fn url(base: &str, request: &Request) -> String {
        request.url(&Url::parse(base).unwrap()).into()
    }

    #[test]
    fn paths_stand_below_the_base() {
        let request = GET_X.request().query("userId", Some("u 1/é")).query("no", None::<&str>);
        assert_eq!(url("https://h", &request), "https://h/api/x?userId=u+1%2F%C3%A9");
        assert_eq!(url("https://h:8443/gw/", &request), "https://h:8443/gw/api/x?userId=u+1%2F%C3%A9");
    }

    #[test]
    fn no_path_leaves_the_origin() {
        for path in ["//evil.example/x", "@evil.example", "/../../x", "https://evil.example/"] {
            let request = Request::new(&REQUEST, Method::GET, path);
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
            check_path(path).unwrap();
            let url = Request::new(&REQUEST, Method::GET, path.to_owned()).url(&base);
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
            let error = check_path(path).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument, "{path}");
        }
    }

    #[test]
    fn a_tunnel_is_no_request() {
        let error = Request::raw(&REQUEST, Method::CONNECT, "/x", RequestOptions::new()).err().unwrap();
        assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument);
    }

    #[test]
    fn a_body_that_is_no_object_is_refused() {
        let post = || GET_X.request();
        assert!(post().json_object(&serde_json::json!({"id": 1})).is_ok());
        let error = post().json_object(&[1, 2]).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument);
    }
}
