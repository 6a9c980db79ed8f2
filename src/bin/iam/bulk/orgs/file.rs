//! Files of trees.

use super::tree_diff::name;
use crate::{
    arguments::bytes,
    failure::{Failure, Result},
};
use iam_sdk::authing::OrgTree;
use std::{io, path::PathBuf};

/// Reads the trees of a file.
pub fn read(path: &PathBuf) -> Result<Vec<OrgTree>> {
    let bytes = bytes(path)?;
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let is_list = text.trim_ascii_start().first() == Some(&b'[');
    let trees =
        if is_list { serde_json::from_slice(text) } else { serde_json::from_slice(text).map(|tree| vec![tree]) };
    let wrong = |what: &str| Failure::Usage(format!("{}: {what}", path.display()));
    let trees: Vec<OrgTree> = trees.map_err(|error| match error.line() {
        0 => wrong("neither a tree of nodes nor a list of trees"),
        line => wrong(&format!("line {line}: neither a tree of nodes nor a list of trees")),
    })?;
    for (_, node) in trees.iter().flat_map(OrgTree::walk) {
        if name(node).trim().is_empty() {
            return Err(wrong("a node has no name"));
        }
    }
    Ok(trees)
}

/// Refuses several trees where one organization is named.
pub fn one_tree(org: Option<&str>, trees: &[OrgTree]) -> Result<()> {
    match org.is_some() && trees.len() != 1 {
        true => Err(Failure::Usage("--org: the file has several trees".to_owned())),
        false => Ok(()),
    }
}

/// Writes trees as a list.
pub fn write(trees: &[OrgTree], to: &mut dyn io::Write) -> io::Result<()> {
    to.write_all(b"[")?;
    for (at, tree) in trees.iter().enumerate() {
        let before = if at == 0 { "\n" } else { ",\n" };
        to.write_all(before.as_bytes())?;
        to.write_all(tree.to_json().as_bytes())?;
    }
    to.write_all(b"\n]\n")?;
    to.flush()
}

/// Returns a tree as JSON without its members, who are named by ids that another pool does not have.
pub fn without_members(tree: &OrgTree) -> String {
    // From the last to the first: every node comes after its children.
    let nodes: Vec<_> = tree.walk().collect();
    let mut waiting: Vec<(usize, OrgTree)> = Vec::new();
    for (depth, node) in nodes.into_iter().rev() {
        let mut copy = OrgTree::named(name(node), node.code.as_deref());
        copy.node.description = node.description.clone();
        copy.node.name_i18n = node.name_i18n.clone();
        copy.node.description_i18n = node.description_i18n.clone();
        copy.node.order = node.order;
        while let Some((_, child)) = waiting.pop_if(|(below, _)| *below == depth + 1) {
            copy.children.push(child);
        }
        waiting.push((depth, copy));
    }
    waiting.pop().map(|(_, tree)| tree.to_json()).unwrap_or_default()
}
