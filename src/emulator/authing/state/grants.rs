//! Grants of actions on resources.

use super::target::{Target, covers};
use crate::emulator::store::{RowNo, touched};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

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
    pub(crate) target: Target,
    /// In the order in which they were granted, each once.
    pub(crate) actions: Vec<String>,
}

#[derive(Default)]
pub(crate) struct Grants {
    grants: BTreeMap<RowNo, Grant>,
    next: RowNo,
    /// The grants of a holder, by namespace and resource.
    of_target: HashMap<Target, BTreeSet<(String, String, RowNo)>>,
}

impl Grant {
    pub(crate) fn covers(&self, resource: &str) -> bool {
        covers(&self.resource, resource)
    }

    pub(crate) fn permits(&self, action: &str) -> bool {
        self.actions.iter().any(|granted| covers(granted, action))
    }

    fn add(&mut self, actions: &[&str]) {
        for action in actions {
            if !self.actions.iter().any(|known| known == action) {
                self.actions.push((*action).to_owned());
            }
        }
    }
}

impl Grants {
    /// Returns all grants, the oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.grants.values().inspect(|_| touched())
    }

    /// Returns the grants of a holder and their numbers.
    pub(crate) fn of<'a>(&'a self, target: &Target) -> impl Iterator<Item = (RowNo, &'a Grant)> + use<'a> {
        let numbers = self.of_target.get(target).into_iter().flatten();
        numbers.inspect(|_| touched()).filter_map(|(_, _, number)| Some((*number, self.grants.get(number)?)))
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
        let own = self.of_target.entry(target.clone()).or_default();
        let at = |number| (namespace.to_owned(), resource.to_owned(), number);
        let known = own.range(at(0)..=at(RowNo::MAX)).next().map(|(_, _, number)| *number);
        if let Some(grant) = known.and_then(|number| self.grants.get_mut(&number)) {
            return grant.add(actions);
        }
        own.insert(at(self.next));
        let (namespace, resource) = (namespace.to_owned(), resource.to_owned());
        let mut grant = Grant { namespace, resource, resource_type, target, actions: Vec::new() };
        grant.add(actions);
        self.grants.insert(self.next, grant);
        self.next += 1;
    }

    /// Revokes the grants of a holder that `which` names.
    pub(crate) fn revoke(&mut self, target: &Target, which: impl Fn(&Grant) -> bool) {
        let gone: Vec<RowNo> = self.of(target).filter(|(_, grant)| which(grant)).map(|(number, _)| number).collect();
        gone.iter().for_each(|number| drop(self.grants.remove(number)));
        if let Some(own) = self.of_target.get_mut(target) {
            own.retain(|(_, _, number)| self.grants.contains_key(number));
            if own.is_empty() {
                self.of_target.remove(target);
            }
        }
    }

    /// Carries a holder's grants over to its new identifier.
    pub(crate) fn rename(&mut self, from: &Target, to: &Target) {
        let Some(own) = self.of_target.remove(from) else { return };
        for (_, _, number) in &own {
            if let Some(grant) = self.grants.get_mut(number) {
                grant.target = to.clone();
            }
        }
        self.of_target.entry(to.clone()).or_default().extend(own);
    }
}
