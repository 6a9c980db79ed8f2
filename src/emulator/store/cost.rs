//! Counts the rows that a call reads, so that tests compare costs without a clock.

#[cfg(not(test))]
pub(super) fn touched() {}

#[cfg(test)]
pub(crate) use counted::cost_of;
#[cfg(test)]
pub(super) use counted::touched;

#[cfg(test)]
mod counted {
    use std::cell::Cell;

    thread_local! {
        static TOUCHED: Cell<u64> = const { Cell::new(0) };
    }

    /// Counts a row that was read.
    pub(in super::super) fn touched() {
        TOUCHED.set(TOUCHED.get() + 1);
    }

    /// Returns how many rows a call reads on this thread.
    pub(crate) fn cost_of(call: impl FnOnce()) -> u64 {
        let before = TOUCHED.get();
        call();
        TOUCHED.get() - before
    }
}
