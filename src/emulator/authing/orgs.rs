//! Organizations: trees of nodes, and their members.

use super::{
    refusal::Refusal,
    users::User,
    value::{Args, done, new_id, now, text, whole},
    world::World,
};
use serde_json::{Value, json};

type HandlerResult = Result<Value, Refusal>;

pub(super) struct Node {
    pub(super) id: String,
    pub(super) org_id: String,
    parent: Option<String>,
    children: Vec<String>,
    /// Each member's user id and time of joining.
    pub(super) members: Vec<(String, Value)>,
    /// The members that a client sends: `name`, `code`, `description` and so on.
    fields: Value,
}

impl Node {
    pub(super) fn has_member(&self, user_id: &str) -> bool {
        self.members.iter().any(|(member, _)| member == user_id)
    }
}

/// The members of a node that a client can set.
const WRITABLE: [&str; 6] = ["name", "nameI18n", "description", "descriptionI18n", "order", "code"];

impl World {
    fn node(&self, id: &str) -> Result<&Node, Refusal> {
        self.nodes.get(id).ok_or(Refusal::missing("node"))
    }

    fn root(&self, org_id: &str) -> Result<&Node, Refusal> {
        let org = self.orgs.iter().find(|(id, _)| id == org_id).ok_or(Refusal::missing("organization"))?;
        self.node(&org.1)
    }

    /// Returns a node of this organization.
    fn node_in(&self, org_id: &str, id: &str) -> Result<&Node, Refusal> {
        self.root(org_id)?;
        self.nodes.get(id).filter(|node| node.org_id == org_id).ok_or(Refusal::missing("node"))
    }

    pub(super) fn node_by_code(&self, org_id: &str, code: &str) -> Option<&Node> {
        self.nodes.values().find(|node| node.org_id == org_id && text(&node.fields, "code") == code)
    }

    /// Returns the path from the root to a node.
    pub(super) fn path(&self, id: &str) -> Vec<&Node> {
        let mut path: Vec<&Node> = std::iter::successors(self.nodes.get(id), |node| {
            node.parent.as_deref().and_then(|parent| self.nodes.get(parent))
        })
        .collect();
        path.reverse();
        path
    }

    /// Returns a node and all nodes below it, each before its children.
    fn subtree(&self, id: &str) -> Vec<&Node> {
        let (mut all, mut next) = (Vec::new(), vec![id]);
        while let Some(node) = next.pop().and_then(|id| self.nodes.get(id)) {
            all.push(node);
            next.extend(node.children.iter().rev().map(String::as_str));
        }
        all
    }

    pub(super) fn node_json(&self, id: &str) -> Value {
        let Some(node) = self.nodes.get(id) else { return Value::Null };
        let path = self.path(id);
        let mut json = node.fields.clone();
        json["id"] = node.id.as_str().into();
        json["orgId"] = node.org_id.as_str().into();
        json["root"] = node.parent.is_none().into();
        json["depth"] = path.len().saturating_sub(1).into();
        json["path"] = path.iter().map(|node| node.id.as_str()).collect();
        json["codePath"] = path.iter().map(|node| node.fields["code"].clone()).collect();
        json["namePath"] = path.iter().map(|node| node.fields["name"].clone()).collect();
        json["children"] = node.children.iter().map(String::as_str).collect();
        json
    }

    fn org_json(&self, org_id: &str) -> HandlerResult {
        let root = self.root(org_id)?.id.clone();
        let nodes: Value = self.subtree(&root).iter().map(|node| self.node_json(&node.id)).collect();
        Ok(json!({"id": org_id, "rootNode": self.node_json(&root), "nodes": nodes}))
    }

