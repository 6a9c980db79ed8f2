//! Files of trees.

use super::tree_diff::{Placed, called, name, names, path, placed};
use crate::{
    arguments::bytes,
    failure::{Failure, Result},
};
use iam_sdk::authing::OrgTree;
use serde_json::Value;
use std::{collections::HashMap, io, path::PathBuf};

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
    trees.iter().try_for_each(check).map_err(|text| wrong(&text))?;
    Ok(trees)
}

/// Refuses a tree that is not what somebody has meant: with a misspelt `children`, all below the node would seem to be gone.
fn check(tree: &OrgTree) -> Result<(), String> {
    let nodes = placed(tree);
    let mut codes = HashMap::new();
    for (at, Placed { node, .. }) in nodes.iter().enumerate() {
        if name(node).trim().is_empty() {
            return Err("a node has no name".to_owned());
        }
        if let Some(unknown) = node.extra.names().next() {
            return Err(format!("{}: a node has no member `{}`", path(&nodes, at), unknown.escape_debug()));
        }
        if let Some(unknown) = node.members.iter().find_map(|member| member.extra.names().next()) {
            return Err(format!("{}: members: a user has no member `{}`", path(&nodes, at), unknown.escape_debug()));
        }
        if node.members.iter().any(|member| called(member).is_empty()) {
            return Err(format!(
                "{}: members: one has none of username, email, phone, externalId and id",
                path(&nodes, at)
            ));
        }
        let code = node.code.as_deref().filter(|code| !code.is_empty());
        if let Some(other) = code.and_then(|code| codes.insert(code, at)) {
            let (other, own) = (path(&nodes, other), path(&nodes, at));
            return Err(format!("{own}: its code `{}` is that of {other}", code.unwrap_or_default().escape_debug()));
        }
    }
    Ok(())
}

/// Refuses several trees where one organization is named.
pub fn one_tree(org: Option<&str>, trees: &[OrgTree]) -> Result<()> {
    match org.is_some() && trees.len() != 1 {
        true => Err(Failure::Usage("--org: the file has several trees".to_owned())),
        false => Ok(()),
    }
}

/// Deeper levels are indented no more: a file would grow with the square of its depth.
const INDENTED: usize = 40;

/// Writes trees as a list, a member a line, so that two versions can be compared; and only what an import takes: the times at
/// which the service has changed something would make each export another one.
pub fn write(trees: &[OrgTree], to: &mut dyn io::Write) -> io::Result<()> {
    enum Step<'a> {
        Open(&'a OrgTree, usize, bool),
        Close(usize, bool),
    }
    let blanks = |depth: usize| "  ".repeat(depth.min(INDENTED));
    let comma = |is_last: bool| if is_last { "" } else { "," };
    fn open(trees: &[OrgTree], depth: usize) -> Vec<Step<'_>> {
        let last = trees.len().saturating_sub(1);
        trees.iter().enumerate().rev().map(|(at, tree)| Step::Open(tree, depth, at == last)).collect()
    }
    writeln!(to, "[")?;
    let mut next = open(trees, 1);
    while let Some(step) = next.pop() {
        match step {
            Step::Close(depth, is_last) => {
                writeln!(to, "{}]", blanks(depth + 1))?;
                writeln!(to, "{}}}{}", blanks(depth), comma(is_last))?;
            }
            Step::Open(tree, depth, is_last) => {
                writeln!(to, "{}{{", blanks(depth))?;
                let mut lines = members(tree, &blanks(depth + 1));
                lines.extend(tree.children.is_empty().then(|| "\"children\": []".to_owned()));
                let end = if tree.children.is_empty() { "" } else { "," };
                writeln!(to, "{0}{1}{end}", blanks(depth + 1), lines.join(&format!(",\n{}", blanks(depth + 1))))?;
                if tree.children.is_empty() {
                    writeln!(to, "{}}}{}", blanks(depth), comma(is_last))?;
                    continue;
                }
                writeln!(to, "{}\"children\": [", blanks(depth + 1))?;
                next.push(Step::Close(depth, is_last));
                next.append(&mut open(&tree.children, depth + 2));
            }
        }
    }
    writeln!(to, "]")?;
    to.flush()
}

