//! Lists of many pages: a [`Stream`] of their items.

use super::{
    Call,
    calls::authing::{Pager, Source},
};
use crate::{Result, protocol::paging::Received};
use futures_core::Stream;
pub(super) use maybe_async::must_be_async as maybe_async;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// A page that is under way.
pub(super) type Fetching<T> = Option<Call<Received<T>>>;

/// The page that is under way, or this one.
fn under_way<'a, T: Send + 'static>(
    fetching: &'a mut Fetching<T>,
    source: &Source<T>,
    page: usize,
) -> Pin<&'a mut Call<Received<T>>> {
    Pin::new(fetching.get_or_insert_with(|| source.fetch(page)))
}

/// Fetches a page. One that was begun and not awaited to its end is gone on with, also after an item was asked for.
pub(super) async fn fetch_page<T: Send + 'static>(
    fetching: &mut Fetching<T>,
    source: &Source<T>,
    page: usize,
) -> Result<Received<T>> {
    let result = under_way(fetching, source, page).await;
    *fetching = None;
    result
}

impl<T: Clone + PartialEq + Send + Unpin + 'static> Stream for Pager<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (cursor, source, fetching) = self.parts();
        loop {
            if let Some(item) = cursor.next_item() {
                return Poll::Ready(Some(Ok(item)));
            }
            let Some(page) = cursor.next() else { return Poll::Ready(None) };
            let result = ready!(under_way(fetching, source, page).poll(context));
            *fetching = None;
            if let Err(error) = cursor.on_page(result) {
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}
