//! What makes one tree of an organization like another.

use iam_sdk::authing::{OrgNode, OrgTree, User};
use serde::Serialize;
use std::collections::{HashMap, HashSet, VecDeque};

/// A change of the service's tree. They are to be made in their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Adds a node of the file.
    Add { node: usize },
    /// Changes what a node is called.
    Update { id: String, node: usize, name: Option<String>, code: Option<String>, description: Option<String> },
    /// A node differs in what the service has no call to change: only a new node gets it.
    Differ { node: usize, detail: String },
    /// Moves a node, with all below it, to where its parent in the file is.
    Move { id: String, node: usize, from: String },
    /// Adds users to a node.
    Join { node: usize, members: Vec<User> },
    /// Removes users from a node.
    Leave { node: usize, members: Vec<User> },
    /// Removes a node, with all that is left below it.
    Remove { id: String, path: String },
}

/// A node of the file, with its place.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    pub node: &'a OrgNode,
    /// The number of the node above it.
    pub parent: Option<usize>,
}

/// The nodes of a tree, each after its parent.
pub fn placed(tree: &OrgTree) -> Vec<Placed<'_>> {
    let (mut nodes, mut above): (Vec<Placed<'_>>, Vec<usize>) = (Vec::new(), Vec::new());
    for (depth, node) in tree.walk() {
        above.truncate(depth);
        nodes.push(Placed { node, parent: above.last().copied() });
        above.push(nodes.len() - 1);
    }
    nodes
}

/// How many names of a path are shown at its ends.
const FIRST: usize = 2;
const LAST: usize = 8;

