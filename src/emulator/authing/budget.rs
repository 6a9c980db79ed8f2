//! How much of a document is resolved.

use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// The most fields and items of lists that one document resolves. A page of 1,000 users with all members takes a tenth of it; users
/// in departments in users without end would otherwise hold up all services.
const MOST: usize = 500_000;

/// The most fields that a document has itself, and how deep they nest.
pub(super) const FIELDS: usize = 2_000;
pub(super) const DEPTH: usize = 32;

/// What is left to resolve of one document.
pub(super) struct Budget {
    left: AtomicUsize,
    spent: Notify,
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(MOST)
    }
}

impl Budget {
    fn new(most: usize) -> Self {
        Self { left: AtomicUsize::new(most), spent: Notify::new() }
    }

    /// Takes so much, and returns whether it was there. Once it was not, nothing is.
    pub(super) fn take(&self, count: usize) -> bool {
        let left = self.left.load(Ordering::Relaxed);
        let rest = left.checked_sub(count);
        self.left.store(rest.unwrap_or(0), Ordering::Relaxed);
        if rest.is_none() {
            self.spent.notify_one();
        }
        rest.is_some()
    }

    /// Returns once more was asked for than there was.
    pub(super) async fn spent(&self) {
        self.spent.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_is_spent() {
        let budget = Budget::new(10);
        assert_eq!([4, 6, 0, 1, 0].map(|count| budget.take(count)), [true, true, true, false, true]);
        let budget = Budget::new(10);
        assert_eq!([4, 7, 1].map(|count| budget.take(count)), [true, false, false]);
    }
}
