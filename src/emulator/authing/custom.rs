//! Fields that a pool defines for its users, roles and so on, and their values.

use super::{
    refusal::Refusal,
    value::{Args, done, text},
    world::World,
};
use serde_json::{Value, json};

type HandlerResult = Result<Value, Refusal>;

#[derive(Default)]
pub(super) struct CustomData {
    /// Definitions: `targetType`, `key`, `dataType`, `label`, `options`.
    fields: Vec<Value>,
    values: Vec<Entry>,
}

struct Entry {
    target_type: String,
    target_id: String,
    key: String,
    value: String,
}

impl CustomData {
    pub(super) fn define(&mut self, target_type: &str, key: &str, data_type: &str, label: &str) -> Value {
        let field = json!({"targetType": target_type, "key": key, "dataType": data_type, "label": label});
        self.fields.retain(|known| known["targetType"] != target_type || known["key"] != key);
        self.fields.push(field.clone());
        field
    }

    fn field(&self, target_type: &str, key: &str) -> Option<&Value> {
        self.fields.iter().find(|field| field["targetType"] == target_type && field["key"] == key)
    }

    /// Returns the text that represents a value of the field's type in storage.
    pub(super) fn check(&self, target_type: &str, key: &str, value: &Value) -> Result<String, Refusal> {
        let field = self.field(target_type, key);
        let field = field.ok_or_else(|| Refusal::invalid(format!("custom field {key} is not defined")))?;
        let kept = match (text(field, "dataType"), value) {
            ("STRING" | "DATETIME", Value::String(text)) => Some(text.clone()),
            ("NUMBER" | "DATETIME", Value::Number(number)) => Some(number.to_string()),
            ("BOOLEAN", Value::Bool(value)) => Some(value.to_string()),
            ("OBJECT", Value::Object(_) | Value::Array(_)) => Some(value.to_string()),
            _ => None,
        };
        kept.ok_or_else(|| Refusal::invalid(format!("custom field {key}: not a {}", text(field, "dataType"))))
    }

    pub(super) fn set(&mut self, target_type: &str, id: &str, key: &str, value: &Value) -> Result<(), Refusal> {
        let value = self.check(target_type, key, value)?;
        let known = self.values.iter_mut().find(|entry| entry.is(target_type, id) && entry.key == key);
        match known {
            Some(entry) => entry.value = value,
            None => {
                let (target_type, target_id, key) = (target_type.to_owned(), id.to_owned(), key.to_owned());
                self.values.push(Entry { target_type, target_id, key, value });
            }
        }
        Ok(())
    }

    pub(super) fn forget(&mut self, target_type: &str, id: &str) {
        self.values.retain(|entry| !entry.is(target_type, id));
    }

    pub(super) fn list(&self, target_type: &str, id: &str) -> Value {
        let own = self.values.iter().filter(|entry| entry.is(target_type, id));
        own.filter_map(|entry| {
            let field = self.field(target_type, &entry.key)?;
            let (data_type, label) = (&field["dataType"], &field["label"]);
            Some(json!({"key": entry.key, "value": entry.value, "dataType": data_type, "label": label}))
        })
        .collect()
    }
}

impl Entry {
    fn is(&self, target_type: &str, id: &str) -> bool {
        self.target_type == target_type && self.target_id == id
    }
}

impl World {
    /// Fails if the user that a value belongs to does not exist. Other kinds of targets are not checked.
    fn check_target(&self, target_type: &str, id: &str) -> Result<(), Refusal> {
        match target_type {
            "USER" => self.known(id).map(drop),
            _ => Ok(()),
        }
    }
}

/// Reads a value, which is sent as JSON in a text.
fn sent(value: &str) -> Result<Value, Refusal> {
    serde_json::from_str(value).map_err(|_| Refusal::invalid("value: no JSON"))
}

pub(super) fn fields(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let target_type = args.required("targetType");
    let fields = world.custom.fields.iter().filter(|field| field["targetType"] == target_type);
    Ok(fields.cloned().collect())
}

pub(super) fn define(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let (target_type, key) = (args.required("targetType"), args.required("key"));
    let mut field = world.custom.define(target_type, key, args.required("dataType"), args.required("label"));
    field["options"] = args.get("options").cloned().unwrap_or_default();
    Ok(field)
}

pub(super) fn remove_field(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let (target_type, key) = (args.required("targetType"), args.required("key"));
    world.custom.fields.retain(|field| field["targetType"] != target_type || field["key"] != key);
    world.custom.values.retain(|entry| entry.target_type != target_type || entry.key != key);
    done()
}

pub(super) fn values(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let (target_type, id) = (args.required("targetType"), args.required("targetId"));
    world.check_target(target_type, id)?;
    Ok(world.custom.list(target_type, id))
}

pub(super) fn values_of_many(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let target_type = args.required("targetType");
    let of = |id: &str| json!({"targetId": id, "data": world.custom.list(target_type, id)});
    Ok(args.texts("targetIds").into_iter().map(of).collect())
}

pub(super) fn set(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let (target_type, id) = (args.required("targetType"), args.required("targetId"));
    world.check_target(target_type, id)?;
    world.custom.set(target_type, id, args.required("key"), &sent(args.required("value"))?)?;
    Ok(world.custom.list(target_type, id))
}

/// Sets all values, or none of them if one is refused.
fn set_all(world: &mut World, target_type: &str, entries: &[(&str, &Value)]) -> Result<(), Refusal> {
    let mut checked = Vec::new();
    for (id, entry) in entries {
        world.check_target(target_type, id)?;
        let value = sent(text(entry, "value"))?;
        world.custom.check(target_type, text(entry, "key"), &value)?;
        checked.push((*id, text(entry, "key"), value));
    }
    checked.iter().try_for_each(|(id, key, value)| world.custom.set(target_type, id, key, value))
}

pub(super) fn set_many(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let (target_type, id) = (args.required("targetType"), args.required("targetId"));
    let entries: Vec<_> = args.list("udvList").iter().map(|entry| (id, entry)).collect();
    set_all(world, target_type, &entries)?;
    Ok(world.custom.list(target_type, id))
}

pub(super) fn set_batch(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let entries: Vec<_> = args.list("input").iter().map(|entry| (text(entry, "targetId"), entry)).collect();
    set_all(world, args.required("targetType"), &entries)?;
    done()
}

pub(super) fn remove(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let (target_type, id, key) = (args.required("targetType"), args.required("targetId"), args.required("key"));
    world.check_target(target_type, id)?;
    world.custom.values.retain(|entry| !entry.is(target_type, id) || entry.key != key);
    Ok(world.custom.list(target_type, id))
}
