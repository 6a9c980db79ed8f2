//! The operations of the services: each is declared once, and everything that must know about it reads the declaration.

use super::request::Request;
use crate::{Error, Result};
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What repeating a call does at the service; the HTTP verb does not tell, these services read with POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Changes nothing.
    Read,
    /// Repeating it leaves the service in the same state.
    Idempotent,
    /// Anything else: repeated only when it was never sent.
    Other,
}

/// Whether the session's token goes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenUse {
    Never,
    /// If the session has one, as it is: no login and no refresh for this call.
    AsItIs,
    /// If the session has one.
    IfAny,
    /// Without one the call fails before anything is sent.
    Required,
}

/// What a successful response holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Data,
    /// Data of any length.
    List,
    /// A token, a password or another secret may be in it: no error keeps its body.
    Secret,
    /// Data of any length, with a secret in it perhaps.
    SecretList,
}

/// One operation of a service.
#[derive(Debug)]
pub(crate) struct Operation {
    /// How errors and logs name it.
    pub(crate) name: &'static str,
    pub(crate) effect: Effect,
    pub(crate) token_use: TokenUse,
    pub(crate) holds: Holds,
    pub(crate) method: Method,
    /// Below the base URL, `{name}` for an argument; empty for a raw call, which brings method and path.
    pub(crate) path: &'static str,
    pub(crate) document: Option<Document>,
    /// The kinds of errors that are particular to it.
    #[cfg(test)]
    pub(crate) fails: &'static [crate::ErrorKind],
}

/// A GraphQL document with one root field.
#[derive(Debug)]
pub(crate) struct Document {
    /// The field under which a response has what was asked for.
    pub(crate) root: &'static str,
    pub(crate) text: &'static str,
}

impl Document {
    /// Returns the name that the document gives to its operation, which stands after `query` or `mutation`.
    pub(crate) fn operation_name(&self) -> &'static str {
        let head = self.text.split_whitespace().nth(1).unwrap_or_default();
        head.split('(').next().unwrap_or_default()
    }

    /// Returns whether the response is a list, or a page of one. Those without pages are asked for with a list of ids.
    fn is_list(&self) -> bool {
        self.text.starts_with("query") && [" list {", "$ids:"].iter().any(|mark| self.text.contains(mark))
    }
}

/// Declares the operations below one path, and the list of them: how errors name the operation, its effect, its token, what its
/// response holds, its endpoint, and after each `|` a kind of error that is particular to it, and when.
///
/// `docs!(ID)` is what the docs of a call say of its operation.
macro_rules! operations {
    ($($id:ident = $name:literal $effect:ident $token:ident $holds:ident $method:ident $path:literal
        $(| $kind:ident: $when:literal)*;)+) => {
        $(pub(crate) static $id: $crate::protocol::operation::Operation = $crate::protocol::operation::Operation {
            name: $name,
            effect: $crate::protocol::operation::Effect::$effect,
            token_use: $crate::protocol::operation::TokenUse::$token,
            holds: $crate::protocol::operation::Holds::$holds,
            method: http::Method::$method,
            path: $path,
            document: None,
            #[cfg(test)]
            fails: &[$($crate::ErrorKind::$kind),*],
        };)+

        /// The operations that are declared here.
        #[cfg(any(test, feature = "emulator"))]
        #[allow(dead_code, reason = "tests declare operations of their own, and documents are no service")]
        pub(crate) static OPERATIONS: &[&$crate::protocol::operation::Operation] = &[$(&$id),+];

        #[allow(unused_macros, reason = "raw calls have docs of their own")]
        macro_rules! docs {
            $(($id) => {
                $crate::protocol::operation::operation_docs!(
                    concat!("`", stringify!($method), " ", $path, "`"), $effect $(| $kind: $when)*
                )
            };)+
        }
        #[allow(unused_imports, reason = "raw calls have docs of their own")]
        pub(crate) use docs;
    };
}
pub(crate) use operations;

/// Writes what the docs of a call say of its operation: the endpoint, whether it is repeated, and its errors.
macro_rules! operation_docs {
    ($endpoint:expr, $effect:ident $(| $kind:ident: $when:literal)*) => {
        concat!(
            "\n\nSends ", $endpoint, $crate::protocol::operation::operation_docs!(@repeated $effect), "\n\n# Errors\n\n",
            $("- [`", stringify!($kind), "`](crate::ErrorKind::", stringify!($kind), "): ", $when, ".\n",)*
            $crate::protocol::operation::operation_docs!(@others $($kind)*),
            "(crate::ErrorKind#errors-that-any-call-can-meet).",
        )
    };
    (@repeated Other) => { ". It is sent again only if the service cannot have seen it." };
    (@repeated $repeatable:ident) => { ". After a failure that may pass it is sent again, within the time limit." };
    (@others) => { "[Those that any call can meet]" };
    (@others $($kind:ident)+) => { "- [What any call can meet]" };
}
pub(crate) use operation_docs;

