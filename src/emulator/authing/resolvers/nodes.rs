//! Nodes of organizations, and their members.

use super::{
    super::state::{error_response::ErrorResponse, node::Node, pool::Pool, target::Target, user::User},
    access,
    args::{Args, ResolverResult, ok, single_page, text, to_json},
};
use crate::emulator::store::RowNo;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Returns a node with its path from the root, or `null` if there is no such node.
pub(super) fn json(pool: &Pool, id: &str) -> Value {
    let Some(node) = pool.orgs.get(id) else { return Value::Null };
    let path = pool.orgs.path(id);
    let details = &node.details;
    json!({
        "id": node.id, "orgId": node.org_id, "name": details.name, "nameI18n": details.name_i18n,
        "description": details.description, "descriptionI18n": details.description_i18n, "order": details.order,
        "code": details.code, "createdAt": node.created_at, "updatedAt": node.updated_at, "root": node.is_root(),
        "depth": path.len().saturating_sub(1), "path": path.iter().map(|node| node.id.as_str()).collect::<Value>(),
        "codePath": path.iter().map(|node| node.details.code.as_deref()).collect::<Vec<_>>(),
        "namePath": path.iter().map(|node| node.details.name.as_str()).collect::<Value>(),
        "children": node.children().collect::<Value>(),
    })
}

/// Returns a user's departments, by organization and from the root down.
pub(super) fn departments_of(pool: &Pool, user: RowNo) -> Vec<&Node> {
    let mut nodes: Vec<&Node> = pool.departments.of_user(user).filter_map(|number| pool.orgs.at(number)).collect();
    nodes.sort_by_key(|node| (&node.org_id, pool.orgs.path(&node.id).len(), &node.id));
    nodes
}

/// Returns, for each department of a user, the path from the root to it.
pub(crate) fn paths_of_user(pool: &Pool, user_id: &str) -> ResolverResult {
    let user = pool.users.number(user_id).ok_or(ErrorResponse::NO_USER)?;
    let path = |node: &Node| pool.orgs.path(&node.id).into_iter().map(|node| json(pool, &node.id)).collect::<Value>();
    Ok(departments_of(pool, user).into_iter().map(path).collect())
}

/// Returns the members of a node, and on request those of the nodes below it.
pub(super) fn member_numbers(pool: &Pool, id: &str, below: bool) -> BTreeSet<RowNo> {
    let nodes = if below { pool.orgs.subtree(id) } else { pool.orgs.get(id).into_iter().collect() };
    let numbers = nodes.into_iter().filter_map(|node| pool.orgs.number(&node.id).ok());
    numbers.flat_map(|number| pool.departments.members(number).1).collect()
}

/// Finds the node of the arguments, by id or by organization and code.
fn find(pool: &Pool, args: &Args) -> Result<String, ErrorResponse> {
    let node = match (args.text("nodeId"), args.text("orgId"), args.text("nodeCode")) {
        (Some(id), _, _) => pool.orgs.get(id),
        (None, Some(org), Some(code)) => pool.orgs.with_code(org, code),
        _ => return Err(ErrorResponse::invalid("nodeId")),
    };
    node.map(|node| node.id.clone()).ok_or(ErrorResponse::not_found("node"))
}

/// Creates a node below the one that the arguments name, or below the root, and returns its id.
pub(super) fn add(pool: &mut Pool, args: &Args) -> Result<String, ErrorResponse> {
    let org_id = args.required("orgId");
    let parent = match args.text("parentNodeId") {
        Some(parent) => pool.orgs.node_in(org_id, parent)?,
        None => pool.orgs.root(org_id)?,
    };
    let parent_id = parent.id.clone();
    pool.orgs.add(&parent_id, args.node_details())
}

pub(super) fn add_v2(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let id = add(pool, args)?;
    Ok(json(pool, &id))
}

pub(super) fn update(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let id = args.required("id");
    pool.orgs.update(id, args.text("name"), args.text("code"), args.text("description"))?;
    Ok(json(pool, id))
}

pub(super) fn delete(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let node = pool.orgs.node_in(args.required("orgId"), args.required("nodeId"))?;
    if node.is_root() {
        return Err(ErrorResponse::invalid("the root node goes with its organization"));
    }
    pool.delete_node(args.required("nodeId"));
    ok()
}

pub(super) fn is_root(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    Ok(pool.orgs.node_in(args.required("orgId"), args.required("nodeId"))?.is_root().into())
}

pub(super) fn children(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let node = pool.orgs.node(args.required("nodeId"))?;
    Ok(node.children().map(|id| json(pool, id)).collect())
}

pub(super) fn root(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    Ok(pool.orgs.root(args.required("orgId")).map(|root| json(pool, &root.id)).unwrap_or_default())
}

pub(super) fn by_id(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    Ok(json(pool, args.required("id")))
}

pub(super) fn by_code(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let node = pool.orgs.with_code(args.required("orgId"), args.required("code"));
    Ok(node.map(|node| json(pool, &node.id)).unwrap_or_default())
}

pub(super) fn search(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    Ok(pool.orgs.search(args.required("keyword")).into_iter().map(|node| json(pool, &node.id)).collect())
}

pub(super) fn add_members(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let id = find(pool, args)?;
    pool.join(&id, &args.strs("userIds"))?;
    Ok(json(pool, &id))
}

pub(super) fn remove_members(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let id = find(pool, args)?;
    pool.leave(&id, &args.strs("userIds"))?;
    Ok(json(pool, &id))
}

pub(super) fn move_members(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let ids = args.strs("userIds");
    let (source, target) = (args.required("sourceNodeId"), args.required("targetNodeId"));
    pool.orgs.node(source)?;
    pool.join(target, &ids)?;
    if source != target {
        pool.leave(source, &ids)?;
    }
    ok()
}

pub(super) fn set_main(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let user = pool.users.number(args.required("userId")).ok_or(ErrorResponse::NO_USER)?;
    let node = args.text("departmentId").map(|id| pool.orgs.number(id)).transpose()?;
    if node.is_some_and(|node| !pool.departments.has(node, user)) {
        return Err(ErrorResponse::invalid("the user is not in that department"));
    }
    pool.departments.set_main(user, node);
    ok()
}

pub(super) fn members(pool: &mut Pool, of: &Value, args: &Args) -> ResolverResult {
    let id = text(of, "id");
    if !args.flag("includeChildrenNodes") {
        let Ok(number) = pool.orgs.number(id) else { return Ok(single_page(Vec::new())) };
        let (total, members) = pool.departments.members(number);
        return Ok(args.sorted_page(total, members.filter_map(|user| pool.users.at(user)), User::updated_at, to_json));
    }
    let members = member_numbers(pool, id, true);
    let users = members.iter().filter_map(|user| pool.users.at(*user));
    Ok(args.sorted_page(members.len(), users, User::updated_at, to_json))
}

pub(super) fn roles(pool: &mut Pool, of: &Value, args: &Args) -> ResolverResult {
    let roles = pool.access().roles_of_node(text(of, "id"), args.namespace());
    Ok(single_page(roles.into_iter().map(to_json).collect()))
}

pub(super) fn authorized_resources(pool: &mut Pool, of: &Value, args: &Args) -> ResolverResult {
    access::resources_of(pool, &Target::node(text(of, "id")), args.text("namespace"), args)
}
