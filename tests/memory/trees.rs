//! How much memory a node of a tree takes.

use iam_sdk::authing::{OrgNode, OrgTree, treeify};

const NODES: usize = 1_000_000;
/// How much memory a node may take, with its id of 24 characters and a short name.
const BYTES: usize = 250;

/// Nodes as the service lists them: eight children each, each before its children.
fn nodes() -> Vec<OrgNode> {
    let id = |n: usize| format!("{n:024x}");
    let node = |n: usize| {
        let mut node = OrgNode::default();
        node.id = Some(id(n));
        node.name = Some(format!("Department {n}"));
        node.children = (8 * n + 1..8 * n + 9).filter(|child| *child < NODES).map(id).collect();
        node
    };
    (0..NODES).map(node).collect()
}

/// `now` tells how many bytes are allocated.
pub fn a_node_takes_250_bytes_at_the_most(now: impl Fn() -> usize) {
    let before = now();
    let forest = treeify(nodes());
    let built = (now() - before) / NODES;
    assert_eq!((forest.roots.len(), forest.faults.len()), (1, 0));
    let json = forest.roots[0].to_json();
    drop(forest);

    let before = now();
    let tree: OrgTree = serde_json::from_str(&json).unwrap();
    let read = (now() - before) / NODES;
    assert_eq!(tree.walk().count(), NODES);
    println!("a node of a tree with id, name and children: {built} bytes from a list, {read} from an export");
    assert!(built <= BYTES && read <= BYTES, "{built} and {read}");
}