/// Returns the names from the root to a node; of a long path, those at its ends.
pub fn path(nodes: &[Placed<'_>], at: usize) -> String {
    let above = std::iter::successors(Some(at), |at| nodes[*at].parent);
    let (mut last, mut first, mut left_out) = (Vec::new(), VecDeque::with_capacity(FIRST + 1), false);
    for at in above {
        if last.len() < LAST {
            last.push(at);
            continue;
        }
        first.push_front(at);
        if first.len() > FIRST {
            first.pop_back();
            left_out = true;
        }
    }
    let names = |at: &usize| name(nodes[*at].node);
    let first = first.iter().map(names).chain(left_out.then_some("…"));
    first.chain(last.iter().rev().map(names)).collect::<Vec<_>>().join("/")
}

pub fn name(node: &OrgNode) -> &str {
    node.name.as_deref().unwrap_or_default()
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// The differences of two trees.
#[derive(Debug)]
pub struct TreeDiff {
    pub changes: Vec<Change>,
    /// The service's id of each node of the file, where there is one.
    pub ids: Vec<Option<String>>,
}

impl TreeDiff {
    /// What creates all that a file has.
    pub fn all(file: &[Placed<'_>]) -> Self {
        Self { changes: (0..file.len()).map(|node| Change::Add { node }).collect(), ids: vec![None; file.len()] }
    }

    /// Compares a file's tree with the service's. The roots are the same node, whatever they are called.
    ///
    /// Nodes are the same that have the same code; or else the same id; or else the same name below the same parent. What the
    /// file leaves out, such as a description, stays as it is.
    pub fn new(file: &[Placed<'_>], service: &[Placed<'_>]) -> Self {
        let pairs = pairs(file, service);
        let id_of = |at: usize| service[at].node.id.clone().unwrap_or_default();
        let mut changes = Vec::new();
        for (at, Placed { node, parent }) in file.iter().enumerate() {
            let Some(other) = pairs[at] else {
                changes.push(Change::Add { node: at });
                continue;
            };
            let own = service[other].node;
            let changed = |new: &Option<String>, old: &Option<String>| {
                given(new).filter(|new| Some(*new) != given(old)).map(str::to_owned)
            };
            let (name, code) = (changed(&node.name, &own.name), changed(&node.code, &own.code));
            // One that the file has as an empty text is taken away; one that it does not have stays.
            let description =
                node.description.clone().filter(|new| *new != own.description.clone().unwrap_or_default());
            if name.is_some() || code.is_some() || description.is_some() {
                changes.push(Change::Update { id: id_of(other), node: at, name, code, description });
            }
            if let Some(detail) = differing(node, own) {
                changes.push(Change::Differ { node: at, detail });
            }
            let is_moved = parent.is_some() && parent.and_then(|parent| pairs[parent]) != service[other].parent;
            if is_moved {
                changes.push(Change::Move { id: id_of(other), node: at, from: path(service, other) });
            }
        }
        for (at, Placed { node, .. }) in file.iter().enumerate() {
            let there = pairs[at].map(|other| service[other].node.members.as_slice()).unwrap_or_default();
            let (joining, leaving) = (missing(&node.members, there), missing(there, &node.members));
            if !joining.is_empty() {
                changes.push(Change::Join { node: at, members: joining });
            }
            if !leaving.is_empty() {
                changes.push(Change::Leave { node: at, members: leaving });
            }
        }
        let kept: HashSet<usize> = pairs.iter().flatten().copied().collect();
        for (at, Placed { parent, .. }) in service.iter().enumerate() {
            // What is below a node that goes, goes with it.
            if !kept.contains(&at) && parent.is_some_and(|parent| kept.contains(&parent)) {
                changes.push(Change::Remove { id: id_of(at), path: path(service, at) });
            }
        }
        let ids = pairs.into_iter().map(|pair| pair.map(id_of)).collect();
        Self { changes, ids }
    }

    /// Returns how many nodes differ in what no call changes.
    pub fn differing(&self) -> usize {
        self.changes.iter().filter(|change| matches!(change, Change::Differ { .. })).count()
    }

    /// Returns the members who join.
    pub fn joining(&self) -> impl Iterator<Item = &User> {
        self.changes.iter().flat_map(|change| match change {
            Change::Join { members, .. } => members.as_slice(),
            _ => &[],
        })
    }

    /// Leaves out what takes something away.
    pub fn without_removals(mut self) -> Self {
        self.changes.retain(|change| !matches!(change, Change::Remove { .. } | Change::Leave { .. }));
        self
    }

    /// Returns whether something is taken away.
    pub fn removes(&self) -> bool {
        self.changes.iter().any(|change| matches!(change, Change::Remove { .. } | Change::Leave { .. }))
    }

    /// Returns the changes for people.
    pub fn lines(&self, file: &[Placed<'_>]) -> Vec<DiffLine> {
        self.changes.iter().map(|change| DiffLine::of(change, file)).collect()
    }
}

/// Returns in what a node differs that a new node gets and no call changes.
fn differing(file: &OrgNode, service: &OrgNode) -> Option<String> {
    let json = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::from(text));
    let texts = [
        ("nameI18n", &file.name_i18n, &service.name_i18n),
        ("descriptionI18n", &file.description_i18n, &service.description_i18n),
    ];
    let texts = texts.into_iter().filter_map(|(member, new, old)| {
        let new = given(new)?;
        (given(old).map(json) != Some(json(new))).then(|| format!("{member}: {new}"))
    });
    let order = file.order.filter(|order| service.order.unwrap_or(0) != *order).map(|order| format!("order: {order}"));
    let parts: Vec<_> = texts.chain(order).collect();
    (!parts.is_empty()).then(|| format!("{} (no call changes it)", parts.join(", ")))
}

/// Finds for each node of the file the same one of the service.
fn pairs(file: &[Placed<'_>], service: &[Placed<'_>]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; file.len()];
    let mut taken = vec![false; service.len()];
    if let (Some(pair), Some(taken)) = (pairs.first_mut(), taken.first_mut()) {
        (*pair, *taken) = (Some(0), true);
    }
    for member in
        [|node: &OrgNode| given(&node.code).map(str::to_owned), |node: &OrgNode| given(&node.id).map(str::to_owned)]
    {
        let known: HashMap<String, usize> =
            service.iter().enumerate().skip(1).filter_map(|(at, placed)| Some((member(placed.node)?, at))).collect();
        for (at, placed) in file.iter().enumerate().skip(1) {
            let found = member(placed.node).and_then(|value| known.get(&value).copied());
            if let (None, Some(found)) = (pairs[at], found.filter(|found| !taken[*found])) {
                (pairs[at], taken[found]) = (Some(found), true);
            }
        }
    }
    let mut by_name: HashMap<(usize, &str), Vec<usize>> = HashMap::new();
    for (at, placed) in service.iter().enumerate().rev() {
        if let (Some(parent), false) = (placed.parent, taken[at]) {
            by_name.entry((parent, name(placed.node))).or_default().push(at);
        }
    }
    for at in 1..file.len() {
        // The parent comes first, so that its pair is known.
        let parent = file[at].parent.and_then(|parent| pairs[parent]);
        if let (None, Some(parent)) = (pairs[at], parent) {
            pairs[at] = by_name.get_mut(&(parent, name(file[at].node))).and_then(Vec::pop);
        }
    }
    pairs
}

/// Returns the names of a user that two pools can share, and the id.
pub fn names(user: &User) -> impl Iterator<Item = (&'static str, String)> {
    let User { id, username, email, phone, external_id, .. } = user;
    let email = email.as_deref().map(str::to_lowercase);
    let names = [
        ("username", username.clone()),
        ("email", email),
        ("phone", phone.clone()),
        ("externalId", external_id.clone()),
        ("id", id.clone()),
    ];
    names.into_iter().filter_map(|(member, value)| Some((member, value.filter(|value| !value.is_empty())?)))
}

/// Returns the members of `these` that are none of `those`.
fn missing(these: &[User], those: &[User]) -> Vec<User> {
    let known: HashSet<_> = those.iter().flat_map(names).collect();
    these.iter().filter(|user| !names(user).any(|name| known.contains(&name))).cloned().collect()
}

/// Returns what people call a user.
pub fn called(user: &User) -> String {
    names(user).next().map(|(_, value)| value).unwrap_or_default()
}

/// A change for people.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct DiffLine {
    pub change: &'static str,
    pub path: String,
    pub detail: String,
}

/// The members of a line.
pub const LINE: &[&str] = &["change", "path", "detail"];

impl DiffLine {
    fn of(change: &Change, file: &[Placed<'_>]) -> Self {
        let users = |members: &[User]| members.iter().map(called).collect::<Vec<_>>().join(", ");
        let (change, path, detail) = match change {
            Change::Add { node } => ("add", path(file, *node), file[*node].node.code.clone().unwrap_or_default()),
            Change::Update { node, name, code, description, .. } => {
                let parts = [("name", name), ("code", code), ("description", description)];
                let parts =
                    parts.into_iter().filter_map(|(member, value)| Some(format!("{member}: {}", value.as_ref()?)));
                ("update", path(file, *node), parts.collect::<Vec<_>>().join(", "))
            }
            Change::Differ { node, detail } => ("differ", path(file, *node), detail.clone()),
            Change::Move { node, from, .. } => ("move", path(file, *node), format!("from {from}")),
            Change::Join { node, members } => ("join", path(file, *node), users(members)),
            Change::Leave { node, members } => ("leave", path(file, *node), users(members)),
            Change::Remove { path, .. } => ("remove", path.clone(), String::new()),
        };
        Self { change, path, detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name#code=id`, each part but the name left out at will; `+user` adds a member.
    fn node(text: &str) -> OrgTree {
        let mut parts = text.split('+');
        let (text, id) = parts
            .next()
            .unwrap()
            .split_once('=')
            .map_or((text.split('+').next().unwrap(), None), |(text, id)| (text, Some(id)));
        let (name, code) = text.split_once('#').map_or((text, None), |(name, code)| (name, Some(code)));
        let mut tree = OrgTree::named(name, code);
        tree.node.id = id.map(str::to_owned);
        tree.node.members =
            parts.map(|name| User::default().with_username(name).with_id(format!("id-{name}"))).collect();
        tree
    }

    /// Indented by two blanks a level.
    fn tree(text: &str) -> OrgTree {
        let mut open: Vec<OrgTree> = Vec::new();
        let close = |open: &mut Vec<OrgTree>, depth: usize| {
            while open.len() > depth.max(1) {
                let done = open.pop().unwrap();
                open.last_mut().unwrap().children.push(done);
            }
        };
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let depth = (line.len() - line.trim_start().len()) / 2;
            if !open.is_empty() {
                close(&mut open, depth);
            }
            open.push(node(line.trim()));
        }
        close(&mut open, 0);
        open.pop().unwrap()
    }

    fn lines(file: &str, service: &str) -> Vec<String> {
        let (file, service) = (tree(file), tree(service));
        let (file, service) = (placed(&file), placed(&service));
        let diff = TreeDiff::new(&file, &service);
        diff.lines(&file)
            .iter()
            .map(|line| format!("{} {} {}", line.change, line.path, line.detail).trim().to_owned())
            .collect()
    }

    #[test]
    fn differences_are_named() {
        let service = "HQ=0\n  Sales#s=1+ann+bob\n    North=2\n    South=3\n  IT#it=4";
        for (file, expected) in [
            (service, &[][..]),
            ("HQ\n  Sales#s+bob+ann\n    North\n    South\n  IT#it", &[]),
            ("Head\n  Sales#s+ann+bob\n    North\n    South\n  IT#it", &["update Head name: Head"]),
            ("HQ\n  Vente#s+ann+bob\n    North\n    South\n  IT#it", &["update HQ/Vente name: Vente"]),
            ("HQ\n  Sales#s+ann+bob\n    North\n    Sud=3\n  IT#it", &["update HQ/Sales/Sud name: Sud"]),
            ("HQ\n  Sales#s+ann+bob\n    North\n    Sud\n  IT#it", &["add HQ/Sales/Sud", "remove HQ/Sales/South"]),
            ("HQ\n  Sales#s+ann+bob\n    North\n    South\n    IT#it", &["move HQ/Sales/IT from HQ/IT"]),
            (
                "HQ\n  Sales#s+ann+bob\n    North#n\n    South\n  IT#it\n    Web#w",
                &["update HQ/Sales/North code: n", "add HQ/IT/Web w"],
            ),
            ("HQ\n  IT#it", &["remove HQ/Sales"]),
            (
                "HQ\n  Sales#s+ann+cem\n    North\n    South\n  IT#it+bob",
                &["join HQ/Sales cem", "leave HQ/Sales bob", "join HQ/IT bob"],
            ),
            // What is below a node that goes can stay.
            ("HQ\n  IT#it\n    North=2", &["move HQ/IT/North from HQ/Sales/North", "remove HQ/Sales"]),
            // Above and below change places: the upper one goes first.
            ("HQ\n  IT#it\n    Sales#s+ann+bob\n      North=2\n      South=3", &["move HQ/IT/Sales from HQ/Sales"]),
        ] {
            assert_eq!(lines(file, service), expected, "{file}");
        }
        assert_eq!(lines("A\n  X\n  X", "A\n  X"), ["add A/X"], "two of one name are two");
    }

    #[test]
    fn what_no_call_changes_differs_all_the_same() {
        let with = |order: Option<i64>, i18n: Option<&str>, description: Option<&str>| {
            let mut tree = OrgTree::named("HQ", Some("hq"));
            (tree.node.id, tree.node.order) = (Some("0".to_owned()), order);
            tree.node.name_i18n = i18n.map(str::to_owned);
            tree.node.description = description.map(str::to_owned);
            tree
        };
        let service = with(Some(2), Some("{\"en\": \"HQ\"}"), Some("old"));
        for (file, expected) in [
            (with(None, None, None), vec![]),
            (with(Some(2), Some("{\"en\":\"HQ\"}"), Some("old")), vec![]),
            (with(Some(3), None, None), vec!["differ order: 3 (no call changes it)"]),
            (with(None, Some("{}"), None), vec!["differ nameI18n: {} (no call changes it)"]),
            (with(None, None, Some("")), vec!["update description: "]),
        ] {
            let (file, service) = (placed(&file), placed(&service));
            let lines = TreeDiff::new(&file, &service).lines(&file);
            let lines: Vec<_> = lines.iter().map(|line| format!("{} {}", line.change, line.detail)).collect();
            assert_eq!(lines, expected);
        }
    }

    #[test]
    fn of_a_long_path_the_ends_are_shown() {
        let mut chain = OrgTree::named("20", None);
        for level in (0..20).rev() {
            chain = OrgTree::named(level.to_string(), None).child(chain);
        }
        let nodes = placed(&chain);
        assert_eq!((path(&nodes, 0).as_str(), path(&nodes, 9).as_str()), ("0", "0/1/2/3/4/5/6/7/8/9"));
        assert_eq!(path(&nodes, 10), "0/1/…/3/4/5/6/7/8/9/10");
        assert_eq!(path(&nodes, 20), "0/1/…/13/14/15/16/17/18/19/20");
    }

    #[test]
    fn every_node_of_the_file_knows_its_id_or_is_added() {
        let (file, service) = (tree("HQ\n  Sales#s\n    New"), tree("HQ=0\n  Sales#s=1"));
        let (file, service) = (placed(&file), placed(&service));
        let diff = TreeDiff::new(&file, &service);
        assert_eq!(diff.ids, [Some("0".to_owned()), Some("1".to_owned()), None]);
        assert_eq!(diff.changes, [Change::Add { node: 2 }]);
        let back = TreeDiff::new(&service, &file);
        assert!(back.removes() && !back.without_removals().removes());
    }
}
