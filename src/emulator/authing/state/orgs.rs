//! Organizations: trees of nodes.

use super::{
    error_response::ErrorResponse,
    node::{Node, NodeDetails},
    value::new_id,
};
use crate::emulator::store::{Index, RowNo, Table};
use std::collections::HashMap;

pub(crate) struct Org {
    pub(crate) id: String,
    pub(crate) root: String,
}

#[derive(Default)]
pub(crate) struct Orgs {
    orgs: Table<String, Org>,
    nodes: Table<String, Node>,
    /// The nodes' ids by organization and code.
    by_code: HashMap<(String, String), String>,
    orgs_with_code: Index<String>,
    /// How often a node was put below another one.
    arrivals: u64,
}

impl Orgs {
    /// Returns the organizations, the oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Org> {
        self.orgs.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.orgs.len()
    }

    pub(crate) fn org(&self, org_id: &str) -> Result<&Org, ErrorResponse> {
        self.orgs.get(org_id).ok_or(ErrorResponse::not_found("organization"))
    }

    pub(crate) fn get(&self, node_id: &str) -> Option<&Node> {
        self.nodes.get(node_id)
    }

    pub(crate) fn at(&self, number: RowNo) -> Option<&Node> {
        self.nodes.at(number)
    }

    pub(crate) fn node(&self, node_id: &str) -> Result<&Node, ErrorResponse> {
        self.get(node_id).ok_or(ErrorResponse::not_found("node"))
    }

    pub(crate) fn number(&self, node_id: &str) -> Result<RowNo, ErrorResponse> {
        self.nodes.number(node_id).ok_or(ErrorResponse::not_found("node"))
    }

    pub(crate) fn root(&self, org_id: &str) -> Result<&Node, ErrorResponse> {
        self.node(&self.org(org_id)?.root)
    }

    /// Returns a node of this organization.
    pub(crate) fn node_in(&self, org_id: &str, node_id: &str) -> Result<&Node, ErrorResponse> {
        self.org(org_id)?;
        self.get(node_id).filter(|node| node.org_id == org_id).ok_or(ErrorResponse::not_found("node"))
    }

    pub(crate) fn with_code(&self, org_id: &str, code: &str) -> Option<&Node> {
        self.get(self.by_code.get(&(org_id.to_owned(), code.to_owned()))?)
    }

    /// Finds a node by id, or else by code in the oldest organization that has the code.
    pub(crate) fn find(&self, id_or_code: &str) -> Result<&Node, ErrorResponse> {
        let by_code = || {
            let org = self.orgs.at(self.orgs_with_code.first(id_or_code)?)?;
            self.with_code(&org.id, id_or_code)
        };
        self.get(id_or_code).or_else(by_code).ok_or(ErrorResponse::not_found("node"))
    }

    /// Returns the path from the root to a node.
    pub(crate) fn path(&self, node_id: &str) -> Vec<&Node> {
        let up = std::iter::successors(self.get(node_id), |node| node.parent().and_then(|parent| self.get(parent)));
        let mut path: Vec<&Node> = up.collect();
        path.reverse();
        path
    }

    /// Returns a node and all nodes below it, each before its children.
    pub(crate) fn subtree(&self, node_id: &str) -> Vec<&Node> {
        let (mut all, mut next) = (Vec::new(), vec![node_id]);
        while let Some(node) = next.pop().and_then(|id| self.get(id)) {
            all.push(node);
            next.extend(node.children().rev());
        }
        all
    }

    /// Creates an organization with its root, and returns its id.
    pub(crate) fn create(&mut self, root: NodeDetails) -> Result<String, ErrorResponse> {
        let id = new_id();
        let root = self.check(&id, root)?;
        self.orgs.insert(id.clone(), Org { id: id.clone(), root: root.id.clone() });
        self.insert(root);
        Ok(id)
    }

    /// Creates a node below another one, and returns its id.
    pub(crate) fn add(&mut self, parent_id: &str, details: NodeDetails) -> Result<String, ErrorResponse> {
        let org_id = self.node(parent_id)?.org_id.clone();
        let node = self.check(&org_id, details)?;
        let id = node.id.clone();
        self.insert(node);
        self.put_below(&id, parent_id);
        Ok(id)
    }

    fn check(&self, org_id: &str, details: NodeDetails) -> Result<Node, ErrorResponse> {
        if details.name.is_empty() {
            return Err(ErrorResponse::invalid("name"));
        }
        let node = Node::new(org_id, details);
        match node.code().and_then(|code| self.with_code(org_id, code)) {
            Some(_) => Err(ErrorResponse::exists("node code")),
            None => Ok(node),
        }
    }

    fn insert(&mut self, node: Node) {
        self.index_code(&node.id, &node.org_id, node.code());
        self.nodes.insert(node.id.clone(), node);
    }

    fn index_code(&mut self, id: &str, org_id: &str, code: Option<&str>) {
        if let (Some(code), Some(org)) = (code, self.orgs.number(org_id)) {
            self.by_code.insert((org_id.to_owned(), code.to_owned()), id.to_owned());
            self.orgs_with_code.insert(code.to_owned(), org);
        }
    }

    fn unindex_code(&mut self, org_id: &str, code: Option<&str>) {
        if let (Some(code), Some(org)) = (code, self.orgs.number(org_id)) {
            self.by_code.remove(&(org_id.to_owned(), code.to_owned()));
            self.orgs_with_code.remove(code, org);
        }
    }

    fn put_below(&mut self, id: &str, parent_id: &str) {
        self.arrivals += 1;
        let Some(place) = self.nodes.get_mut(id).map(|node| node.put_below(parent_id, self.arrivals)) else { return };
        if let Some(parent) = self.nodes.get_mut(parent_id) {
            parent.add_child(place, id);
        }
    }

    fn detach(&mut self, id: &str) {
        let Some((parent, place)) = self.nodes.get_mut(id).and_then(Node::leave_parent) else { return };
        if let Some(parent) = self.nodes.get_mut(&parent) {
            parent.remove_child(place);
        }
    }

    pub(crate) fn update(
        &mut self,
        id: &str,
        name: Option<&str>,
        code: Option<&str>,
        description: Option<&str>,
    ) -> Result<(), ErrorResponse> {
        let node = self.node(id)?;
        let (org_id, old) = (node.org_id.clone(), node.code().map(str::to_owned));
        if code.and_then(|code| self.with_code(&org_id, code)).is_some_and(|other| other.id != id) {
            return Err(ErrorResponse::exists("node code"));
        }
        let node = self.nodes.get_mut(id).ok_or(ErrorResponse::not_found("node"))?;
        node.update(name, code, description);
        let new = node.code().map(str::to_owned);
        self.unindex_code(&org_id, old.as_deref());
        self.index_code(id, &org_id, new.as_deref());
        Ok(())
    }

    /// Moves a node and all below it to another parent in the same organization.
    pub(crate) fn move_node(&mut self, org_id: &str, id: &str, target_id: &str) -> Result<(), ErrorResponse> {
        let is_root = self.node_in(org_id, id)?.is_root();
        self.node_in(org_id, target_id)?;
        if is_root || self.path(target_id).iter().any(|node| node.id == id) {
            return Err(ErrorResponse::invalid("a node cannot be moved below itself"));
        }
        self.detach(id);
        self.put_below(id, target_id);
        Ok(())
    }

    /// Removes a node and all below it, and returns their numbers and ids.
    pub(crate) fn remove(&mut self, id: &str) -> Vec<(RowNo, String)> {
        self.detach(id);
        let ids: Vec<String> = self.subtree(id).into_iter().map(|node| node.id.clone()).collect();
        let mut gone = Vec::with_capacity(ids.len());
        for id in ids {
            let Some((number, node)) = self.nodes.remove(&id) else { continue };
            self.unindex_code(&node.org_id, node.code());
            gone.push((number, id));
        }
        gone
    }

    /// Removes an organization, and returns the numbers and ids of its nodes.
    pub(crate) fn delete(&mut self, org_id: &str) -> Vec<(RowNo, String)> {
        let Some(root) = self.orgs.get(org_id).map(|org| org.root.clone()) else { return Vec::new() };
        let gone = self.remove(&root);
        self.orgs.remove(org_id);
        gone
    }

    /// Returns the nodes whose name or code contains the keyword, without case.
    pub(crate) fn search(&self, keyword: &str) -> Vec<&Node> {
        let keyword = keyword.to_lowercase();
        let fits = |text: &str| text.to_lowercase().contains(&keyword);
        let all = self.orgs.iter().flat_map(|org| self.subtree(&org.root));
        all.filter(|node| fits(&node.details.name) || fits(node.code().unwrap_or_default())).collect()
    }
}
