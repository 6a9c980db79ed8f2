//! `iam api`: any call of a service, also those that the SDK has no method for.

mod pages;
mod service;

use crate::{
    arguments::bytes,
    command::Global,
    context::Context,
    failure::{Failure, Result},
    guard::{Delete, Guard as _, Subject},
    output::Format,
    secrets,
    service::Service,
};
use clap::Args;
use iam_sdk::{CallOptions, Method};
use serde_json::{Map, Value as JsonValue};
use service::{Authing, Caller, Digiwin, License, Show};
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  iam api digiwin /api/iam/v2/user/simple\n  \
    iam api digiwin /api/iam/v2/user -f id=bob\n  iam api license /auth/users/profile/ -i\n  \
    iam api authing graphql -F query=@query.graphql -F n=3\n  \
    iam api authing /api/v2/analysis/user-action --paginate --jq length\n\n\
    The response's data is shown as JSON, without the envelope that the service puts around it.")]
pub struct Api {
    /// The service
    service: Service,
    /// The path below the service's address; `graphql` is Authing's GraphQL
    path: String,
    /// The method; by default GET, or POST with fields or a body
    #[arg(short = 'X', long)]
    method: Option<Method>,
    /// A text: a parameter of the query of a GET, a field of the body, or a variable
    #[arg(short = 'f', long = "raw-field", value_name = "NAME=TEXT", value_parser = field)]
    raw: Vec<(String, String)>,
    /// A value with its type: true, false, null and numbers are not sent as texts, and @FILE is what is in the file
    #[arg(short = 'F', long = "field", value_name = "NAME=VALUE", value_parser = field)]
    typed: Vec<(String, String)>,
    /// A file with the body, JSON; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["raw", "typed"])]
    input: Option<PathBuf>,
    /// A header to send besides the usual ones; may be given several times
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// Show the status and the headers of the response, too
    #[arg(short = 'i', long, conflicts_with_all = ["paginate", "jq", "fields"])]
    include: bool,
    /// Fetch all pages of a list, by its parameters `page` and `limit`, and show them as one list
    #[arg(long)]
    paginate: bool,
    /// Send it again after a failure that leaves open whether the service has seen it
    #[arg(long)]
    repeatable: bool,
    #[command(flatten)]
    guard: Delete,
}

fn field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').filter(|(name, _)| !name.trim().is_empty()).ok_or("write NAME: VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// How many items `--paginate` asks for at once, where the call does not say.
const PAGE: usize = 50;

/// The call that the arguments describe; with `--paginate` it is made for each page.
#[derive(Clone, Debug, PartialEq)]
struct PreparedCall {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Option<JsonValue>,
    graphql: Option<(String, Map<String, JsonValue>)>,
    repeatable: bool,
}

impl Api {
    pub fn run(self, global: &Global) -> Result<()> {
        let (service, dry_run) = (self.service, self.guard.is_dry_run());
        let show = match (self.paginate, self.include) {
            (true, _) => Show::AllPages,
            (false, true) => Show::WithHeaders,
            (false, false) => Show::Data,
        };
        let options = self.headers.iter().fold(CallOptions::new().dry_run(dry_run), |options, (name, value)| {
            options.header(name.as_str(), value.as_str())
        });
        let ready = self.ready()?;
        if ready.method == Method::DELETE {
            self.guard.confirm(&Subject::one(service.name(), &ready.path))?;
        }
        let context = Context::new(global.flags.clone(), Some(service))?;
        let mut output = global.output(&context)?.with_default(Format::Json);
        let result = match service {
            Service::Digiwin => Caller::of(&context, options, Digiwin)?.show(ready, show, &mut output),
            Service::Authing => Caller::of(&context, options, Authing)?.show(ready, show, &mut output),
            Service::License => Caller::of(&context, options, License)?.show(ready, show, &mut output),
        };
        output.or_request(result)
    }

    /// Returns the service that is called.
    pub fn service(&self) -> Service {
        self.service
    }

