//! GraphQL documents.

use async_graphql::parser::{parse_query, types::ExecutableDocument};

/// The longest document, in bytes, that is read: a parse takes many times its size.
const LONGEST: usize = 1024 * 1024;

pub(super) fn is_too_long(document: &str) -> bool {
    document.len() > LONGEST
}

/// Parses a document, unless it is malformed or too long.
pub(super) fn parse(document: &str) -> Option<ExecutableDocument> {
    if is_too_long(document) { None } else { parse_query(document).ok() }
}
