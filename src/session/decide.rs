//! Decisions about what a session does next, without I/O and without a clock.

use super::{
    flight::Goal,
    lifetime::ActiveToken,
    state::{Snapshot, TokenState},
};
use crate::{UserToken, crypto::SecretDigest, protocol::operation::TokenUse, token_store::StoredToken};
use std::time::Instant;

/// The caller's next step towards a token, before it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Use the current token.
    Go,
    /// Use the current token, and start a flight with this goal in the background.
    GoAndStart(Goal),
    /// Wait for a flight with this goal.
    Wait(Goal),
}

/// Returns the caller's next step. `logs_in` tells whether the session has credentials.
pub(crate) fn next(snapshot: &Snapshot, token_use: TokenUse, logs_in: bool, now: Instant) -> Next {
    let wants_valid = logs_in && matches!(token_use, TokenUse::IfAny | TokenUse::Required);
    let save = snapshot.save_at.is_some_and(|at| at <= now);
    match (&*snapshot.state, token_use) {
        // A login works also when the store cannot be read.
        (_, TokenUse::Never) => Next::Go,
        (TokenState::Unread, _) => Next::Wait(if wants_valid { Goal::Replace } else { Goal::Read }),
        (TokenState::SignedOut, _) if wants_valid => Next::Wait(Goal::Replace),
        (TokenState::SignedIn(token), _) if wants_valid && !token.is_valid(now) => Next::Wait(Goal::Replace),
        (TokenState::SignedIn(token), _) if wants_valid && token.should_refresh(now) => {
            Next::GoAndStart(Goal::RefreshAhead)
        }
        _ if save => Next::GoAndStart(Goal::Save),
        _ => Next::Go,
    }
}

/// Returns whether an earlier flight has already reached this goal.
pub(crate) fn is_done(goal: Goal, refused: Option<&UserToken>, snapshot: &Snapshot, now: Instant) -> bool {
    let unread = matches!(*snapshot.state, TokenState::Unread);
    match (goal, refused, snapshot.token()) {
        (Goal::Save, ..) => snapshot.save_at.is_none(),
        (Goal::Read | Goal::Replace, Some(refused), Some(token)) => token.token() != refused,
        (Goal::LogIn, ..) | (Goal::Read, Some(_), None) | (Goal::Replace | Goal::RefreshAhead, _, None) => false,
        (Goal::Read, None, _) => !unread,
        (Goal::Replace, None, Some(token)) => token.is_valid(now),
        (Goal::RefreshAhead, _, Some(token)) => !token.should_refresh(now),
    }
}

/// How a flight gets a session another token.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Use the token in the store, which another process put there.
    UseStored,
    /// Refresh the session's current token.
    RefreshCurrent,
    /// Refresh the token in the store.
    RefreshStored,
    /// Log in with the session's credentials.
    LogIn,
}

/// Chooses how to get another token. `stored` is the store's token, if this session may use it; `refused` is the token that
/// the service has refused.
pub(crate) fn plan(
    current: Option<&ActiveToken>,
    stored: Option<&ActiveToken>,
    refused: Option<&UserToken>,
    can_refresh: bool,
    now: Instant,
) -> Plan {
    let usable = |token: &&ActiveToken| token.is_valid(now) && refused != Some(token.token());
    let current = current.filter(usable);
    let stored = stored.filter(usable).filter(|stored| current.is_none_or(|own| own.token() != stored.token()));
    match (stored, current) {
        (Some(stored), _) if !stored.should_refresh(now) => Plan::UseStored,
        (Some(_), _) if can_refresh => Plan::RefreshStored,
        (None, Some(_)) if can_refresh => Plan::RefreshCurrent,
        _ => Plan::LogIn,
    }
}