    fn ready(&self) -> Result<PreparedCall> {
        let has_fields = !(self.raw.is_empty() && self.typed.is_empty());
        let path = self.path.clone();
        let usual = if has_fields || self.input.is_some() { Method::POST } else { Method::GET };
        let method = self.method.clone().unwrap_or(usual);
        let mut fields = Map::new();
        let typed_here = self.typed.iter().filter(|(_, text)| !text.starts_with('@'));
        for (name, _) in self.raw.iter().chain(typed_here) {
            secrets::check_argument(name)?;
        }
        for (name, text) in &self.raw {
            fields.insert(name.clone(), JsonValue::String(text.clone()));
        }
        for (name, text) in &self.typed {
            fields.insert(name.clone(), typed(text)?);
        }
        let is_graphql = path == "graphql" && self.service == Service::Authing;
        if is_graphql && (self.repeatable || self.include) {
            let flag = if self.repeatable { "--repeatable" } else { "--include" };
            return Err(Failure::Usage(format!("{flag} is not supported for graphql")));
        }
        let input = self.input.as_ref().map(|path| {
            let wrong = |_| Failure::Usage(format!("{}: not valid JSON", path.display()));
            serde_json::from_slice(&bytes(path)?).map_err(wrong)
        });
        let input: Option<JsonValue> = input.transpose()?;
        let mut ready = PreparedCall {
            method: method.clone(),
            path,
            query: Vec::new(),
            body: None,
            graphql: None,
            repeatable: self.repeatable,
        };
        if is_graphql {
            ready.graphql = Some(graphql(input, fields)?);
        } else if method == Method::GET && input.is_none() {
            let text = |value: JsonValue| if let JsonValue::String(text) = value { text } else { value.to_string() };
            ready.query = fields.into_iter().map(|(name, value)| (name, text(value))).collect();
        } else {
            ready.body = input.or((!fields.is_empty()).then_some(JsonValue::Object(fields)));
        }
        Ok(ready)
    }
}

/// Takes the document out of what was given; the rest are its variables.
fn graphql(input: Option<JsonValue>, fields: Map<String, JsonValue>) -> Result<(String, Map<String, JsonValue>)> {
    let wrong = || Failure::Usage("a GraphQL call needs its document: -F query=@FILE".to_owned());
    let (mut given, is_whole) = match input {
        Some(JsonValue::Object(object)) => (object, true),
        Some(_) => return Err(wrong()),
        None => (fields, false),
    };
    let Some(JsonValue::String(document)) = given.remove("query") else { return Err(wrong()) };
    match (is_whole, given.remove("variables")) {
        (true, Some(JsonValue::Object(variables))) => Ok((document, variables)),
        (true, _) => Ok((document, Map::new())),
        (false, variables) => {
            given.extend(variables.map(|variables| ("variables".to_owned(), variables)));
            Ok((document, given))
        }
    }
}

fn from_file(text: &str) -> Result<String> {
    match text.strip_prefix('@') {
        Some(path) => {
            String::from_utf8(bytes(&path.into())?).map_err(|_| Failure::Usage(format!("{path}: not UTF-8 text")))
        }
        None => Ok(text.to_owned()),
    }
}

fn typed(text: &str) -> Result<JsonValue> {
    let literal = match text {
        "true" | "false" | "null" => serde_json::from_str(text).ok(),
        number => number.parse::<serde_json::Number>().ok().map(JsonValue::Number),
    };
    match literal {
        Some(value) => Ok(value),
        None => Ok(JsonValue::String(from_file(text)?)),
    }
}

impl PreparedCall {
    /// Returns a parameter that the call has already, in its variables, its body or its query.
    fn parameter(&self, name: &str) -> Option<usize> {
        let members = match (&self.graphql, &self.body) {
            (Some((_, variables)), _) => Some(variables),
            (None, Some(JsonValue::Object(body))) => Some(body),
            _ => None,
        };
        match members {
            Some(members) => members.get(name)?.as_u64()?.try_into().ok(),
            None => self.query.iter().find(|(own, _)| own == name)?.1.parse().ok(),
        }
    }

