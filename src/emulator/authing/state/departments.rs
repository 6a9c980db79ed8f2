//! Which users are in which nodes of organizations, and each one's main department.

use super::value::now;
use crate::emulator::store::{Links, RowNo};
use std::collections::HashMap;

struct Joined {
    order: u64,
    at: String,
}

#[derive(Default)]
pub(crate) struct Departments {
    /// From nodes to users.
    members: Links<RowNo, RowNo, Joined>,
    joins: u64,
    /// Each user's main department.
    main: HashMap<RowNo, RowNo>,
}

impl Departments {
    pub(crate) fn join(&mut self, node: RowNo, users: &[RowNo]) {
        for user in users {
            self.joins += 1;
            let order = self.joins;
            self.members.link(&node, user, || Joined { order, at: now() });
        }
    }

    pub(crate) fn leave(&mut self, node: RowNo, user: RowNo) {
        self.members.unlink(&node, &user);
        if self.main.get(&user) == Some(&node) {
            self.main.remove(&user);
        }
    }

    pub(crate) fn has(&self, node: RowNo, user: RowNo) -> bool {
        self.members.contains(&node, &user)
    }

    /// Returns when a user joined a node.
    pub(crate) fn joined(&self, node: RowNo, user: RowNo) -> Option<&str> {
        self.members.get(&node, &user).map(|joined| joined.at.as_str())
    }

    /// Returns how many members a node has, and the members in order of their creation.
    pub(crate) fn members(&self, node: RowNo) -> (usize, impl DoubleEndedIterator<Item = RowNo>) {
        (self.members.count_right_of(&node), self.members.right_of(&node))
    }

    /// Returns the members of a node in the order in which they joined it.
    pub(crate) fn members_by_joining(&self, node: RowNo) -> Vec<RowNo> {
        let mut members: Vec<RowNo> = self.members.right_of(&node).collect();
        members.sort_by_key(|user| self.members.get(&node, user).map(|joined| joined.order));
        members
    }

    /// Returns the nodes that a user is in.
    pub(crate) fn of_user(&self, user: RowNo) -> impl Iterator<Item = RowNo> {
        self.members.left_of(&user)
    }

    pub(crate) fn is_in_none(&self, user: RowNo) -> bool {
        self.members.is_alone(&user)
    }

    pub(crate) fn main(&self, user: RowNo) -> Option<RowNo> {
        self.main.get(&user).copied()
    }

    pub(crate) fn set_main(&mut self, user: RowNo, node: Option<RowNo>) {
        match node {
            Some(node) => self.main.insert(user, node),
            None => self.main.remove(&user),
        };
    }

    /// Removes a node that was deleted.
    pub(crate) fn forget_node(&mut self, node: RowNo) {
        for user in self.members.forget_left(&node) {
            if self.main.get(&user) == Some(&node) {
                self.main.remove(&user);
            }
        }
    }

    /// Removes a user who was deleted.
    pub(crate) fn forget_user(&mut self, user: RowNo) {
        self.members.forget_right(&user);
        self.main.remove(&user);
    }
}
