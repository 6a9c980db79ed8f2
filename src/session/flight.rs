//! Single flight: of all callers that need the same work at once, one does it, and all receive its outcome.

use crate::sync::{Mutex, MutexGuard};
use std::{
    sync::{Arc, PoisonError},
    time::Instant,
};
use tokio::sync::watch;

/// The goal of a flight. A later goal in this list includes the earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Goal {
    /// Write a token to the store that could not be written before.
    Save,
    /// Read the session's token from the store.
    Read,
    /// Replace a token that is still valid.
    RefreshAhead,
    /// Get a token where there is none, or in place of one that has ended or was refused.
    Replace,
    /// Log in, whatever token there is.
    LogIn,
}

/// Lets one flight at a time run, and the other callers wait for its outcome.
#[derive(Debug)]
pub(crate) struct SingleFlight<T>(Arc<Mutex<Flights<T>>>);

#[derive(Debug)]
struct Flights<T> {
    begun: u64,
    running: Option<Running<T>>,
}

#[derive(Debug)]
struct Running<T> {
    number: u64,
    goal: Goal,
    /// When the flight is considered lost.
    deadline: Instant,
    outcome: watch::Receiver<Option<T>>,
}

/// The role of a caller in a flight.
pub(crate) enum Flight<T> {
    /// The caller does the work and [completes](Leader::complete) the flight.
    Leader(Leader<T>, Follower<T>),
    /// Another caller's flight, with this goal, is under way.
    Follower(Follower<T>, Goal),
}

pub(crate) struct Leader<T> {
    flights: Arc<Mutex<Flights<T>>>,
    number: u64,
    sender: watch::Sender<Option<T>>,
    completed: bool,
}

pub(crate) struct Follower<T>(watch::Receiver<Option<T>>);

impl<T: Clone> SingleFlight<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Flights { begun: 0, running: None })))
    }

    /// Joins the flight under way, or begins one that is considered lost at `deadline`.
    pub(crate) fn begin(&self, goal: Goal, deadline: Instant) -> Flight<T> {
        let mut flights = lock(&self.0);
        let now = Instant::now();
        if let Some(running) = flights.running.as_ref().filter(|running| now < running.deadline) {
            return Flight::Follower(Follower(running.outcome.clone()), running.goal);
        }
        flights.begun += 1;
        let number = flights.begun;
        let (sender, outcome) = watch::channel(None);
        flights.running = Some(Running { number, goal, deadline, outcome: outcome.clone() });
        Flight::Leader(Leader { flights: self.0.clone(), number, sender, completed: false }, Follower(outcome))
    }

    /// Returns whether a flight that reaches this goal is under way, and is not considered lost.
    pub(crate) fn is_under_way(&self, goal: Goal) -> bool {
        lock(&self.0).running.as_ref().is_some_and(|running| running.goal >= goal && Instant::now() < running.deadline)
    }
}

impl<T> Leader<T> {
    /// Ends the flight: the next caller begins another one.
    pub(crate) fn complete(mut self, outcome: T) {
        // First, so that a caller that has seen the outcome never joins this flight again.
        self.end();
        self.sender.send_replace(Some(outcome));
    }

    fn end(&mut self) {
        self.completed = true;
        let mut flights = lock(&self.flights);
        // Another one may have begun, after this one was considered lost.
        if flights.running.as_ref().is_some_and(|running| running.number == self.number) {
            flights.running = None;
        }
    }
}

impl<T> Drop for Leader<T> {
    /// Ends a flight that was abandoned. Its followers see the channel's end.
    fn drop(&mut self) {
        if !self.completed {
            self.end();
        }
    }
}

impl<T: Clone> Follower<T> {
    /// Waits for the outcome; `None` if the flight was abandoned.
    pub(crate) async fn outcome(mut self) -> Option<T> {
        let outcome = self.0.wait_for(Option::is_some).await;
        outcome.ok().and_then(|outcome| outcome.clone())
    }
}

fn lock<T>(flights: &Mutex<Flights<T>>) -> MutexGuard<'_, Flights<T>> {
    // No code that can panic runs under this lock.
    flights.lock().unwrap_or_else(PoisonError::into_inner)
}
