//! The faults that were added, and which of them is due.

use super::{Fault, effect::FaultEffect, switch::Switch};
use crate::emulator::lock::lock;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::{
    fmt,
    sync::{Arc, Mutex},
};

/// The faults of an emulator. Clones are the same list.
#[derive(Clone)]
pub(in crate::emulator) struct Plan {
    faults: Arc<Mutex<Faults>>,
    switch: Switch,
    /// Held while the list is changed and the listener follows.
    changing: Arc<Mutex<()>>,
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

/// What the faults look at in a request.
pub(super) struct Matched<'a> {
    pub(super) operations: &'a [&'static str],
    pub(super) path: &'a str,
    /// The bytes of the request, while it is received.
    pub(super) length: Option<usize>,
}

impl Added {
    fn is_exhausted(&self) -> bool {
        self.fault.times.is_some_and(|times| *lock(&self.applied) >= times)
    }

    /// Returns whether the fault is due for a request, and counts it.
    fn is_due(&mut self, request: &Matched<'_>) -> bool {
        let can_apply = match self.fault.effect {
            FaultEffect::Refuse => false,
            // Of a request that is not longer, or that has been received, nothing is left to interrupt.
            FaultEffect::ResetWithin(bytes) => request.length.is_some_and(|length| bytes < length),
            _ => true,
        };
        if !can_apply || self.is_exhausted() || !self.fault.fits(request.operations, request.path) {
            return false;
        }
        let due = self.random.as_mut().is_none_or(|(probability, random)| random.random_bool(*probability));
        *lock(&self.applied) += u64::from(due);
        due
    }
}

impl Plan {
    pub(in crate::emulator) fn new(switch: Switch) -> Self {
        Self { faults: Arc::default(), switch, changing: Arc::default() }
    }

    pub(in crate::emulator) fn add(&self, fault: Fault) -> AddedFault {
        let applied = Arc::new(Mutex::new(0));
        let random = fault.probability.map(|(probability, seed)| (probability, StdRng::seed_from_u64(seed)));
        let id = self.change(|faults| {
            let id = faults.next;
            faults.next += 1;
            faults.added.push(Added { id, fault, applied: applied.clone(), random });
            id
        });
        AddedFault { id, applied, plan: self.clone() }
    }

    pub(in crate::emulator) fn clear(&self) {
        self.change(|faults| faults.added.clear());
    }

    fn remove(&self, id: u64) {
        self.change(|faults| faults.added.retain(|added| added.id != id));
    }

    /// Changes the list, and makes the listener follow it before the next change.
    fn change<R>(&self, change: impl FnOnce(&mut Faults) -> R) -> R {
        let _changing = lock(&self.changing);
        let (result, refuses) = {
            let mut faults = lock(&self.faults);
            let result = change(&mut faults);
            (result, faults.added.iter().any(|added| added.fault.effect == FaultEffect::Refuse))
        };
        // The connections need the list while the listener follows.
        self.switch.refuse(refuses);
        result
    }

    /// Returns whether any fault can be due while a request is received.
    pub(super) fn has_reset_within(&self) -> bool {
        let resets = |added: &Added| matches!(added.fault.effect, FaultEffect::ResetWithin(_)) && !added.is_exhausted();
        lock(&self.faults).added.iter().any(resets)
    }

    /// Returns what the first fault does that is due for a request, and counts it.
    pub(super) fn due(&self, request: &Matched<'_>) -> Option<FaultEffect> {
        let mut faults = lock(&self.faults);
        faults.added.iter_mut().find_map(|added| added.is_due(request).then(|| added.fault.effect.clone()))
    }
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

    fn due(plan: &Plan, length: Option<usize>) -> Option<FaultEffect> {
        plan.due(&Matched { operations: &["digiwin.users.get_user"], path: "/x", length })
    }

    fn is_due(plan: &Plan) -> bool {
        due(plan, None).is_some()
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
        let due = || due(&plan, None);
        let [html, deep] = [FaultEffect::Html, FaultEffect::DeepJson].map(Some);
        assert_eq!([due(), due(), due()], [html, deep.clone(), deep]);
        assert_eq!((first.applied(), second.applied()), (1, 2));
        second.remove();
        assert_eq!(due(), None);
        plan.add(Fault::html());
        plan.clear();
        assert_eq!(due(), None);
    }

    #[test]
    fn one_fault_is_chosen_for_a_request_and_a_reset_only_within_it() {
        for (faults, length, expected) in [
            ([Fault::html(), Fault::reset_within(5)], Some(10), FaultEffect::Html),
            ([Fault::reset_within(5), Fault::html()], Some(10), FaultEffect::ResetWithin(5)),
            ([Fault::reset_within(10), Fault::html()], Some(10), FaultEffect::Html),
            ([Fault::reset_within(5), Fault::html()], None, FaultEffect::Html),
        ] {
            let plan = plan();
            let added = faults.map(|fault| plan.add(fault));
            assert_eq!(due(&plan, length), Some(expected.clone()));
            let counts = added.map(|added| added.applied());
            assert_eq!(counts.iter().sum::<u64>(), 1, "{expected:?}: {counts:?}");
        }
    }
}
