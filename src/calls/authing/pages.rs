use super::{Call, Fetching, Session, fetch_page, maybe_async};
use crate::{
    Result,
    authing::{Page, Paged, Pages},
    protocol::{
        decode::Data,
        paging::{PageCursor, Received},
        request::Request,
    },
};
use std::fmt;

/// Fetches everything in a list, however many pages it has.
///
/// A pager gives one item after the other, as an [`Iterator`] of `Result<T>` in the blocking flavour and as a
/// `futures_core::Stream` of them in the async one, or page by page with [`next_page`](Self::next_page). Both can be
/// mixed: every item comes once, in order. The module that has the pager shows both.
///
/// It ends after the last page or after an error. To go on after an error, begin another pager with
/// [`position`](Self::position) as its `page`. An empty page ends it; a page that came before, where there should be more, is
/// an error. Items that are created or deleted meanwhile may be seen twice or not at all: the service counts pages anew each
/// time.
pub struct Pager<T> {
    source: Source<T>,
    cursor: PageCursor<T>,
    fetching: Fetching<T>,
}

/// Where pages come from.
pub(in super::super::super) struct Source<T>(Session, Pages<T>);

impl<T: Send + 'static> Source<T> {
    pub(in super::super::super) fn fetch(&self, page: usize) -> Call<Received<T>> {
        self.0.call_with(self.1.request(page), self.1.read)
    }
}

impl<T: Clone + PartialEq> Pager<T> {
    pub(super) fn new<O: Paged>(
        session: &Session,
        options: O,
        request: impl Fn(&O) -> Result<Request> + Send + Sync + 'static,
        read: fn(&Data) -> Result<Received<T>>,
    ) -> Self {
        let (pages, cursor) = Pages::new(options, request, read);
        Self { source: Source(session.clone(), pages), cursor, fetching: Fetching::default() }
    }

    /// Returns the number of the page that is fetched next: where another pager goes on.
    pub fn position(&self) -> usize {
        self.cursor.position()
    }

    /// What the adapters of the flavours need: what decides, where pages come from, and the page that is under way.
    pub(in super::super::super) fn parts(&mut self) -> (&mut PageCursor<T>, &Source<T>, &mut Fetching<T>) {
        (&mut self.cursor, &self.source, &mut self.fetching)
    }
}

#[maybe_async]
impl<T: Clone + PartialEq + Send + 'static> Pager<T> {
    /// Returns the next page, or what is left of one whose items were taken one by one; `None` after the last page.
    ///
    /// # Errors
    ///
    /// Those of the list's call, and [`Decode`](crate::ErrorKind::Decode): the service repeats a page instead of the next one.
    pub async fn next_page(&mut self) -> Result<Option<Page<T>>> {
        loop {
            if let Some(page) = self.cursor.take_page() {
                return Ok(Some(page));
            }
            let Some(number) = self.cursor.next() else { return Ok(None) };
            let result = fetch_page(&mut self.fetching, &self.source, number).await;
            self.cursor.on_page(result)?;
        }
    }
}

impl<T> fmt::Debug for Pager<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pager").field("cursor", &self.cursor).finish_non_exhaustive()
    }
}
