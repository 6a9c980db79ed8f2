//! Organizations as trees. Nothing here recurses: a chain of 100,000 nodes is built, walked, written and dropped like any
//! other tree, in time linear in its nodes.

mod read;

pub(super) use read::read;

use super::models::{Org, OrgNode, User};
use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap},
};
use serde_json::value::RawValue;
use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    ops::{Deref, DerefMut},
};

/// A node and what is below it.
///
/// `Serialize` writes the form of an export, children nested; of members their ids, names and addresses. Trees of more than
/// 60 levels can be written as JSON alone.
#[derive(Default)]
#[non_exhaustive]
pub struct OrgTree {
    /// The node; its own list of children's ids is empty.
    pub node: OrgNode,
    /// The nodes below it.
    pub children: Children,
}

/// The trees below a node.
#[derive(Default)]
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

/// How many levels `Serialize` writes by recursion, in any format: half of what serde_json reads back.
const SHALLOW: usize = 60;

impl OrgTree {
    /// A node with nothing below it.
    pub fn new(node: OrgNode) -> Self {
        Self { node, children: Children::default() }
    }

    /// A new node of this name and code, to import.
    pub fn named(name: impl Into<String>, code: Option<&str>) -> Self {
        let code = code.map(str::to_owned);
        Self::new(OrgNode { name: Some(name.into()), code, ..OrgNode::default() })
    }

    /// Adds a tree below it.
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// This node and all below it, each before its children, with how deep it stands: 0, 1 and so on.
    pub fn walk(&self) -> impl Iterator<Item = (usize, &OrgNode)> {
        let mut next = vec![(0, self)];
        std::iter::from_fn(move || {
            let (depth, tree) = next.pop()?;
            next.extend(tree.children.iter().rev().map(|child| (depth + 1, child)));
            Some((depth, &tree.node))
        })
    }

    /// JSON, in the form of an export. Members are named by id, name and addresses.
    pub fn to_json(&self) -> String {
        enum Step<'a> {
            Open(&'a OrgTree),
            Text(&'static str),
        }
        let mut json = String::new();
        let mut next = vec![Step::Open(self)];
        while let Some(step) = next.pop() {
            let tree = match step {
                Step::Text(text) => {
                    json.push_str(text);
                    continue;
                }
                Step::Open(tree) => tree,
            };
            // Texts, numbers and lists of them: nothing that cannot be written.
            let own = serde_json::to_string(&Own(&tree.node)).unwrap_or_else(|_| "{}".to_owned());
            json.push_str(&own[..own.len() - 1]);
            json.push_str(if own.len() > 2 { ",\"children\":[" } else { "\"children\":[" });
            next.push(Step::Text("]}"));
            for (at, child) in tree.children.iter().enumerate().rev() {
                next.push(Step::Open(child));
                if at > 0 {
                    next.push(Step::Text(","));
                }
            }
        }
        json
    }
}

/// A node without its place in the tree.
struct Own<'a>(&'a OrgNode);

/// Who a member is, without their secrets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Member<'a> {
    id: &'a Option<String>,
    username: &'a Option<String>,
    email: &'a Option<String>,
    phone: &'a Option<String>,
    external_id: &'a Option<String>,
}

impl<'a> From<&'a User> for Member<'a> {
    fn from(user: &'a User) -> Self {
        let User { id, username, email, phone, external_id, .. } = user;
        Self { id, username, email, phone, external_id }
    }
}

impl Own<'_> {
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let node = self.0;
        let texts = [
            ("id", &node.id),
            ("orgId", &node.org_id),
            ("name", &node.name),
            ("nameI18n", &node.name_i18n),
            ("description", &node.description),
            ("descriptionI18n", &node.description_i18n),
            ("code", &node.code),
            ("createdAt", &node.created_at),
            ("updatedAt", &node.updated_at),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                map.serialize_entry(name, text)?;
            }
        }
        if let Some(order) = node.order {
            map.serialize_entry("order", &order)?;
        }
        if let Some(root) = node.root {
            map.serialize_entry("root", &root)?;
        }
        if !node.members.is_empty() {
            map.serialize_entry("members", &node.members.iter().map(Member::from).collect::<Vec<_>>())?;
        }
        node.extra.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))
    }
}

impl Serialize for Own<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        self.write(&mut map)?;
        map.end()
    }
}

/// A tree of few levels.
struct Shallow<'a>(&'a OrgTree);

impl Serialize for Shallow<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        Own(&self.0.node).write(&mut map)?;
        map.serialize_entry("children", &self.0.children.iter().map(Shallow).collect::<Vec<_>>())?;
        map.end()
    }
}

impl Serialize for OrgTree {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.walk().all(|(depth, _)| depth < SHALLOW) {
            return Shallow(self).serialize(to);
        }
        RawValue::from_string(self.to_json()).map_err(S::Error::custom)?.serialize(to)
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

/// Trees, and what was wrong with the list that they were made of.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Forest {
    /// The trees, in the order of their roots in the list. One, unless something is wrong.
    pub roots: Vec<OrgTree>,
    /// What was wrong. Every node is in a tree all the same.
    pub faults: Vec<TreeFault>,
}

/// Why nodes do not make one tree.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TreeFault {
    /// A node names a child that is not in the list.
    MissingChild {
        /// The node.
        parent: String,
        /// Whom it names.
        child: String,
    },
    /// A node is the child of two; it stands below the first.
    SecondParent {
        /// The second.
        parent: String,
        /// The node.
        child: String,
    },
    /// A node stands below itself. The link is cut: the child is a root.
    Cycle {
        /// The node above the cut.
        parent: String,
        /// The node below it.
        child: String,
    },
    /// Two nodes have one id; children of that id are the first one's.
    DuplicateId {
        /// The id.
        id: String,
    },
}

