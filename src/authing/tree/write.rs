use super::{OrgNode, OrgTree, User};
use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap},
};
use serde_json::value::RawValue;

/// How many levels `Serialize` writes by recursion, in any format: half of what serde_json reads back.
const SHALLOW: usize = 60;

impl OrgTree {
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
            let own = serde_json::to_string(&NodeMembers(&tree.node)).unwrap_or_else(|_| "{}".to_owned());
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
struct NodeMembers<'a>(&'a OrgNode);

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

impl NodeMembers<'_> {
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let node = self.0;
        let times = [node.created_at(), node.updated_at()];
        let texts = [
            ("id", node.id.as_deref()),
            ("orgId", node.org_id()),
            ("name", node.name.as_deref()),
            ("nameI18n", node.name_i18n.as_deref()),
            ("description", node.description.as_deref()),
            ("descriptionI18n", node.description_i18n.as_deref()),
            ("code", node.code.as_deref()),
            ("createdAt", times[0].as_deref()),
            ("updatedAt", times[1].as_deref()),
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
        node.extra.write(OrgNode::NAMES, map)
    }
}

impl Serialize for NodeMembers<'_> {
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
        NodeMembers(&self.0.node).write(&mut map)?;
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
