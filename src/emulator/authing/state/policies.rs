//! Policies and their assignments.

use super::{
    error_response::ErrorResponse,
    target::{Target, covers},
    value::now,
};
use crate::emulator::store::{Index, Namespaced, Table};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum StatementEffect {
    Allow,
    Deny,
}

#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Statement {
    resource: String,
    actions: Vec<String>,
    effect: Option<StatementEffect>,
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

#[derive(Default)]
pub(crate) struct Policies {
    policies: Namespaced<Policy>,
    assignments: Table<Assignment, Assignment>,
    assigned_to: Index<Target>,
    /// By the policy's namespace and code.
    assigned: Index<(String, String)>,
}

impl Assignment {
    fn policy(&self) -> (String, String) {
        (self.namespace.clone(), self.code.clone())
    }
}

impl Policies {
    pub(crate) fn get(&self, namespace: &str, code: &str) -> Option<&Policy> {
        self.policies.get(namespace, code)
    }

    /// Returns how many policies a namespace has, and the policies, the oldest first.
    pub(crate) fn of_namespace(&self, namespace: &str) -> (usize, impl DoubleEndedIterator<Item = &Policy>) {
        self.policies.of_namespace(namespace)
    }

    /// Returns how often a policy is assigned.
    pub(crate) fn assignment_count(&self, policy: &Policy) -> usize {
        self.assigned.count(&(policy.namespace.clone(), policy.code.clone()))
    }

    pub(crate) fn create(
        &mut self,
        namespace: &str,
        code: &str,
        description: Option<&str>,
        statements: Vec<Statement>,
    ) -> Result<Policy, ErrorResponse> {
        if code.is_empty() {
            return Err(ErrorResponse::invalid("code"));
        }
        if self.policies.contains(namespace, code) {
            return Err(ErrorResponse::exists("policy"));
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
        self.policies.insert(namespace, code, policy.clone());
        Ok(policy)
    }

    pub(crate) fn update(
        &mut self,
        namespace: &str,
        code: &str,
        new: &str,
        description: Option<&str>,
        statements: Option<Vec<Statement>>,
    ) -> Result<Policy, ErrorResponse> {
        if new != code && self.policies.contains(namespace, new) {
            return Err(ErrorResponse::exists("policy"));
        }
        let policy = self.policies.get_mut(namespace, code).ok_or(ErrorResponse::not_found("policy"))?;
        policy.code = new.to_owned();
        policy.description = description.map(str::to_owned).or(policy.description.take());
        policy.statements = statements.unwrap_or_else(|| std::mem::take(&mut policy.statements));
        policy.updated_at = now();
        let policy = policy.clone();
        self.policies.rename(namespace, code, new);
        for old in self.assignments_of(namespace, code) {
            self.reassign(&old, Assignment { code: new.to_owned(), ..old.clone() });
        }
        Ok(policy)
    }

    pub(crate) fn delete(&mut self, namespace: &str, code: &str) {
        self.policies.remove(namespace, code);
        for assignment in self.assignments_of(namespace, code) {
            self.unassign(&assignment);
        }
    }

    /// Returns the assignments, the oldest first: those of a holder, or all.
    pub(crate) fn assignments(&self, target: Option<&Target>) -> Vec<&Assignment> {
        match target {
            Some(target) => self.assigned_to(target).collect(),
            None => self.assignments.iter().collect(),
        }
    }

    fn assigned_to<'a>(&'a self, target: &Target) -> impl Iterator<Item = &'a Assignment> + use<'a> {
        self.assigned_to.of(target).filter_map(|number| self.assignments.at(number))
    }

    fn assignments_of(&self, namespace: &str, code: &str) -> Vec<Assignment> {
        let numbers = self.assigned.of(&(namespace.to_owned(), code.to_owned()));
        numbers.filter_map(|number| self.assignments.at(number)).cloned().collect()
    }

    /// Fails unless the namespace has policies with all these codes.
    pub(crate) fn check(&self, namespace: &str, codes: &[&str]) -> Result<(), ErrorResponse> {
        let exist = codes.iter().all(|code| self.policies.contains(namespace, code));
        if exist { Ok(()) } else { Err(ErrorResponse::not_found("policy")) }
    }

    /// Assigns a policy, behind the other assignments.
    pub(crate) fn assign(&mut self, assignment: Assignment) {
        self.unassign(&assignment);
        let number = self.assignments.insert(assignment.clone(), assignment.clone());
        self.assigned.insert(assignment.policy(), number);
        self.assigned_to.insert(assignment.target, number);
    }

    pub(crate) fn unassign(&mut self, assignment: &Assignment) {
        if let Some((number, _)) = self.assignments.remove(assignment) {
            self.assigned_to.remove(&assignment.target, number);
            self.assigned.remove(&assignment.policy(), number);
        }
    }

    /// Changes the policy or the holder of an assignment, which keeps its place.
    fn reassign(&mut self, old: &Assignment, new: Assignment) {
        if *old == new {
            return;
        }
        self.unassign(&new);
        let Some(number) = self.assignments.number(old) else { return };
        self.assignments.rename(old, new.clone());
        if let Some(assignment) = self.assignments.get_mut(&new) {
            *assignment = new.clone();
        }
        self.assigned_to.remove(&old.target, number);
        self.assigned.remove(&old.policy(), number);
        self.assigned.insert(new.policy(), number);
        self.assigned_to.insert(new.target, number);
    }

    /// Removes the assignments of a holder that was deleted.
    pub(crate) fn forget(&mut self, target: &Target) {
        for assignment in self.assigned_to(target).cloned().collect::<Vec<_>>() {
            self.unassign(&assignment);
        }
    }

    /// Moves a holder's assignments to its new identifier.
    pub(crate) fn rename(&mut self, from: &Target, to: &Target) {
        for old in self.assigned_to(from).cloned().collect::<Vec<_>>() {
            self.reassign(&old, Assignment { target: to.clone(), ..old.clone() });
        }
    }

    /// Returns what the policies of these holders say about an action: `None` if none of them is about it.
    pub(crate) fn decide(&self, holders: &[Target], namespace: &str, action: &str, resource: &str) -> Option<bool> {
        let held = holders.iter().flat_map(|holder| self.assigned_to(holder));
        let held = held.filter(|assignment| assignment.namespace == namespace);
        let policies = held.filter_map(|assignment| self.policies.get(namespace, &assignment.code));
        let fitting = policies.flat_map(|policy| &policy.statements).filter(|statement| {
            covers(&statement.resource, resource) && statement.actions.iter().any(|granted| covers(granted, action))
        });
        // A error outweighs every permission.
        fitting.map(|statement| statement.effect != Some(StatementEffect::Deny)).min()
    }
}
