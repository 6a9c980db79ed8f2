//! Stored values, and the arguments of a field.

use super::refusal::Refusal;
use jiff::Timestamp;
use rand::RngExt as _;
use serde_json::{Map, Value, json};

/// A field's arguments; `null` counts as absent.
#[derive(Debug, Default)]
pub(super) struct Args(pub(super) Map<String, Value>);

impl Args {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// Returns an argument that the schema requires.
    pub(super) fn required(&self, name: &str) -> &str {
        self.text(name).unwrap_or_default()
    }

    /// Returns an argument that must be present and not empty.
    pub(super) fn need(&self, name: &'static str) -> Result<&str, Refusal> {
        self.text(name).filter(|text| !text.is_empty()).ok_or_else(|| Refusal::invalid(name))
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.as_i64()
    }

    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        self.list(name).iter().filter_map(Value::as_str).collect()
    }

    pub(super) fn list(&self, name: &str) -> &[Value] {
        self.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn object(&self, name: &str) -> Map<String, Value> {
        self.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// Returns the requested namespace, or `default`, which every pool has.
    pub(super) fn namespace(&self) -> &str {
        self.text("namespace").unwrap_or("default")
    }

    /// Returns the requested page of `all`.
    pub(super) fn page<T>(&self, all: Vec<T>, show: impl Fn(T) -> Value) -> Value {
        let at_least_one = |name, default| self.number(name).unwrap_or(default).max(1) as usize;
        let (page, limit) = (at_least_one("page", 1), at_least_one("limit", 10));
        let total = all.len();
        let list: Vec<Value> = all.into_iter().skip((page - 1).saturating_mul(limit)).take(limit).map(show).collect();
        json!({"totalCount": total, "list": list})
    }

    /// Sorts items, given in order of creation with `createdAt` and `updatedAt`, in the requested order; by default the
    /// newest first.
    pub(super) fn sorted<T>(&self, mut all: Vec<T>, updated: impl Fn(&T) -> String) -> Vec<T> {
        match self.text("sortBy") {
            Some("CREATEDAT_ASC") => {}
            Some("UPDATEDAT_ASC") => all.sort_by_key(updated),
            Some("UPDATEDAT_DESC") => {
                all.sort_by_key(updated);
                all.reverse();
            }
            _ => all.reverse(),
        }
        all
    }
}

/// Returns all items as one page.
pub(super) fn whole(list: Vec<Value>) -> Value {
    json!({"totalCount": list.len(), "list": list})
}

pub(super) fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_default()
}

/// Copies the given members into `into`, except those that are `null`.
pub(super) fn put(into: &mut Value, args: &Args, names: &[&str]) {
    for name in names {
        if let Some(value) = args.get(name) {
            into[*name] = value.clone();
        }
    }
}

pub(super) fn done() -> Result<Value, Refusal> {
    message_response("操作成功")
}

pub(super) fn message_response(message: &str) -> Result<Value, Refusal> {
    Ok(json!({"code": 200, "message": message}))
}

/// Returns a new id: 24 hexadecimal digits.
pub(super) fn new_id() -> String {
    let random: u128 = rand::rng().random();
    format!("{random:032x}")[..24].to_owned()
}

pub(super) fn unix_now() -> i64 {
    Timestamp::now().as_second()
}

pub(super) fn now() -> Value {
    format!("{:.3}", Timestamp::now()).into()
}