/// Names are unique.
impl PartialEq for Operation {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Operation {
    /// Returns whether this is the call of any method and path.
    pub(crate) fn is_raw(&self) -> bool {
        self.path.is_empty()
    }

    /// Returns whether a secret may be in what a successful response holds.
    pub(crate) fn holds_secret(&self) -> bool {
        matches!(self.holds, Holds::Secret | Holds::SecretList)
    }

    /// Returns the path with `{name}` in the place of an argument; `None` for a raw call.
    pub(crate) fn template(&self) -> Option<&'static str> {
        (!self.is_raw()).then_some(self.path)
    }

    /// Returns whether a response can be so long that compressing it pays: of GraphQL's documents and what reads with GET it can, of what
    /// reads with POST the declaration says so, and of raw calls those with GET, `method`. Never of logins and token requests: they are
    /// short, and the length of a compressed response varies with the token, as with all that it `brings` of secrets. Lists are
    /// compressed all the same.
    pub(crate) fn may_be_long(&self, method: &Method, brings_secret: bool) -> bool {
        let is_list = matches!(self.holds, Holds::List | Holds::SecretList)
            || self.document.as_ref().is_some_and(Document::is_list);
        let is_read = self.effect == Effect::Read && (self.method == Method::GET || self.document.is_some());
        let is_long = match self.is_raw() {
            true => *method == Method::GET,
            false => is_list || (is_read && !brings_secret),
        };
        self.token_use != TokenUse::Never && is_long
    }

    /// Makes the request, without query and body.
    pub(crate) fn request(&'static self) -> Request {
        Request::new(self, self.method.clone(), self.path)
    }

    /// Makes the request with a JSON body.
    pub(crate) fn json(&'static self, body: &(impl serde::Serialize + ?Sized)) -> Result<Request> {
        self.request().json(body)
    }

    /// Makes the request with `argument` in the place that the path leaves for it: one segment, percent-encoded. `.` and
    /// `..`, which a URL resolves however they are escaped, are refused.
    pub(crate) fn at(&'static self, argument: &str) -> Result<Request> {
        const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
        let (before, rest) = self.path.split_once('{').unwrap_or((self.path, ""));
        let (name, after) = rest.split_once('}').unwrap_or_default();
        if matches!(argument, "" | "." | "..") {
            let name = name.replace('_', " ");
            return Err(self.refuse(format!("the {name} `{argument}` cannot stand in a path")));
        }
        let path = format!("{before}{}{after}", utf8_percent_encode(argument, KEPT));
        Ok(Request::new(self, self.method.clone(), path))
    }

    /// Creates the error of an argument that the operation does not take.
    pub(crate) fn refuse(&self, detail: impl Into<String>) -> Error {
        Error::argument(detail).operation_named(self.name)
    }

