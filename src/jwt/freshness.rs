//! Whether the keys at hand are good enough for a token, or are fetched first.

use std::time::{Duration, SystemTime};

/// How long a fetch that has failed is not repeated.
pub(super) const FAILURE_PAUSE: Duration = Duration::from_secs(5);

/// How old keys may become.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ages {
    /// From here on they are fetched anew, while those at hand are used.
    pub(crate) refresh_after: Duration,
    /// From here on they are not used any more.
    pub(crate) keep_for: Duration,
    /// The least time between two fetches for keys that a token names and nobody has seen.
    pub(crate) unknown_key_interval: Duration,
}

/// What is known about the keys.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct View {
    /// When those at hand were fetched.
    pub(super) fetched_at: Option<SystemTime>,
    /// When the last fetch failed, if it did.
    pub(super) failed_at: Option<SystemTime>,
    /// When keys were last fetched because of an unknown key.
    pub(super) asked_for_unknown_at: Option<SystemTime>,
    /// Whether the token's key is among them.
    pub(super) found: bool,
    pub(super) is_fetching: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Go by the keys at hand.
    Use,
    /// Go by the keys at hand, and fetch new ones meanwhile.
    UseAndRefresh,
    /// Wait for new keys. The first caller fetches them.
    Fetch,
    /// Refuse the token: keys were fetched for an unknown key within the interval.
    Unknown,
    /// Report that the last fetch failed a moment ago: the token may be good.
    CannotTell,
}

/// Decides what a token is checked with at the time `now`.
pub(super) fn decide(view: View, now: SystemTime, ages: Ages) -> Step {
    // A clock that was set back makes everything old: that costs a fetch, and nothing else.
    let within = |since: Option<SystemTime>, limit: Duration| {
        since.is_some_and(|since| now.duration_since(since).is_ok_and(|age| age < limit))
    };
    let is_usable = within(view.fetched_at, ages.keep_for);
    let has_failed = within(view.failed_at, FAILURE_PAUSE);
    match (is_usable, view.found) {
        (true, true) if within(view.fetched_at, ages.refresh_after) || has_failed || view.is_fetching => Step::Use,
        (true, true) => Step::UseAndRefresh,
        _ if view.is_fetching => Step::Fetch,
        _ if has_failed => Step::CannotTell,
        (true, false) if within(view.asked_for_unknown_at, ages.unknown_key_interval) => Step::Unknown,
        _ => Step::Fetch,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_used_refreshed_and_waited_for() {
        let ages = Ages {
            refresh_after: Duration::from_secs(3600),
            keep_for: Duration::from_secs(86_400),
            unknown_key_interval: Duration::from_secs(300),
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        // Seconds ago: fetched, failed, asked for an unknown key; found, is fetching.
        type Row = ([Option<i64>; 3], bool, bool, Step);
        let rows: &[Row] = &[
            ([None, None, None], false, false, Step::Fetch),
            ([None, None, None], false, true, Step::Fetch),
            ([None, Some(4), None], false, false, Step::CannotTell),
            ([None, Some(4), None], false, true, Step::Fetch),
            ([None, Some(5), None], false, false, Step::Fetch),
            ([Some(0), None, None], true, false, Step::Use),
            ([Some(3599), None, None], true, false, Step::Use),
            ([Some(3600), None, None], true, false, Step::UseAndRefresh),
            ([Some(3600), None, None], true, true, Step::Use),
            ([Some(3600), Some(1), None], true, false, Step::Use),
            ([Some(86_399), Some(5), None], true, false, Step::UseAndRefresh),
            // Too old: whether the key is among them does not matter.
            ([Some(86_400), None, None], true, false, Step::Fetch),
            ([Some(86_400), Some(1), None], true, false, Step::CannotTell),
            // An unknown key: once an interval.
            ([Some(0), None, None], false, false, Step::Fetch),
            ([Some(0), None, Some(0)], false, false, Step::Unknown),
            ([Some(0), None, Some(299)], false, false, Step::Unknown),
            ([Some(0), None, Some(300)], false, false, Step::Fetch),
            ([Some(0), None, Some(1)], false, true, Step::Fetch),
            ([Some(0), Some(1), Some(1)], false, false, Step::CannotTell),
            // The clock was set back.
            ([Some(-10), None, None], true, false, Step::Fetch),
        ];
        for (row, (ago, found, is_fetching, expected)) in rows.iter().enumerate() {
            let at = |ago: Option<i64>| {
                ago.map(|ago| match ago < 0 {
                    true => now + Duration::from_secs(ago.unsigned_abs()),
                    false => now - Duration::from_secs(ago.unsigned_abs()),
                })
            };
            let [fetched_at, failed_at, asked_for_unknown_at] = ago.map(at);
            let view = View { fetched_at, failed_at, asked_for_unknown_at, found: *found, is_fetching: *is_fetching };
            assert_eq!(decide(view, now, ages), *expected, "row {row}");
        }
    }
}
