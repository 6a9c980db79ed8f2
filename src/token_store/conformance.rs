//! A test of the contract of [`TokenStore`], for stores of your own.

use super::{COUNTED_FOR, LoginAttempt, LoginAttempts, StoreKey, StoredToken, TokenStore};
use crate::{
    Error, Result, UserToken,
    crypto::{SecretDigest, random_bytes},
};
use std::{
    error::Error as StdError,
    fmt,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, SystemTime},
};

/// How long a call that must not wait for another holder may take, on a slow disk or network.
const NO_WAIT: Duration = Duration::from_secs(10);
/// Threads that use the store at once.
const THREADS: usize = 8;
/// Writes and reads of each thread.
const ROUNDS: usize = 20;
/// The text in every token, which no `Debug` may show.
const CANARY: &str = "canary-8d1f";

/// Checks that a store keeps the contract of [`TokenStore`].
///
/// Each call of `open` returns a handle to the same storage, as another process would open it. For a store within one process
/// it returns clones of one `Arc`.
///
/// The check writes under random keys, and removes its tokens again if it succeeds. It takes as long as some 700 calls of the
/// store. It cannot check that the lock of a holder that died becomes free, or that tokens are encrypted outside of the
/// process: test these on your own.
///
/// # Errors
///
/// A [`Violation`], which names the rule that the store breaks.
///
/// # Examples
///
/// ```
/// use iam_sdk::token_store::{MemoryStore, TokenStore, conformance};
/// use std::sync::Arc;
///
/// // In the place of `MemoryStore`: your own store.
/// let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::new());
/// conformance::check(|| store.clone()).unwrap();
/// ```
pub fn check(open: impl Fn() -> Arc<dyn TokenStore>) -> std::result::Result<(), Violation> {
    let stores = Pair { one: open(), other: open() };
    stores.keeps_tokens()?;
    stores.keeps_keys_apart()?;
    stores.hides_tokens()?;
    stores.locks()?;
    stores.locks_without_hindering_others()?;
    stores.keeps_login_attempts()?;
    stores.serves_many_threads()
}

/// A rule of [`TokenStore`] that a store breaks.
#[derive(Debug)]
pub struct Violation {
    rule: &'static str,
    source: Option<Error>,
}

impl Violation {
    /// Returns the rule, such as "`get` returns what the last `put` stored".
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store breaks a rule of TokenStore: {}", self.rule)
    }
}

impl StdError for Violation {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|error| error as _)
    }
}

type Checked = std::result::Result<(), Violation>;

fn rule(rule: &'static str, holds: bool) -> Checked {
    if holds { Ok(()) } else { Err(Violation { rule, source: None }) }
}

/// The value of a call that has to succeed.
fn succeeds<T>(rule: &'static str, result: Result<T>) -> std::result::Result<T, Violation> {
    result.map_err(|error| Violation { rule, source: Some(error) })
}

/// Two handles to one storage.
struct Pair {
    one: Arc<dyn TokenStore>,
    other: Arc<dyn TokenStore>,
}

/// A key that no other run of the check has.
fn key() -> StoreKey {
    StoreKey::new(
        "conformance",
        "https://conformance.invalid",
        "",
        Some(&format!("{:032x}", u128::from_ne_bytes(random_bytes()))),
    )
}

fn token(name: &str) -> StoredToken {
    StoredToken::new(UserToken::from(format!("{CANARY}-{name}")))
}

