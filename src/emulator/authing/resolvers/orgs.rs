//! Organizations.

use super::{
    super::state::{node::Tree, orgs::Org, pool::Pool},
    args::{Args, ResolverResult, ok, text, to_json},
    nodes,
};
use serde_json::{Value, json};
use std::collections::HashMap;

fn org_json(pool: &Pool, org: &Org) -> Value {
    let nodes: Value = pool.orgs.subtree(&org.root).iter().map(|node| nodes::json(pool, &node.id)).collect();
    json!({"id": org.id, "rootNode": nodes::json(pool, &org.root), "nodes": nodes})
}

fn org_by_id(pool: &Pool, id: &str) -> ResolverResult {
    pool.orgs.org(id).map(|org| org_json(pool, org))
}

pub(super) fn orgs(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let pool = &*pool;
    let updated_at = |org: &Org| pool.orgs.get(&org.root).map_or("", |root| root.updated_at.as_str());
    Ok(args.sorted_page(pool.orgs.len(), pool.orgs.iter(), updated_at, |org| org_json(pool, org)))
}

pub(super) fn org(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    Ok(org_by_id(pool, args.required("id")).unwrap_or_default())
}

pub(super) fn create(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let id = pool.orgs.create(args.node_details())?;
    org_by_id(pool, &id)
}

pub(super) fn delete(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let id = args.required("id");
    pool.orgs.org(id)?;
    pool.delete_org(id);
    ok()
}

pub(super) fn add_node(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    nodes::add(pool, args)?;
    org_by_id(pool, args.required("orgId"))
}

pub(super) fn move_node(pool: &mut Pool, _: &Value, args: &Args) -> ResolverResult {
    let org_id = args.required("orgId");
    pool.orgs.move_node(org_id, args.required("nodeId"), args.required("targetParentId"))?;
    org_by_id(pool, org_id)
}

/// Returns an organization in the form of an export: children nested, members in each node.
fn exported(pool: &Pool, root: &str) -> Value {
    // From the last to the first: every node comes after its children.
    let mut built: HashMap<&str, Value> = HashMap::new();
    for node in pool.orgs.subtree(root).into_iter().rev() {
        let mut json = nodes::json(pool, &node.id);
        json["children"] = node.children().filter_map(|child| built.remove(child)).collect();
        let members = pool.orgs.number(&node.id).map(|number| pool.departments.members_by_joining(number));
        let members = members.unwrap_or_default().into_iter().filter_map(|user| pool.users.at(user));
        json["members"] = members.map(to_json).collect();
        built.insert(&node.id, json);
    }
    built.remove(root).unwrap_or_default()
}

/// Returns the export of an organization, or of all.
pub(crate) fn export(pool: &Pool, org_id: Option<&str>) -> ResolverResult {
    match org_id {
        Some(id) => Ok([exported(pool, &pool.orgs.org(id)?.root)].into_iter().collect()),
        None => Ok(pool.orgs.iter().map(|org| exported(pool, &org.root)).collect()),
    }
}

/// Creates an organization from a tree in the form of an export. Members that do not exist are left out.
pub(crate) fn import(pool: &mut Pool, tree: &Value) -> ResolverResult {
    let id = pool.import(read_tree(pool, tree))?;
    Ok(exported(pool, &pool.orgs.org(&id)?.root))
}

fn read_tree(pool: &Pool, node: &Value) -> Tree {
    let list = |name: &str| node[name].as_array().map(Vec::as_slice).unwrap_or_default();
    Tree {
        details: Args(node.as_object().cloned().unwrap_or_default()).node_details(),
        members: list("members").iter().filter_map(|member| pool.users.number(text(member, "id"))).collect(),
        children: list("children").iter().map(|child| read_tree(pool, child)).collect(),
    }
}
