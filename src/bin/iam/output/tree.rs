//! Trees: indented names for people, a column `depth` for programs that read rows, nested values for those that read JSON.

use super::{fields, value::Value};

/// The column that says how deep a node stands, where nothing is indented.
pub const DEPTH: &str = "depth";

/// The columns that people see, as far as the nodes have them.
const COLUMNS: [&str; 6] = ["name", "sid", "id", "code", "orgId", "userCount"];

/// A tree, for programs and for people.
pub struct Tree {
    /// The trees as they are: a list of nodes with their `children`, or lists of nodes by aspect.
    pub value: Value,
    /// Each node with its depth, parents first.
    pub nodes: Vec<(usize, Value)>,
}

/// Returns the columns, where nobody chose them.
pub fn columns(nodes: &[(usize, Value)], with_depth: bool) -> Vec<String> {
    let has = |name: &&str| nodes.iter().any(|(_, node)| node.member(name).is_some());
    with_depth.then_some(DEPTH).into_iter().chain(COLUMNS.into_iter().filter(has)).map(str::to_owned).collect()
}

/// Returns a node as people see it: its name, indented, comes first.
pub fn indented((depth, node): (usize, Value)) -> Value {
    let Value::Object(mut members) = node else { return node };
    for (name, value) in &mut members {
        if let ("name", Value::Text(text)) = (name.as_str(), value) {
            *text = format!("{}{text}", "  ".repeat(depth));
        }
    }
    members.sort_by_key(|(name, _)| name != "name");
    Value::Object(members)
}

/// Returns a node with its depth as a member, the first one.
pub fn with_depth((depth, node): (usize, Value)) -> Value {
    let Value::Object(mut members) = node else { return node };
    members.retain(|(name, _)| name != DEPTH);
    members.insert(0, (DEPTH.to_owned(), Value::Number(depth.into())));
    Value::Object(members)
}

/// Returns trees whose every node has these members alone, and its children.
pub fn select(trees: Value, fields: &[String]) -> Value {
    match trees {
        Value::List(nodes) => Value::List(nodes.into_iter().map(|node| select_node(node, fields)).collect()),
        Value::Object(aspects) => {
            Value::Object(aspects.into_iter().map(|(aspect, nodes)| (aspect, select(nodes, fields))).collect())
        }
        other => other,
    }
}

fn select_node(node: Value, fields: &[String]) -> Value {
    let Value::Object(mut selected) = fields::select(&node, fields) else { return node };
    if let Value::Object(members) = node
        && let Some((name, children @ Value::List(_))) = members.into_iter().find(|(name, _)| name == "children")
        && children != Value::List(Vec::new())
    {
        selected.retain(|(other, _)| *other != name);
        selected.push((name, select(children, fields)));
    }
    Value::Object(selected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn people_see_indented_names_and_programs_a_depth() {
        let node = || (2, value(r#"{"id": "1", "name": "North", "depth": 9}"#));
        assert_eq!(indented(node()).to_string(), r#"{"name":"    North","id":"1","depth":9}"#);
        assert_eq!(with_depth(node()).to_string(), r#"{"depth":2,"id":"1","name":"North"}"#);
        assert_eq!(columns(&[node()], true), ["depth", "name", "id"]);
        assert_eq!(columns(&[node()], false), ["name", "id"]);
    }

    #[test]
    fn fields_are_those_of_each_node() {
        let fields = ["id".to_owned()];
        let nested = value(r#"[{"id": 1, "name": "a", "children": [{"id": 2, "name": "b", "children": []}]}]"#);
        assert_eq!(select(nested, &fields).to_string(), r#"[{"id":1,"children":[{"id":2}]}]"#);
        let by_aspect = value(r#"{"default": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]}"#);
        assert_eq!(select(by_aspect, &fields).to_string(), r#"{"default":[{"id":1},{"id":2}]}"#);
    }
}
