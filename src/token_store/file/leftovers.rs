//! Files that nobody needs any more: their names tell what they are, their age whether they may go.

use std::time::{Duration, Instant};

/// How long a file that could not be opened is kept aside.
const KEPT_ASIDE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// A file that a living process works with is younger.
const AT_WORK: Duration = Duration::from_secs(10 * 60);
/// How often a store looks for leftovers at the most.
const PAUSE: Duration = Duration::from_secs(60 * 60);

/// A file of the directory that may be a leftover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leftover {
    /// A file that did not open when another took its place.
    Aside,
    /// Recent logins.
    Logins,
    /// A token that a killed writer did not finish.
    Unfinished,
    /// A lock that a killed holder left.
    Lock,
}

impl Leftover {
    /// Reads a file's name: the session's 64 digits and the kind. `None` for tokens and for what is not the store's.
    pub(super) fn of(name: &str) -> Option<(&str, Self)> {
        let (key, ending) = name.split_once('.')?;
        let is_key = key.len() == 64 && key.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        let kind = match ending {
            "token.aside" => Self::Aside,
            "logins" => Self::Logins,
            "new" => Self::Unfinished,
            "lock" | "refresh.lock" => Self::Lock,
            _ => return None,
        };
        is_key.then_some((key, kind))
    }

    /// Returns whether a file of this age is of no use to anybody.
    pub(super) fn is_over(self, age: Duration) -> bool {
        age > if self == Self::Aside { KEPT_ASIDE } else { AT_WORK }
    }
}

/// Returns whether leftovers should be looked for again.
pub(super) fn is_due(last: Option<Instant>, now: Instant) -> bool {
    last.is_none_or(|last| now.saturating_duration_since(last) >= PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_stores_own_leftovers_are_known() {
        let key = "0123456789abcdef".repeat(4);
        let table = [
            ("token.aside", Some(Leftover::Aside)),
            ("logins", Some(Leftover::Logins)),
            ("new", Some(Leftover::Unfinished)),
            ("lock", Some(Leftover::Lock)),
            ("refresh.lock", Some(Leftover::Lock)),
            ("token", None),
            ("aside", None),
            ("lock.bak", None),
        ];
        for (ending, leftover) in table {
            let name = format!("{key}.{ending}");
            assert_eq!(Leftover::of(&name), leftover.map(|leftover| (&*key, leftover)), "{ending}");
        }
        for foreign in
            ["notes.lock", "lock", ".lock", "", &format!("{}.lock", key.to_uppercase()), &format!("{key}0.new")]
        {
            assert_eq!(Leftover::of(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn leftovers_go_when_nobody_can_need_them() {
        const HOUR: Duration = Duration::from_secs(60 * 60);
        let table = [
            (Leftover::Aside, 6 * 24 * HOUR, false),
            (Leftover::Aside, 8 * 24 * HOUR, true),
            (Leftover::Logins, Duration::from_secs(61), false),
            (Leftover::Logins, HOUR, true),
            (Leftover::Unfinished, Duration::ZERO, false),
            (Leftover::Unfinished, HOUR, true),
            (Leftover::Lock, Duration::from_secs(60), false),
            (Leftover::Lock, HOUR, true),
        ];
        for (leftover, age, over) in table {
            assert_eq!(leftover.is_over(age), over, "{leftover:?} {age:?}");
        }
        let now = Instant::now();
        assert!(is_due(None, now) && !is_due(Some(now), now) && !is_due(Some(now), now + HOUR / 2));
        assert!(is_due(Some(now), now + HOUR) && !is_due(Some(now + HOUR), now));
    }
}
