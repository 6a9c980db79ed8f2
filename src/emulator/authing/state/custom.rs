//! Fields that a pool defines for its users, roles and so on, and their values.

use super::error_response::ErrorResponse;
use crate::emulator::store::Table;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// What a field can belong to.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum FieldOwner {
    Node,
    Org,
    User,
    UserPool,
    Role,
    Permission,
    Application,
    Ak,
    App,
    Group,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum DataType {
    String,
    Number,
    #[serde(rename = "DATETIME")]
    DateTime,
    Boolean,
    Object,
}

impl DataType {
    fn name(self) -> &'static str {
        match self {
            Self::String => "STRING",
            Self::Number => "NUMBER",
            Self::DateTime => "DATETIME",
            Self::Boolean => "BOOLEAN",
            Self::Object => "OBJECT",
        }
    }

    /// Returns the text that represents a value in storage, if the value is of this type.
    fn text_of(self, value: &Value) -> Option<String> {
        match (self, value) {
            (Self::String | Self::DateTime, Value::String(text)) => Some(text.clone()),
            (Self::Number | Self::DateTime, Value::Number(number)) => Some(number.to_string()),
            (Self::Boolean, Value::Bool(value)) => Some(value.to_string()),
            (Self::Object, Value::Object(_) | Value::Array(_)) => Some(value.to_string()),
            _ => None,
        }
    }
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Field {
    target_type: FieldOwner,
    key: String,
    data_type: DataType,
    label: String,
}

/// A value, and the type and label of its field.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FieldValue<'a> {
    key: &'a str,
    value: &'a str,
    data_type: DataType,
    label: &'a str,
}

/// A value that its field can have.
pub(crate) struct Checked {
    key: String,
    value: String,
}

#[derive(Default)]
pub(crate) struct CustomData {
    fields: HashMap<FieldOwner, Table<String, Field>>,
    /// The values of each target, in order of their first setting.
    values: HashMap<(FieldOwner, String), Table<String, String>>,
    /// The targets that have a value of a field.
    targets: HashMap<(FieldOwner, String), HashSet<String>>,
}

impl CustomData {
    pub(crate) fn define(&mut self, owner: FieldOwner, key: &str, data_type: DataType, label: &str) -> Field {
        let field = Field { target_type: owner, key: key.to_owned(), data_type, label: label.to_owned() };
        self.fields.entry(owner).or_default().insert(key.to_owned(), field.clone());
        field
    }

    /// Returns the fields, in order of their definition.
    pub(crate) fn fields(&self, owner: FieldOwner) -> impl Iterator<Item = &Field> {
        self.fields.get(&owner).into_iter().flat_map(Table::iter)
    }

    /// Removes a field and all its values.
    pub(crate) fn remove_field(&mut self, owner: FieldOwner, key: &str) {
        if let Some(fields) = self.fields.get_mut(&owner) {
            fields.remove(key);
        }
        for target in self.targets.remove(&(owner, key.to_owned())).into_iter().flatten() {
            self.remove(owner, &target, key);
        }
    }

    fn field(&self, owner: FieldOwner, key: &str) -> Option<&Field> {
        self.fields.get(&owner)?.get(key)
    }

    pub(crate) fn check(&self, owner: FieldOwner, key: &str, value: &Value) -> Result<Checked, ErrorResponse> {
        let field = self.field(owner, key);
        let data_type =
            field.ok_or_else(|| ErrorResponse::invalid(format!("custom field {key} is not defined")))?.data_type;
        match data_type.text_of(value) {
            Some(value) => Ok(Checked { key: key.to_owned(), value }),
            None => Err(ErrorResponse::invalid(format!("custom field {key}: not a {}", data_type.name()))),
        }
    }

    pub(crate) fn set(&mut self, owner: FieldOwner, target: &str, Checked { key, value }: Checked) {
        self.targets.entry((owner, key.clone())).or_default().insert(target.to_owned());
        let values = self.values.entry((owner, target.to_owned())).or_default();
        match values.get_mut(&key) {
            Some(old) => *old = value,
            None => drop(values.insert(key.clone(), value)),
        }
    }

    pub(crate) fn remove(&mut self, owner: FieldOwner, target: &str, key: &str) {
        if let Some(values) = self.values.get_mut(&(owner, target.to_owned())) {
            values.remove(key);
        }
        if let Some(targets) = self.targets.get_mut(&(owner, key.to_owned())) {
            targets.remove(target);
        }
    }

    /// Removes the values of a target that was deleted.
    pub(crate) fn forget(&mut self, owner: FieldOwner, target: &str) {
        let Some(values) = self.values.remove(&(owner, target.to_owned())) else { return };
        for (key, _) in values.entries() {
            if let Some(targets) = self.targets.get_mut(&(owner, key.clone())) {
                targets.remove(target);
            }
        }
    }

    /// Returns a target's values, in order of their first setting.
    pub(crate) fn list(&self, owner: FieldOwner, target: &str) -> impl Iterator<Item = FieldValue<'_>> {
        let values = self.values.get(&(owner, target.to_owned())).into_iter().flat_map(Table::entries);
        values.filter_map(move |(key, value)| {
            let Field { data_type, label, .. } = self.field(owner, key)?;
            Some(FieldValue { key, value, data_type: *data_type, label })
        })
    }
}
