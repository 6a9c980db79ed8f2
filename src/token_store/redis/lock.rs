//! A session's lock in Redis: a key with the holder's random id, which ends by itself when its holder has died.

use super::{
    RedisStoreError,
    error::may_pass,
    resp::Reply,
    server::{Call, Server},
};
use crate::{crypto::random_bytes, token_store::StoreLock};
use std::{
    process,
    sync::{Arc, atomic::Ordering, mpsc},
    thread,
};

type Result<T, E = RedisStoreError> = std::result::Result<T, E>;

/// A change of a lock that this process still holds.
#[derive(Clone, Copy)]
enum Change {
    Release,
    /// With its lifetime in milliseconds.
    Prolong(u128),
}

const RELEASE: &[u8] =
    b"if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end";
const PROLONG: &[u8] =
    b"if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end";

/// A lock that this process holds, or held.
struct Held {
    server: Arc<Server>,
    /// The lock's key.
    key: String,
    /// Random, so that nobody else releases or prolongs it.
    holder: String,
    /// The process that took it: a forked child has a copy of this value, and the lock is not the child's to release.
    process: u32,
}

/// Takes the lock under `key`; `None` if another holder has it.
pub(super) fn try_take(server: &Arc<Server>, key: String) -> Result<Option<StoreLock>> {
    let holder: String = random_bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect();
    let lifetime = server.settings.lock_lifetime.as_millis().to_string();
    let mut call = server.call();
    let set: [&[u8]; 6] = [b"SET", key.as_bytes(), holder.as_bytes(), b"NX", b"PX", lifetime.as_bytes()];
    let taken = match call.ask("SET NX", &set)? {
        Reply::Text(_) => true,
        // The first of two commands may have taken it, over a connection that then broke.
        _ => {
            call.has_repeated()
                && call.ask("GET", &[b"GET", key.as_bytes()])? == Reply::Bytes(holder.clone().into_bytes())
        }
    };
    drop(call);
    if !taken {
        return Ok(None);
    }
    let held = Arc::new(Held { server: server.clone(), key, holder, process: process::id() });
    let (keeper, checked) = (held.clone().keep(), held.clone());
    let release = move || {
        drop(keeper);
        held.release();
    };
    Ok(Some(StoreLock::new(release).checked_by(move || checked.is_held())))
}

impl Held {
    /// Asks Redis whether the lock is still this holder's. Where Redis cannot say, it is not.
    fn is_held(&self) -> bool {
        let holder = || self.server.call().ask("GET", &[b"GET", self.key.as_bytes()]);
        self.process == process::id()
            && matches!(holder(), Ok(Reply::Bytes(holder)) if holder == self.holder.as_bytes())
    }

    fn release(&self) {
        if self.process == process::id() {
            // One that is not given back ends by itself.
            let _ = self.change(&mut self.server.call(), Change::Release);
        }
    }

    /// Prolongs the lock, on a thread of its own, until the sender is dropped.
    fn keep(self: Arc<Self>) -> mpsc::Sender<()> {
        let (sender, released) = mpsc::channel::<()>();
        let lifetime = self.server.settings.lock_lifetime;
        let keep = move || {
            while released.recv_timeout(lifetime / 3) == Err(mpsc::RecvTimeoutError::Timeout) {
                let mut call = self.server.call_within(lifetime / 3);
                // If it cannot be prolonged now, it may be the next time. One that is lost stays lost.
                if matches!(self.change(&mut call, Change::Prolong(lifetime.as_millis())), Ok(false)) {
                    break;
                }
            }
        };
        // Without a thread the lock ends when its lifetime does, and the holder's check says so.
        let _ = thread::Builder::new().name("iam-sdk-lock".to_owned()).spawn(keep);
        sender
    }

    /// Changes the lock if it is still this holder's: by a script, or, on a server that refuses those, by a transaction.
    fn change(&self, call: &mut Call<'_>, change: Change) -> Result<bool> {
        if !self.server.refuses_scripts.load(Ordering::Relaxed) {
            match self.change_by_script(call, change) {
                Err(RedisStoreError::Refused { code, message, .. }) if !may_pass(&code, &message) => {
                    self.server.refuses_scripts.store(true, Ordering::Relaxed)
                }
                outcome => return outcome,
            }
        }
        let outcome = self.change_by_transaction(call, change);
        // Its connection may still watch the lock, or be in the middle of the transaction.
        call.discard_connection();
        outcome
    }

    fn change_by_script(&self, call: &mut Call<'_>, change: Change) -> Result<bool> {
        let (key, holder) = (self.key.as_bytes(), self.holder.as_bytes());
        let reply = match change {
            Change::Release => call.ask("EVAL", &[b"EVAL", RELEASE, b"1", key, holder]),
            Change::Prolong(millis) => {
                call.ask("EVAL", &[b"EVAL", PROLONG, b"1", key, holder, millis.to_string().as_bytes()])
            }
        };
        Ok(reply? == Reply::Int(1))
    }

    /// `WATCH` lets the transaction fail if the lock changes hands after the comparison. On a server without it, the lock is
    /// compared and then changed, which is as good unless it ends just in between.
    fn change_by_transaction(&self, call: &mut Call<'_>, change: Change) -> Result<bool> {
        let key = self.key.as_bytes();
        let watches = supported(call.confirm("WATCH", &[b"WATCH", key]))?;
        let current = call.ask("GET", &[b"GET", key])?;
        if current != Reply::Bytes(self.holder.clone().into_bytes()) {
            return Ok(false);
        }
        if !(watches && supported(call.confirm("MULTI", &[b"MULTI"]))?) {
            let changed = Self::apply(call, key, change)?;
            return Ok(changed == Reply::Int(1));
        }
        Self::apply(call, key, change)?;
        Ok(call.ask("EXEC", &[b"EXEC"])? == Reply::Array(vec![Reply::Int(1)]))
    }

    fn apply(call: &mut Call<'_>, key: &[u8], change: Change) -> Result<Reply> {
        match change {
            Change::Release => call.ask("DEL", &[b"DEL", key]),
            Change::Prolong(millis) => call.ask("PEXPIRE", &[b"PEXPIRE", key, millis.to_string().as_bytes()]),
        }
    }
}

/// Whether the server carried the command out or refused it.
fn supported(outcome: Result<()>) -> Result<bool> {
    match outcome {
        Ok(()) => Ok(true),
        Err(RedisStoreError::Refused { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