/// Returns whether a session that logs in with `secret` may use a stored token: not if another secret brought it.
pub(crate) fn is_own(stored: &StoredToken, secret: Option<&str>) -> bool {
    match (stored.secret.as_ref(), secret) {
        (_, None) => true,
        (digest, Some(secret)) => digest.is_some_and(|digest: &SecretDigest| digest.matches(secret)),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{lifetime::Now, state::Origin},
        *,
    };
    use std::{sync::Arc, time::Duration};

    fn token(name: &str, lifetime: u64, left: u64, now: Now) -> ActiveToken {
        let mut stored = StoredToken::new(name.into()).expires_in(Duration::from_secs(lifetime));
        stored.expires_at = Some(now.wall + Duration::from_secs(left));
        ActiveToken::new(&crate::cloudspot::DIALECT, stored, now).unwrap()
    }

    fn snapshot(version: u64, state: TokenState, origin: Origin) -> Snapshot {
        Snapshot { version, epoch: 0, state: Arc::new(state), origin, save_at: None }
    }

    #[test]
    fn a_caller_waits_only_where_there_is_no_valid_token() {
        use Goal::*;
        use TokenUse::*;
        let now = Now::read();
        let signed_in = |left| TokenState::SignedIn(Box::new(token("t", 1000, left, now)));
        let table: Vec<(TokenState, TokenUse, bool, Next)> = vec![
            (TokenState::Unread, Never, true, Next::Go),
            (TokenState::Unread, AsItIs, true, Next::Wait(Read)),
            (TokenState::Unread, IfAny, false, Next::Wait(Read)),
            (TokenState::Unread, IfAny, true, Next::Wait(Replace)),
            (TokenState::SignedOut, IfAny, true, Next::Wait(Replace)),
            (TokenState::SignedOut, Required, false, Next::Go),
            (TokenState::SignedOut, AsItIs, true, Next::Go),
            (signed_in(500), IfAny, true, Next::Go),
            (signed_in(50), IfAny, true, Next::GoAndStart(RefreshAhead)),
            (signed_in(50), IfAny, false, Next::Go),
            (signed_in(50), AsItIs, true, Next::Go),
            (signed_in(0), Required, true, Next::Wait(Replace)),
            (signed_in(0), Required, false, Next::Go),
            (signed_in(0), AsItIs, true, Next::Go),
        ];
        for (state, token_use, logs_in, expected) in table {
            let mut snapshot = snapshot(1, state, Origin::Found);
            assert_eq!(next(&snapshot, token_use, logs_in, now.instant), expected, "{snapshot:?} {token_use:?}");
            snapshot.save_at = Some(now.instant);
            let with_save = if expected == Next::Go && token_use != Never { Next::GoAndStart(Save) } else { expected };
            assert_eq!(next(&snapshot, token_use, logs_in, now.instant), with_save, "{snapshot:?} {token_use:?}");
        }
    }

    #[test]
    fn a_flight_takes_the_cheapest_way_to_a_token() {
        let now = Now::read();
        let [old, due, good] = [token("a", 1000, 0, now), token("a", 1000, 50, now), token("a", 1000, 500, now)];
        let [other_old, other_due, other] =
            [token("b", 1000, 0, now), token("b", 1000, 50, now), token("b", 1000, 500, now)];
        let a = UserToken::from("a");
        let b = UserToken::from("b");
        type Row<'a> = (Option<&'a ActiveToken>, Option<&'a ActiveToken>, Option<&'a UserToken>, bool, &'a str);
        let table: Vec<Row<'_>> = vec![
            (None, None, None, true, "LogIn"),
            (None, Some(&other), None, true, "UseStored"),
            (None, Some(&other_due), None, true, "RefreshStored"),
            (None, Some(&other_due), None, false, "LogIn"),
            (None, Some(&other_old), None, true, "LogIn"),
            (Some(&due), None, None, true, "RefreshCurrent"),
            (Some(&due), Some(&good), None, true, "RefreshCurrent"),
            (Some(&due), None, None, false, "LogIn"),
            (Some(&due), Some(&other), None, true, "UseStored"),
            (Some(&due), Some(&other_due), None, true, "RefreshStored"),
            (Some(&old), Some(&other_old), None, true, "LogIn"),
            (Some(&good), Some(&good), Some(&a), true, "LogIn"),
            (Some(&good), Some(&other), Some(&a), true, "UseStored"),
            (Some(&good), Some(&other), Some(&b), true, "RefreshCurrent"),
            (Some(&good), Some(&other_old), Some(&a), true, "LogIn"),
        ];
        for (at, (current, stored, refused, can_refresh, expected)) in table.into_iter().enumerate() {
            let plan = plan(current, stored, refused, can_refresh, now.instant);
            assert_eq!(format!("{plan:?}"), expected, "row {at}");
        }
    }

    #[test]
    fn a_stored_token_is_its_secrets() {
        let none = StoredToken::new("t".into());
        let mut anns = none.clone();
        anns.secret = Some(SecretDigest::new("ann's"));
        assert!(is_own(&none, None) && is_own(&anns, None) && is_own(&anns, Some("ann's")));
        assert!(!is_own(&none, Some("ann's")) && !is_own(&anns, Some("bob's")));
    }
}
