//! Policies and their assignments.

use super::{
    refusal::Refusal,
    target::{Target, covers},
    value::now,
};
use crate::emulator::store::{Index, Table};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum Effect {
    Allow,
    Deny,
}

#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Statement {
    resource: String,
    actions: Vec<String>,
    effect: Option<Effect>,
    condition: Option<Vec<Condition>>,
}

#[derive(Clone, Deserialize, Serialize)]
struct Condition {
    param: String,
    operator: String,
    /// Of any form; conditions are kept, and not checked.
    value: Value,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Policy {
    namespace: String,
    code: String,
    is_default: bool,
    description: Option<String>,
    statements: Vec<Statement>,
    created_at: String,
    updated_at: String,
}

/// The policy and the holder of an assignment.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
pub(crate) struct Assignment {
    pub(crate) namespace: String,
    pub(crate) code: String,
    #[serde(flatten)]
    pub(crate) target: Target,
}

/// An assignment, and whether it is enabled.
struct Assigned(Assignment, bool);

#[derive(Default)]
pub(crate) struct Policies {
    policies: Table<(String, String), Policy>,
    by_code: Index<String>,
    of_namespace: Index<String>,
    assignments: Table<Assignment, Assigned>,
    assigned_to: Index<Target>,
    assigned_code: Index<String>,
}

fn key(namespace: &str, code: &str) -> (String, String) {
    (namespace.to_owned(), code.to_owned())
}

impl Policies {
    pub(crate) fn get(&self, namespace: &str, code: &str) -> Option<&Policy> {
        self.policies.get(&key(namespace, code))
    }

    /// Returns how many policies a namespace has, and the policies, the oldest first.
    pub(crate) fn of_namespace(&self, namespace: &str) -> (usize, impl DoubleEndedIterator<Item = &Policy>) {
        let policies = self.of_namespace.of(namespace).filter_map(|number| self.policies.at(number));
        (self.of_namespace.count(namespace), policies)
    }

    /// Returns how often a policy is assigned.
    pub(crate) fn assignment_count(&self, policy: &Policy) -> usize {
        self.assigned_code.count(policy.code.as_str())
    }

    pub(crate) fn create(
        &mut self,
        namespace: &str,
        code: &str,
        description: Option<&str>,
        statements: Vec<Statement>,
    ) -> Result<Policy, Refusal> {
        if self.policies.contains(&key(namespace, code)) {
            return Err(Refusal::exists("policy"));
        }
        let policy = Policy {
            namespace: namespace.to_owned(),
            code: code.to_owned(),
            is_default: false,
            description: description.map(str::to_owned),
            statements,
            created_at: now(),
            updated_at: now(),
        };
        let number = self.policies.insert(key(namespace, code), policy.clone());
        self.by_code.insert(code.to_owned(), number);
        self.of_namespace.insert(namespace.to_owned(), number);
        Ok(policy)
    }

    pub(crate) fn update(
        &mut self,
        namespace: &str,
        code: &str,
        new: &str,
        description: Option<&str>,
        statements: Option<Vec<Statement>>,
    ) -> Result<Policy, Refusal> {
        if new != code && self.policies.contains(&key(namespace, new)) {
            return Err(Refusal::exists("policy"));
        }
        let number = self.policies.number(&key(namespace, code)).ok_or(Refusal::missing("policy"))?;
        let policy = self.policies.get_mut(&key(namespace, code)).ok_or(Refusal::missing("policy"))?;
        policy.code = new.to_owned();
        policy.description = description.map(str::to_owned).or(policy.description.take());
        policy.statements = statements.unwrap_or_else(|| std::mem::take(&mut policy.statements));
        policy.updated_at = now();
        let policy = policy.clone();
        self.policies.rename(&key(namespace, code), key(namespace, new));
        self.by_code.remove(code, number);
        self.by_code.insert(new.to_owned(), number);
        for old in self.assignments_of(namespace, code) {
            self.reassign(&old, Assignment { code: new.to_owned(), ..old.clone() });
        }
        Ok(policy)
    }

    pub(crate) fn delete(&mut self, namespace: &str, code: &str) {
        if let Some((number, _)) = self.policies.remove(&key(namespace, code)) {
            self.by_code.remove(code, number);
            self.of_namespace.remove(namespace, number);
        }
        for assignment in self.assignments_of(namespace, code) {
            self.unassign(&assignment);
        }
    }