    /// Creates a node below `parent`, before the children with a smaller `order`.
    fn insert_node(&mut self, org_id: &str, parent: Option<&str>, given: &Args) -> Result<String, Refusal> {
        if given.required("name").is_empty() {
            return Err(Refusal::invalid("name"));
        }
        if given.text("code").is_some_and(|code| self.node_by_code(org_id, code).is_some()) {
            return Err(Refusal::exists("node code"));
        }
        let id = new_id();
        let mut fields = json!({"createdAt": now(), "updatedAt": now()});
        for name in WRITABLE {
            fields[name] = given.get(name).cloned().unwrap_or_default();
        }
        let parent_id = parent.map(str::to_owned);
        let (children, members) = (Vec::new(), Vec::new());
        let node = Node { id: id.clone(), org_id: org_id.to_owned(), parent: parent_id, children, members, fields };
        self.nodes.insert(id.clone(), node);
        if let Some(parent) = parent {
            self.add_child(parent, &id);
        }
        Ok(id)
    }

    fn add_child(&mut self, parent: &str, child: &str) {
        let order = |id: &str| self.nodes.get(id).and_then(|node| node.fields["order"].as_i64()).unwrap_or(0);
        let own = order(child);
        let Some(node) = self.nodes.get(parent) else { return };
        let at = node.children.iter().position(|id| order(id) < own).unwrap_or(node.children.len());
        if let Some(node) = self.nodes.get_mut(parent) {
            node.children.insert(at, child.to_owned());
        }
        if let Some(node) = self.nodes.get_mut(child) {
            node.parent = Some(parent.to_owned());
        }
    }

    fn disown(&mut self, child: &str) {
        let parent = self.nodes.get(child).and_then(|node| node.parent.clone());
        if let Some(parent) = parent.and_then(|parent| self.nodes.get_mut(&parent)) {
            parent.children.retain(|id| id != child);
        }
    }

    fn remove_subtree(&mut self, id: &str) {
        self.disown(id);
        let ids: Vec<String> = self.subtree(id).iter().map(|node| node.id.clone()).collect();
        for id in ids {
            self.nodes.remove(&id);
            self.main_departments.retain(|_, department| *department != id);
            self.access.forget("ORG", &id);
        }
    }

    pub(super) fn create_org(&mut self, args: &Args) -> Result<String, Refusal> {
        let org_id = new_id();
        let root = self.insert_node(&org_id, None, args)?;
        self.orgs.push((org_id.clone(), root));
        Ok(org_id)
    }

    pub(super) fn add_node(&mut self, args: &Args) -> Result<String, Refusal> {
        let org_id = args.required("orgId");
        let parent = match args.text("parentNodeId") {
            Some(parent) => self.node_in(org_id, parent)?.id.clone(),
            None => self.root(org_id)?.id.clone(),
        };
        self.insert_node(org_id, Some(&parent), args)
    }

    /// Returns the members of a node, and on request those of the nodes below it.
    pub(super) fn members_of(&self, id: &str, below: bool) -> Vec<&str> {
        let nodes = if below { self.subtree(id) } else { self.nodes.get(id).into_iter().collect() };
        nodes.into_iter().flat_map(|node| &node.members).map(|(member, _)| member.as_str()).collect()
    }

    pub(super) fn departments_of(&self, user_id: &str) -> Vec<&Node> {
        let mut nodes: Vec<&Node> = self.nodes.values().filter(|node| node.has_member(user_id)).collect();
        nodes.sort_by_key(|node| (&node.org_id, self.path(&node.id).len(), &node.id));
        nodes
    }

    pub(super) fn join(&mut self, node_id: &str, user_ids: &[&str]) -> Result<(), Refusal> {
        self.all_known(user_ids)?;
        let node = self.nodes.get_mut(node_id).ok_or(Refusal::missing("node"))?;
        for id in user_ids {
            if !node.has_member(id) {
                node.members.push(((*id).to_owned(), now()));
            }
        }
        Ok(())
    }

    fn leave(&mut self, node_id: &str, user_ids: &[&str]) -> Result<(), Refusal> {
        let node = self.nodes.get_mut(node_id).ok_or(Refusal::missing("node"))?;
        node.members.retain(|(member, _)| !user_ids.contains(&member.as_str()));
        self.main_departments.retain(|user, at| at != node_id || !user_ids.contains(&user.as_str()));
        Ok(())
    }

