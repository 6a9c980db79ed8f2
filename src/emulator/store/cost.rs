//! How many rows a call looks at: what it costs, told without a clock.

#[cfg(not(test))]
pub(crate) fn touched() {}

#[cfg(test)]
pub(crate) use counted::{cost_of, touched};

#[cfg(test)]
mod counted {
    use std::cell::Cell;

    thread_local! {
        static TOUCHED: Cell<u64> = const { Cell::new(0) };
    }

    /// Notes that a row was looked at.
    pub(crate) fn touched() {
        TOUCHED.set(TOUCHED.get() + 1);
    }

    /// Returns how many rows a call looks at on this thread.
    pub(crate) fn cost_of(call: impl FnOnce()) -> u64 {
        let before = TOUCHED.get();
        call();
        TOUCHED.get() - before
    }
}
