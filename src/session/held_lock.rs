//! A store's lock while a flight holds it. It is released at its deadline, whatever becomes of the flight: the runtime that it
//! runs on may not be driven any more.

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
    /// Of a store that does not block.
    Here(Mutex<StoreLock>),
    /// On a thread of its own, which ends with it.
    There(Sender<Command>),
}

pub(crate) enum Command {
    Check(oneshot::Sender<bool>),
    Release(oneshot::Sender<()>),
}

impl HeldLock {
    pub(crate) fn new(lock: StoreLock, may_block: bool, deadline: Instant) -> Self {
        if !may_block {
            return Self::Here(Mutex::new(lock));
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
        // Without a thread it is released at once, and found lost when it is asked for.
        drop(thread::Builder::new().name("iam-sdk-lock".to_owned()).spawn(hold));
        Self::There(sender)
    }

    pub(crate) async fn is_held(&self) -> bool {
        match self {
            Self::Here(lock) => lock.lock().unwrap_or_else(PoisonError::into_inner).is_held(),
            Self::There(commands) => {
                let (reply, held) = oneshot::channel();
                commands.send(Command::Check(reply)).is_ok() && held.await.unwrap_or(false)
            }
        }
    }

    pub(crate) async fn release(self) {
        if let Self::There(commands) = &self {
            let (reply, released) = oneshot::channel();
            if commands.send(Command::Release(reply)).is_ok() {
                let _ = released.await;
            }
        }
    }
}
