//! Requests about organizations.

use super::{
    documents as doc,
    ids::{MemberMove, NodeCode, NodeId, NodeMove},
    options::*,
    request::as_strs,
    tree::{self, OrgTree},
    values::SyncProvider,
};
use crate::{
    Result,
    protocol::{decode::Data, operation::operations, request::Request},
};
use serde_json::json;

// A second synchronization can be refused because the first one runs.
operations! {
    IMPORT = "authing.orgs.import_by_json" Other Required Data POST "/api/v2/orgs/import"
        | InvalidArgument: "the text is no tree";
    EXPORT_ALL = "authing.orgs.export_all" Read Required SecretList GET "/api/v2/orgs/export";
    EXPORT = "authing.orgs.export_by_org_id" Read Required SecretList GET "/api/v2/orgs/export"
        | NotFound: "there is no such organization";
    START_SYNC = "authing.orgs.start_sync" Other Required Data POST "/connections/enterprise/{provider}/start-sync";
    START_SYNC_AD = "authing.orgs.start_sync_ad" Other Required Data POST "/api/v2/ad/sync"
        | InvalidArgument: "the connector id is empty";
}

pub(crate) fn create(name: &str, options: &CreateOrgOptions) -> Result<Request> {
    doc::CREATE_ORG.with(json!({"name": name}), options)
}

pub(crate) fn delete_by_id(org_id: &str) -> Result<Request> {
    doc::DELETE_ORG.variables(&json!({"id": org_id}))
}

pub(crate) fn list(options: &SortedPageOptions) -> Result<Request> {
    doc::ORGS.page(json!({}), options)
}

pub(crate) fn find_by_id(org_id: &str) -> Result<Request> {
    doc::ORG.variables(&json!({"id": org_id}))
}

pub(crate) fn get_node_by_id(node_id: &str) -> Result<Request> {
    doc::NODE_BY_ID.variables(&json!({"id": node_id}))
}

pub(crate) fn root_node(org_id: &str) -> Result<Request> {
    doc::ROOT_NODE.variables(&json!({"orgId": org_id}))
}

pub(crate) fn list_children(node_id: &str) -> Result<Request> {
    doc::CHILDREN_NODES.variables(&json!({"nodeId": node_id}))
}

pub(crate) fn search_nodes(keyword: &str) -> Result<Request> {
    doc::SEARCH_NODES.variables(&json!({"keyword": keyword}))
}

pub(crate) fn is_root_node(org_id: &str, node_id: NodeId<'_>) -> Result<Request> {
    doc::IS_ROOT_NODE.variables(&json!({"orgId": org_id, "nodeId": node_id}))
}

pub(crate) fn add_node(
    org_id: &str,
    name: &str,
    parent_node_id: NodeId<'_>,
    options: &AddNodeOptions,
) -> Result<Request> {
    doc::ADD_NODE.with(json!({"orgId": org_id, "name": name, "parentNodeId": parent_node_id}), options)
}

pub(crate) fn update_node(node_id: &str, options: &UpdateNodeOptions) -> Result<Request> {
    doc::UPDATE_NODE.with(json!({"id": node_id}), options)
}

pub(crate) fn delete_node(org_id: &str, node_id: NodeId<'_>) -> Result<Request> {
    doc::DELETE_NODE.variables(&json!({"orgId": org_id, "nodeId": node_id}))
}

pub(crate) fn move_node(org_id: &str, to: NodeMove<'_>) -> Result<Request> {
    doc::MOVE_NODE.variables(&json!({"orgId": org_id, "nodeId": to.node_id, "targetParentId": to.to_parent_id}))
}

pub(crate) fn add_members(node_id: &str, user_ids: &[impl AsRef<str>]) -> Result<Request> {
    doc::ADD_MEMBER
        .not_empty("user ids", user_ids)?
        .variables(&json!({"nodeId": node_id, "userIds": as_strs(user_ids)}))
}

pub(crate) fn delete_members(node_id: &str, user_ids: &[impl AsRef<str>]) -> Result<Request> {
    doc::REMOVE_MEMBER
        .not_empty("user ids", user_ids)?
        .variables(&json!({"nodeId": node_id, "userIds": as_strs(user_ids)}))
}

