//! A row of a file that is imported.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::{fmt, sync::Arc};

/// The member that is no part of a row's hash, and that nothing prints: a hash of a short secret can be guessed.
pub const SECRET: &str = "password";

/// A row: its place in the file, and its members, those that are empty left out.
#[derive(Clone, Default, PartialEq)]
pub struct Row {
    /// The number of the row, from 1; a header and empty lines are not counted.
    pub number: usize,
    /// The line of the file on which the row begins, from 1.
    pub line: u64,
    pub members: Vec<(Arc<str>, Value)>,
}

impl Row {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.iter().find(|(own, _)| **own == *name).map(|(_, value)| value)
    }

    /// Returns the hash of what the row says. Neither the order of columns nor the way that they are quoted changes it.
    pub fn hash(&self) -> RowHash {
        let mut members: Vec<_> = self.members.iter().filter(|(name, _)| **name != *SECRET).collect();
        members.sort_by(|(left, _), (right, _)| left.cmp(right));
        let mut hash = Sha256::new();
        for (name, value) in members {
            for part in [name.as_bytes(), value.to_string().as_bytes()] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        RowHash(hash.finalize().into())
    }

    /// Returns the row as a JSON object, with the reason why it was rejected.
    pub fn with_error(&self, error: &str) -> Value {
        let mut object: Map<_, _> =
            self.members.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        object.insert("error".to_owned(), error.into());
        object.into()
    }
}

/// Returns a value as the text of a cell.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Shows the names of the members alone: any value may be a secret.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.members.iter().map(|(name, _)| name).collect();
        f.debug_struct("Row").field("number", &self.number).field("line", &self.line).field("members", &names).finish()
    }
}

/// The SHA-256 of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowHash([u8; 32]);

impl RowHash {
    /// Returns the first bytes, which tell the rows of one file apart.
    pub fn short(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// Reads the first bytes from the hexadecimal text of a hash.
    pub fn short_of(text: &str) -> Option<u64> {
        let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then(|| u64::from_str_radix(&text[..16], 16).ok()).flatten()
    }
}

impl fmt::Display for RowHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(members: &[(&str, Value)]) -> Row {
        let members = members.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
        Row { number: 1, line: 2, members }
    }

    #[test]
    fn the_hash_is_of_what_the_row_says_without_its_secret() {
        let one = row(&[("username", json!("mia")), ("password", json!("canary")), ("age", json!(7))]);
        for (same, other) in [
            (true, row(&[("age", json!(7)), ("username", json!("mia"))])),
            (true, row(&[("age", json!(7)), ("password", json!("another")), ("username", json!("mia"))])),
            (false, row(&[("age", json!("7")), ("username", json!("mia"))])),
            (false, row(&[("username", json!("mia"))])),
            (false, row(&[("username", json!("mi")), ("a", json!("age"))])),
        ] {
            assert_eq!(one.hash() == other.hash(), same, "{other:?}");
        }
        assert_eq!(RowHash::short_of(&one.hash().to_string()), Some(one.hash().short()));
        for wrong in ["", "00", &"g".repeat(64), &"ü".repeat(32)] {
            assert_eq!(RowHash::short_of(wrong), None);
        }
        assert!(!format!("{one:?}").contains("canary"));
    }
}
