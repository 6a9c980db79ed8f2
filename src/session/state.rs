//! What a session has: its token, and which flight is under way for another.

use super::{
    flight::SingleFlight,
    lifetime::{ActiveToken, Now},
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

/// How long after a failed write the store is tried again.
const SAVE_AGAIN: Duration = Duration::from_secs(30);
/// How long the first refusal of a token that was just issued is held against an operation.
const REFUSES_ANY: Duration = Duration::from_secs(5);
/// The longest that it is.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// An operation, and what tells calls of one name apart.
pub(crate) type Refusing = (&'static str, u64);

#[derive(Debug)]
pub(crate) enum TokenState {
    /// The store has not been asked yet.
    Unread,
    SignedOut,
    SignedIn(Box<ActiveToken>),
}

/// Where a token came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The store, a caller or a provider: it may have ended long ago.
    Found,
    /// A caller, for this client alone: what the store has is another session's.
    Given,
    /// The service, just before it became the session's.
    Issued,
}

/// A session's token at one moment; what holds it is replaced, never changed.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// Counts the tokens of the session.
    pub(crate) version: u64,
    /// Counts those that callers brought or took away.
    pub(crate) epoch: u64,
    pub(crate) state: Arc<TokenState>,
    pub(crate) origin: Origin,
    /// The store does not have it; when to try again.
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

/// An operation that refused a token that was just issued.
#[derive(Debug)]
struct Noted {
    operation: Refusing,
    at: Instant,
    lasts: Duration,
}

/// One session, shared by all its handles.
#[derive(Debug)]
pub(crate) struct SessionState {
    /// Under what name the store has it; `None` for a session that is in no store.
    pub(crate) key: Option<StoreKey>,
    /// Which secret it logs in with.
    pub(crate) secret: Option<SecretDigest>,
    pub(crate) flights: SingleFlight<Result<(), Error>>,
    /// Held while the store is written, so that the last write is of the last token.
    pub(crate) saving: Arc<tokio::sync::Mutex<()>>,
    current: ArcSwap<Snapshot>,
    /// Held while `current` is replaced. What is in it: the operations that refused a token that was just issued.
    refusing: Mutex<Vec<Noted>>,
    /// Whether there is anything in it: every call asks.
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
            current: ArcSwap::from_pointee(current),
            refusing: Mutex::new(Vec::new()),
            has_noted: AtomicBool::new(false),
        }
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Makes a token that a caller brought the session's, or signs out.
    pub(crate) fn set(&self, state: TokenState, origin: Origin) -> bool {
        let next = |current: &Snapshot| Snapshot { epoch: current.epoch + 1, ..current.replaced(state, origin) };
        self.replace_if(|_| true, next)
    }

    /// Makes a token the session's, unless a caller has brought another one since `epoch`.
    pub(crate) fn set_in_epoch(&self, epoch: u64, state: TokenState, origin: Origin) -> bool {
        self.replace_if(|current| current.epoch == epoch, |current| current.replaced(state, origin))
    }

    /// Makes a token the session's, unless it was replaced since `version`: a token that a caller brings meanwhile stays.
    pub(crate) fn set_if(&self, version: u64, state: TokenState, origin: Origin) -> bool {
        self.replace_if(|current| current.version == version, |current| current.replaced(state, origin))
    }

    /// Signs out of `token`, unless another one has come in its place.
    pub(crate) fn clear_token_if(&self, token: &UserToken) -> bool {
        self.replace_if(
            |current| current.token().is_some_and(|active| active.token() == token),
            |current| Snapshot { epoch: current.epoch + 1, ..current.replaced(TokenState::SignedOut, Origin::Found) },
        )
    }

    /// Has the token of `version` serve on for a while, after it could not be refreshed.
    pub(crate) fn defer_refresh(&self, version: u64, now: Instant) -> bool {
        let Some(deferred) = self.current.load().token().and_then(|token| token.defer_refresh(now)) else {
            return false;
        };
        let state = Arc::new(TokenState::SignedIn(Box::new(deferred)));
        self.replace_if(|current| current.version == version, |current| Snapshot { state, ..copy(current) })
    }

    /// Notes whether the store has the token of `version`.
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

    /// Notes that an operation refused a token that was just issued: for a while its refusals are not about the token, and for
    /// twice as long each time that this is so again.
    pub(crate) fn note_refuses_any(&self, operation: Refusing, now: Instant) {
        let mut refusing = self.lock();
        let before = refusing.iter().find(|noted| noted.operation == operation).map(|noted| noted.lasts);
        refusing.retain(|noted| noted.operation != operation && now.saturating_duration_since(noted.at) < FORGOTTEN);
        let lasts = before.map_or(REFUSES_ANY, |before| (2 * before).min(FORGOTTEN));
        refusing.push(Noted { operation, at: now, lasts });
        self.has_noted.store(true, Ordering::Release);
    }

    pub(crate) fn refuses_any(&self, operation: Refusing, now: Instant) -> bool {
        let applies =
            |noted: &Noted| noted.operation == operation && now.saturating_duration_since(noted.at) < noted.lasts;
        self.has_noted.load(Ordering::Acquire) && self.lock().iter().any(applies)
    }

    /// Notes that an operation was carried out: it does not refuse any token.
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

/// The state of a session with this token. One that is no header value cannot be sent, and counts as none.
pub(crate) fn signed_in(dialect: &dyn Dialect, stored: Option<StoredToken>, now: Now) -> TokenState {
    match stored.map(|stored| ActiveToken::new(dialect, stored, now)) {
        Some(Ok(token)) => TokenState::SignedIn(Box::new(token)),
        Some(Err(_)) => {
            tracing::warn!(target: "iam_sdk", "the stored token is not a valid header value and is passed over");
            TokenState::SignedOut
        }
        None => TokenState::SignedOut,
    }
}
