//! Lists of many pages: an iterator of their items.

use super::calls::authing::{Pager, Source};
use crate::{Result, protocol::paging::Received};
pub(super) use maybe_async::must_be_sync as maybe_async;
use std::marker::PhantomData;

/// Nothing is ever under way between two calls.
pub(super) type Fetching<T> = PhantomData<T>;

/// Fetches a page.
pub(super) fn fetch_page<T: Send + 'static>(
    _: &mut Fetching<T>,
    source: &Source<T>,
    page: usize,
) -> Result<Received<T>> {
    source.fetch(page)
}

impl<T: Clone + PartialEq + Send + 'static> Iterator for Pager<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        let (cursor, source, fetching) = self.parts();
        loop {
            if let Some(item) = cursor.next_item() {
                return Some(Ok(item));
            }
            let result = fetch_page(fetching, source, cursor.next()?);
            if let Err(error) = cursor.on_page(result) {
                return Some(Err(error));
            }
        }
    }
}
