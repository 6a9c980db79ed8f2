//! A store's lock while a flight holds it. It is released at its deadline even if the flight never ends: nothing may be driving
//! the flight's runtime any more.

use crate::token_store::StoreLock;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Instant,
};
use tokio::sync::oneshot;

pub(crate) enum HeldLock {
    /// The lock of a store that does not block.
    Direct(Mutex<StoreLock>),
    /// The lock of a store that can block, held by a thread of its own that ends with it.
    OnThread(Sender<Command>),
}

pub(crate) enum Command {
    Check(oneshot::Sender<bool>),
    Release(oneshot::Sender<()>),
}

impl HeldLock {
    pub(crate) fn new(lock: StoreLock, may_block: bool, deadline: Instant) -> Self {
        if !may_block {
            return Self::Direct(Mutex::new(lock));
        }
        let (sender, commands) = channel();
        let hold = move || {
            loop {
                let left = deadline.saturating_duration_since(Instant::now());
                match commands.recv_timeout(left) {
                    Ok(Command::Check(reply)) => drop(reply.send(lock.is_held())),
                    Ok(Command::Release(reply)) => {
                        drop(lock);
                        let _ = reply.send(());
                        return;
                    }
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        let hold = move || drop(catch_unwind(AssertUnwindSafe(hold)));
        // If no thread can be started, the lock is released at once, and `is_held` returns `false`.
        drop(thread::Builder::new().name("iam-sdk-lock".to_owned()).spawn(hold));
        Self::OnThread(sender)
    }

    pub(crate) async fn is_held(&self) -> bool {
        match self {
            Self::Direct(lock) => lock.lock().unwrap_or_else(PoisonError::into_inner).is_held(),
            Self::OnThread(commands) => {
                let (reply, held) = oneshot::channel();
                commands.send(Command::Check(reply)).is_ok() && held.await.unwrap_or(false)
            }
        }
    }

    pub(crate) async fn release(self) {
        if let Self::OnThread(commands) = &self {
            let (reply, released) = oneshot::channel();
            if commands.send(Command::Release(reply)).is_ok() {
                let _ = released.await;
            }
        }
    }
}
