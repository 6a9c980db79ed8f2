//! The decision what a refusal by the service means: a bad token, or a request that is not allowed. Without I/O and a clock.

use super::state::{Origin, Snapshot};
use std::time::Instant;

/// The caller's next step after the service refused its request as unauthenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterRefusal {
    /// Return the refusal.
    GiveUp,
    /// Return the refusal, and note that this operation refuses any token: its next refusal is no reason to log in.
    GiveUpAndNote,
    /// Send again with the session's current token.
    SendAgain,
    /// Send again once the token was replaced.
    Replace,
    /// Send again if the store has another token.
    ReadAgain,
}

/// The facts about a refusal.
pub(crate) struct Refusal<'a> {
    /// The snapshot that the request was sent with.
    pub(crate) used: &'a Snapshot,
    /// The session's snapshot after the refusal.
    pub(crate) current: &'a Snapshot,
    /// The version of the session's token when the call began.
    pub(crate) first_version: u64,
    /// When the refused request was sent.
    pub(crate) sent: Instant,
    /// Whether this operation has refused a token that was just issued.
    pub(crate) refuses_any: bool,
    /// Whether the token is being replaced already.
    pub(crate) replacing: bool,
    /// Whether the session has credentials.
    pub(crate) logs_in: bool,
    /// How many times the call was sent.
    pub(crate) rounds: u32,
}

/// The most times that a call is sent: with the current token, again if others succeeded with it, with the token in the store,
/// and with a new one.
const MOST_ROUNDS: u32 = 4;

pub(crate) fn after_refusal(refusal: &Refusal<'_>) -> AfterRefusal {
    let Refusal { used, current, .. } = refusal;
    let Some(token) = used.token() else {
        // It went out without one. Somebody may have logged in meanwhile.
        let again = current.token().is_some() && refusal.rounds < MOST_ROUNDS;
        return if again { AfterRefusal::SendAgain } else { AfterRefusal::GiveUp };
    };
    if refusal.rounds < MOST_ROUNDS && current.token().is_some_and(|other| other.token() != token.token()) {
        return AfterRefusal::SendAgain;
    }
    if refusal.rounds < MOST_ROUNDS && refusal.replacing {
        return AfterRefusal::Replace;
    }
    // One that others were served with has been revoked since.
    if used.origin == Origin::Issued && used.version > refusal.first_version && !token.has_served() {
        return AfterRefusal::GiveUpAndNote;
    }
    if refusal.rounds >= MOST_ROUNDS || refusal.refuses_any {
        return AfterRefusal::GiveUp;
    }
    // Another call was served with it, and was sent after this one. Either it ended in between, which the next attempt
    // shows, or the refusal is not about the token.
    if token.accepted_since(refusal.sent) {
        return if refusal.rounds == 1 { AfterRefusal::SendAgain } else { AfterRefusal::GiveUp };
    }
    if refusal.logs_in { AfterRefusal::Replace } else { AfterRefusal::ReadAgain }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            lifetime::{ActiveToken, Now},
            state::TokenState,
        },
        *,
    };
    use crate::token_store::StoredToken;
    use std::{sync::Arc, time::Duration};

    fn signed_in(version: u64, name: &str, origin: Origin, now: Now) -> Snapshot {
        let token = ActiveToken::new(&crate::cloudspot::DIALECT, StoredToken::new(name.into()), now).unwrap();
        snapshot(version, TokenState::SignedIn(Box::new(token)), origin)
    }

    fn snapshot(version: u64, state: TokenState, origin: Origin) -> Snapshot {
        Snapshot { version, epoch: 0, state: Arc::new(state), origin, save_at: None }
    }

    #[test]
    fn only_a_token_that_may_be_at_fault_is_replaced() {
        use AfterRefusal::*;
        let now = Now::read();
        let found = signed_in(1, "a", Origin::Found, now);
        let earlier = signed_in(1, "a", Origin::Issued, now);
        let fresh = signed_in(2, "b", Origin::Issued, now);
        let stored = signed_in(2, "b", Origin::Found, now);
        let served = signed_in(2, "b", Origin::Issued, now);
        served.token().unwrap().note_accepted(now.instant);
        let out = snapshot(1, TokenState::SignedOut, Origin::Found);
        let accepted = signed_in(1, "a", Origin::Found, now);
        accepted.token().unwrap().note_accepted(now.instant + Duration::from_millis(10));
        let of = |used, current| Refusal {
            used,
            current,
            first_version: 1,
            sent: now.instant + Duration::from_millis(5),
            refuses_any: false,
            replacing: false,
            logs_in: true,
            rounds: 1,
        };
        let table: Vec<(Refusal<'_>, AfterRefusal)> = vec![
            (of(&found, &found), Replace),
            (of(&earlier, &earlier), Replace),
            (of(&found, &fresh), SendAgain),
            (of(&found, &out), Replace),
            (of(&fresh, &fresh), GiveUpAndNote),
            (Refusal { rounds: 2, ..of(&stored, &stored) }, Replace),
            (Refusal { rounds: 4, ..of(&stored, &stored) }, GiveUp),
            (Refusal { refuses_any: true, ..of(&found, &found) }, GiveUp),
            (Refusal { refuses_any: true, replacing: true, ..of(&found, &found) }, Replace),
            (of(&served, &served), Replace),
            (of(&accepted, &accepted), SendAgain),
            (Refusal { rounds: 2, ..of(&accepted, &accepted) }, GiveUp),
            (Refusal { sent: now.instant + Duration::from_millis(20), ..of(&accepted, &accepted) }, Replace),
            (Refusal { logs_in: false, ..of(&found, &found) }, ReadAgain),
            (Refusal { logs_in: false, ..of(&found, &fresh) }, SendAgain),
            (of(&fresh, &found), SendAgain),
            (of(&out, &out), GiveUp),
            (of(&out, &fresh), SendAgain),
        ];
        for (at, (refusal, expected)) in table.iter().enumerate() {
            assert_eq!(after_refusal(refusal), *expected, "row {at}");
        }
    }
}
