//! Makes the changes that a comparison has found.

use super::{
    members::MemberIds,
    tree_diff::{Change, Placed, TreeDiff, name, path},
};
use crate::failure::{Failure, Result};
use iam_sdk::{
    authing::{AddNodeOptions, NodeId, NodeMove, UpdateNodeOptions},
    blocking::authing::ManagementClient,
};

/// How many members join at once.
const BATCH: usize = 80;

/// Makes the changes in their order, and counts them.
pub fn apply(
    client: &ManagementClient,
    org: Option<&str>,
    file: &[Placed<'_>],
    diff: TreeDiff,
    member_ids: &mut MemberIds,
    made: &mut usize,
) -> Result<()> {
    let orgs = client.orgs();
    let org = org.ok_or_else(|| Failure::Other("the organization has no id".to_owned()))?;
    let TreeDiff { changes, mut ids } = diff;
    for change in changes {
        match change {
            Change::Add { node } => {
                let new = file[node].node;
                let parent = file[node].parent.and_then(|parent| ids[parent].clone());
                let parent = parent.ok_or_else(|| unknown(file, node))?;
                let options = AddNodeOptions::new()
                    .code(new.code.as_ref())
                    .description(new.description.as_ref())
                    .order(new.order);
                let options = options.name_i18n(new.name_i18n.as_ref()).description_i18n(new.description_i18n.as_ref());
                let after = orgs.add_node_with(org, name(new), NodeId(&parent), options)?;
                let taken: Vec<_> = ids.iter().flatten().cloned().collect();
                let added = after.nodes.iter().find(|added| {
                    let is_below = added.path().iter().rev().nth(1) == Some(&parent.as_str());
                    let is_new = added.id.as_ref().is_some_and(|id| !taken.contains(id));
                    is_new && is_below && added.name == new.name && (new.code.is_none() || added.code == new.code)
                });
                ids[node] = added.and_then(|added| added.id.clone());
            }
            Change::Update { id, name, code, description, .. } => {
                orgs.update_node(id, UpdateNodeOptions::new().name(name).code(code).description(description))?;
            }
            Change::Move { id, node, .. } => {
                let parent = file[node].parent.and_then(|parent| ids[parent].clone());
                let parent = parent.ok_or_else(|| unknown(file, node))?;
                orgs.move_node(org, NodeMove { node_id: &id, to_parent_id: &parent })?;
            }
            Change::Join { node, members } => {
                let id = ids[node].clone().ok_or_else(|| unknown(file, node))?;
                let users =
                    members.iter().map(|member| member_ids.known(client, member)).collect::<Result<Vec<_>>>()?;
                for users in users.chunks(BATCH) {
                    orgs.add_members(&id, users)?;
                }
            }
            Change::Leave { node, members } => {
                let id = ids[node].clone().ok_or_else(|| unknown(file, node))?;
                let users: Vec<_> = members.into_iter().filter_map(|member| member.id).collect();
                for users in users.chunks(BATCH) {
                    orgs.delete_members(&id, users)?;
                }
            }
            // No call changes it.
            Change::Differ { .. } => continue,
            Change::Remove { id, .. } => orgs.delete_node(org, NodeId(&id))?,
        }
        *made += 1;
    }
    Ok(())
}

fn unknown(file: &[Placed<'_>], node: usize) -> Failure {
    Failure::Other(format!("{}: the service does not say which node it has become", path(file, node)))
}