pub(crate) fn move_members(user_ids: &[impl AsRef<str>], nodes: MemberMove<'_>) -> Result<Request> {
    let MemberMove { from_node_id, to_node_id } = nodes;
    doc::MOVE_MEMBERS
        .not_empty("user ids", user_ids)?
        .variables(&json!({"userIds": as_strs(user_ids), "sourceNodeId": from_node_id, "targetNodeId": to_node_id}))
}

pub(crate) fn list_members(node_id: &str, options: &MemberListOptions) -> Result<Request> {
    doc::MEMBERS.page(json!({"id": node_id}), options)
}

pub(crate) fn set_main_department(user_id: &str, department_id: Option<NodeId<'_>>) -> Result<Request> {
    doc::SET_MAIN_DEPARTMENT.variables(&json!({"userId": user_id, "departmentId": department_id}))
}

pub(crate) fn list_authorized_resources(node_id: &str, options: &AuthorizedResourceOptions) -> Result<Request> {
    doc::NODE_RESOURCES.resources(json!({"id": node_id}), options)
}

pub(crate) fn list_authorized_resources_by_code(
    org_id: &str,
    code: NodeCode<'_>,
    options: &AuthorizedResourceOptions,
) -> Result<Request> {
    doc::NODE_BY_CODE_RESOURCES.resources(json!({"orgId": org_id, "code": code}), options)
}

pub(crate) fn list_roles(node_id: &str, options: &NamespaceOptions) -> Result<Request> {
    doc::NODE_ROLES.with(json!({"id": node_id}), options)
}

/// The service takes the node's id under the name `nodeCodes`.
pub(crate) fn add_roles(node_id: &str, codes: &[impl AsRef<str>], options: &NamespaceOptions) -> Result<Request> {
    doc::ASSIGN_ROLE_TO_NODE
        .not_empty("role codes", codes)?
        .with(json!({"nodeCodes": [node_id], "roleCodes": as_strs(codes)}), options)
}

pub(crate) fn remove_roles(node_id: &str, codes: &[impl AsRef<str>], options: &NamespaceOptions) -> Result<Request> {
    doc::REVOKE_ROLE_FROM_NODE
        .not_empty("role codes", codes)?
        .with(json!({"nodeCodes": [node_id], "roleCodes": as_strs(codes)}), options)
}

/// A tree to import: typed, or JSON text.
#[derive(Debug)]
pub enum ImportTree<'a> {
    /// As an export gives it, or made by hand.
    Tree(&'a OrgTree),
    /// JSON, `{"name", "code", "children": […]}`.
    Text(&'a str),
}

impl<'a> From<&'a OrgTree> for ImportTree<'a> {
    fn from(tree: &'a OrgTree) -> Self {
        Self::Tree(tree)
    }
}

impl<'a> From<&'a str> for ImportTree<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for ImportTree<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

pub(crate) fn import_by_json(tree: ImportTree<'_>) -> Result<Request> {
    let file = match tree {
        ImportTree::Tree(tree) => tree.to_json(),
        ImportTree::Text(text) => {
            if !text.trim_start().starts_with('{') || tree::read(text.as_bytes()).is_err() {
                return Err(IMPORT.refuse("the tree is no JSON object of nodes"));
            }
            text.to_owned()
        }
    };
    IMPORT.json(&json!({"filetype": "json", "file": file}))
}

pub(crate) fn export_all() -> Result<Request> {
    Ok(EXPORT_ALL.request())
}

pub(crate) fn export_by_org_id(org_id: &str) -> Result<Request> {
    Ok(EXPORT.request().query("org_id", Some(org_id)))
}

pub(crate) fn start_sync(provider: &SyncProvider) -> Result<Request> {
    match provider {
        SyncProvider::DingTalk => START_SYNC.at("dingtalk")?.json(&json!({})),
        SyncProvider::WechatWork => START_SYNC.at("wechatwork")?.json(&json!({})),
        SyncProvider::Ad { connector_id } if connector_id.trim().is_empty() => {
            Err(START_SYNC_AD.refuse("connector id: it is empty"))
        }
        SyncProvider::Ad { connector_id } => START_SYNC_AD.json(&json!({"connectionId": connector_id})),
    }
}

/// Reads the trees of an export, of any depth.
pub(crate) fn trees(data: &Data) -> Result<Vec<OrgTree>> {
    data.read(tree::read)?.map_err(|at| {
        let detail = format!("no tree of nodes, byte {at}");
        data.error(crate::ErrorKind::Decode).detail(detail)
    })
}
