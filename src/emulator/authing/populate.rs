//! Creates what a seed describes.

use super::{
    seed::{CustomField, Org, Role, Seed},
    state::{
        custom::FieldOwner,
        error_response::ErrorResponse,
        node::{NodeDetails, Tree},
        pool::{NewUser, Pool},
        target::Target,
        user::{Profile, Unique},
    },
};
use crate::{
    Json,
    emulator::{
        seed_check::{SeedError, not_empty, sendable, unique},
        store::RowNo,
    },
};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};

/// Creates the seed's contents in an empty pool.
///
/// # Errors
///
/// What the service would refuse, such as a name taken twice; a user who does not exist; and an empty name or secret.
pub(super) fn populate(seed: Seed, pool: &mut Pool) -> Result<(), SeedError> {
    not_empty("the user pool's id", pool.id())?;
    not_empty("the user pool's secret", seed.account().secret.expose_secret())?;
    sendable("the user pool's id", pool.id())?;
    let mut fields = HashSet::new();
    for CustomField { key, data_type } in &seed.custom_fields {
        not_empty("a custom field's key", key)?;
        unique(&mut fields, key, format_args!("two custom fields have the key {key}"))?;
        let no_type = |_| SeedError::new(format_args!("custom field {key}: there is no type {data_type}"));
        let data_type = serde_json::from_value(data_type.as_str().into()).map_err(no_type)?;
        pool.custom.define(FieldOwner::User, key, data_type, key);
    }
    seed.users.iter().enumerate().try_for_each(|(at, members)| add_user(at, members, pool))?;
    for group in &seed.groups {
        let what = format!("group {}", group.code);
        not_empty("a group's code", &group.code)?;
        not_empty(&format!("the name of {what}"), &group.name)?;
        pool.groups.create(&group.code, &group.name, None).map_err(|error| refused(&what, &error))?;
        let users = numbers(pool, &what, &group.usernames)?;
        let number = pool.groups.number(&group.code).map_err(|error| refused(&what, &error))?;
        pool.groups.add(number, &users);
    }
    for Role { code, usernames } in &seed.roles {
        let what = format!("role {code}");
        not_empty("a role's code", code)?;
        pool.roles.create("default", code, None, None).map_err(|error| refused(&what, &error))?;
        let role = pool.roles.number("default", code).map_err(|error| refused(&what, &error))?;
        for user in numbers(pool, &what, usernames)? {
            let holder = pool.users.at(user).map(|user| Target::user(user.id()));
            holder.iter().for_each(|holder| pool.roles.assign(role, holder));
        }
    }
    for root in seed.organizations {
        let what = format!("organization {}", root.name);
        let tree = tree(pool, root)?;
        pool.import(tree).map_err(|error| refused(&what, &error))?;
    }
    pool.actions.clear();
    Ok(())
}

fn refused(what: &str, error: &ErrorResponse) -> SeedError {
    SeedError::new(format_args!("{what}: {}", error.message(true)))
}

fn add_user(at: usize, members: &BTreeMap<String, Json>, pool: &mut Pool) -> Result<(), SeedError> {
    let json = |value: &Json| value.decode::<Value>().ok().filter(|value| !value.is_null());
    let mut given: Map<String, Value> =
        members.iter().filter_map(|(name, value)| Some((name.clone(), json(value)?))).collect();
    let id = given.remove("id");
    let name = ["username", "email", "phone", "externalId"].into_iter().find_map(|name| given.get(name)?.as_str());
    let what = name.map_or_else(|| format!("user number {}", at + 1), |name| format!("user {name}"));
    let id = match id {
        None => None,
        Some(Value::String(id)) if !id.is_empty() => Some(id),
        Some(_) => return Err(SeedError::new(format_args!("{what}: the id is no text, or empty"))),
    };
    if let Some(id) = id.as_deref().filter(|id| pool.users.get(id).is_some()) {
        return Err(SeedError::new(format_args!("two users have the id {id}")));
    }
    let is_nameless = id.is_none() && name.is_none();
    let clear_password = match given.remove("password") {
        Some(Value::String(text)) => Some(text),
        // It is refused below.
        Some(wrong) => {
            given.insert("password".to_owned(), wrong);
            None
        }
        None => None,
    };
    // The error itself quotes the value, which may be a password.
    let unread = |error: serde_path_to_error::Error<serde_json::Error>| {
        let member = error.path().to_string();
        match error.into_inner().to_string().starts_with("unknown field") {
            true => SeedError::new(format_args!("{what}: users have no member `{member}`")),
            false => SeedError::new(format_args!("{what}: member `{member}` has the wrong type")),
        }
    };
    let profile: Profile = serde_path_to_error::deserialize(Value::Object(given)).map_err(unread)?;
    if is_nameless {
        return Err(SeedError::new(format_args!("{what} has no username, email, phone, externalId or id")));
    }
    let new = NewUser { id, profile, clear_password, ..NewUser::default() };
    pool.create_user(new).map(drop).map_err(|error| refused(&what, &error))
}

/// Returns the numbers of the users with these names, each of whom must be there once.
fn numbers(pool: &Pool, what: &str, usernames: &[String]) -> Result<Vec<RowNo>, SeedError> {
    let (mut seen, mut numbers) = (HashSet::new(), Vec::new());
    for name in usernames {
        unique(&mut seen, name, format_args!("{what} has the user {name} twice"))?;
        let user = pool.users.with(Unique::Username, name).and_then(|user| pool.users.number(user.id()));
        numbers.push(user.ok_or_else(|| SeedError::new(format_args!("{what}: there is no user {name}")))?);
    }
    Ok(numbers)
}

fn tree(pool: &Pool, node: Org) -> Result<Tree, SeedError> {
    not_empty(&format!("the name of the node {} of an organization", node.code), &node.name)?;
    let what = format!("organization {}", node.name);
    let members = numbers(pool, &what, &node.usernames)?;
    let code = Some(node.code).filter(|code| !code.is_empty());
    let details = NodeDetails { name: node.name, description: node.description, code, ..NodeDetails::default() };
    let children = node.children.into_iter().map(|child| tree(pool, child)).collect::<Result<_, _>>()?;
    Ok(Tree { details, members, children })
}
