//! Organizations as trees. Nothing here recurses: a chain of 100,000 nodes is built, walked, written and dropped like any
//! other tree, in time linear in its nodes.

mod build;
mod read;
mod write;

pub use build::{Forest, TreeFault, treeify};
pub(super) use read::read;

use super::models::{Org, OrgNode, User};
use std::{
    fmt,
    ops::{Deref, DerefMut},
};

/// A node of an organization and the nodes below it.
///
/// A node takes at most 250 bytes of memory where four or more nodes are below each one that has any, with all that
/// `orgs().find_by_id` brings of it: an id of 24 characters, a name and a code of 24 characters together, the order, the times, the
/// organization, and the path, which the nodes below one node share. It takes 300 bytes in a chain. The first
/// field of [`RareOrgNodeDetails`](super::RareOrgNodeDetails) that a node has takes 208 bytes more, and each of its texts and
/// lists what it holds. What the allocator takes to keep its books comes on top.
///
/// `Serialize` writes the form of an export, children nested, without what the place in the tree tells: depth and paths. Of a member
/// it writes the id, the user name, the addresses and the external id; the rest is left out. Trees of more than 60 levels can be written, and read, as JSON alone.
#[derive(Default)]
#[non_exhaustive]
pub struct OrgTree {
    /// The node; its own list of children's ids is empty.
    pub node: OrgNode,
    /// The nodes below it.
    pub children: Children,
}

/// The trees below a node.
#[derive(Clone, Default, PartialEq)]
pub struct Children(Vec<OrgTree>);

impl Deref for Children {
    type Target = Vec<OrgTree>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Children {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl IntoIterator for Children {
    type Item = OrgTree;
    type IntoIter = std::vec::IntoIter<OrgTree>;

    fn into_iter(mut self) -> Self::IntoIter {
        std::mem::take(&mut self.0).into_iter()
    }
}

impl<'a> IntoIterator for &'a Children {
    type Item = &'a OrgTree;
    type IntoIter = std::slice::Iter<'a, OrgTree>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl From<Vec<OrgTree>> for Children {
    fn from(children: Vec<OrgTree>) -> Self {
        Self(children)
    }
}

impl Drop for Children {
    /// Takes the trees apart first: a derived drop would recurse.
    fn drop(&mut self) {
        let mut rest = std::mem::take(&mut self.0);
        while let Some(mut tree) = rest.pop() {
            rest.append(&mut tree.children.0);
        }
    }
}

impl OrgTree {
    /// Creates a tree of one node.
    pub fn new(node: OrgNode) -> Self {
        Self { node, children: Children::default() }
    }

    /// Creates a node with a name and a code, to import.
    pub fn named(name: impl Into<String>, code: Option<&str>) -> Self {
        let node = OrgNode::default().with_name(name);
        Self::new(match code {
            Some(code) => node.with_code(code),
            None => node,
        })
    }

    /// Adds a tree below the node.
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// Returns this node and all below it, each before its children, with its depth: 0, 1 and so on.
    pub fn walk(&self) -> impl Iterator<Item = (usize, &OrgNode)> {
        let mut next = vec![(0, self)];
        std::iter::from_fn(move || {
            let (depth, tree) = next.pop()?;
            next.extend(tree.children.iter().rev().map(|child| (depth + 1, child)));
            Some((depth, &tree.node))
        })
    }
}

/// Lets the nodes below each node share what they have in common. A list has the whole path of each.
fn share_places(roots: &mut [OrgTree]) {
    let mut next: Vec<&mut OrgTree> = roots.iter_mut().collect();
    while let Some(OrgTree { node, children }) = next.pop() {
        let mut shared = None;
        for child in &mut children.0 {
            if child.node.has_place() {
                child.node.share_place(shared.get_or_insert_with(|| node.shared_places()));
            }
            next.push(child);
        }
    }
}

impl Clone for OrgTree {
    fn clone(&self) -> Self {
        let nodes: Vec<_> = self.walk().collect();
        // From the last to the first: every node comes after its children, the first of which waits on top.
        let mut waiting: Vec<(usize, Self)> = Vec::new();
        for (depth, node) in nodes.into_iter().rev() {
            let children = std::iter::from_fn(|| waiting.pop_if(|(below, _)| *below == depth + 1));
            let children = Children(children.map(|(_, child)| child).collect());
            waiting.push((depth, Self { node: node.clone(), children }));
        }
        waiting.pop().map(|(_, tree)| tree).unwrap_or_default()
    }
}

impl PartialEq for OrgTree {
    /// Compares the nodes and how deep each stands, in the order of [`walk`](Self::walk).
    fn eq(&self, other: &Self) -> bool {
        self.walk().eq(other.walk())
    }
}

impl fmt::Debug for OrgTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrgTree").field("node", &self.node).field("children", &self.children).finish()
    }
}