    /// Returns the assignments, the oldest first: those of a holder, or all.
    pub(crate) fn assignments(&self, target: Option<&Target>) -> Vec<&Assignment> {
        match target {
            Some(target) => self.assigned(target).map(|Assigned(assignment, _)| assignment).collect(),
            None => self.assignments.iter().map(|Assigned(assignment, _)| assignment).collect(),
        }
    }

    fn assigned<'a>(&'a self, target: &Target) -> impl Iterator<Item = &'a Assigned> + use<'a> {
        self.assigned_to.of(target).filter_map(|number| self.assignments.at(number))
    }

    fn assignments_of(&self, namespace: &str, code: &str) -> Vec<Assignment> {
        let assigned = self.assigned_code.of(code).filter_map(|number| self.assignments.at(number));
        assigned.map(|Assigned(assignment, _)| assignment).filter(|a| a.namespace == namespace).cloned().collect()
    }

    /// Fails unless there are policies with all these codes, in whatever namespace.
    pub(crate) fn known(&self, codes: &[&str]) -> Result<(), Refusal> {
        let known = |code: &&str| self.by_code.first(*code).is_some();
        if codes.iter().all(known) { Ok(()) } else { Err(Refusal::missing("policy")) }
    }

    /// Assigns a policy anew, enabled and behind the other assignments.
    pub(crate) fn assign(&mut self, assignment: Assignment) {
        self.unassign(&assignment);
        self.insert(assignment, true);
    }

    pub(crate) fn unassign(&mut self, assignment: &Assignment) {
        if let Some((number, _)) = self.assignments.remove(assignment) {
            self.assigned_to.remove(&assignment.target, number);
            self.assigned_code.remove(assignment.code.as_str(), number);
        }
    }

    pub(crate) fn enable(&mut self, assignment: &Assignment, enabled: bool) {
        if let Some(Assigned(_, is_enabled)) = self.assignments.get_mut(assignment) {
            *is_enabled = enabled;
        }
    }

    fn insert(&mut self, assignment: Assignment, enabled: bool) {
        let number = self.assignments.insert(assignment.clone(), Assigned(assignment.clone(), enabled));
        self.assigned_to.insert(assignment.target, number);
        self.assigned_code.insert(assignment.code, number);
    }

    /// Changes the policy or the holder of an assignment, which keeps its place.
    fn reassign(&mut self, old: &Assignment, new: Assignment) {
        if *old == new {
            return;
        }
        self.unassign(&new);
        let Some(number) = self.assignments.number(old) else { return };
        self.assignments.rename(old, new.clone());
        if let Some(Assigned(assignment, _)) = self.assignments.get_mut(&new) {
            *assignment = new.clone();
        }
        self.assigned_to.remove(&old.target, number);
        self.assigned_code.remove(old.code.as_str(), number);
        self.assigned_to.insert(new.target, number);
        self.assigned_code.insert(new.code, number);
    }

    /// Removes the assignments of a holder that was deleted.
    pub(crate) fn forget(&mut self, target: &Target) {
        for assignment in self.assignments(Some(target)).into_iter().cloned().collect::<Vec<_>>() {
            self.unassign(&assignment);
        }
    }

    /// Carries a holder's assignments over to its new identifier.
    pub(crate) fn rename(&mut self, from: &Target, to: &Target) {
        for old in self.assignments(Some(from)).into_iter().cloned().collect::<Vec<_>>() {
            self.reassign(&old, Assignment { target: to.clone(), ..old.clone() });
        }
    }

    /// Returns what the enabled policies of these holders say about an action: `None` if none of them is about it.
    pub(crate) fn decide(&self, holders: &[Target], namespace: &str, action: &str, resource: &str) -> Option<bool> {
        let held = holders.iter().flat_map(|holder| self.assigned(holder));
        let held = held.filter(|Assigned(assignment, enabled)| *enabled && assignment.namespace == namespace);
        let policies = held
            .filter_map(|Assigned(assignment, _)| self.policies.at(self.by_code.first(assignment.code.as_str())?));
        let fitting = policies.flat_map(|policy| &policy.statements).filter(|statement| {
            covers(&statement.resource, resource) && statement.actions.iter().any(|granted| covers(granted, action))
        });
        // A refusal outweighs every permission.
        fitting.map(|statement| statement.effect != Some(Effect::Deny)).min()
    }
}
