//! The arguments of a field, and the forms of what fields return.

use super::super::state::{
    error_response::ErrorResponse,
    node::NodeDetails,
    target::{Target, TargetType},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

/// What a field resolves to.
pub(crate) type ResolverResult = Result<Value, ErrorResponse>;

/// A field's arguments; `null` counts as absent.
#[derive(Debug, Default)]
pub(crate) struct Args(pub(crate) Map<String, Value>);

impl Args {
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// Returns an argument that the schema requires.
    pub(crate) fn required(&self, name: &str) -> &str {
        self.text(name).unwrap_or_default()
    }

    /// Returns an argument that must be present and not empty.
    pub(crate) fn need(&self, name: &'static str) -> Result<&str, ErrorResponse> {
        self.text(name).filter(|text| !text.is_empty()).ok_or_else(|| ErrorResponse::invalid(name))
    }

    /// Returns the code that an update gives, or else the old one.
    pub(crate) fn new_code<'a>(&'a self, old: &'a str) -> Result<&'a str, ErrorResponse> {
        match self.text("newCode") {
            Some("") => Err(ErrorResponse::invalid("newCode")),
            new => Ok(new.unwrap_or(old)),
        }
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.as_i64()
    }

    pub(crate) fn strs(&self, name: &str) -> Vec<&str> {
        self.list(name).iter().filter_map(Value::as_str).collect()
    }

    /// Returns what `many` and `one` name together.
    pub(crate) fn one_or_many(&self, many: &str, one: &str) -> Vec<&str> {
        self.strs(many).into_iter().chain(self.text(one)).collect()
    }

    pub(crate) fn list(&self, name: &str) -> &[Value] {
        self.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn object(&self, name: &str) -> Map<String, Value> {
        self.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// Reads an argument as a `T`, if it is there.
    pub(crate) fn optional<T: DeserializeOwned>(&self, name: &'static str) -> Result<Option<T>, ErrorResponse> {
        self.get(name).map(|value| read(name, value.clone())).transpose()
    }

    /// Reads an argument that the schema requires as a `T`.
    pub(crate) fn read<T: DeserializeOwned>(&self, name: &'static str) -> Result<T, ErrorResponse> {
        read(name, self.get(name).cloned().unwrap_or_default())
    }

    /// Returns the requested namespace, or `default`, which every pool has.
    pub(crate) fn namespace(&self) -> &str {
        self.text("namespace").unwrap_or("default")
    }

    /// Returns the targets of one type that a list names.
    pub(crate) fn targets(&self, name: &str) -> Result<Vec<Target>, ErrorResponse> {
        let target_type: TargetType = self.read("targetType")?;
        Ok(self.strs(name).into_iter().map(|id| Target::new(target_type, id, self.namespace())).collect())
    }

    /// Returns the members of a node that are given.
    pub(crate) fn node_details(&self) -> NodeDetails {
        let text = |name| self.text(name).map(str::to_owned);
        NodeDetails {
            name: self.required("name").to_owned(),
            name_i18n: text("nameI18n"),
            description: text("description"),
            description_i18n: text("descriptionI18n"),
            order: self.number("order"),
            code: text("code"),
        }
    }

    /// Returns the requested page of `all`, of which there are `total`.
    pub(crate) fn page<T>(&self, total: usize, all: impl Iterator<Item = T>, show: impl Fn(T) -> Value) -> Value {
        let at_least_one = |name, default| self.number(name).unwrap_or(default).max(1) as usize;
        let (page, limit) = (at_least_one("page", 1), at_least_one("limit", 10));
        let list: Vec<Value> = all.skip((page - 1).saturating_mul(limit)).take(limit).map(show).collect();
        json!({"totalCount": total, "list": list})
    }

    /// Returns the requested page of `all`, which are in order of creation, in the requested order: by default the newest first.
    pub(crate) fn sorted_page<'a, T: 'a>(
        &self,
        total: usize,
        all: impl DoubleEndedIterator<Item = &'a T>,
        updated_at: impl Fn(&'a T) -> &'a str,
        show: impl Fn(&'a T) -> Value,
    ) -> Value {
        match self.text("sortBy") {
            Some("CREATEDAT_ASC") => self.page(total, all, show),
            Some(order @ ("UPDATEDAT_ASC" | "UPDATEDAT_DESC")) => {
                let mut all: Vec<&T> = all.collect();
                all.sort_by(|a, b| updated_at(a).cmp(updated_at(b)));
                match order {
                    "UPDATEDAT_ASC" => self.page(total, all.into_iter(), show),
                    _ => self.page(total, all.into_iter().rev(), show),
                }
            }
            _ => self.page(total, all.rev(), show),
        }
    }
}

/// Reads a value as a `T`.
pub(crate) fn read<T: DeserializeOwned>(name: &'static str, value: Value) -> Result<T, ErrorResponse> {
    serde_json::from_value(value).map_err(|_| ErrorResponse::invalid(name))
}

/// Returns a row as JSON.
pub(crate) fn to_json<T: Serialize>(row: &T) -> Value {
    serde_json::to_value(row).unwrap_or_default()
}

/// Returns all items as one page.
pub(crate) fn single_page(list: Vec<Value>) -> Value {
    json!({"totalCount": list.len(), "list": list})
}

pub(crate) fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_default()
}

pub(crate) fn ok() -> ResolverResult {
    message_response("操作成功")
}

pub(crate) fn message_response(message: &str) -> ResolverResult {
    Ok(json!({"code": 200, "message": message}))
}