    /// Finds the node that the arguments name, by id or by organization and code.
    fn named_node(&self, args: &Args) -> Result<String, Refusal> {
        let node = match (args.text("nodeId"), args.text("orgId"), args.text("nodeCode")) {
            (Some(id), _, _) => self.nodes.get(id),
            (None, Some(org), Some(code)) => self.node_by_code(org, code),
            _ => return Err(Refusal::invalid("nodeId")),
        };
        node.map(|node| node.id.clone()).ok_or(Refusal::missing("node"))
    }

    /// Returns an organization in the form of an export: children nested, members in each node.
    fn tree(&self, root: &str) -> Value {
        // From the last to the first: every node comes after its children.
        let mut built: std::collections::HashMap<&str, Value> = Default::default();
        for node in self.subtree(root).into_iter().rev() {
            let mut json = self.node_json(&node.id);
            json["children"] = node.children.iter().filter_map(|child| built.remove(child.as_str())).collect();
            let member = |(id, _): &(String, Value)| self.user(id).map(User::json);
            json["members"] = node.members.iter().filter_map(member).collect();
            built.insert(&node.id, json);
        }
        built.remove(root).unwrap_or_default()
    }

    pub(super) fn export(&self, org_id: Option<&str>) -> HandlerResult {
        let mut trees = Vec::new();
        for (id, root) in self.orgs.iter().filter(|(id, _)| org_id.is_none_or(|asked| asked == id)) {
            self.root(id)?;
            trees.push(self.tree(root));
        }
        if trees.is_empty() && org_id.is_some() {
            return Err(Refusal::missing("organization"));
        }
        Ok(trees.into())
    }

    /// Creates an organization from a tree in the form of an export.
    pub(super) fn import(&mut self, tree: &Value) -> HandlerResult {
        let args = |node: &Value| Args(node.as_object().cloned().unwrap_or_default());
        let org_id = self.create_org(&args(tree))?;
        let root = self.root(&org_id)?.id.clone();
        let mut next: Vec<(String, &Value)> = vec![(root.clone(), tree)];
        while let Some((id, node)) = next.pop() {
            let members = node["members"].as_array().map(Vec::as_slice).unwrap_or_default();
            let known: Vec<&str> = members.iter().map(|member| text(member, "id")).collect();
            let known: Vec<&str> = known.into_iter().filter(|id| self.user(id).is_some()).collect();
            self.join(&id, &known)?;
            for child in node["children"].as_array().map(Vec::as_slice).unwrap_or_default() {
                let child_id = self.insert_node(&org_id, Some(&id), &args(child));
                next.push((child_id.inspect_err(|_| self.drop_org(&org_id))?, child));
            }
        }
        Ok(self.tree(&root))
    }

    fn drop_org(&mut self, org_id: &str) {
        if let Ok(root) = self.root(org_id).map(|root| root.id.clone()) {
            self.remove_subtree(&root);
        }
        self.orgs.retain(|(id, _)| id != org_id);
    }

    /// Returns, for each department of a user, the path from the root to it.
    pub(super) fn org_paths(&self, user_id: &str) -> HandlerResult {
        self.known(user_id)?;
        let path = |node: &&Node| self.path(&node.id).iter().map(|node| self.node_json(&node.id)).collect::<Value>();
        Ok(self.departments_of(user_id).iter().map(path).collect())
    }
}

pub(super) fn orgs(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let all: Vec<&str> = world.orgs.iter().map(|(id, _)| id.as_str()).collect();
    let updated = |id: &&str| world.root(id).map(|root| text(&root.fields, "updatedAt").to_owned()).unwrap_or_default();
    let page = args.sorted(all, updated);
    Ok(args.page(page, |id| world.org_json(id).unwrap_or_default()))
}

pub(super) fn org(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    Ok(world.org_json(args.required("id")).unwrap_or_default())
}

pub(super) fn create(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let id = world.create_org(args)?;
    world.org_json(&id)
}

pub(super) fn delete(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let id = args.required("id");
    world.root(id)?;
    world.drop_org(id);
    done()
}

pub(super) fn add(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    world.add_node(args)?;
    world.org_json(args.required("orgId"))
}

pub(super) fn add_v2(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let id = world.add_node(args)?;
    Ok(world.node_json(&id))
}

