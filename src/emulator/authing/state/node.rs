//! A node of an organization.

use super::value::{new_id, now};
use crate::emulator::store::RowNo;
use std::{cmp::Reverse, collections::BTreeMap};

/// The members of a node that a client sends.
#[derive(Clone, Default)]
pub(crate) struct NodeDetails {
    pub(crate) name: String,
    pub(crate) name_i18n: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) description_i18n: Option<String>,
    pub(crate) order: Option<i64>,
    pub(crate) code: Option<String>,
}

/// A node to be created with all that is below it.
#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) details: NodeDetails,
    pub(crate) members: Vec<RowNo>,
    pub(crate) children: Vec<Tree>,
}

/// A node's place among its siblings: those with a larger `order` come first, then those that came earlier.
pub(super) type Place = (Reverse<i64>, u64);

pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) org_id: String,
    pub(crate) details: NodeDetails,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
    parent: Option<(String, Place)>,
    children: BTreeMap<Place, String>,
}

impl Node {
    pub(super) fn new(org_id: &str, details: NodeDetails) -> Self {
        let (id, org_id, created_at, updated_at) = (new_id(), org_id.to_owned(), now(), now());
        Self { id, org_id, details, created_at, updated_at, parent: None, children: BTreeMap::new() }
    }

    pub(crate) fn is_root(&self) -> bool {
        self.parent.is_none()
    }

    pub(super) fn parent(&self) -> Option<&str> {
        self.parent.as_ref().map(|(id, _)| id.as_str())
    }

    /// Returns the ids of the nodes directly below, in their order.
    pub(crate) fn children(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.children.values().map(String::as_str)
    }

    /// Returns the code, if there is one.
    pub(crate) fn code(&self) -> Option<&str> {
        self.details.code.as_deref().filter(|code| !code.is_empty())
    }

    /// Sets the parent that the node was put below, as one that came as the `arrival`-th.
    pub(super) fn put_below(&mut self, parent_id: &str, arrival: u64) -> Place {
        let place = (Reverse(self.details.order.unwrap_or(0)), arrival);
        self.parent = Some((parent_id.to_owned(), place));
        place
    }

    /// Forgets the parent, and returns its id and the place below it.
    pub(super) fn leave_parent(&mut self) -> Option<(String, Place)> {
        self.parent.take()
    }

    pub(super) fn add_child(&mut self, place: Place, child_id: &str) {
        self.children.insert(place, child_id.to_owned());
    }

    pub(super) fn remove_child(&mut self, place: Place) {
        self.children.remove(&place);
    }

    pub(super) fn update(&mut self, name: Option<&str>, code: Option<&str>, description: Option<&str>) {
        if let Some(name) = name {
            self.details.name = name.to_owned();
        }
        self.details.code = code.map(str::to_owned).or(self.details.code.take());
        self.details.description = description.map(str::to_owned).or(self.details.description.take());
        self.updated_at = now();
    }
}
