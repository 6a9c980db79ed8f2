//! How a service is called, and what is shown of its response.

use super::{PreparedCall, pages::pages};
use crate::{
    context::{Connect, Context},
    failure::Result,
    output::{Output, value::Value},
};
use iam_sdk::{
    CallOptions, HeaderMap, Json, RequestOptions,
    blocking::{Client, authing::ManagementClient, cloudspot::LicenseClient},
};

/// What is shown of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    Data,
    WithHeaders,
    AllPages,
}

/// A response's data; its status and headers where the call has them.
pub struct Called {
    head: Option<(u16, HeaderMap)>,
    data: Json,
}

/// How a service is called.
pub trait Calls: Copy + 'static {
    type Client: Connect + 'static;

    fn with_options(self, client: &Self::Client, options: CallOptions) -> iam_sdk::Result<Self::Client>;

    fn call(self, client: &Self::Client, ready: &PreparedCall, options: RequestOptions) -> iam_sdk::Result<Called>;
}

#[derive(Clone, Copy)]
pub struct Digiwin;
#[derive(Clone, Copy)]
pub struct Authing;
#[derive(Clone, Copy)]
pub struct License;

macro_rules! with_head {
    ($client:expr, $ready:expr, $options:expr) => {{
        let response = $client.request_for_response($ready.method.clone(), &$ready.path, $options)?;
        Ok(Called { head: Some((response.status, response.headers)), data: response.data })
    }};
}

impl Calls for Digiwin {
    type Client = Client;

    fn with_options(self, client: &Client, options: CallOptions) -> iam_sdk::Result<Client> {
        client.with_options(options)
    }

    fn call(self, client: &Client, ready: &PreparedCall, options: RequestOptions) -> iam_sdk::Result<Called> {
        with_head!(client, ready, options)
    }
}

impl Calls for License {
    type Client = LicenseClient;

    fn with_options(self, client: &LicenseClient, options: CallOptions) -> iam_sdk::Result<LicenseClient> {
        client.with_options(options)
    }

    fn call(self, client: &LicenseClient, ready: &PreparedCall, options: RequestOptions) -> iam_sdk::Result<Called> {
        with_head!(client, ready, options)
    }
}

impl Calls for Authing {
    type Client = ManagementClient;

    fn with_options(self, client: &ManagementClient, options: CallOptions) -> iam_sdk::Result<ManagementClient> {
        client.with_options(options)
    }

    fn call(self, client: &ManagementClient, ready: &PreparedCall, options: RequestOptions) -> iam_sdk::Result<Called> {
        match &ready.graphql {
            Some((document, variables)) => client.graphql(document, variables).map(|data| Called { head: None, data }),
            None => with_head!(client, ready, options),
        }
    }
}

pub struct Caller<S: Calls> {
    service: S,
    client: S::Client,
}

impl<S: Calls> Caller<S> {
    pub fn of(context: &Context, options: CallOptions, service: S) -> Result<Self> {
        let client = S::Client::connect(context)?;
        Ok(Self { service, client: service.with_options(&client, options)? })
    }

    fn call(&self, ready: &PreparedCall) -> Result<Called> {
        let options = RequestOptions::new().repeatable(ready.repeatable);
        let options = ready.query.iter().fold(options, |options, (name, value)| options.query(name, value));
        let options = ready.body.iter().fold(options, |options, body| options.json(body));
        Ok(self.service.call(&self.client, ready, options)?)
    }

    pub fn show(self, ready: PreparedCall, show: Show, output: &mut Output) -> Result<()> {
        if show == Show::AllPages {
            let first = ready.first_page();
            return output.many(
                pages(first, move |page| Value::of(&self.call(&ready.page(page))?.data).map_err(Into::into)),
                &[],
            );
        }
        let called = self.call(&ready)?;
        if let (Show::WithHeaders, Some((status, headers))) = (show, &called.head) {
            output.text(&head(*status, headers))?;
        }
        match Value::of(&called.data)? {
            Value::List(items) => output.many(Box::new(items.into_iter().map(Ok)), &[]),
            value => output.one(value),
        }
    }
}

/// Returns the status and the headers as lines, and an empty one. A header that brings a token or a cookie is redacted.
fn head(status: u16, headers: &HeaderMap) -> String {
    let mut text = format!("HTTP {status}\n");
    for (name, value) in headers {
        let is_secret = ["cookie", "token", "auth", "secret"].iter().any(|part| name.as_str().contains(part));
        let value = if is_secret { "(redacted)".into() } else { String::from_utf8_lossy(value.as_bytes()) };
        text += &format!("{name}: {}\n", crate::output::table::one_line(&value));
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_with_tokens_are_redacted() {
        let headers = HeaderMap::from_iter([
            ("set-cookie".parse().unwrap(), "canary".parse().unwrap()),
            ("x-request-id".parse().unwrap(), "r1".parse().unwrap()),
        ]);
        let text = head(200, &headers);
        assert!(
            text.starts_with("HTTP 200\n") && text.ends_with("\n\n") && text.contains("x-request-id: r1"),
            "{text}"
        );
        assert!(!text.contains("canary"), "{text}");
    }
}
