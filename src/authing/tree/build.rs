use super::{Children, Org, OrgNode, OrgTree, share_places};
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

/// Trees, and what was wrong with the list that they were made of.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Forest {
    /// The trees, in the order of their roots in the list. One, unless something is wrong.
    pub roots: Vec<OrgTree>,
    /// What was wrong. Every node is in a tree all the same.
    pub faults: Vec<TreeFault>,
}

/// Why nodes do not make one tree.
///
/// Ids are shared: a node with a long id and many missing children costs its id once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TreeFault {
    /// A node names a child that is not in the list.
    MissingChild {
        /// The node.
        parent: Arc<str>,
        /// The id that it names.
        child: Arc<str>,
    },
    /// A node is the child of two; it stands below the first.
    SecondParent {
        /// The second.
        parent: Arc<str>,
        /// The node.
        child: Arc<str>,
    },
    /// A node stands below itself. The link is cut: the child is a root.
    Cycle {
        /// The node above the cut.
        parent: Arc<str>,
        /// The node below it.
        child: Arc<str>,
    },
    /// Two nodes have one id; children of that id are the first one's.
    DuplicateId {
        /// The id.
        id: Arc<str>,
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
    let mut links = link(&mut nodes, &mut faults);
    cut_cycles(&nodes, &mut links, &mut faults);
    let order = preorder(&links);

    // From the last to the first: every node comes after its children, which wait in their parent's list.
    let mut built: Vec<Vec<OrgTree>> = nodes.iter().map(|_| Vec::new()).collect();
    let mut roots = Vec::new();
    for at in order.into_iter().rev() {
        let mut below = std::mem::take(&mut built[at]);
        below.reverse();
        let tree = OrgTree { node: std::mem::take(&mut nodes[at]), children: Children(below) };
        match links.parents[at] {
            Some(parent) => {
                let siblings = &mut built[parent];
                if siblings.is_empty() {
                    siblings.reserve_exact(links.children[parent].len());
                }
                siblings.push(tree);
            }
            None => roots.push(tree),
        }
    }
    roots.reverse();
    share_places(&mut roots);
    Forest { roots, faults }
}

pub(super) fn id_of(node: &OrgNode) -> Arc<str> {
    node.id.as_deref().unwrap_or_default().into()
}

/// Who stands below whom, by position; each node below one other at the most.
struct Links {
    children: Vec<Vec<usize>>,
    parents: Vec<Option<usize>>,
}

impl Links {
    fn roots(&self) -> impl Iterator<Item = usize> {
        self.parents.iter().enumerate().filter(|(_, parent)| parent.is_none()).map(|(at, _)| at)
    }
}

fn link(nodes: &mut [OrgNode], faults: &mut Vec<TreeFault>) -> Links {
    let named: Vec<Vec<String>> = nodes.iter_mut().map(OrgNode::take_children).collect();
    let mut positions: HashMap<&str, usize> = HashMap::with_capacity(nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        let Some(id) = node.id.as_deref() else { continue };
        match positions.entry(id) {
            Entry::Vacant(free) => {
                free.insert(at);
            }
            Entry::Occupied(_) => faults.push(TreeFault::DuplicateId { id: id.into() }),
        }
    }
    let mut parents = vec![None; nodes.len()];
    let mut children = Vec::with_capacity(nodes.len());
    for (from, (node, named)) in nodes.iter().zip(named).enumerate() {
        let mut own = Vec::with_capacity(named.len());
        let mut shared: Option<Arc<str>> = None;
        for child in named {
            let mut parent = || shared.get_or_insert_with(|| id_of(node)).clone();
            match positions.get(child.as_str()) {
                None => faults.push(TreeFault::MissingChild { parent: parent(), child: child.into() }),
                Some(at) if parents[*at].is_some() => {
                    faults.push(TreeFault::SecondParent { parent: parent(), child: child.into() });
                }
                Some(at) => {
                    parents[*at] = Some(from);
                    own.push(*at);
                }
            }
        }
        children.push(own);
    }
    Links { children, parents }
}

/// What no root leads to hangs on a cycle. Of each cycle the first node in the list becomes a root.
fn cut_cycles(nodes: &[OrgNode], links: &mut Links, faults: &mut Vec<TreeFault>) {
    let mut reached = vec![false; nodes.len()];
    let reach = |from: usize, children: &[Vec<usize>], reached: &mut [bool]| {
        let mut next = vec![from];
        while let Some(at) = next.pop() {
            reached[at] = true;
            next.extend(&children[at]);
        }
    };
    for root in links.roots() {
        reach(root, &links.children, &mut reached);
    }
    for start in 0..nodes.len() {
        if reached[start] {
            continue;
        }
        let cut = first_of_cycle(start, &links.parents);
        if let Some(parent) = links.parents[cut].take() {
            links.children[parent].retain(|child| *child != cut);
            faults.push(TreeFault::Cycle { parent: id_of(&nodes[parent]), child: id_of(&nodes[cut]) });
        }
        reach(cut, &links.children, &mut reached);
    }
}

/// Every position once, each before its children.
fn preorder(links: &Links) -> Vec<usize> {
    let mut order = Vec::with_capacity(links.parents.len());
    let mut next = Vec::new();
    for root in links.roots() {
        next.push(root);
        while let Some(at) = next.pop() {
            order.push(at);
            next.extend(links.children[at].iter().rev());
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