impl fmt::Debug for Children {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} trees]", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(id: &str, children: &[&str]) -> OrgNode {
        OrgNode::default().with_id(id).with_name(id.to_uppercase()).with_children(children.iter().copied())
    }

    /// `a(b, c(d))`.
    fn shape(tree: &OrgTree) -> String {
        let id = tree.node.id.clone().unwrap_or_default();
        let below: Vec<String> = tree.children.iter().map(shape).collect();
        if below.is_empty() { id } else { format!("{id}({})", below.join(", ")) }
    }

    fn shapes(forest: &Forest) -> Vec<String> {
        forest.roots.iter().map(shape).collect()
    }

    #[test]
    fn nodes_become_a_tree_in_their_order() {
        let forest = treeify(vec![
            node("c", &["d"]),
            node("a", &["b", "c", "e"]),
            node("b", &[]),
            node("e", &[]),
            node("d", &[]),
        ]);
        assert_eq!(shapes(&forest), ["a(b, c(d), e)"]);
        assert_eq!(forest.faults, []);
        let walked: Vec<_> =
            forest.roots[0].walk().map(|(depth, node)| (depth, node.id.clone().unwrap_or_default())).collect();
        let expected = [(0, "a"), (1, "b"), (1, "c"), (2, "d"), (1, "e")];
        assert_eq!(walked, expected.map(|(depth, id)| (depth, id.to_owned())));
        assert!(treeify(Vec::new()).roots.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_and_loses_no_node() {
        let missing = treeify(vec![node("a", &["x", "b"]), node("b", &[])]);
        assert_eq!(shapes(&missing), ["a(b)"]);
        assert_eq!(missing.faults, [TreeFault::MissingChild { parent: "a".into(), child: "x".into() }]);

        let cycle = treeify(vec![
            node("r", &["s"]),
            node("s", &[]),
            node("a", &["b"]),
            node("b", &["c", "d"]),
            node("c", &["a"]),
            node("d", &[]),
        ]);
        assert_eq!(shapes(&cycle), ["r(s)", "a(b(c, d))"]);
        assert_eq!(cycle.faults, [TreeFault::Cycle { parent: "c".into(), child: "a".into() }]);

        let tail = treeify(vec![node("t", &[]), node("b", &["a"]), node("a", &["b", "t"])]);
        assert_eq!(shapes(&tail), ["b(a(t))"]);
        let own = treeify(vec![node("a", &["a"])]);
        assert_eq!((shapes(&own), own.faults.len()), (vec!["a".to_owned()], 1));

        let twice = treeify(vec![node("a", &["b", "b"]), node("c", &["b"]), node("b", &[])]);
        assert_eq!(shapes(&twice), ["a(b)", "c"]);
        assert_eq!(twice.faults.len(), 2);
        let same = treeify(vec![node("a", &["b"]), node("b", &[]), node("b", &[])]);
        assert_eq!(
            (shapes(&same), same.faults),
            (vec!["a(b)".into(), "b".into()], vec![TreeFault::DuplicateId { id: "b".into() }])
        );
        assert_eq!(treeify(vec![OrgNode::default(), OrgNode::default()]).roots.len(), 2);
    }

    #[test]
    fn nodes_keep_their_paths_and_organizations() {
        let whole = |id: &str, path: &[&str], children: &[&str]| {
            node(id, children).with_path(path.iter().copied()).with_org_id("o").with_depth(path.len() as i64 - 1)
        };
        let nodes = vec![
            whole("a", &["a"], &["b", "c", "x", "p"]),
            whole("b", &["a", "b"], &["d"]),
            whole("c", &["a", "c"], &[]),
            // None of these paths is that of the tree.
            whole("d", &["q", "b", "d"], &["e"]),
            whole("e", &["q", "b", "d", "e"], &[]),
            whole("x", &[], &[]).with_org_id("other"),
            node("p", &[]),
        ];
        let expected: Vec<OrgNode> = nodes.iter().cloned().map(|node| node.with_children([""; 0])).collect();
        let forest = treeify(nodes);
        assert_eq!(shapes(&forest), ["a(b(d(e)), c, x, p)"]);
        let mut walked: Vec<OrgNode> = forest.roots[0].walk().map(|(_, node)| node.clone()).collect();
        walked.sort_by(|node, other| node.id.cmp(&other.id));
        let mut sorted = expected;
        sorted.sort_by(|node, other| node.id.cmp(&other.id));
        assert_eq!(walked, sorted);
        let copy = forest.roots[0].clone();
        drop(forest);
        assert_eq!(copy.children[0].children[0].children[0].node.path(), ["q", "b", "d", "e"]);
    }

    #[test]
    fn many_and_deep_ones_are_trees_like_others() {
        const DEEP: usize = 100_000;
        let chain: Vec<OrgNode> = (0..DEEP).map(|n| node(&n.to_string(), &[&(n + 1).to_string()])).collect();
        let forest = treeify(chain);
        assert_eq!(forest.faults.len(), 1, "the last one's child is missing");
        assert_eq!(forest.roots[0].walk().last().unwrap().0, DEEP - 1);
        let json = serde_json::to_string(&forest.roots[0]).unwrap();
        let back = read(json.as_bytes()).unwrap();
        assert_eq!(back[0].walk().count(), DEEP);
        assert_eq!(back[0].to_json(), json);
        let copy = back[0].clone();
        assert!(copy == back[0] && copy != forest.roots[0].children[0]);
        assert_eq!(serde_json::from_str::<OrgTree>(&json).unwrap(), copy);

        let circle = treeify((0..DEEP).map(|n| node(&n.to_string(), &[&((n + 1) % DEEP).to_string()])).collect());
        assert_eq!((circle.roots.len(), circle.faults.len()), (1, 1));
        let wide: Vec<String> = (0..DEEP).map(|n| format!("n{n}")).collect();
        let names: Vec<&str> = wide.iter().map(String::as_str).collect();
        let mut nodes: Vec<OrgNode> = names.iter().map(|name| node(name, &[])).collect();
        nodes.push(node("root", &names));
        let forest = treeify(nodes);
        assert_eq!((forest.roots.len(), forest.roots[0].children.len()), (1, DEEP));
    }

    #[test]
    fn a_copy_has_the_same_shape() {
        let nodes = [("a", &["b", "c", "e"][..]), ("b", &[]), ("c", &["d", "f"]), ("d", &[]), ("e", &[]), ("f", &[])];
        let tree = treeify(nodes.map(|(id, children)| node(id, children)).to_vec()).roots.remove(0);
        assert_eq!(shape(&tree.clone()), "a(b, c(d, f), e)");
        assert_eq!(tree.clone(), tree);
        let mut other = tree.clone();
        other.children[1].children[0].node.name = None;
        assert_ne!(other, tree);
        let mut moved = tree.clone();
        let leaf = moved.children[1].children.remove(1);
        moved.children.insert(2, leaf);
        assert_ne!(moved, tree);
    }

    #[test]
    fn a_tree_is_written_in_the_form_of_an_export() {
        let mut ann = User { id: Some("u1".into()), username: Some("ann".into()), ..User::default() };
        ann.password = Some("hash".into());
        let mut tree = OrgTree::named("Acme", Some("acme")).child(OrgTree::named("Lab", None));
        tree.node.members.push(ann);
        let expected = json!({
            "name": "Acme", "code": "acme", "children": [{"name": "Lab", "children": []}],
            "members": [{"id": "u1", "username": "ann", "email": null, "phone": null, "externalId": null}],
        });
        assert_eq!(serde_json::to_value(&tree).unwrap(), expected);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&tree.to_json()).unwrap(), expected);
        assert_eq!(OrgTree::default().to_json(), r#"{"children":[]}"#);
    }

    #[test]
    fn faults_share_the_ids_that_they_name() {
        // As copies these were a gigabyte.
        let long = "x".repeat(110_000);
        let children: Vec<String> = (0..20_000).map(|n| n.to_string()).collect();
        let names: Vec<&str> = children.iter().map(String::as_str).collect();
        let forest = treeify(vec![node(&long, &names)]);
        assert_eq!(forest.faults.len(), names.len());
        let parents = forest.faults.iter().map(|fault| match fault {
            TreeFault::MissingChild { parent, .. } => parent.as_ptr(),
            other => panic!("{other:?}"),
        });
        assert_eq!(parents.collect::<std::collections::BTreeSet<_>>().len(), 1);
    }
}
