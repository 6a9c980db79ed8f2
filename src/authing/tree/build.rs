use super::{Children, Org, OrgNode, OrgTree};
use std::{
    hash::{BuildHasher as _, RandomState},
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
    let mut links = Links::new(&mut nodes, &mut faults);
    let order = order_by_level(&nodes, &mut links, &mut faults);
    for &at in &order {
        let mut shared = None;
        for child in links.children(at) {
            if nodes[child].has_place() {
                let shared = shared.get_or_insert_with(|| nodes[at].shared_places());
                nodes[child].share_place(shared);
            }
        }
    }

    // From the last to the first: every node comes after its children, which have theirs.
    let mut built: Vec<Vec<OrgTree>> = nodes.iter().map(|_| Vec::new()).collect();
    let mut take = |at: usize, built: &mut [Vec<OrgTree>]| OrgTree {
        node: std::mem::take(&mut nodes[at]),
        children: Children(std::mem::take(&mut built[at])),
    };
    for at in order.into_iter().rev().filter(|at| links.has_children(*at)) {
        let mut below = Vec::with_capacity(links.children(at).count());
        below.extend(links.children(at).map(|child| take(child, &mut built)));
        built[at] = below;
    }
    let roots = links.roots().map(|root| take(root, &mut built)).collect();
    Forest { roots, faults }
}

pub(super) fn id_of(node: &OrgNode) -> Arc<str> {
    node.id.as_deref().unwrap_or_default().into()
}

/// Where each id stands in the list: a hash table of positions alone, small enough to be searched in little time.
struct Positions {
    hasher: RandomState,
    /// In the low bits a position and one, in the others those bits of the id's hash. Zero is free, and so is half of the slots.
    slots: Vec<usize>,
}

impl Positions {
    /// Finds the first node of each id; the others are faults.
    fn new(nodes: &[OrgNode], faults: &mut Vec<TreeFault>) -> Self {
        let slots = vec![0; (2 * nodes.len() + 2).next_power_of_two()];
        let mut positions = Self { hasher: RandomState::new(), slots };
        for (at, node) in nodes.iter().enumerate() {
            let Some(id) = node.id.as_deref() else { continue };
            match positions.search(nodes, id) {
                Ok(_) => faults.push(TreeFault::DuplicateId { id: id.into() }),
                Err((slot, hash)) => positions.slots[slot] = hash | (at + 1),
            }
        }
        positions
    }

    fn find(&self, nodes: &[OrgNode], id: &str) -> Option<usize> {
        self.search(nodes, id).ok()
    }

    /// Returns the position of an id, or the slot where it belongs, and what to write there besides its position.
    fn search(&self, nodes: &[OrgNode], id: &str) -> Result<usize, (usize, usize)> {
        let mask = self.slots.len() - 1;
        let hash = self.hasher.hash_one(id) as usize;
        let mut slot = hash & mask;
        loop {
            let entry = self.slots[slot];
            if entry == 0 {
                return Err((slot, hash & !mask));
            }
            let at = (entry & mask) - 1;
            if entry & !mask == hash & !mask && nodes[at].id.as_deref() == Some(id) {
                return Ok(at);
            }
            slot = (slot + 1) & mask;
        }
    }
}

/// In place of a parent's position.
const NONE: usize = usize::MAX;

/// Who stands below whom, by position; each node below one other at the most.
struct Links {
    /// The children of the first node, of the second one and so on.
    children: Vec<usize>,
    /// Where in `children` those of each node end.
    ends: Vec<usize>,
    /// The parent of each node, or [`NONE`]. A child with another parent than the node that lists it is none of its.
    parents: Vec<usize>,
}

impl Links {
    fn new(nodes: &mut [OrgNode], faults: &mut Vec<TreeFault>) -> Self {
        let positions = Positions::new(nodes, faults);
        let has_duplicates = !faults.is_empty();
        let mut parents = vec![NONE; nodes.len()];
        let mut children = Vec::with_capacity(nodes.len());
        let mut ends = Vec::with_capacity(nodes.len());
        for from in 0..nodes.len() {
            let mut shared: Option<Arc<str>> = None;
            for child in nodes[from].take_children() {
                let mut parent = || shared.get_or_insert_with(|| id_of(&nodes[from])).clone();
                // Siblings often follow one another in the list, and need not be searched.
                let next = children.last().map_or(0, |last| last + 1);
                let is_next = !has_duplicates && nodes.get(next).is_some_and(|node| node.id.as_ref() == Some(&child));
                match if is_next { Some(next) } else { positions.find(nodes, &child) } {
                    None => faults.push(TreeFault::MissingChild { parent: parent(), child: child.into() }),
                    Some(at) if parents[at] != NONE => {
                        faults.push(TreeFault::SecondParent { parent: parent(), child: child.into() });
                    }
                    Some(at) => {
                        parents[at] = from;
                        children.push(at);
                    }
                }
            }
            ends.push(children.len());
        }
        Self { children, ends, parents }
    }

    fn has_children(&self, at: usize) -> bool {
        self.children(at).next().is_some()
    }

    fn children(&self, at: usize) -> impl Iterator<Item = usize> {
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        let listed = self.children[begin..self.ends[at]].iter().copied();
        listed.filter(move |child| self.parents[*child] == at)
    }

    fn roots(&self) -> impl Iterator<Item = usize> {
        self.parents.iter().enumerate().filter(|(_, parent)| **parent == NONE).map(|(at, _)| at)
    }
}

/// Every position once, each before its children, siblings one after the other.
///
/// What no root leads to hangs on a cycle. Of each cycle the first node in the list becomes a root.
fn order_by_level(nodes: &[OrgNode], links: &mut Links, faults: &mut Vec<TreeFault>) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::with_capacity(nodes.len());
    let mut reached = vec![false; nodes.len()];
    let mut next = 0;
    order.extend(links.roots());
    let mut starts = 0..nodes.len();
    loop {
        while let Some(&at) = order.get(next) {
            reached[at] = true;
            order.extend(links.children(at));
            next += 1;
        }
        let Some(start) = starts.find(|start| !reached[*start]) else { return order };
        let cut = first_of_cycle(start, &links.parents);
        let parent = std::mem::replace(&mut links.parents[cut], NONE);
        if parent != NONE {
            faults.push(TreeFault::Cycle { parent: id_of(&nodes[parent]), child: id_of(&nodes[cut]) });
        }
        order.push(cut);
    }
}

/// The first node in the list of the cycle that the parents of `start` lead into.
fn first_of_cycle(start: usize, parents: &[usize]) -> usize {
    let above = |at: usize| if parents[at] == NONE { at } else { parents[at] };
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
