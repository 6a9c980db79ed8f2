//! Groups and their members.

use super::{error_response::ErrorResponse, value::now};
use crate::emulator::store::{Links, RowNo, Table};
use serde::Serialize;

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    pub(crate) code: String,
    name: String,
    description: Option<String>,
    created_at: String,
    updated_at: String,
}

impl Group {
    pub(crate) fn updated_at(&self) -> &str {
        &self.updated_at
    }
}

#[derive(Default)]
pub(crate) struct Groups {
    groups: Table<String, Group>,
    /// From groups to users.
    members: Links<RowNo, RowNo>,
}

impl Groups {
    pub(crate) fn get(&self, code: &str) -> Option<&Group> {
        self.groups.get(code)
    }

    /// Returns a group's number.
    pub(crate) fn number(&self, code: &str) -> Result<RowNo, ErrorResponse> {
        self.groups.number(code).ok_or(ErrorResponse::not_found("group"))
    }

    /// Returns the groups, the oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Group> {
        self.groups.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    /// Returns a user's groups, the oldest first.
    pub(crate) fn of_user(&self, user: RowNo) -> impl DoubleEndedIterator<Item = &Group> {
        self.members.left_of(&user).filter_map(|group| self.groups.at(group))
    }

    pub(crate) fn has(&self, code: &str, user: RowNo) -> bool {
        self.groups.number(code).is_some_and(|group| self.members.contains(&group, &user))
    }

    /// Returns how many members a group has, and the members.
    pub(crate) fn members(&self, group: RowNo) -> (usize, impl DoubleEndedIterator<Item = RowNo>) {
        (self.members.count_right_of(&group), self.members.right_of(&group))
    }

    pub(crate) fn create(&mut self, code: &str, name: &str, description: Option<&str>) -> Result<Group, ErrorResponse> {
        if code.is_empty() || name.is_empty() {
            return Err(ErrorResponse::invalid("code and name"));
        }
        if self.groups.contains(code) {
            return Err(ErrorResponse::exists("group"));
        }
        let (code, name, description) = (code.to_owned(), name.to_owned(), description.map(str::to_owned));
        let group = Group { code, name, description, created_at: now(), updated_at: now() };
        self.groups.insert(group.code.clone(), group.clone());
        Ok(group)
    }

    pub(crate) fn update(
        &mut self,
        code: &str,
        new: &str,
        name: Option<&str>,
        description: Option<&str>,
    ) -> Result<Group, ErrorResponse> {
        if new != code && self.groups.contains(new) {
            return Err(ErrorResponse::exists("group"));
        }
        let group = self.groups.get_mut(code).ok_or(ErrorResponse::not_found("group"))?;
        group.code = new.to_owned();
        group.name = name.map_or_else(|| std::mem::take(&mut group.name), str::to_owned);
        group.description = description.map(str::to_owned).or(group.description.take());
        group.updated_at = now();
        let group = group.clone();
        self.groups.rename(code, new.to_owned());
        Ok(group)
    }

    pub(crate) fn delete(&mut self, code: &str) {
        if let Some((number, _)) = self.groups.remove(code) {
            self.members.forget_left(&number);
        }
    }

    pub(crate) fn add(&mut self, group: RowNo, users: &[RowNo]) {
        users.iter().for_each(|user| self.members.link(&group, user, || ()));
    }

    pub(crate) fn remove(&mut self, group: RowNo, user: RowNo) {
        self.members.unlink(&group, &user);
    }

    /// Removes a user who was deleted from all groups.
    pub(crate) fn forget_user(&mut self, user: RowNo) {
        self.members.forget_right(&user);
    }
}