impl Org {
    /// Nests the nodes: the `children` of each are then trees, not ids.
    pub fn treeify(self) -> Forest {
        treeify(self.nodes)
    }
}

/// Nests nodes by their lists of children's ids, in linear time. Missing children and cycles are named in the result; the
/// other nodes stand where they belong.
pub fn treeify(mut nodes: Vec<OrgNode>) -> Forest {
    let mut faults = Vec::new();
    let mut children = link(&mut nodes, &mut faults);
    let order = preorder(&nodes, &mut children, &mut faults);

    // From the last to the first: every node comes after its children, which wait in their parent's list.
    let mut parents: Vec<Option<usize>> = vec![None; nodes.len()];
    for (parent, list) in children.iter().enumerate() {
        list.iter().for_each(|child| parents[*child] = Some(parent));
    }
    let mut built: Vec<Vec<OrgTree>> = children.iter().map(|list| Vec::with_capacity(list.len())).collect();
    let mut roots = Vec::new();
    for at in order.into_iter().rev() {
        let mut below = std::mem::take(&mut built[at]);
        below.reverse();
        let tree = OrgTree { node: std::mem::take(&mut nodes[at]), children: Children(below) };
        match parents[at] {
            Some(parent) => built[parent].push(tree),
            None => roots.push(tree),
        }
    }
    roots.reverse();
    Forest { roots, faults }
}

fn id_of(node: &OrgNode) -> String {
    node.id.clone().unwrap_or_default()
}

/// The children of each node by position, each node in one list at the most.
fn link(nodes: &mut [OrgNode], faults: &mut Vec<TreeFault>) -> Vec<Vec<usize>> {
    let named: Vec<Vec<String>> = nodes.iter_mut().map(|node| std::mem::take(&mut node.children)).collect();
    let mut positions: HashMap<&str, usize> = HashMap::with_capacity(nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        let Some(id) = node.id.as_deref() else { continue };
        match positions.entry(id) {
            Entry::Vacant(free) => {
                free.insert(at);
            }
            Entry::Occupied(_) => faults.push(TreeFault::DuplicateId { id: id.to_owned() }),
        }
    }
    let mut has_parent = vec![false; nodes.len()];
    let mut children = Vec::with_capacity(nodes.len());
    for (node, named) in nodes.iter().zip(named) {
        let mut own = Vec::with_capacity(named.len());
        for child in named {
            let parent = || id_of(node);
            match positions.get(child.as_str()) {
                None => faults.push(TreeFault::MissingChild { parent: parent(), child }),
                Some(at) if has_parent[*at] => faults.push(TreeFault::SecondParent { parent: parent(), child }),
                Some(at) => {
                    has_parent[*at] = true;
                    own.push(*at);
                }
            }
        }
        children.push(own);
    }
    children
}

/// Every position once, each before its children; a cycle is cut at its first node in the list.
fn preorder(nodes: &[OrgNode], children: &mut [Vec<usize>], faults: &mut Vec<TreeFault>) -> Vec<usize> {
    let mut parents: Vec<Option<usize>> = vec![None; nodes.len()];
    for (parent, list) in children.iter().enumerate() {
        list.iter().for_each(|child| parents[*child] = Some(parent));
    }
    // What no root leads to hangs on a cycle. Of each cycle the first node becomes a root.
    let mut reached = vec![false; nodes.len()];
    let reach = |from: usize, children: &[Vec<usize>], reached: &mut [bool]| {
        let mut next = vec![from];
        while let Some(at) = next.pop() {
            reached[at] = true;
            next.extend(&children[at]);
        }
    };
    for root in (0..nodes.len()).filter(|at| parents[*at].is_none()) {
        reach(root, children, &mut reached);
    }
    for start in 0..nodes.len() {
        if reached[start] {
            continue;
        }
        let cut = first_of_cycle(start, &parents);
        if let Some(parent) = parents[cut].take() {
            children[parent].retain(|child| *child != cut);
            faults.push(TreeFault::Cycle { parent: id_of(&nodes[parent]), child: id_of(&nodes[cut]) });
        }
        reach(cut, children, &mut reached);
    }
    let mut order = Vec::with_capacity(nodes.len());
    for root in (0..nodes.len()).filter(|at| parents[*at].is_none()) {
        let mut next = vec![root];
        while let Some(at) = next.pop() {
            order.push(at);
            next.extend(children[at].iter().rev());
        }
    }
    order
}

/// The first node in the list of the cycle that the parents of `start` lead into.
fn first_of_cycle(start: usize, parents: &[Option<usize>]) -> usize {
    let above = |at: usize| parents[at].unwrap_or(at);
    // One walks, one runs: they meet on the cycle.
    let (mut slow, mut fast) = (above(start), above(above(start)));
    while slow != fast {
        (slow, fast) = (above(slow), above(above(fast)));
    }
    let mut first = slow;
    let mut at = above(slow);
    while at != slow {
        first = first.min(at);
        at = above(at);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(id: &str, children: &[&str]) -> OrgNode {
        let children = children.iter().map(|id| (*id).to_owned()).collect();
        OrgNode { id: Some(id.to_owned()), name: Some(id.to_uppercase()), children, ..OrgNode::default() }
    }

    /// `a(b, c(d))`.
    fn shape(tree: &OrgTree) -> String {
        let id = id_of(&tree.node);
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
        let walked: Vec<_> = forest.roots[0].walk().map(|(depth, node)| (depth, id_of(node))).collect();
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
}
