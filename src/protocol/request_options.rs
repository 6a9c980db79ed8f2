use crate::{Error, Json, Result};
use serde::Serialize;
use std::fmt;

/// Optional arguments of `request_with`, which all three clients have.
///
/// ```
/// use iam_sdk::RequestOptions;
/// use serde_json::json;
///
/// let search = RequestOptions::new().query("page", 2).json(&json!({"name": "Ann"})).repeatable(true);
/// # assert!(!format!("{search:?}").contains("Ann"));
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct RequestOptions {
    pub(crate) query: Vec<(String, String)>,
    /// A body that cannot be written is the error of the call.
    pub(crate) json: Option<Result<Json>>,
    pub(crate) repeatable: bool,
}

impl RequestOptions {
    /// Creates options with nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a query parameter.
    pub fn query(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.query.push((name.into(), value.to_string()));
        self
    }

    /// Sends this value as JSON: a struct of your own, a model, a [`Json`] or a `json!` value.
    ///
    /// If it cannot be written as JSON, the call fails with [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        // serde's text can quote the value, which may be a secret.
        let written = serde_json::to_string(body).map_err(|_| Error::argument("the body cannot be written as JSON"));
        self.json = Some(written.map(|text| Json::new(&text)));
        self
    }

    /// Declares that the service may carry out the request more than once without harm: it is then sent again after a
    /// failure that leaves open whether the service has seen it. Default: `false`, whatever the HTTP verb is.
    pub fn repeatable(mut self, repeatable: bool) -> Self {
        self.repeatable = repeatable;
        self
    }
}

impl fmt::Debug for RequestOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.query.iter().map(|(name, _)| name).collect();
        f.debug_struct("RequestOptions")
            .field("query", &names)
            .field("json", &self.json.is_some())
            .field("repeatable", &self.repeatable)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::HashMap;

    #[test]
    fn a_body_is_anything_that_can_be_written_and_is_never_shown() {
        #[derive(Serialize)]
        struct Body<'a> {
            name: &'a str,
        }
        let bodies = [
            RequestOptions::new().json(&Body { name: "canary" }),
            RequestOptions::new().json(&json!({"name": "canary"})),
            RequestOptions::new().json(&Json::from(json!({"name": "canary"}))),
        ];
        for options in bodies {
            assert_eq!(options.json.as_ref().unwrap().as_ref().unwrap().as_text(), r#"{"name":"canary"}"#);
            assert!(!format!("{:?}", options.query("q", "canary")).contains("canary"));
        }
        let unwritable = RequestOptions::new().json(&HashMap::from([(["canary"], 1)]));
        let error = unwritable.json.unwrap().unwrap_err();
        assert!(error.is_invalid_argument() && !format!("{error:?}").contains("canary"), "{error:?}");
    }
}
