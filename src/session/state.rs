//! The state of a session: its token, and the flight that is under way.

use super::{
    flight::SingleFlight,
    lifetime::{ActiveToken, Now},
    on_refusal::OnRefusal,
};
use crate::{
    Result, UserToken,
    crypto::SecretDigest,
    error::Error,
    protocol::dialect::Dialect,
    sync::{Mutex, MutexGuard},
    token_store::{StoreKey, StoredToken},
};
use arc_swap::ArcSwap;
use std::{
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// The delay before a failed write to the store is retried.
const SAVE_AGAIN: Duration = Duration::from_secs(30);
/// How long an operation counts as refusing any token, after it first refused a newly issued one.
const FIRST_REFUSAL: Duration = Duration::from_secs(5);
/// The longest time that an operation counts as refusing any token.
const LONGEST_REFUSAL: Duration = Duration::from_secs(60);

/// An operation's name, and a number that tells its variants apart.
pub(crate) type Refusing = (&'static str, u64);

#[derive(Debug)]
pub(crate) enum TokenState {
    /// The store has not been read yet.
    Unread,
    SignedOut,
    SignedIn(Box<ActiveToken>),
}

/// The origin of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The store, a caller or a provider. The token may have expired.
    Found,
    /// The service, which has just issued it.
    Issued,
}

/// A session's token at one moment. Snapshots are replaced, never changed.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// Counts the changes of the session's token.
    pub(crate) version: u64,
    /// Counts the changes by callers, who set or remove the token.
    pub(crate) epoch: u64,
    pub(crate) state: Arc<TokenState>,
    pub(crate) origin: Origin,
    /// When to write the token to the store again, if the last write failed.
    pub(crate) save_at: Option<Instant>,
}

impl Snapshot {
    pub(crate) fn token(&self) -> Option<&ActiveToken> {
        match &*self.state {
            TokenState::SignedIn(token) => Some(token),
            TokenState::Unread | TokenState::SignedOut => None,
        }
    }

    fn replaced(&self, state: TokenState, origin: Origin) -> Self {
        let Self { version, epoch, .. } = *self;
        Self { version: version + 1, epoch, state: Arc::new(state), origin, save_at: None }
    }
}

/// An operation that refused a newly issued token.
#[derive(Debug)]
struct Noted {
    operation: Refusing,
    at: Instant,
    lasts: Duration,
}

/// One session, shared by all its handles.
#[derive(Debug)]
pub(crate) struct SessionState {
    /// The session's key in the store; `None` for a session that is in no store.
    pub(crate) key: Option<StoreKey>,
    /// A digest of the secret that the session logs in with.
    pub(crate) secret: Option<SecretDigest>,
    pub(crate) flights: SingleFlight<Result<(), Error>>,
    /// Held while the store is written, so that the last token is written last.
    pub(crate) saving: Arc<tokio::sync::Mutex<()>>,
    pub(crate) on_refusal: OnRefusal,
    current: ArcSwap<Snapshot>,
    /// The operations that refused a newly issued token. This lock is also held while `current` is replaced.
    refusing: Mutex<Vec<Noted>>,
    /// Whether `refusing` has entries, so that calls need not lock it.
    has_noted: AtomicBool,
}

