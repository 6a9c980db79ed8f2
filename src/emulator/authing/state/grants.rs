//! Grants of actions on resources.

use super::target::{Target, covers};
use crate::emulator::store::{Index, RowNo, Table};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum ResourceType {
    #[default]
    Data,
    Api,
    Menu,
    Ui,
    Button,
}

impl ResourceType {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Data => "DATA",
            Self::Api => "API",
            Self::Menu => "MENU",
            Self::Ui => "UI",
            Self::Button => "BUTTON",
        }
    }
}

pub(crate) struct Grant {
    pub(crate) namespace: String,
    pub(crate) resource: String,
    pub(crate) resource_type: ResourceType,
    /// In the order in which they were granted, without duplicates.
    pub(crate) actions: Vec<String>,
}

/// The holder, the namespace and the resource of a grant.
type Key = (Target, String, String);

#[derive(Default)]
pub(crate) struct Grants {
    grants: Table<Key, Grant>,
    of_target: Index<Target>,
}

impl Grant {
    pub(crate) fn covers(&self, resource: &str) -> bool {
        covers(&self.resource, resource)
    }

    pub(crate) fn permits(&self, action: &str) -> bool {
        self.actions.iter().any(|granted| covers(granted, action))
    }

    fn key(&self, target: &Target) -> Key {
        (target.clone(), self.namespace.clone(), self.resource.clone())
    }
}

impl Grants {
    /// Returns the grants of a holder and their numbers, the oldest first.
    pub(crate) fn of<'a>(&'a self, target: &Target) -> impl Iterator<Item = (RowNo, &'a Grant)> + use<'a> {
        self.of_target.of(target).filter_map(|number| Some((number, self.grants.at(number)?)))
    }

    /// Grants actions on a resource, in addition to those granted before.
    pub(crate) fn grant(
        &mut self,
        namespace: &str,
        resource: &str,
        resource_type: ResourceType,
        target: Target,
        actions: &[&str],
    ) {
        let key = (target, namespace.to_owned(), resource.to_owned());
        if !self.grants.contains(&key) {
            let (namespace, resource) = (namespace.to_owned(), resource.to_owned());
            let grant = Grant { namespace, resource, resource_type, actions: Vec::new() };
            let number = self.grants.insert(key.clone(), grant);
            self.of_target.insert(key.0.clone(), number);
        }
        let Some(grant) = self.grants.get_mut(&key) else { return };
        for action in actions {
            if !grant.actions.iter().any(|granted| granted == action) {
                grant.actions.push((*action).to_owned());
            }
        }
    }

    /// Removes all grants of a holder that was deleted.
    pub(crate) fn forget(&mut self, target: &Target) {
        for (number, key) in self.keys(target) {
            self.of_target.remove(target, number);
            self.grants.remove(&key);
        }
    }

    /// Moves a holder's grants to its new identifier.
    pub(crate) fn rename(&mut self, from: &Target, to: &Target) {
        if from == to {
            return;
        }
        self.forget(to);
        for (number, key) in self.keys(from) {
            self.of_target.remove(from, number);
            self.of_target.insert(to.clone(), number);
            let (_, namespace, resource) = key.clone();
            self.grants.rename(&key, (to.clone(), namespace, resource));
        }
    }

    fn keys(&self, target: &Target) -> Vec<(RowNo, Key)> {
        self.of(target).map(|(number, grant)| (number, grant.key(target))).collect()
    }
}
