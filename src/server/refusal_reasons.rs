//! Why tokens are not active, for logs.

use super::key::Key;
use crate::Error;
use quick_cache::sync::Cache;
use std::fmt;

/// Of how many refused tokens the reason is kept.
const MOST: usize = 1_000;

/// The reasons that introspections gave for the last tokens that they refused.
pub(super) struct RefusalReasons(Cache<Key, Error>);

impl RefusalReasons {
    pub(super) fn new() -> Self {
        Self(Cache::new(MOST))
    }

    /// Notes why a token is not active, or that nobody said why.
    pub(super) fn note(&self, key: Key, reason: Option<Error>) {
        match reason {
            Some(reason) => self.0.insert(key, reason),
            None => self.forget(&key),
        }
    }

    pub(super) fn get(&self, key: &Key) -> Option<Error> {
        self.0.get(key)
    }

    pub(super) fn forget(&self, key: &Key) {
        self.0.remove(key);
    }

    pub(super) fn clear(&self) {
        self.0.clear();
    }
}

impl fmt::Debug for RefusalReasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefusalReasons").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, server::key::Keys};

    #[test]
    fn reasons_are_of_their_token_and_bounded() {
        let (keys, reasons) = (Keys::new(), RefusalReasons::new());
        let key = |n: usize| keys.of(&[&n.to_string()]);
        let reason = |n: usize| Some(Error::new(ErrorKind::Authentication).with_code(n.to_string()));
        reasons.note(key(1), reason(1));
        reasons.note(key(2), reason(2));
        assert_eq!(reasons.get(&key(1)).unwrap().code(), Some("1"));
        reasons.note(key(1), None);
        assert!(reasons.get(&key(1)).is_none() && reasons.get(&key(2)).is_some());
        reasons.forget(&key(2));
        assert!(reasons.get(&key(2)).is_none());
        (0..10 * MOST).for_each(|n| reasons.note(key(n), reason(n)));
        // The cache has a few parts, each of which is rounded up.
        assert!(reasons.0.len() <= 2 * MOST, "{}", reasons.0.len());
        reasons.clear();
        assert_eq!(reasons.0.len(), 0);
    }
}