impl SessionState {
    pub(crate) fn new(key: Option<StoreKey>, secret: Option<SecretDigest>, state: TokenState) -> Self {
        let current = Snapshot { version: 0, epoch: 0, state: Arc::new(state), origin: Origin::Found, save_at: None };
        Self {
            key,
            secret,
            flights: SingleFlight::new(),
            saving: Arc::default(),
            on_refusal: OnRefusal::default(),
            current: ArcSwap::from_pointee(current),
            refusing: Mutex::new(Vec::new()),
            has_noted: AtomicBool::new(false),
        }
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Sets the token that a caller brings, or removes it.
    pub(crate) fn set(&self, state: TokenState, origin: Origin) -> bool {
        let next = |current: &Snapshot| Snapshot { epoch: current.epoch + 1, ..current.replaced(state, origin) };
        self.replace_if(|_| true, next)
    }

    /// Sets the token, unless a caller has set another one since `epoch`.
    pub(crate) fn set_in_epoch(&self, epoch: u64, state: TokenState, origin: Origin) -> bool {
        self.replace_if(|current| current.epoch == epoch, |current| current.replaced(state, origin))
    }

    /// Sets the token, unless it was replaced since `version`: a token that a caller has set meanwhile stays.
    pub(crate) fn set_if(&self, version: u64, state: TokenState, origin: Origin) -> bool {
        self.replace_if(|current| current.version == version, |current| current.replaced(state, origin))
    }

    /// Removes the session's token if it is `token`.
    pub(crate) fn clear_token_if(&self, token: &UserToken) -> bool {
        self.replace_if(
            |current| current.token().is_some_and(|active| active.token() == token),
            |current| Snapshot { epoch: current.epoch + 1, ..current.replaced(TokenState::SignedOut, Origin::Found) },
        )
    }

    /// Defers the refresh of the token of `version`, after a refresh has failed.
    pub(crate) fn defer_refresh(&self, version: u64, now: Instant) -> bool {
        let Some(deferred) = self.current.load().token().and_then(|token| token.defer_refresh(now)) else {
            return false;
        };
        let state = Arc::new(TokenState::SignedIn(Box::new(deferred)));
        self.replace_if(|current| current.version == version, |current| Snapshot { state, ..copy(current) })
    }

    /// Notes whether the token of `version` was written to the store.
    pub(crate) fn note_saved(&self, version: u64, saved: bool, now: Instant) {
        let save_at = (!saved).then(|| crate::transport::after(now, SAVE_AGAIN));
        self.replace_if(
            |current| current.version == version && current.save_at != save_at,
            |current| Snapshot { save_at, ..copy(current) },
        );
    }

    fn replace_if(&self, applies: impl Fn(&Snapshot) -> bool, next: impl FnOnce(&Snapshot) -> Snapshot) -> bool {
        let _changing = self.lock();
        let current = self.current.load();
        let applies = applies(&current);
        if applies {
            self.current.store(Arc::new(next(&current)));
        }
        applies
    }

    /// Notes that an operation refused a newly issued token. For a while its refusals do not lead to a login; the while doubles
    /// with each repetition.
    pub(crate) fn note_refuses_any(&self, operation: Refusing, now: Instant) {
        let mut refusing = self.lock();
        let before = refusing.iter().find(|noted| noted.operation == operation).map(|noted| noted.lasts);
        refusing
            .retain(|noted| noted.operation != operation && now.saturating_duration_since(noted.at) < LONGEST_REFUSAL);
        let lasts = before.map_or(FIRST_REFUSAL, |before| (2 * before).min(LONGEST_REFUSAL));
        refusing.push(Noted { operation, at: now, lasts });
        self.has_noted.store(true, Ordering::Release);
    }

    pub(crate) fn refuses_any(&self, operation: Refusing, now: Instant) -> bool {
        let applies =
            |noted: &Noted| noted.operation == operation && now.saturating_duration_since(noted.at) < noted.lasts;
        self.has_noted.load(Ordering::Acquire) && self.lock().iter().any(applies)
    }

    /// Notes that an operation succeeded, and so does not refuse any token.
    pub(crate) fn note_accepts(&self, operation: Refusing) {
        if self.has_noted.load(Ordering::Acquire) {
            let mut refusing = self.lock();
            refusing.retain(|noted| noted.operation != operation);
            self.has_noted.store(!refusing.is_empty(), Ordering::Release);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Noted>> {
        // No code that can panic runs under this lock.
        self.refusing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn copy(snapshot: &Snapshot) -> Snapshot {
    let Snapshot { version, epoch, ref state, origin, save_at } = *snapshot;
    Snapshot { version, epoch, state: state.clone(), origin, save_at }
}

/// Returns the state of a session with this token. A token that is not a valid header value counts as none.
pub(crate) fn signed_in(dialect: &dyn Dialect, stored: Option<StoredToken>, now: Now) -> TokenState {
    match stored.map(|stored| ActiveToken::new(dialect, stored, now)) {
        Some(Ok(token)) => TokenState::SignedIn(Box::new(token)),
        Some(Err(_)) => {
            tracing::warn!(target: "iam_sdk", "the stored token is not a valid header value and is ignored");
            TokenState::SignedOut
        }
        None => TokenState::SignedOut,
    }
}
