//! The documents that keys are found with: OpenID Connect's discovery document, and the key set (JWKS) itself.

use crate::{
    Error, ErrorKind, Result,
    config::Settings,
    protocol::{
        application::Application,
        decode::Data,
        dialect::{Dialect, ErrorResponse},
        meter::UsualEnvelope,
        operation::{Operation, operations},
        request::Request,
    },
};
use http::{HeaderName, Method, header};
use serde::Deserialize;
use std::borrow::Cow;
use url::{Position, Url};
use zeroize::Zeroizing;

/// The largest document that is read, in bytes.
pub(super) const MAX_DOCUMENT_BYTES: usize = 1024 * 1024;

operations! {
    DISCOVERY = "jwt.discovery" Read Never Data GET "/.well-known/openid-configuration";
    KEYS = "jwt.keys" Read Never Data GET "";
}

static DIALECT: Documents = Documents;

/// How documents are served: as they are, to anybody.
struct Documents;

impl Dialect for Documents {
    fn application_is_secret(&self) -> bool {
        false
    }

    fn token_header(&self) -> HeaderName {
        header::AUTHORIZATION
    }

    fn reserved_headers(&self) -> &'static [HeaderName] {
        const { &[header::AUTHORIZATION] }
    }

    fn data<'a>(&self, _: &'static Operation, body: &'a [u8]) -> Result<&'a [u8], ErrorResponse> {
        Ok(body)
    }

    fn usual_envelope(&self, _: &'static Operation) -> Option<UsualEnvelope> {
        None
    }

    /// A refusal of this request is never one of the caller's token: its kind must not say so.
    fn error_response(&self, _: &'static Operation, status: u16, _: &[u8]) -> ErrorResponse {
        let (kind, detail) = match status {
            429 | 500..=599 => (None, None),
            _ => (Some(ErrorKind::Api), Some(Cow::Borrowed("there is no such document for this issuer"))),
        };
        ErrorResponse { kind, detail, ..ErrorResponse::default() }
    }
}

/// Returns what a session needs that fetches documents. It has no token, and never logs in.
pub(super) fn application(settings: &Settings) -> Result<Application> {
    let mut headers = settings.header_map(DIALECT.reserved_headers())?;
    headers.remove(header::CONTENT_TYPE);
    headers.insert(header::ACCEPT, http::HeaderValue::from_static("application/json"));
    let identity = Zeroizing::new(String::new());
    Ok(Application { service: "jwt", dialect: &DIALECT, identity, headers, method: None })
}

/// Returns the request for the discovery document below the issuer.
pub(super) fn discovery() -> Request {
    DISCOVERY.request()
}

/// Reads a document as it came.
pub(super) fn read(data: &Data) -> Result<Vec<u8>> {
    data.bytes().map(<[u8]>::to_vec)
}

/// Where keys are: the origin, and what to ask it for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) origin: String,
    path: String,
    query: Option<String>,
}

impl Location {
    /// Takes a URL apart. Whether the origin may be asked at all is for the client's settings to say.
    pub(super) fn parse(url: &str) -> Result<Self, &'static str> {
        let url = Url::parse(url.trim()).map_err(|_| "it is not a URL")?;
        if url.cannot_be_a_base() {
            return Err("it is not the URL of a document");
        }
        let query = url.query().map(str::to_owned);
        Ok(Self { origin: url[..Position::BeforePath].to_owned(), path: url.path().to_owned(), query })
    }

    pub(super) fn request(&self) -> Request {
        let mut request = Request::new(&KEYS, Method::GET, self.path.clone());
        request.encoded_query = self.query.as_deref().map(Box::from);
        // It can hold an API key.
        self.query.iter().fold(request, |request, query| request.secret(query))
    }
}

/// Returns where the keys are, according to an issuer's discovery document.
///
/// A document of another issuer could lead to another issuer's keys, so OpenID Connect Discovery (4.3) forbids to use it.
pub(super) fn keys_of(issuer: &str, document: &[u8]) -> Result<Location> {
    #[derive(Deserialize)]
    struct Document {
        issuer: Option<String>,
        jwks_uri: Option<String>,
    }

    let wrong = |what: &str| Error::new(ErrorKind::Decode).detail(format!("the discovery document: {what}"));
    let document: Document =
        serde_json::from_slice(document).map_err(|_| wrong("no JSON object with texts `issuer` and `jwks_uri`"))?;
    let found = document.issuer.ok_or_else(|| wrong("it names no issuer"))?;
    if found != issuer {
        // It can be of any length, and have anything in it.
        let found: String = found.chars().filter(|character| !character.is_control()).take(200).collect();
        return Err(Error::configuration(format!(
            "the discovery document is of the issuer `{found}`, not of `{issuer}`"
        )));
    }
    let uri = document.jwks_uri.ok_or_else(|| wrong("it has no jwks_uri"))?;
    let location = Location::parse(&uri).map_err(|what| wrong(&format!("jwks_uri: {what}")))?;
    Ok(location)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_sent_as_it_stands() {
        for url in [
            "https://k/keys?key=a%20b&sig=a+b%2Bc&path=/a/~u/%7e&flag&empty=&list[]=1&t=1;2",
            "https://k/keys?",
            "https://k/keys?a=b=c&&=&",
            "https://k/keys",
            "https://k/a%2Fb/~c/%C3%A9?%C3%A9=%zz",
        ] {
            let location = Location::parse(url).unwrap();
            let sent = location.request().url(&Url::parse(&location.origin).unwrap());
            assert_eq!(sent.as_str(), url);
        }
    }

    #[test]
    fn the_document_must_be_the_issuers_own() {
        let location = |document: &str| keys_of("https://h/oidc", document.as_bytes());
        let good =
            location(r#"{"issuer":"https://h/oidc","jwks_uri":"https://k:8443/a%2Fb?x=1&y=%20","new":[]}"#).unwrap();
        assert_eq!(good.origin, "https://k:8443");
        let url = good.request().url(&Url::parse(&good.origin).unwrap());
        assert_eq!(url.as_str(), "https://k:8443/a%2Fb?x=1&y=%20");
        for document in [
            r#"{"issuer":"https://evil.example","jwks_uri":"https://h/k"}"#,
            r#"{"issuer":"https://h/oidc/","jwks_uri":"https://h/k"}"#,
            r#"{"issuer":"HTTPS://H/oidc","jwks_uri":"https://h/k"}"#,
        ] {
            assert!(location(document).unwrap_err().is_configuration(), "{document}");
        }
        let long = format!(r#"{{"issuer":"x\n\u001b{}","jwks_uri":"https://h/k"}}"#, "y".repeat(100_000));
        let error = location(&long).unwrap_err().to_string();
        assert!(error.len() < 600 && error.contains("`xyy") && !error.contains(char::is_control), "{error}");
        for document in [
            r#"{"jwks_uri":"https://h/k"}"#,
            r#"{"issuer":"https://h/oidc"}"#,
            r#"{"issuer":"https://h/oidc","jwks_uri":"/k"}"#,
            r#"{"issuer":"https://h/oidc","jwks_uri":"data:text/plain,x"}"#,
            r#"{"issuer":"https://h/oidc","jwks_uri":7}"#,
            "[]",
            "",
        ] {
            assert!(location(document).unwrap_err().is_decode(), "{document}");
        }
    }
}
