//! Which operations a request can be, from their declarations.

use super::{document, registry::declared};
use crate::protocol::operation::Operation;
use async_graphql::parser::types::{DocumentOperations, Selection};
use serde::Deserialize;

/// Returns whether the operation cannot be told from the path alone.
pub(super) fn needs_body(path: &str) -> bool {
    declared().any(|declared| declared.operation.document.is_some() && declared.matches(path).is_some())
}

/// Returns the service of a request: that of its operations, or else the one that has the most similar path.
pub(super) fn service(operations: &[&'static str], path: &str) -> &'static str {
    let similar = || {
        // Of equals, the first one.
        let all = declared().map(|declared| (declared.common_segments(path), declared.operation.name));
        all.reduce(|best, other| if other.0 > best.0 { other } else { best }).map(|(_, name)| name)
    };
    let name = operations.first().copied().or_else(similar).unwrap_or_default();
    name.split('.').next().unwrap_or_default()
}

/// Returns the names of the operations that a request can be: more than one where operations share an endpoint, none where no
/// operation has it.
pub(super) fn names(method: &str, path: &str, body: &[u8]) -> Vec<&'static str> {
    let of_method = declared().filter(|declared| !declared.operation.is_raw() && declared.operation.method == method);
    let found: Vec<_> = of_method.filter_map(|declared| Some((declared.matches(path)?, declared.operation))).collect();
    // `/users/login-status` is not the user of that name.
    let Some(best) = found.iter().map(|(equal, _)| *equal).max() else { return Vec::new() };
    let found: Vec<_> = found.into_iter().filter(|(equal, _)| *equal == best).map(|(_, operation)| operation).collect();
    match found.iter().any(|operation| operation.document.is_some()) {
        true => of_document(&found, body),
        false => found.into_iter().map(|operation| operation.name).collect(),
    }
}

#[derive(Deserialize)]
struct Query {
    query: String,
}

/// Returns the name of the operation that has this document, or else of the only one with its root field, or else of the call that
/// takes any document.
fn of_document(operations: &[&'static Operation], body: &[u8]) -> Vec<&'static str> {
    let query = serde_json::from_slice::<Query>(body).map(|Query { query }| query).unwrap_or_default();
    let with = |fits: &dyn Fn(&'static str, &'static str) -> bool| -> Vec<_> {
        let fitting = operations
            .iter()
            .filter(|operation| operation.document.as_ref().is_some_and(|document| fits(document.text, document.root)));
        fitting.map(|operation| operation.name).collect()
    };
    let exact = with(&|text, _| text == query);
    if !exact.is_empty() {
        return exact;
    }
    let field = root_field(&query);
    let same_field = with(&|_, root| field.as_deref() == Some(root));
    match same_field.as_slice() {
        [_] => same_field,
        _ => {
            operations.iter().filter(|operation| operation.document.is_none()).map(|operation| operation.name).collect()
        }
    }
}

/// Returns the field of a document with a single root field.
fn root_field(query: &str) -> Option<String> {
    let document = document::parse(query)?;
    let operation = match &document.operations {
        DocumentOperations::Single(operation) => operation,
        DocumentOperations::Multiple(operations) if operations.len() == 1 => operations.values().next()?,
        DocumentOperations::Multiple(_) => return None,
    };
    match operation.node.selection_set.node.items.as_slice() {
        [selection] => match &selection.node {
            Selection::Field(field) => Some(field.node.name.node.to_string()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_is_recognised() {
        let mut recognised = BTreeSet::new();
        for declared in declared().filter(|declared| !declared.operation.is_raw()) {
            let operation = declared.operation;
            let path: Vec<_> = operation.path.split('/').map(|part| part.replace(['{', '}'], "")).collect();
            let path = format!("{}{}", declared.prefix, path.join("/"));
            let body = operation.document.as_ref().map(|document| json!({"query": document.text}).to_string());
            let names = names(operation.method.as_str(), &path, body.unwrap_or_default().as_bytes());
            assert!(names.contains(&operation.name), "{} {names:?}", operation.name);
            recognised.extend(names);
        }
        let raw = super::super::registry::operations().filter(|name| !recognised.contains(name));
        assert_eq!(raw.collect::<Vec<_>>(), ["authing.request", "cloudspot.request", "digiwin.request"]);
    }

    #[test]
    fn a_request_is_told_by_method_path_and_document() {
        let document = |query: &str| json!({"query": query}).to_string();
        for (method, path, body, expected) in [
            ("POST", "/api/iam/v2/user", String::new(), "digiwin.users.get_user"),
            ("GET", "/api/iam/v2/user", String::new(), ""),
            ("POST", "/api/iam/v2/user/", String::new(), ""),
            ("GET", "/api/v2/users/login-status", String::new(), "authing.users.check_login_status"),
            ("GET", "/api/v2/users/u1", String::new(), "authing.users.detail"),
            ("GET", "/auth/users/profile/", String::new(), ""),
            ("GET", "/api/v1/auth/users/profile/", String::new(), "cloudspot.get_user"),
            ("POST", "/graphql/v2", document("query { userpool { id } }"), "authing.userpool_detail"),
            ("POST", "/graphql/v2", document("query a { user(id: 1) { id } }"), "authing.graphql"),
            ("POST", "/graphql/v2", document("{ userpool { id } users { totalCount } }"), "authing.graphql"),
            ("POST", "/graphql/v2", "no JSON".to_owned(), "authing.graphql"),
        ] {
            let names = names(method, path, body.as_bytes());
            assert_eq!(names.first().copied().unwrap_or_default(), expected, "{method} {path} {body}");
        }
    }

    #[test]
    fn a_request_has_a_service_even_if_it_is_no_operation() {
        for (operations, path, expected) in [
            (&["cloudspot.get_user"][..], "/x", "cloudspot"),
            (&[], "/api/iam/v2/x", "digiwin"),
            (&[], "/api/v1/x", "cloudspot"),
            (&[], "/api/v2/x", "authing"),
            (&[], "/x", "authing"),
        ] {
            assert_eq!(service(operations, path), expected);
        }
    }
}
