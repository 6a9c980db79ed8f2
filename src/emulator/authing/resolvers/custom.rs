//! Custom fields and their values.

use super::{
    super::state::{
        custom::{Checked, FieldOwner},
        error_response::ErrorResponse,
        pool::Pool,
    },
    args::{Args, ResolverResult, ok, text, to_json},
};
use serde_json::{Value, json};

fn list(pool: &Pool, owner: FieldOwner, id: &str) -> Value {
    pool.custom.list(owner, id).map(|value| to_json(&value)).collect()
}

pub(crate) fn of_user(pool: &Pool, id: &str) -> Value {
    list(pool, FieldOwner::User, id)
}

/// Returns whose value the arguments name. A user must exist; other kinds of owners are not checked.
fn target<'a>(pool: &Pool, args: &'a Args) -> Result<(FieldOwner, &'a str), ErrorResponse> {
    let (owner, id) = (args.read("targetType")?, args.required("targetId"));
    check_target(pool, owner, id)?;
    Ok((owner, id))
}

fn check_target(pool: &Pool, owner: FieldOwner, id: &str) -> Result<(), ErrorResponse> {
    if owner == FieldOwner::User { pool.users.find(id).map(drop) } else { Ok(()) }
}

/// Reads a value, which is sent as JSON in a text, and checks it.
fn sent(pool: &Pool, owner: FieldOwner, key: &str, value: &str) -> Result<Checked, ErrorResponse> {
    let value = serde_json::from_str(value).map_err(|_| ErrorResponse::invalid("value: no JSON"))?;
    pool.custom.check(owner, key, &value)
}

pub(super) fn fields(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    Ok(pool.custom.fields(args.read("targetType")?).map(to_json).collect())
}

pub(super) fn define(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let (owner, data_type) = (args.read("targetType")?, args.read("dataType")?);
    let mut field = to_json(&pool.custom.define(owner, args.required("key"), data_type, args.required("label")));
    field["options"] = args.get("options").cloned().unwrap_or_default();
    Ok(field)
}

pub(super) fn remove_field(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    pool.custom.remove_field(args.read("targetType")?, args.required("key"));
    ok()
}

pub(super) fn values(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let (owner, id) = target(pool, args)?;
    Ok(list(pool, owner, id))
}

pub(super) fn values_of_many(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let owner = args.read("targetType")?;
    let of = |id: &str| json!({"targetId": id, "data": list(pool, owner, id)});
    Ok(args.strs("targetIds").into_iter().map(of).collect())
}

pub(super) fn set(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let (owner, id) = target(pool, args)?;
    let value = sent(pool, owner, args.required("key"), args.required("value"))?;
    pool.custom.set(owner, id, value);
    Ok(list(pool, owner, id))
}

/// Sets all values, or none of them if one is refused.
fn set_all(pool: &mut Pool, owner: FieldOwner, entries: &[(&str, &Value)]) -> Result<(), ErrorResponse> {
    let mut checked = Vec::new();
    for (id, entry) in entries {
        check_target(pool, owner, id)?;
        checked.push((*id, sent(pool, owner, text(entry, "key"), text(entry, "value"))?));
    }
    checked.into_iter().for_each(|(id, value)| pool.custom.set(owner, id, value));
    Ok(())
}

pub(super) fn set_many(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let (owner, id) = (args.read("targetType")?, args.required("targetId"));
    let entries: Vec<_> = args.list("udvList").iter().map(|entry| (id, entry)).collect();
    set_all(pool, owner, &entries)?;
    Ok(list(pool, owner, id))
}

pub(super) fn set_batch(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let entries: Vec<_> = args.list("input").iter().map(|entry| (text(entry, "targetId"), entry)).collect();
    set_all(pool, args.read("targetType")?, &entries)?;
    ok()
}

pub(super) fn remove(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let (owner, id) = target(pool, args)?;
    pool.custom.remove(owner, id, args.required("key"));
    Ok(list(pool, owner, id))
}
