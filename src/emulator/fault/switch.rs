//! Whether the listener refuses connections.

use crate::emulator::lock::lock;
use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard},
    time::Duration,
};
use tokio::sync::Notify;

/// The longest that a test waits for the listener to follow the switch. It follows at once, unless the emulator is being dropped.
const FOLLOWS_WITHIN: Duration = Duration::from_secs(5);

/// Tells the listener whether it refuses connections. Clones are the same switch.
#[derive(Clone, Default)]
pub(in crate::emulator) struct Switch(Arc<Shared>);

#[derive(Default)]
struct Shared {
    position: Mutex<Position>,
    /// Wakes the listener when the position changes.
    changed: Notify,
    /// Wakes the callers of `refuse` once the listener has followed.
    followed: Condvar,
}

#[derive(Default)]
struct Position {
    refuses: bool,
    /// What the listener does; `None` while there is no listener.
    followed: Option<bool>,
}

impl Switch {
    /// Sets it, and waits until the listener has followed.
    pub(super) fn refuse(&self, refuses: bool) {
        let mut position = self.position();
        if position.refuses == refuses {
            return;
        }
        position.refuses = refuses;
        self.0.changed.notify_one();
        let behind = |position: &mut Position| position.followed.is_some_and(|followed| followed != refuses);
        drop(self.0.followed.wait_timeout_while(position, FOLLOWS_WITHIN, behind));
    }

    pub(super) fn refuses(&self) -> bool {
        self.position().refuses
    }

    /// Returns once the position may have changed.
    pub(super) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// Reports what the listener does.
    pub(super) fn follow(&self, refuses: bool) {
        self.position().followed = Some(refuses);
        self.0.followed.notify_all();
    }

    fn position(&self) -> MutexGuard<'_, Position> {
        lock(&self.0.position)
    }
}
