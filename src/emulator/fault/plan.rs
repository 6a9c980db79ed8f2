//! The faults that were added, and which of them is due.

use super::{
    Fault,
    effect::{Effect, Stage},
    listener::Switch,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The faults of an emulator. Clones are the same list.
#[derive(Clone)]
pub(in crate::emulator) struct Plan {
    faults: Arc<Mutex<Faults>>,
    switch: Switch,
}

#[derive(Default)]
struct Faults {
    next: u64,
    added: Vec<Added>,
}

struct Added {
    id: u64,
    fault: Fault,
    applied: Arc<Mutex<u64>>,
    random: Option<(f64, StdRng)>,
}

impl Added {
    /// Returns whether the fault is due for a request, and counts it.
    fn is_due(&mut self, operations: &[&str], path: &str) -> bool {
        let mut applied = lock(&self.applied);
        let exhausted = self.fault.times.is_some_and(|times| *applied >= times);
        if exhausted || !self.fault.fits(operations, path) {
            return false;
        }
        let due = self.random.as_mut().is_none_or(|(probability, random)| random.random_bool(*probability));
        *applied += u64::from(due);
        due
    }
}

impl Plan {
    pub(in crate::emulator) fn new(switch: Switch) -> Self {
        Self { faults: Arc::default(), switch }
    }

    pub(in crate::emulator) fn add(&self, fault: Fault) -> AddedFault {
        let applied = Arc::new(Mutex::new(0));
        let id = {
            let mut faults = lock(&self.faults);
            let id = faults.next;
            faults.next += 1;
            let random = fault.probability.map(|(probability, seed)| (probability, StdRng::seed_from_u64(seed)));
            faults.added.push(Added { id, fault, applied: applied.clone(), random });
            id
        };
        self.set_switch();
        AddedFault { id, applied, plan: self.clone() }
    }

    pub(in crate::emulator) fn clear(&self) {
        lock(&self.faults).added.clear();
        self.set_switch();
    }

    fn remove(&self, id: u64) {
        lock(&self.faults).added.retain(|added| added.id != id);
        self.set_switch();
    }

    /// Opens or closes the listener.
    fn set_switch(&self) {
        self.switch.refuse(self.has(Stage::Connection));
    }

    /// Returns whether any fault can be due at this stage.
    pub(super) fn has(&self, stage: Stage) -> bool {
        let exhausted = |added: &Added| added.fault.times.is_some_and(|times| *lock(&added.applied) >= times);
        lock(&self.faults).added.iter().any(|added| added.fault.effect.stage() == stage && !exhausted(added))
    }

    /// Returns what the first fault does that is due for a request, and counts it.
    pub(super) fn due(&self, stage: Stage, operations: &[&str], path: &str) -> Option<Effect> {
        let mut faults = lock(&self.faults);
        let mut of_stage = faults.added.iter_mut().filter(|added| added.fault.effect.stage() == stage);
        of_stage.find_map(|added| added.is_due(operations, path).then(|| added.fault.effect.clone()))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A fault that was added to an emulator. It stays when this is dropped.
pub struct AddedFault {
    id: u64,
    applied: Arc<Mutex<u64>>,
    plan: Plan,
}

impl AddedFault {
    /// Returns how many requests the fault was applied to.
    pub fn applied(&self) -> u64 {
        *lock(&self.applied)
    }

    /// Removes the fault: later requests do not meet it.
    pub fn remove(self) {
        self.plan.remove(self.id);
    }
}

impl fmt::Debug for AddedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddedFault").field("applied", &self.applied()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan::new(Switch::default())
    }

    fn is_due(plan: &Plan) -> bool {
        plan.due(Stage::Response, &["digiwin.users.get_user"], "/x").is_some()
    }

    #[test]
    fn a_fault_is_applied_as_often_as_it_says() {
        for (times, asked, expected) in [(Some(0), 3, 0), (Some(2), 3, 2), (Some(5), 3, 3), (None, 3, 3)] {
            let plan = plan();
            let fault = Fault { times, ..Fault::html() };
            let added = plan.add(fault);
            assert_eq!((0..asked).filter(|_| is_due(&plan)).count(), expected, "{times:?}");
            assert_eq!(added.applied(), expected as u64);
        }
    }

    #[test]
    fn a_seed_makes_the_same_choices() {
        let choices = |probability, seed| {
            let plan = plan();
            plan.add(Fault::html().with_probability(probability, seed));
            (0..100).map(|_| is_due(&plan)).collect::<Vec<_>>()
        };
        let count = |choices: Vec<bool>| choices.into_iter().filter(|due| *due).count();
        assert_eq!(choices(0.5, 1), choices(0.5, 1));
        assert_ne!(choices(0.5, 1), choices(0.5, 2));
        assert_eq!((count(choices(0.0, 1)), count(choices(1.0, 1))), (0, 100));
        assert!((20..80).contains(&count(choices(0.5, 1))));
    }

    #[test]
    fn faults_apply_in_their_order_until_they_are_removed() {
        let plan = plan();
        let first = plan.add(Fault::html().times(1));
        let second = plan.add(Fault::deep_json());
        let due = || plan.due(Stage::Response, &[], "/x");
        assert_eq!([due(), due(), due()], [Some(Effect::Html), Some(Effect::DeepJson), Some(Effect::DeepJson)]);
        assert_eq!((first.applied(), second.applied()), (1, 2));
        assert_eq!(plan.due(Stage::Request, &[], "/x"), None);
        second.remove();
        assert_eq!(due(), None);
        plan.add(Fault::html());
        plan.clear();
        assert_eq!(due(), None);
    }
}