pub(super) fn update(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let node = world.node(args.required("id"))?;
    let (id, org_id) = (node.id.clone(), node.org_id.clone());
    let taken = args.text("code").and_then(|code| world.node_by_code(&org_id, code));
    if taken.is_some_and(|other| other.id != id) {
        return Err(Refusal::exists("node code"));
    }
    if let Some(node) = world.nodes.get_mut(&id) {
        super::value::put(&mut node.fields, args, &WRITABLE);
        node.fields["updatedAt"] = now();
    }
    Ok(world.node_json(&id))
}

pub(super) fn delete_node(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let node = world.node_in(args.required("orgId"), args.required("nodeId"))?;
    if node.parent.is_none() {
        return Err(Refusal::invalid("the root node goes with its organization"));
    }
    let id = node.id.clone();
    world.remove_subtree(&id);
    done()
}

pub(super) fn move_node(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let (org_id, id, target) = (args.required("orgId"), args.required("nodeId"), args.required("targetParentId"));
    let is_root = world.node_in(org_id, id)?.parent.is_none();
    world.node_in(org_id, target)?;
    if is_root || world.path(target).iter().any(|node| node.id == id) {
        return Err(Refusal::invalid("a node cannot be moved below itself"));
    }
    world.disown(id);
    world.add_child(target, id);
    world.org_json(org_id)
}

pub(super) fn is_root(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    Ok(world.node_in(args.required("orgId"), args.required("nodeId"))?.parent.is_none().into())
}

pub(super) fn children(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let node = world.node(args.required("nodeId"))?;
    Ok(node.children.iter().map(|id| world.node_json(id)).collect())
}

pub(super) fn root_node(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    Ok(world.root(args.required("orgId")).map(|root| world.node_json(&root.id)).unwrap_or_default())
}

pub(super) fn by_id(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    Ok(world.node_json(args.required("id")))
}

pub(super) fn by_code(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let node = world.node_by_code(args.required("orgId"), args.required("code"));
    Ok(node.map(|node| world.node_json(&node.id)).unwrap_or_default())
}

pub(super) fn search(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let keyword = args.required("keyword").to_lowercase();
    let fits = |field: &str| field.to_lowercase().contains(&keyword);
    let mut found = Vec::new();
    for (_, root) in &world.orgs {
        let below = world.subtree(root);
        found.extend(below.into_iter().filter(|n| fits(text(&n.fields, "name")) || fits(text(&n.fields, "code"))));
    }
    Ok(found.iter().map(|node| world.node_json(&node.id)).collect())
}

pub(super) fn add_members(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let id = world.named_node(args)?;
    world.join(&id, &args.texts("userIds"))?;
    Ok(world.node_json(&id))
}

pub(super) fn remove_members(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let id = world.named_node(args)?;
    world.leave(&id, &args.texts("userIds"))?;
    Ok(world.node_json(&id))
}

pub(super) fn move_members(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let ids = args.texts("userIds");
    world.node(args.required("sourceNodeId"))?;
    world.join(args.required("targetNodeId"), &ids)?;
    world.leave(args.required("sourceNodeId"), &ids)?;
    done()
}

pub(super) fn set_main(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let user = args.required("userId");
    world.known(user)?;
    match args.text("departmentId") {
        None => world.main_departments.remove(user),
        Some(id) if world.node(id)?.has_member(user) => world.main_departments.insert(user.to_owned(), id.to_owned()),
        Some(_) => return Err(Refusal::invalid("the user is not in that department")),
    };
    done()
}

pub(super) fn members(world: &mut World, of: &Value, args: &Args) -> HandlerResult {
    let members = world.members_of(text(of, "id"), args.flag("includeChildrenNodes"));
    Ok(world.page_of_users(args, |user| members.contains(&user.id())))
}

pub(super) fn roles(world: &mut World, of: &Value, args: &Args) -> HandlerResult {
    Ok(whole(world.roles_of_node(text(of, "id"), args.namespace())))
}

pub(super) fn authorized_resources(world: &mut World, of: &Value, args: &Args) -> HandlerResult {
    Ok(world.authorized_resources("ORG", text(of, "id"), args.text("namespace"), args.text("resourceType")))
}
