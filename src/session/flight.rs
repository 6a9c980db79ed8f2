//! Single flight: of all who want the same thing at once one does it, and all get what comes of it.

use crate::sync::{Mutex, MutexGuard};
use std::sync::{Arc, PoisonError};
use tokio::sync::watch;

/// What a flight is for; a later one in this list does all that an earlier one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Goal {
    /// Write a token to the store that could not be written before.
    Save,
    /// Know what the store has.
    Read,
    /// Replace a token that is still valid.
    RefreshAhead,
    /// Get a token where there is none, or in place of one that has ended or was refused.
    Replace,
}

/// One flight at a time, and whoever waits for it.
#[derive(Debug)]
pub(crate) struct SingleFlight<T>(Arc<Mutex<Option<Running<T>>>>);

#[derive(Debug)]
struct Running<T> {
    goal: Goal,
    outcome: watch::Receiver<Option<T>>,
}

/// The part of a caller in a flight.
pub(crate) enum Flight<T> {
    /// It is the caller's to do the work, or to have it done, and to [`complete`](Leader::complete) the flight.
    Leader(Leader<T>, Follower<T>),
    /// Another one is at it, with this goal.
    Follower(Follower<T>, Goal),
}

pub(crate) struct Leader<T> {
    flights: Arc<Mutex<Option<Running<T>>>>,
    sender: watch::Sender<Option<T>>,
    completed: bool,
}

pub(crate) struct Follower<T>(watch::Receiver<Option<T>>);

impl<T: Clone> SingleFlight<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(None)))
    }

    /// Joins the flight under way, or begins one.
    pub(crate) fn begin(&self, goal: Goal) -> Flight<T> {
        let mut running = lock(&self.0);
        if let Some(running) = &*running {
            return Flight::Follower(Follower(running.outcome.clone()), running.goal);
        }
        let (sender, outcome) = watch::channel(None);
        *running = Some(Running { goal, outcome: outcome.clone() });
        Flight::Leader(Leader { flights: self.0.clone(), sender, completed: false }, Follower(outcome))
    }
}

impl<T> Leader<T> {
    /// Ends the flight: the next caller begins another one.
    pub(crate) fn complete(mut self, outcome: T) {
        // First, so that whoever has seen the outcome never meets this flight again.
        self.end();
        self.sender.send_replace(Some(outcome));
    }

    fn end(&mut self) {
        self.completed = true;
        *lock(&self.flights) = None;
    }
}

impl<T> Drop for Leader<T> {
    /// The flight was given up; its followers learn that with the channel's end.
    fn drop(&mut self) {
        if !self.completed {
            self.end();
        }
    }
}

impl<T: Clone> Follower<T> {
    /// Waits for the outcome; `None` if the flight was given up.
    pub(crate) async fn outcome(mut self) -> Option<T> {
        let outcome = self.0.wait_for(Option::is_some).await;
        outcome.ok().and_then(|outcome| outcome.clone())
    }
}

fn lock<T>(flights: &Mutex<Option<Running<T>>>) -> MutexGuard<'_, Option<Running<T>>> {
    // No code that can panic runs under this lock.
    flights.lock().unwrap_or_else(PoisonError::into_inner)
}
