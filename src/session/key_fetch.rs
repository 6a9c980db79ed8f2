//! What a login does that waits for another one to bring the service's public key.

use crate::{Error, ErrorKind, call_options::CallSettings, crypto::ServiceKey};
use std::sync::Arc;

/// What became of a request for the service's key, for those who wait for it.
#[derive(Clone)]
pub(super) struct Fetched {
    pub(super) result: Result<Arc<ServiceKey>, Error>,
    /// What it was sent with.
    pub(super) settings: Arc<CallSettings>,
}

/// What a login has heard that waits for the key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Heard {
    /// The key. `is_refused`: it is the one that the service has refused to this login.
    Key { is_refused: bool },
    /// `is_alike`: what failed was sent with the settings that this login has.
    Failure { kind: ErrorKind, is_alike: bool },
}

/// Returns whether that is this login's result too. `is_later`: it is of a request that was begun after this login wanted a key.
pub(super) fn is_shared(heard: Heard, is_later: bool) -> bool {
    match heard {
        // That the service has no other one is the news.
        Heard::Key { is_refused } => is_later || !is_refused,
        // A time limit ends earlier for one than for the other.
        Heard::Failure { kind: ErrorKind::Timeout | ErrorKind::Configuration, .. } => false,
        Heard::Failure { is_alike, .. } => is_alike,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_takes_what_holds_for_it_too() {
        let key = |is_refused| Heard::Key { is_refused };
        let failure = |kind, is_alike| Heard::Failure { kind, is_alike };
        for (heard, earlier, later) in [
            (key(false), true, true),
            (key(true), false, true),
            (failure(ErrorKind::Server, true), true, true),
            (failure(ErrorKind::RateLimited, true), true, true),
            (failure(ErrorKind::Connect, true), true, true),
            (failure(ErrorKind::Transport, true), true, true),
            (failure(ErrorKind::Application, true), true, true),
            (failure(ErrorKind::Decode, true), true, true),
            (failure(ErrorKind::Server, false), false, false),
            (failure(ErrorKind::Application, false), false, false),
            (failure(ErrorKind::Timeout, true), false, false),
            (failure(ErrorKind::Timeout, false), false, false),
            (failure(ErrorKind::Configuration, true), false, false),
        ] {
            assert_eq!((is_shared(heard, false), is_shared(heard, true)), (earlier, later), "{heard:?}");
        }
    }
}