    /// Names the operation in an error of its arguments.
    pub(crate) fn check<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|error| error.operation_named(self.name))
    }

    /// Refuses an empty list.
    pub(crate) fn not_empty<T>(&'static self, what: &str, list: &[T]) -> Result<&'static Self> {
        match list {
            [] => Err(self.refuse(format!("{what}: the list is empty"))),
            _ => Ok(self),
        }
    }

    /// Refuses an empty text.
    pub(crate) fn has_text(&'static self, what: &str, text: &str) -> Result<&'static Self> {
        match text {
            "" => Err(self.refuse(format!("{what}: it is empty"))),
            _ => Ok(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::dialect::Dialect;
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::Path,
    };
    use url::Url;

    operations! {
        ONE = "t" Read Never Data GET "/x/{user_id}/y/";
    }

    #[test]
    fn a_segment_stays_one() {
        for id in ["a/b", "ü ?#", "%2e%2e", "..a", "c-1._~", "{id}"] {
            let url = ONE.at(id).unwrap().url(&Url::parse("https://h/v1").unwrap());
            let segments: Vec<_> = url.path_segments().unwrap().collect();
            assert_eq!((segments.len(), segments[1], segments[3]), (5, "x", "y"), "{url}");
            let back = percent_encoding::percent_decode_str(segments[2]).decode_utf8().unwrap();
            assert_eq!(back, id);
        }
        for id in ["", ".", ".."] {
            let error = ONE.at(id).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument);
            assert!(error.to_string().contains("the user id"), "{error}");
        }
    }

    #[test]
    fn what_may_be_long_is_a_read_without_secrets_or_a_list() {
        let dialects: [(&dyn Dialect, Vec<_>); 3] = [
            (&crate::digiwin::DIALECT, crate::digiwin::operations().collect()),
            (&crate::authing::DIALECT, crate::authing::operations().collect()),
            (&crate::cloudspot::DIALECT, crate::cloudspot::operations().collect()),
        ];
        let long_with = |method: Option<Method>| {
            let all = dialects.iter().flat_map(|(dialect, operations)| {
                operations.iter().map(|operation| (*operation, dialect.brings_secret(operation)))
            });
            let long = all.filter(|(operation, brings_secret)| {
                operation.may_be_long(method.as_ref().unwrap_or(&operation.method), *brings_secret)
            });
            long.map(|(operation, _)| operation.name).collect::<BTreeSet<_>>()
        };
        let long = long_with(None);
        for name in [
            "authing.users.list",
            "authing.users.search",
            "authing.users.batch_get",
            "authing.orgs.list_members",
            "authing.groups.list_users",
            "authing.orgs.export_all",
            "digiwin.users.query_users",
            "digiwin.orgs.get_cascade",
            "digiwin.tenants.get_tenants",
            "cloudspot.get_company_permissions",
        ] {
            assert!(long.contains(name), "{name}");
        }
        for name in [
            "authing.access_token",
            "authing.users.create",
            "authing.users.detail",
            "authing.users.find",
            "authing.orgs.add_members",
            "digiwin.identity.login",
            "digiwin.identity.get_public_key",
            "digiwin.identity.get_login_info",
            "digiwin.identity.refresh_user_token",
            "digiwin.users.get_user",
            "cloudspot.authenticate",
        ] {
            assert!(!long.contains(name), "{name}");
        }
        // The path is the caller's, `login` and `token/refresh` as any other.
        for name in ["digiwin.request", "authing.request", "cloudspot.request"] {
            assert!(long_with(Some(Method::GET)).contains(name), "{name}");
            assert!(!long_with(Some(Method::POST)).contains(name), "{name}");
        }
    }

    fn services() -> [(&'static str, Vec<&'static Operation>); 3] {
        [
            ("digiwin", crate::digiwin::operations().collect()),
            ("authing", crate::authing::operations().collect()),
            ("cloudspot", crate::cloudspot::operations().collect()),
        ]
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_below_its_services() {
        let mut names = BTreeSet::new();
        for (service, operations) in services() {
            for operation in operations {
                assert!(
                    operation.name.strip_prefix(service).is_some_and(|rest| rest.starts_with('.')),
                    "{operation:?}"
                );
                assert!(names.insert(operation.name), "{} is declared twice", operation.name);
                assert!(operation.is_raw() || operation.path.starts_with('/'), "{operation:?}");
            }
        }
    }

    /// The texts of the files of `folder`, below `src`.
    fn texts(folder: &str) -> impl Iterator<Item = String> {
        let folder = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder)).unwrap();
        let files =
            folder.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == "rs"));
        files.map(|path| fs::read_to_string(path).unwrap())
    }

    fn calls() -> String {
        ["calls/digiwin", "calls/authing", "calls/cloudspot"].into_iter().flat_map(texts).collect()
    }

    /// `docs!` writes endpoint and errors from the declaration, so a call must only name the right one.
    #[test]
    fn every_call_is_documented_by_the_declaration_of_its_operation() {
        let declared: BTreeMap<String, String> = ["digiwin", "authing", "cloudspot"]
            .into_iter()
            .flat_map(|service| texts(service).map(move |text| (service, text)))
            .flat_map(|(service, text)| {
                let declarations = text.lines().filter_map(|line| {
                    let (id, rest) = line.trim_start().split_once(" = \"")?;
                    let name = rest.split('"').next().filter(|name| name.starts_with(&format!("{service}.")))?;
                    Some((id.to_owned(), name.to_owned()))
                });
                declarations.collect::<Vec<_>>()
            })
            .map(|(id, name)| (name, id))
            .collect();
        let calls = calls();
        let mut undocumented = BTreeSet::new();
        for (name, id) in &declared {
            let method = name.rsplit('.').next().unwrap();
            let lines: Vec<_> = calls.lines().map(str::trim).collect();
            let documents = |pair: &[&str]| {
                pair[0].ends_with(&format!("::docs!({id})]"))
                    && pair[1]
                        .strip_prefix(&format!("pub fn {method}"))
                        .is_some_and(|rest| rest.starts_with(['(', '<']))
            };
            if !lines.windows(2).any(documents) {
                undocumented.insert(name.as_str());
            }
        }
        // No call of its own, or the words of another call's docs.
        let expected = [
            "authing.access_token",
            "authing.graphql",
            "authing.orgs.start_sync_ad",
            "authing.request",
            "cloudspot.request",
            "digiwin.request",
        ];
        assert_eq!(undocumented, expected.into());
    }

    mod declared {
        super::operations! {
            READ = "t.read" Read Never Data GET "/r";
            WRITE = "t.write" Other Never Data POST "/w"
                | NotFound: "it is gone";
        }
    }

    #[test]
    fn the_docs_of_an_operation_say_what_it_does() {
        const ANY: &str = "(crate::ErrorKind#errors-that-any-call-can-meet).";
        let read = "Sends `GET /r`. After a failure that may pass it is sent again, within the time limit.\n\n# Errors\n\n\
            [Those that any call can meet]";
        assert_eq!(declared::docs!(READ).trim_start(), format!("{read}{ANY}"));
        let write = "Sends `POST /w`. It is sent again only if the service cannot have seen it.\n\n# Errors\n\n\
            - [`NotFound`](crate::ErrorKind::NotFound): it is gone.\n- [What any call can meet]";
        assert_eq!(declared::docs!(WRITE).trim_start(), format!("{write}{ANY}"));
        assert_eq!(declared::OPERATIONS.len(), 2);
    }

    #[test]
    fn the_docs_of_a_call_begin_with_a_verb() {
        let text = calls();
        let mut first_line = None;
        let mut methods = 0;
        for line in text.lines().map(str::trim_start) {
            match line.strip_prefix("/// ") {
                Some(doc) => _ = first_line.get_or_insert(doc),
                None if line.starts_with("///") || line.starts_with("#[") => {}
                None => {
                    if line.starts_with("pub fn") || line.starts_with("pub async fn") {
                        let doc = first_line.unwrap_or_else(|| panic!("no doc: {line}"));
                        let verb = doc.split([' ', ',']).next().unwrap_or_default();
                        assert!(verb.ends_with('s') && verb.chars().all(char::is_alphabetic), "{line}: {doc}");
                        methods += 1;
                    }
                    first_line = None;
                }
            }
        }
        assert!(methods > services().into_iter().flat_map(|(_, operations)| operations).count());
    }

    fn row(operation: &Operation) -> String {
        let Operation { name, effect, token_use, method, path, document, fails, .. } = operation;
        let endpoint = match document {
            Some(document) => {
                let kind = if document.text.starts_with("query") { "query" } else { "mutation" };
                format!("{kind} `{}`", document.root)
            }
            None if operation.is_raw() => "any".to_owned(),
            None => format!("`{method} {path}`"),
        };
        let class = match effect {
            _ if name.ends_with(".request") || name.ends_with(".graphql") => "its caller's",
            Effect::Read => "read",
            Effect::Idempotent => "idempotent",
            Effect::Other => "other",
        };
        let token = match token_use {
            TokenUse::Never => "none",
            TokenUse::AsItIs => "as it is",
            TokenUse::IfAny => "if there is one",
            TokenUse::Required => "required",
        };
        let fails: Vec<_> = fails.iter().map(|kind| format!("`{kind:?}`")).collect();
        format!("| `{name}` | {endpoint} | {class} | {token} | {} |\n", fails.join(", "))
    }

    /// `UPDATE_OPERATIONS=1 cargo test documented` writes the tables.
    #[test]
    fn the_documented_tables_are_the_lists() {
        for (service, operations) in services() {
            let head = "| operation | endpoint | class | token | own errors |\n| --- | --- | --- | --- | --- |\n";
            let table = operations.into_iter().fold(head.to_owned(), |table, operation| table + &row(operation));
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(service).join("operations.md");
            if std::env::var_os("UPDATE_OPERATIONS").is_some() {
                fs::write(&path, &table).unwrap();
            }
            let documented = fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(documented, table, "{service}: UPDATE_OPERATIONS=1 cargo test documented");
        }
    }
}
