//! Nested trees from JSON, however deep: a scan finds where each node begins and ends, then every node is read by itself.

use super::{Children, OrgNode, OrgTree, share_places};
use crate::protocol::{meter, model::RawText};
use serde::{Deserialize, Deserializer, de::Error};

/// Where in the text the reading failed.
type At = usize;

/// A node whose end has not come yet.
#[derive(Default)]
struct OpenNode {
    /// The node's own JSON, an empty list in place of its children.
    own: Vec<u8>,
    children: Vec<OrgTree>,
}

/// What the scan is inside of, above the depth of a node's own values.
enum Level {
    /// A node's object.
    Node(OpenNode),
    /// A list of nodes.
    List,
}

/// The trees of a list, or the one tree of an object; `null` reads as none.
pub(in crate::authing) fn read(json: &[u8]) -> Result<Vec<OrgTree>, At> {
    let mut scan = Scan { json, at: 0 };
    let mut levels: Vec<Level> = Vec::new();
    let mut trees = Vec::new();
    if scan.value_is(b"null") || scan.peek().is_none() {
        return scan.end(trees);
    }
    levels.push(match scan.peek() {
        Some(b'[') => scan.enter_list()?,
        _ => scan.enter_node()?,
    });
    while let Some(level) = levels.last_mut() {
        match level {
            Level::List => match scan.next_in(b']')? {
                true => {
                    scan.grow(&mut levels)?;
                    levels.push(scan.enter_node()?);
                }
                false => {
                    levels.pop();
                }
            },
            Level::Node(open) => {
                if let Some(entered) = scan.member(open)? {
                    scan.grow(&mut levels)?;
                    levels.push(entered);
                } else if let Some(Level::Node(mut open)) = levels.pop() {
                    let mut node: OrgNode = meter::decode_inner(&open.own).map_err(|_| scan.at)?;
                    node.take_children();
                    open.children.shrink_to_fit();
                    let tree = OrgTree { node, children: Children(open.children) };
                    // The list that it stands in lies between it and its parent.
                    let parent = levels.iter_mut().rev().find_map(|level| match level {
                        Level::Node(parent) => Some(parent),
                        Level::List => None,
                    });
                    let siblings = parent.map_or(&mut trees, |parent| &mut parent.children);
                    scan.grow(siblings)?;
                    siblings.push(tree);
                }
            }
        }
    }
    share_places(&mut trees);
    scan.end(trees)
}

impl<'de> Deserialize<'de> for OrgTree {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let RawText(json) = RawText::deserialize(from)?;
        let trees = read(json.as_bytes()).map_err(|at| D::Error::custom(format!("no tree of nodes, byte {at}")))?;
        match (json.starts_with('{'), trees.into_iter().next()) {
            (true, Some(tree)) => Ok(tree),
            _ => Err(D::Error::custom("no tree of nodes")),
        }
    }
}

struct Scan<'a> {
    json: &'a [u8],
    at: At,
}

