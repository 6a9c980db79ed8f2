//! How much memory a node of a tree takes.

use iam_sdk::authing::{OrgNode, OrgTree, treeify};
use serde_json::{Value, json};

/// How much memory a node may take: with an id of 24 characters, a short name, and all that the service says of a node.
const BYTES: usize = 250;
/// How much it may take where it is the only one below its parent.
const CHAIN_BYTES: usize = 310;

fn id(n: usize) -> String {
    format!("5f7174c2{n:016x}")
}

/// What the service sends of a node in response to the documents of this crate, but for its children.
fn whole(n: usize, path: &[usize]) -> Value {
    json!({
        "id": id(n), "orgId": "5f7174c2b4f3e8d9a1b2c3d5", "name": format!("Department {n}"), "nameI18n": null,
        "description": null, "descriptionI18n": null, "order": n, "code": format!("D{n:05}"), "root": n == 0,
        "depth": path.len() - 1, "path": path.iter().map(|n| id(*n)).collect::<Vec<_>>(),
        "createdAt": "2020-09-28T05:29:38.000Z", "updatedAt": "2021-10-29T16:30:39.123Z", "members": [],
    })
}

/// A tree of so many nodes, of which each has so many below it.
#[derive(Clone, Copy)]
struct Shape {
    size: usize,
    below: usize,
    is_whole: bool,
}

impl Shape {
    fn children(self, n: usize) -> impl Iterator<Item = usize> {
        (self.below * n + 1..=self.below * n + self.below).filter(move |child| *child < self.size)
    }

    fn path(self, n: usize) -> Vec<usize> {
        let mut path: Vec<usize> = std::iter::successors(Some(n), |n| Some(n.checked_sub(1)? / self.below)).collect();
        path.reverse();
        path
    }

    /// The nodes as the service lists them, each before its children.
    fn nodes(self) -> Vec<OrgNode> {
        let node = |n: usize| {
            let children = self.children(n).map(id);
            match self.is_whole {
                true => serde_json::from_value::<OrgNode>(whole(n, &self.path(n))).unwrap().with_children(children),
                false => OrgNode::default().with_id(id(n)).with_name(format!("Department {n}")).with_children(children),
            }
        };
        (0..self.size).map(node).collect()
    }

    /// The nodes as the service exports them, each with its children.
    fn export(self) -> String {
        let mut json = String::new();
        let mut next = vec![Ok(0)];
        while let Some(step) = next.pop() {
            let n = match step {
                Ok(n) => n,
                Err(text) => {
                    json.push_str(text);
                    continue;
                }
            };
            let own = match self.is_whole {
                true => whole(n, &self.path(n)),
                false => json!({"id": id(n), "name": format!("Department {n}")}),
            };
            json.push_str(own.to_string().trim_end_matches('}'));
            json.push_str(",\"children\":[");
            next.push(Err("]}"));
            for (at, child) in self.children(n).enumerate() {
                if at > 0 {
                    next.push(Err(","));
                }
                next.push(Ok(child));
            }
        }
        json
    }
}

/// `now` tells how many bytes are allocated.
pub fn a_node_takes_250_bytes_at_the_most(now: impl Fn() -> usize) {
    let mut failures = Vec::new();
    for (size, below, is_whole, most) in [
        (1_000_000, 8, false, BYTES),
        (50_000, 8, true, BYTES),
        (50_000, 4, true, BYTES),
        // Each node is one above another: nothing is shared.
        (1_000, 1, true, CHAIN_BYTES),
    ] {
        let shape = Shape { size, below, is_whole };
        let before = now();
        let forest = treeify(shape.nodes());
        let built = (now() - before) / size;
        assert_eq!((forest.roots.len(), forest.faults.len()), (1, 0));
        drop(forest);

        let json = shape.export();
        let before = now();
        let tree: OrgTree = serde_json::from_str(&json).unwrap();
        let read = (now() - before) / size;
        assert_eq!(tree.walk().count(), size);
        let last = tree.walk().map(|(_, node)| node).find(|node| node.id == Some(id(size - 1))).unwrap();
        assert_eq!(last.path().len(), if is_whole { shape.path(size - 1).len() } else { 0 });
        let what = if is_whole { "all that the service sends" } else { "id, name and children" };
        println!("a node with {what}, {below} below each: {built} bytes from a list, {read} from an export");
        if built > most || read > most {
            failures.push(format!("{what}, {below} below each: {built} and {read} bytes"));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