/// A token with a value in each field. Its times are whole milliseconds, as stores keep them.
fn full_token() -> StoredToken {
    let second = SystemTime::UNIX_EPOCH + Duration::from_secs(unix_seconds());
    StoredToken {
        token: UserToken::from(format!("{CANARY}-\"ü\\\u{1F511}-{}", "x".repeat(4096))),
        issued_at: Some(second),
        lifetime: Some(Duration::from_secs(3600)),
        expires_at: Some(second + Duration::from_secs(3600)),
        tenant: Some("T-ü".to_owned()),
        secret: Some(SecretDigest::new("password")),
    }
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl Pair {
    fn keeps_tokens(&self) -> Checked {
        let (key, full) = (key(), full_token());
        let get = |store: &Arc<dyn TokenStore>| succeeds("`get` succeeds", store.get(&key));
        let put = |token| succeeds("`put` succeeds", self.one.put(&key, token));
        let remove =
            |store: &Arc<dyn TokenStore>| succeeds("`remove` succeeds, also without a token", store.remove(&key));
        rule("`get` returns `None` for a key without a token", get(&self.one)?.is_none())?;
        remove(&self.one)?;
        put(&full)?;
        rule("`get` returns what the last `put` stored, with all fields", get(&self.one)?.as_ref() == Some(&full))?;
        rule("`get` of another handle returns what was stored", get(&self.other)?.as_ref() == Some(&full))?;
        let plain = token("second");
        put(&plain)?;
        let second = get(&self.other)?;
        let replaced = second.is_some_and(|second| {
            second.token == plain.token && second.expires_at.is_none() && second.tenant.is_none()
        });
        rule("`put` replaces the earlier token and all of its fields", replaced)?;
        remove(&self.other)?;
        let gone = get(&self.one)?.is_none() && get(&self.other)?.is_none();
        rule("`get` returns `None` after `remove`", gone)
    }

    fn keeps_keys_apart(&self) -> Checked {
        let (ann, bob) = (key(), key());
        succeeds("`put` succeeds", self.one.put(&ann, &token("ann")))?;
        let absent = succeeds("`get` succeeds", self.one.get(&bob))?.is_none();
        rule("`get` never returns the token of another key", absent)?;
        succeeds("`remove` succeeds, also without a token", self.one.remove(&bob))?;
        let kept = succeeds("`get` succeeds", self.one.get(&ann))?.is_some();
        rule("`remove` removes the token of its key only", kept)?;
        succeeds("`remove` succeeds, also without a token", self.one.remove(&ann))
    }

    fn hides_tokens(&self) -> Checked {
        let key = key();
        succeeds("`put` succeeds", self.one.put(&key, &token("hidden")))?;
        let shown = format!("{:?} {:#?}", self.one, self.other);
        succeeds("`remove` succeeds, also without a token", self.one.remove(&key))?;
        rule("`Debug` shows no token", !shown.contains(CANARY))
    }

    fn locks(&self) -> Checked {
        const FREE: &str = "`try_lock` returns a lock that no other holder has";
        let key = key();
        let lock = |store: &Arc<dyn TokenStore>, key: &StoreKey| succeeds("`try_lock` succeeds", store.try_lock(key));
        let Some(held) = lock(&self.one, &key)? else { return rule(FREE, false) };
        rule("`is_held` returns `true` while the lock is held", held.is_held())?;
        for store in [&self.one, &self.other] {
            let (store, own) = (store.clone(), key.clone());
            let second = in_time(move || store.try_lock(&own));
            let Some(second) = second else { return rule("`try_lock` does not wait for the other holder", false) };
            let second = succeeds("`try_lock` succeeds", second)?;
            rule("`try_lock` returns `None` while another handle holds the lock", second.is_none())?;
        }
        rule("a lock excludes holders of its key only", lock(&self.other, &self::key())?.is_some())?;
        rule("`is_held` returns `true` while the lock is held", held.is_held())?;
        drop(held);
        for store in [&self.other, &self.one] {
            rule("dropping a lock releases it", lock(store, &key)?.is_some())?;
        }
        Ok(())
    }

    fn locks_without_hindering_others(&self) -> Checked {
        let (other, key) = (self.other.clone(), key());
        let held = succeeds("`try_lock` succeeds", self.one.try_lock(&key))?;
        let used = in_time(move || {
            other.put(&key, &token("locked"))?;
            let found = other.get(&key)?;
            other.remove(&key)?;
            Ok(found.is_some())
        });
        drop(held);
        const RULE: &str = "a lock does not hinder `get`, `put` and `remove`";
        let Some(used) = used else { return rule(RULE, false) };
        rule(RULE, succeeds(RULE, used)?)
    }

    fn keeps_login_attempts(&self) -> Checked {
        let (ann, bob) = (key(), key());
        let get = |key: &StoreKey| succeeds("`login_attempts` succeeds", self.other.login_attempts(key));
        let put = |attempts: &LoginAttempts| {
            succeeds("`put_login_attempts` succeeds", self.one.put_login_attempts(&ann, attempts))
        };
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let recent = LoginAttempts(vec![LoginAttempt { at: at(unix_seconds()), secret: Some(SecretDigest::new("p")) }]);
        let none = LoginAttempts::default();
        rule("`login_attempts` returns none for a key without attempts", get(&ann)? == none)?;
        put(&recent)?;
        let noted = get(&ann)?;
        // A store may leave the limit of logins to each process.
        rule("`login_attempts` returns what was noted last, or always none", noted == recent || noted == none)?;
        rule("`login_attempts` never returns those of another key", get(&bob)? == none)?;
        put(&LoginAttempts(vec![LoginAttempt { at: at(unix_seconds()) - 2 * COUNTED_FOR, secret: None }]))?;
        rule("`put_login_attempts` replaces the attempts that were noted before", get(&ann)? != recent)
    }

    fn serves_many_threads(&self) -> Checked {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|n| scope.spawn(move || self.use_key(n))).collect();
            for thread in threads {
                // A panic of the store goes on in the caller.
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            }
            Ok(())
        })
    }

    fn use_key(&self, thread: usize) -> Checked {
        const RULE: &str = "many threads use the store at once, and each finds its own token";
        let key = key();
        let store = if thread.is_multiple_of(2) { &self.one } else { &self.other };
        for round in 0..ROUNDS {
            let own = token(&format!("{thread}-{round}"));
            succeeds(RULE, store.put(&key, &own))?;
            let found = succeeds(RULE, store.get(&key))?;
            rule(RULE, found.is_some_and(|found| found.token == own.token))?;
        }
        succeeds(RULE, store.remove(&key))
    }
}