/// Returns the members of a node as lines of JSON, and its users, each as a line.
fn members(tree: &OrgTree, blanks: &str) -> Vec<String> {
    let node = &tree.node;
    let texts = [
        ("name", &node.name),
        ("code", &node.code),
        ("id", &node.id),
        ("description", &node.description),
        ("nameI18n", &node.name_i18n),
        ("descriptionI18n", &node.description_i18n),
    ];
    let texts = texts.into_iter().filter_map(|(name, text)| Some((name, Value::from(text.clone()?))));
    let all = texts.chain(node.order.map(|order| ("order", order.into())));
    let mut lines: Vec<String> = all.map(|(name, value)| format!("\"{name}\": {value}")).collect();
    if !node.members.is_empty() {
        let users = node.members.iter().map(|user| {
            let names = names(user).map(|(name, value)| format!("\"{name}\": {}", Value::from(value)));
            format!("{blanks}  {{{}}}", names.collect::<Vec<_>>().join(", "))
        });
        lines.push(format!("\"members\": [\n{}\n{blanks}]", users.collect::<Vec<_>>().join(",\n")));
    }
    lines
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

#[cfg(test)]
mod tests {
    use super::*;
    use iam_sdk::authing::User;

    fn tree(text: &str) -> OrgTree {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_tree_is_written_a_member_a_line_and_read_again() {
        let mut head =
            OrgTree::named("Head", Some("h")).child(OrgTree::named("北京", None).child(OrgTree::named("a", None)));
        head.node.order = Some(3);
        head.node.members = ["ann", "bo"].map(|name| User::default().with_username(name)).to_vec();
        let other = OrgTree::named("Other", None);
        let mut text = Vec::new();
        let mut written = head.clone();
        written.node = written.node.with_created_at("2021");
        write(&[written, other.clone()], &mut text).unwrap();
        let expected = r#"[
  {
    "name": "Head",
    "code": "h",
    "order": 3,
    "members": [
      {"username": "ann"},
      {"username": "bo"}
    ],
    "children": [
      {
        "name": "北京",
        "children": [
          {
            "name": "a",
            "children": []
          }
        ]
      }
    ]
  },
  {
    "name": "Other",
    "children": []
  }
]
"#;
        assert_eq!(String::from_utf8(text).unwrap(), expected);
        assert_eq!(serde_json::from_str::<Vec<OrgTree>>(expected).unwrap(), [head, other]);
        let mut empty = Vec::new();
        write(&[], &mut empty).unwrap();
        assert_eq!(empty, b"[\n]\n");
    }

    #[test]
    fn what_is_not_meant_is_refused_with_its_place() {
        for (text, expected) in [
            (r#"{"name": "HQ", "children": [{"name": "A"}, {"name": "B"}]}"#, ""),
            (r#"{"name": "HQ", "children": [{"name": "A", "childern": []}]}"#, "HQ/A: a node has no member `childern`"),
            (r#"{"name": "HQ", "members": [{"usernam": "x"}]}"#, "HQ: members: a user has no member `usernam`"),
            (r#"{"name": "HQ", "members": [{"name": "x"}]}"#, "HQ: members: one has none of"),
            (
                r#"{"name": "HQ", "code": "c", "children": [{"name": "A", "code": "c"}]}"#,
                "HQ/A: its code `c` is that of HQ",
            ),
            (r#"{"name": "HQ", "children": [{"name": " "}]}"#, "a node has no name"),
        ] {
            let result = check(&tree(text)).map_or_else(|error| error, |()| String::new());
            assert!(result.starts_with(expected) && expected.is_empty() == result.is_empty(), "{text}: {result}");
        }
    }
}
