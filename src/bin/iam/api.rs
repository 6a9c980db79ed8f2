//! `iam api`: any call of a service, also those that the SDK has no method for.

use crate::{
    arguments::bytes,
    command::Global,
    context::{Connect, Context},
    failure::{Failure, Result},
    guard::{Change, Guard as _},
    output::{Output, value::Value},
    reply::Items,
    secrets,
    service::Service,
};
use clap::Args;
use iam_sdk::{
    Json, Method, RequestOptions,
    blocking::{Client, authing::ManagementClient, cloudspot::LicenseClient},
};
use serde_json::{Map, Value as JsonValue};
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  iam api digiwin GET /api/iam/v2/user/simple\n  \
    iam api digiwin /api/iam/v2/user -f id=bob\n  iam api license /auth/users/profile/\n  \
    iam api authing graphql -f query=@query.graphql -F n=3\n  \
    iam api authing /api/v2/analysis/user-action --paginate --jq length\n\n\
    The response's data is shown, without the envelope that the service puts around it.")]
pub struct Api {
    /// The service
    service: Service,
    /// The method, if it is not GET (POST with fields), and the path; `graphql` is Authing's GraphQL
    #[arg(required = true, num_args = 1..=2, value_name = "METHOD] [PATH")]
    call: Vec<String>,
    /// The method
    #[arg(short = 'X', long)]
    method: Option<Method>,
    /// A text: a parameter of the query of a GET, a member of the body, or a variable; @FILE is what is in the file
    #[arg(short = 'f', long = "raw-field", value_name = "NAME=TEXT", value_parser = field)]
    raw: Vec<(String, String)>,
    /// A value with its type: as --raw-field, but true, false, null and numbers are not sent as texts
    #[arg(short = 'F', long = "field", value_name = "NAME=VALUE", value_parser = field)]
    typed: Vec<(String, String)>,
    /// A file with the body, JSON; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["raw", "typed"])]
    input: Option<PathBuf>,
    /// Fetch all pages of a list, by its parameters `page` and `limit`, and show them as one list
    #[arg(long)]
    paginate: bool,
    /// Send it again after a failure that leaves open whether the service has seen it
    #[arg(long)]
    repeatable: bool,
    #[command(flatten)]
    guard: Change,
}

fn field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// How many items `--paginate` asks for at once.
const PAGE: usize = 50;

/// A call that is ready: it is made for each page.
#[derive(Clone, Debug, PartialEq)]
struct Ready {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Option<JsonValue>,
    graphql: Option<(String, Map<String, JsonValue>)>,
    repeatable: bool,
}

impl Api {
    pub fn run(self, global: &Global) -> Result<()> {
        let (service, dry_run, paginate) = (self.service, self.guard.is_dry_run(), self.paginate);
        let ready = self.ready()?;
        let context = Context::new(global.flags.clone(), Some(service))?;
        let mut output = global.output(&context)?;
        let result = match service {
            Service::Digiwin => show(Caller::of(&context, dry_run, Digiwin)?, ready, paginate, &mut output),
            Service::Authing => show(Caller::of(&context, dry_run, Authing)?, ready, paginate, &mut output),
            Service::License => show(Caller::of(&context, dry_run, License)?, ready, paginate, &mut output),
        };
        output.or_request(result)
    }