/// Runs `work` on a thread of its own; `None` if it takes longer than [`NO_WAIT`].
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(NO_WAIT).ok()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{MemoryStore, StoreLock},
        *,
    };
    use std::sync::Mutex;

    /// The ways in which the store of these tests breaks the contract.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Defect {
        Correct,
        FindsSomething,
        LosesTenant,
        LosesSecret,
        KeepsOldTenant,
        IgnoresRemove,
        RefusesRemoveOfNothing,
        MixesKeys,
        ShowsTokens,
        LocksNothing,
        LocksEverything,
        NeverReleases,
        LosesLocks,
        LocksOutReaders,
        MixesAttempts,
        KeepsOldAttempts,
        KeepsHandlesApart,
    }
    use Defect::*;

    #[derive(Default)]
    struct Storage {
        inner: MemoryStore,
        tokens: Mutex<Vec<StoredToken>>,
        held: Mutex<usize>,
    }

    struct Defective {
        storage: Arc<Storage>,
        defect: Defect,
    }

    impl fmt::Debug for Defective {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match (self.defect, self.storage.tokens.lock().unwrap().last()) {
                (ShowsTokens, Some(token)) => f.write_str(token.token.expose_secret()),
                _ => f.write_str("Defective"),
            }
        }
    }

    impl Defective {
        fn key(&self, key: &StoreKey) -> StoreKey {
            let shared = StoreKey::new("", "", "", None);
            if self.defect == MixesKeys { shared } else { key.clone() }
        }

        fn refuse_while_locked(&self) -> Result<()> {
            match *self.storage.held.lock().unwrap() > 0 && self.defect == LocksOutReaders {
                true => Err(Error::store("locked")),
                false => Ok(()),
            }
        }
    }

    impl TokenStore for Defective {
        fn get(&self, key: &StoreKey) -> Result<Option<StoredToken>> {
            self.refuse_while_locked()?;
            let found = self.storage.inner.get(&self.key(key))?;
            Ok(match self.defect {
                FindsSomething => found.or_else(|| Some(token("other"))),
                LosesTenant => found.map(|found| StoredToken { tenant: None, ..found }),
                LosesSecret => found.map(|found| StoredToken { secret: None, ..found }),
                _ => found,
            })
        }

        fn put(&self, key: &StoreKey, token: &StoredToken) -> Result<()> {
            let mut token = token.clone();
            if self.defect == KeepsOldTenant {
                let old = self.storage.inner.get(key)?.and_then(|old| old.tenant);
                token.tenant = token.tenant.or(old);
            }
            self.storage.tokens.lock().unwrap().push(token.clone());
            self.storage.inner.put(&self.key(key), &token)
        }

        fn remove(&self, key: &StoreKey) -> Result<()> {
            match self.defect {
                IgnoresRemove => Ok(()),
                RefusesRemoveOfNothing if self.storage.inner.get(key)?.is_none() => Err(Error::store("nothing there")),
                _ => self.storage.inner.remove(&self.key(key)),
            }
        }

        fn try_lock(&self, key: &StoreKey) -> Result<Option<StoreLock>> {
            let key = if self.defect == LocksEverything { StoreKey::new("", "", "", None) } else { key.clone() };
            let lock = match self.defect {
                LocksNothing => Some(StoreLock::new(|| {})),
                _ => self.storage.inner.try_lock(&key)?,
            };
            let Some(lock) = lock else { return Ok(None) };
            *self.storage.held.lock().unwrap() += 1;
            let (storage, defect) = (self.storage.clone(), self.defect);
            let release = move || {
                *storage.held.lock().unwrap() -= 1;
                if defect == NeverReleases { std::mem::forget(lock) } else { drop(lock) }
            };
            Ok(Some(StoreLock::new(release).checked_by(move || defect != LosesLocks)))
        }

        fn login_attempts(&self, key: &StoreKey) -> Result<LoginAttempts> {
            let shared = StoreKey::new("", "", "", None);
            self.storage.inner.login_attempts(if self.defect == MixesAttempts { &shared } else { key })
        }

        fn put_login_attempts(&self, key: &StoreKey, attempts: &LoginAttempts) -> Result<()> {
            match self.defect {
                MixesAttempts => self.storage.inner.put_login_attempts(&StoreKey::new("", "", "", None), attempts),
                KeepsOldAttempts if attempts.is_outdated(SystemTime::now()) => Ok(()),
                _ => self.storage.inner.put_login_attempts(key, attempts),
            }
        }
    }

    fn result(defect: Defect) -> Checked {
        let storage = Arc::new(Storage::default());
        check(|| {
            let apart = defect == KeepsHandlesApart;
            let storage = if apart { Arc::default() } else { storage.clone() };
            Arc::new(Defective { storage, defect })
        })
    }

    #[test]
    fn each_defect_is_named() {
        let table = [
            (FindsSomething, "`get` returns `None` for a key without a token"),
            (LosesTenant, "`get` returns what the last `put` stored, with all fields"),
            (LosesSecret, "`get` returns what the last `put` stored, with all fields"),
            (KeepsOldTenant, "`put` replaces the earlier token and all of its fields"),
            (IgnoresRemove, "`get` returns `None` after `remove`"),
            (RefusesRemoveOfNothing, "`remove` succeeds, also without a token"),
            (MixesKeys, "`get` never returns the token of another key"),
            (ShowsTokens, "`Debug` shows no token"),
            (LocksNothing, "`try_lock` returns `None` while another handle holds the lock"),
            (LocksEverything, "a lock excludes holders of its key only"),
            (NeverReleases, "dropping a lock releases it"),
            (LosesLocks, "`is_held` returns `true` while the lock is held"),
            (LocksOutReaders, "a lock does not hinder `get`, `put` and `remove`"),
            (MixesAttempts, "`login_attempts` never returns those of another key"),
            (KeepsOldAttempts, "`put_login_attempts` replaces the attempts that were noted before"),
            (KeepsHandlesApart, "`get` of another handle returns what was stored"),
        ];
        for (defect, rule) in table {
            let violation = result(defect).expect_err(rule);
            assert_eq!(violation.rule(), rule, "{defect:?}");
            assert!(violation.to_string().contains(rule) && !format!("{violation:?}").contains(CANARY));
        }
        result(Correct).unwrap();
    }

    #[test]
    fn a_failure_of_the_store_is_the_source() {
        let violation = result(RefusesRemoveOfNothing).unwrap_err();
        assert!(violation.source().unwrap().to_string().contains("nothing there"), "{violation:?}");
    }
}
