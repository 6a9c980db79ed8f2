//! The names, mail addresses and phone numbers that may register.

use super::value::now;
use crate::emulator::store::Table;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum WhitelistType {
    Username,
    Email,
    Phone,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    value: String,
    created_at: String,
    updated_at: String,
}

#[derive(Default)]
pub(crate) struct Whitelist(HashMap<WhitelistType, Table<String, Entry>>);

impl Whitelist {
    pub(crate) fn iter(&self, kind: WhitelistType) -> impl Iterator<Item = &Entry> {
        self.0.get(&kind).into_iter().flat_map(Table::iter)
    }

    pub(crate) fn add(&mut self, kind: WhitelistType, value: &str) {
        let list = self.0.entry(kind).or_default();
        if !list.contains(value) {
            list.insert(value.to_owned(), Entry { value: value.to_owned(), created_at: now(), updated_at: now() });
        }
    }

    pub(crate) fn remove(&mut self, kind: WhitelistType, value: &str) {
        if let Some(list) = self.0.get_mut(&kind) {
            list.remove(value);
        }
    }
}