    fn ready(self) -> Result<Ready> {
        let has_fields = !(self.raw.is_empty() && self.typed.is_empty());
        let (method, path) = match &self.call[..] {
            [method, path] => {
                let wrong = |_| Failure::Usage(format!("`{method}` is no method"));
                (Some(method.to_uppercase().parse().map_err(wrong)?), path.clone())
            }
            [path] => (None, path.clone()),
            _ => (None, String::new()),
        };
        let usual = if has_fields || self.input.is_some() { Method::POST } else { Method::GET };
        let method = self.method.or(method).unwrap_or(usual);
        let mut fields = Map::new();
        let given = self.raw.iter().chain(&self.typed).filter(|(_, text)| !text.starts_with('@'));
        for (name, _) in given {
            secrets::check_argument(name)?;
        }
        for (name, text) in &self.raw {
            fields.insert(name.clone(), JsonValue::String(from_file(text)?));
        }
        for (name, text) in &self.typed {
            fields.insert(name.clone(), typed(text)?);
        }
        let is_graphql = path == "graphql" && self.service == Service::Authing;
        let input = self.input.as_ref().map(|path| {
            let wrong = |_| Failure::Usage(format!("{}: it is no JSON", path.display()));
            serde_json::from_slice(&bytes(path)?).map_err(wrong)
        });
        let input: Option<JsonValue> = input.transpose()?;
        let mut ready = Ready {
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
    let wrong = || Failure::Usage("a GraphQL call needs its document: -f query=@FILE".to_owned());
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
            String::from_utf8(bytes(&path.into())?).map_err(|_| Failure::Usage(format!("{path}: it is no UTF-8 text")))
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

/// How a service is called.
trait Calls: Copy + 'static {
    type Client: Connect + 'static;

    fn call(self, client: &Self::Client, ready: &Ready, options: RequestOptions) -> iam_sdk::Result<Json>;
}

#[derive(Clone, Copy)]
struct Digiwin;
#[derive(Clone, Copy)]
struct Authing;
#[derive(Clone, Copy)]
struct License;

impl Calls for Digiwin {
    type Client = Client;

    fn call(self, client: &Client, ready: &Ready, options: RequestOptions) -> iam_sdk::Result<Json> {
        client.request_with(ready.method.clone(), &ready.path, options)
    }
}

impl Calls for License {
    type Client = LicenseClient;

    fn call(self, client: &LicenseClient, ready: &Ready, options: RequestOptions) -> iam_sdk::Result<Json> {
        client.request_with(ready.method.clone(), &ready.path, options)
    }
}

impl Calls for Authing {
    type Client = ManagementClient;

    fn call(self, client: &ManagementClient, ready: &Ready, options: RequestOptions) -> iam_sdk::Result<Json> {
        match &ready.graphql {
            Some((document, variables)) => client.graphql(document, variables),
            None => client.request_with(ready.method.clone(), &ready.path, options),
        }
    }
}

struct Caller<S: Calls> {
    service: S,
    client: S::Client,
}

impl<S: Calls> Caller<S> {
    fn of(context: &Context, dry_run: bool, service: S) -> Result<Self> {
        let client = S::Client::connect(context)?;
        Ok(Self { service, client: if dry_run { client.dry()? } else { client } })
    }

    fn call(&self, ready: &Ready) -> Result<Value> {
        let options = RequestOptions::new().repeatable(ready.repeatable);
        let options = ready.query.iter().fold(options, |options, (name, value)| options.query(name, value));
        let options = ready.body.iter().fold(options, |options, body| options.json(body));
        Ok(Value::of(&self.service.call(&self.client, ready, options)?)?)
    }
}

fn show<S: Calls>(caller: Caller<S>, ready: Ready, paginate: bool, output: &mut Output) -> Result<()> {
    if paginate {
        return output.many(pages(move |page| caller.call(&ready.page(page))), &[]);
    }
    match caller.call(&ready)? {
        Value::List(items) => output.many(Box::new(items.into_iter().map(Ok)), &[]),
        value => output.one(value),
    }
}

impl Ready {
    /// Returns the call for a page, as a variable or as parameters of the query or the body.
    fn page(&self, page: usize) -> Self {
        let mut ready = self.clone();
        let members = [("page", page), ("limit", PAGE)];
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

/// Returns the items of all pages, up to one that is not full, or that came before.
fn pages(mut fetch: impl FnMut(usize) -> Result<Value> + 'static) -> Items {
    let (mut page, mut last, mut ended) = (0, None, false);
    let fetched = std::iter::from_fn(move || {
        if ended {
            return None;
        }
        page += 1;
        let items = fetch(page).and_then(|value| {
            let items = list_in(value).ok_or_else(|| {
                Failure::Usage(
                    "--paginate: the response holds no list, or several; use --jq on single pages".to_owned(),
                )
            })?;
            // A service that does not know the parameter sends the first page again and again.
            let again = last.replace(items.clone()).as_ref() == Some(&items);
            Ok(if again { Vec::new() } else { items })
        });
        match items {
            Ok(items) => {
                ended = items.len() < PAGE;
                Some(items.into_iter().map(Ok).collect())
            }
            Err(failure) => {
                ended = true;
                Some(vec![Err(failure)])
            }
        }
    });
    Box::new(fetched.flatten())
}

/// Returns the list that a response is about: itself, its member `list`, or that of the one object inside of it.
fn list_in(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::List(items) => Some(items),
        Value::Object(mut members) => match members.iter().position(|(name, _)| name == "list") {
            Some(at) => list_in(members.swap_remove(at).1),
            None if members.len() == 1 => list_in(members.remove(0).1),
            None => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ready(arguments: &[&str]) -> Result<Ready> {
        #[derive(clap::Parser)]
        struct Whole {
            #[command(flatten)]
            api: Api,
        }
        let whole: Whole = clap::Parser::try_parse_from(["api"].iter().chain(arguments)).unwrap();
        whole.api.ready()
    }

    #[test]
    fn fields_are_the_query_of_a_get_and_else_the_body() {
        let get = ready(&["digiwin", "GET", "/x", "-f", "a=1", "-F", "b=2"]).unwrap();
        let query: Vec<_> = get.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!((get.method, query, get.body), (Method::GET, vec![("a", "1"), ("b", "2")], None));
        let post = ready(&["digiwin", "/x", "-f", "a=1", "-F", "b=2", "-F", "c=null", "-F", "d=x"]).unwrap();
        assert_eq!((post.method, post.body), (Method::POST, Some(json!({"a": "1", "b": 2, "c": null, "d": "x"}))));
        let put = ready(&["digiwin", "/x", "-X", "PUT"]).unwrap();
        assert_eq!((put.method, put.body), (Method::PUT, None));
        assert!(ready(&["digiwin", "G T", "/x"]).is_err());
    }

    #[test]
    fn a_graphql_call_has_a_document_and_variables() {
        let (document, variables) =
            ready(&["authing", "graphql", "-f", "query={ users }", "-F", "n=3"]).unwrap().graphql.unwrap();
        assert_eq!((document.as_str(), JsonValue::Object(variables)), ("{ users }", json!({"n": 3})));
        assert!(ready(&["authing", "graphql"]).is_err());
        assert!(ready(&["digiwin", "graphql"]).unwrap().graphql.is_none());
    }

    #[test]
    fn all_pages_are_one_list() {
        let page = |count: usize| json!({"users": {"totalCount": 120, "list": vec![7; count]}}).to_string();
        let items = |counts: &'static [usize]| {
            let fetch = move |number: usize| Ok(serde_json::from_str(&page(counts[number - 1])).unwrap());
            pages(fetch).collect::<Result<Vec<_>>>().unwrap().len()
        };
        assert_eq!(items(&[20]), 20);
        assert_eq!(items(&[0]), 0);
        assert_eq!(items(&[50, 50]), 50, "a page that comes again ends the list");
        assert!(pages(|_| Ok(Value::Null)).next().unwrap().is_err());
        let mut failing = pages(|_| Err(Failure::Other("x".to_owned())));
        assert!(failing.next().unwrap().is_err() && failing.next().is_none());
    }
}