impl<'a> Scan<'a> {
    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        while self.json.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.json.get(self.at).copied()
    }

    fn take(&mut self, expected: u8) -> Result<(), At> {
        if self.peek() != Some(expected) {
            return Err(self.at);
        }
        self.at += 1;
        Ok(())
    }

    /// Makes room for one more, twice as much as there was: `push` alone would make room for four nodes below each one.
    fn grow<T>(&self, list: &mut Vec<T>) -> Result<(), At> {
        if list.len() == list.capacity() {
            let more = list.len().max(1);
            self.allow((list.len() + more) * size_of::<T>())?;
            list.reserve_exact(more);
        }
        Ok(())
    }

    fn allow(&self, bytes: usize) -> Result<(), At> {
        if meter::spend(bytes) { Ok(()) } else { Err(self.at) }
    }

    /// Passes this value, if it is the next one.
    fn value_is(&mut self, value: &[u8]) -> bool {
        self.peek();
        let is = self.json[self.at..].starts_with(value);
        self.at += if is { value.len() } else { 0 };
        is
    }

    fn end<T>(&mut self, value: T) -> Result<T, At> {
        if self.peek().is_some() { Err(self.at) } else { Ok(value) }
    }

    fn enter_list(&mut self) -> Result<Level, At> {
        self.take(b'[')?;
        Ok(Level::List)
    }

    fn enter_node(&mut self) -> Result<Level, At> {
        self.take(b'{')?;
        Ok(Level::Node(OpenNode { own: b"{".to_vec(), children: Vec::new() }))
    }

    /// Whether another element or member comes; passes the comma before it, or the bracket that ends them all.
    fn next_in(&mut self, closing: u8) -> Result<bool, At> {
        let first =
            matches!(self.json.get(..self.at).and_then(|before| before.trim_ascii_end().last()), Some(b'[' | b'{'));
        match self.peek() {
            Some(byte) if byte == closing => {
                self.at += 1;
                Ok(false)
            }
            Some(b',') if !first => {
                self.at += 1;
                match self.peek() {
                    Some(byte) if byte != closing => Ok(true),
                    _ => Err(self.at),
                }
            }
            Some(_) if first => Ok(true),
            _ => Err(self.at),
        }
    }

    /// The node's next member: copied, or entered if it is its children. `None` at the node's end.
    fn member(&mut self, open: &mut OpenNode) -> Result<Option<Level>, At> {
        while self.next_in(b'}')? {
            let begin = self.at;
            let name = self.string()?;
            self.take(b':')?;
            if name == br#""children""# && self.peek() == Some(b'[') {
                return self.enter_list().map(Some);
            }
            self.skip_value()?;
            if open.own.len() > 1 {
                open.own.push(b',');
            }
            // Twice: it may move, and have room for as much again.
            self.allow(2 * (self.at - begin))?;
            open.own.extend_from_slice(&self.json[begin..self.at]);
        }
        open.own.push(b'}');
        Ok(None)
    }

    fn string(&mut self) -> Result<&'a [u8], At> {
        let begin = self.at;
        self.take(b'"')?;
        loop {
            match self.json.get(self.at) {
                None => return Err(self.at),
                Some(b'\\') => self.at += 2,
                Some(b'"') => {
                    self.at += 1;
                    return Ok(&self.json[begin..self.at]);
                }
                Some(_) => self.at += 1,
            }
        }
    }

    /// Passes a value. Whether it is well-formed is seen when its node is read.
    fn skip_value(&mut self) -> Result<(), At> {
        let mut depth = 0_usize;
        loop {
            match self.peek().ok_or(self.at)? {
                b'"' => {
                    self.string()?;
                }
                b'[' | b'{' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b']' | b'}' => {
                    depth = depth.checked_sub(1).ok_or(self.at)?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                _ => {
                    let rest = &self.json[self.at..];
                    let end = |byte: &u8| byte.is_ascii_whitespace() || b",:]}[{\"".contains(byte);
                    let length = rest.iter().position(end).unwrap_or(rest.len());
                    if length == 0 {
                        return Err(self.at);
                    }
                    self.at += length;
                }
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Json;

    fn names(json: &str) -> Result<Vec<(usize, String)>, At> {
        let trees = read(json.as_bytes())?;
        let nodes = trees.iter().flat_map(OrgTree::walk);
        Ok(nodes.map(|(depth, node)| (depth, node.name.clone().unwrap_or_default())).collect())
    }

    #[test]
    fn reads_lists_and_single_trees() {
        let tree = r#" [ {"name": "a", "order": -1.0e0, "code": null, "children": [
            {"children": [], "name": "b \"children\": [{"},
            {"name": "c", "members": [{"id": "u", "customData": [{"key": "k"}]}], "children": [{"name": "d", "new": {"children": [1]}}]}
        ]}, {"name": "e", "children": null} ] "#;
        let tree = tree.replace("-1.0e0", "3");
        let expected = [(0, "a"), (1, "b \"children\": [{"), (1, "c"), (2, "d"), (0, "e")];
        assert_eq!(names(&tree).unwrap(), expected.map(|(depth, name)| (depth, name.to_owned())));
        let trees = read(tree.as_bytes()).unwrap();
        assert_eq!(trees[0].children[1].node.members[0].id.as_deref(), Some("u"));
        let new = trees[0].children[1].children[0].node.extra.get::<Json>("new").unwrap().unwrap();
        assert_eq!(new.as_text(), r#"{"children": [1]}"#);
        assert_eq!(names(r#"{"name": "only"}"#).unwrap(), [(0, "only".to_owned())]);
        for nothing in ["null", " ", "[]"] {
            assert!(names(nothing).unwrap().is_empty(), "{nothing}");
        }
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        for wrong in [
            "[",
            "{",
            "[}",
            "{]",
            "[1]",
            "true",
            r#"{"name"}"#,
            r#"{"name": }"#,
            r#"{"name": "a",}"#,
            r#"[{}, ]"#,
            r#"[{} {}]"#,
            r#"{"name": "a" "code": "b"}"#,
            r#"{"name": true}"#,
            r#"{"children": [1]}"#,
            r#"{"children": [{}}"#,
            r#"{"a": [}"#,
            "{} {}",
            r#"{"a": "\"#,
            r#"{"name": nul}"#,
            r#"[,{}]"#,
            r#"{,"a": 1}"#,
            r#"{"a": [1, 2}"#,
            "\u{0}",
        ] {
            assert!(names(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_that_is_no_json_is_taken() {
        use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
        const WHOLE: &str = r#"[{"name": "a\"[", "order": 3, "children": [{"name": "b", "members": [{"id": "u"}]}, {}]}, {"children": []}]"#;
        let mut random = StdRng::seed_from_u64(7);
        let mut taken = 0;
        for _ in 0..50_000 {
            let mut json = WHOLE.as_bytes().to_vec();
            for _ in 0..random.random_range(1..4) {
                let at = random.random_range(0..json.len());
                let byte = b"[]{},:\"\\ a1n"[random.random_range(0..12)];
                match random.random_range(0..3) {
                    0 => json[at] = byte,
                    1 => json.insert(at, byte),
                    _ => drop(json.remove(at)),
                }
            }
            if read(&json).is_ok() {
                taken += 1;
                let is_json = serde_json::from_slice::<serde_json::Value>(&json).is_ok();
                assert!(is_json, "{}", String::from_utf8_lossy(&json));
            }
        }
        assert!(taken > 1000, "{taken} of them were still trees");
    }
}
