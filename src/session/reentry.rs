//! The sessions whose provider or store runs on this thread. A call of such a session from there would wait for itself.

use crate::token_store::StoreKey;
use std::{
    cell::RefCell,
    pin::Pin,
    task::{Context, Poll},
};

thread_local! {
    static INSIDE: RefCell<Vec<StoreKey>> = const { RefCell::new(Vec::new()) };
}

pub(crate) struct Inside(());

impl Inside {
    /// Marks this thread until the value is dropped.
    pub(crate) fn mark(key: &StoreKey) -> Self {
        INSIDE.with_borrow_mut(|inside| inside.push(key.clone()));
        Self(())
    }

    pub(crate) fn is_inside(key: &StoreKey) -> bool {
        INSIDE.with_borrow(|inside| inside.contains(key))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.with_borrow_mut(|inside| drop(inside.pop()));
    }
}

/// A future that marks the threads that poll it.
pub(crate) struct Scoped<T> {
    pub(crate) key: StoreKey,
    pub(crate) future: Pin<Box<dyn Future<Output = T> + Send>>,
}

impl<T> Future for Scoped<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let _inside = Inside::mark(&self.key);
        self.future.as_mut().poll(context)
    }
}