    /// Returns the number of the first page: the call's own, if it has one.
    fn first_page(&self) -> usize {
        self.parameter("page").unwrap_or(1)
    }

    /// Returns the call for a page, as a variable or as parameters of the query or the body.
    fn page(&self, page: usize) -> Self {
        let mut ready = self.clone();
        let members = [("page", page), ("limit", self.parameter("limit").unwrap_or(PAGE))];
        if let Some((_, variables)) = &mut ready.graphql {
            variables.extend(members.map(|(name, value)| (name.to_owned(), value.into())));
        } else if let Some(JsonValue::Object(body)) = &mut ready.body {
            body.extend(members.map(|(name, value)| (name.to_owned(), value.into())));
        } else {
            ready.query.retain(|(name, _)| members.iter().all(|(own, _)| own != name));
            ready.query.extend(members.map(|(name, value)| (name.to_owned(), value.to_string())));
        }
        ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ready(arguments: &[&str]) -> Result<PreparedCall> {
        #[derive(clap::Parser)]
        struct Whole {
            #[command(flatten)]
            api: Api,
            #[command(flatten)]
            global: Global,
        }
        let whole: Whole = clap::Parser::try_parse_from(["api"].iter().chain(arguments)).unwrap();
        whole.api.ready()
    }

    #[test]
    fn fields_are_the_query_of_a_get_and_else_the_body() {
        let get = ready(&["digiwin", "-X", "GET", "/x", "-f", "a=1", "-F", "b=2"]).unwrap();
        let query: Vec<_> = get.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!((get.method, query, get.body), (Method::GET, vec![("a", "1"), ("b", "2")], None));
        let post = ready(&["digiwin", "/x", "-f", "a=1", "-F", "b=2", "-F", "c=null", "-F", "d=x"]).unwrap();
        assert_eq!((post.method, post.body), (Method::POST, Some(json!({"a": "1", "b": 2, "c": null, "d": "x"}))));
        let put = ready(&["digiwin", "/x", "-X", "PUT"]).unwrap();
        assert_eq!((put.method, put.body), (Method::PUT, None));
        let text = ready(&["digiwin", "/x", "-f", "a=@b"]).unwrap();
        assert_eq!(text.body, Some(json!({"a": "@b"})), "only --field reads files");
        assert!(ready(&["digiwin", "/x", "-F", "a=@nosuch"]).is_err_and(|failure| failure.code() == 2));
    }

    #[test]
    fn a_graphql_call_has_a_document_and_variables() {
        let (document, variables) =
            ready(&["authing", "graphql", "-f", "query={ users }", "-F", "n=3"]).unwrap().graphql.unwrap();
        assert_eq!((document.as_str(), JsonValue::Object(variables)), ("{ users }", json!({"n": 3})));
        assert!(ready(&["authing", "graphql"]).is_err());
        assert!(ready(&["authing", "graphql", "-f", "query={x}", "--repeatable"]).is_err());
        assert!(ready(&["digiwin", "graphql"]).unwrap().graphql.is_none());
    }

    #[test]
    fn a_page_is_asked_for_where_the_call_has_its_parameters() {
        let page = |arguments: &[&str]| ready(arguments).unwrap().page(3);
        let query = page(&["digiwin", "/x", "-X", "GET", "-f", "page=2", "-f", "q=a", "-f", "limit=7"]).query;
        let query: Vec<_> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(query, [("q", "a"), ("page", "3"), ("limit", "7")]);
        assert_eq!(page(&["digiwin", "/x", "-f", "q=a"]).body, Some(json!({"q": "a", "page": 3, "limit": 50})));
        let (_, variables) = page(&["authing", "graphql", "-f", "query={x}", "-F", "limit=9"]).graphql.unwrap();
        assert_eq!(JsonValue::Object(variables), json!({"page": 3, "limit": 9}));
        assert_eq!(ready(&["digiwin", "/x", "-X", "GET", "-F", "page=2"]).unwrap().first_page(), 2);
    }
}
