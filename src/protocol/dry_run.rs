use super::{redacted, request::Request};
use crate::{Error, ErrorKind, Json};
use http::Method;
use serde_json::Value;
use std::fmt;
use url::Url;

/// The request that a call would have sent: [`Error::dry_run`](crate::Error::dry_run) of a call made with
/// [`CallOptions::dry_run`](crate::CallOptions::dry_run).
///
/// Passwords, tokens and other secrets are replaced by `(redacted)`, so that it can be shown.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct DryRun {
    /// The HTTP method.
    pub method: Method,
    /// The URL, with its query.
    pub url: String,
    /// The body, if there is one.
    pub body: Option<Json>,
}

impl DryRun {
    pub(crate) fn new(request: &Request, base: &Url) -> Self {
        let mut url = request.url(base);
        if !request.query.is_empty() {
            url.query_pairs_mut().clear().extend_pairs(request.query.iter().map(|(name, value)| {
                let secret = redacted::is_secret(name) || is_secret(request, value);
                (&**name, if secret { redacted::TEXT } else { value })
            }));
        }
        let body = request.body.as_deref().and_then(|body| serde_json::from_slice(body).ok()).map(|mut body| {
            redacted::members(&mut body);
            without_secrets(request, &mut body);
            Json::from(body)
        });
        Self { method: request.method.clone(), url: url.into(), body }
    }
}

fn is_secret(request: &Request, text: &str) -> bool {
    request.secrets.iter().any(|secret| !secret.is_empty() && text.contains(secret.as_str()))
}

/// Redacts every text that holds one of the request's secrets, whatever its member is called.
fn without_secrets(request: &Request, value: &mut Value) {
    match value {
        Value::String(text) if is_secret(request, text) => *text = redacted::TEXT.to_owned(),
        Value::Array(items) => items.iter_mut().for_each(|item| without_secrets(request, item)),
        Value::Object(members) => members.values_mut().for_each(|member| without_secrets(request, member)),
        _ => {}
    }
}

impl fmt::Display for DryRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}

/// Shows the size of the body alone: it can hold personal data.
impl fmt::Debug for DryRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DryRun")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("body_bytes", &self.body.as_ref().map(|body| body.as_text().len()))
            .finish()
    }
}

/// Returns what a call fails with that only shows its request.
pub(crate) fn error(request: &Request, base: &Url) -> Error {
    let error = Error::new(ErrorKind::DryRun).operation_named(request.operation.name);
    error.not_sent(DryRun::new(request, base))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    super::super::operation::operations! {
        WRITE = "t.write" Other Never Data POST "/w";
    }

    #[test]
    fn a_request_is_shown_without_its_secrets() {
        let body = json!({"user": {"id": "ann", "password": "canary-1"}, "list": ["canary-2"], "n": 7});
        let request =
            WRITE.json(&body).unwrap().secret("canary-2").query("token", Some("canary-3")).query("q", Some("x y"));
        let error = error(&request, &Url::parse("https://h/gw").unwrap());
        let shown = error.dry_run().unwrap();
        assert_eq!(shown.to_string(), "POST https://h/gw/w?token=%28redacted%29&q=x+y");
        let expected = json!({"user": {"id": "ann", "password": "(redacted)"}, "list": ["(redacted)"], "n": 7});
        assert_eq!(shown.body, Some(expected.into()));
        assert!(!error.was_sent() && error.is_dry_run());
        assert!(!format!("{error} {error:?} {error:#?} {shown:?}").contains("canary"));
    }
}
