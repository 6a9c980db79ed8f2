use super::{Fetching, Session, maybe_async};
use crate::{
    Result,
    authing::{FIRST_PAGE, PAGE_SIZE},
    protocol::{
        decode::Data,
        paging::{Page, Walk},
        request::Request,
    },
};
use std::{fmt, sync::Arc, vec};

/// Everything in a list, however many pages it has: one thing after the other, or page by page with
/// [`next_page`](Self::next_page).
///
/// Ended by the last page or by an error. To go on after an error, begin another one with [`position`](Self::position) as
/// its `page`. A page that comes empty ends it; one that is the same as the page before, where there should be more, is an
/// error. What is created or deleted meanwhile may be seen twice or not at all: the service counts pages anew each time.
pub struct Pager<T> {
    source: Source<T>,
    walk: Walk<T>,
    items: vec::IntoIter<T>,
    fetching: Fetching<T>,
}

/// Where pages come from.
pub(in super::super::super) struct Source<T> {
    session: Session,
    request: Arc<dyn Fn(i64) -> Result<Request> + Send + Sync>,
    read: fn(&Data) -> Result<Page<T>>,
}

impl<T> Clone for Source<T> {
    fn clone(&self) -> Self {
        Self { session: self.session.clone(), request: self.request.clone(), read: self.read }
    }
}

#[maybe_async]
impl<T: Send> Source<T> {
    pub(in super::super::super) async fn fetch(&self, page: i64) -> Result<Page<T>> {
        self.session.call_with((self.request)(page)?, self.read).await
    }
}

impl<T: Clone + PartialEq> Pager<T> {
    /// From page `first` on; `request` asks for a page, `read` reads it.
    pub(super) fn new(
        session: Session,
        (first, limit): (Option<i64>, Option<i64>),
        request: impl Fn(i64) -> Result<Request> + Send + Sync + 'static,
        read: fn(&Data) -> Result<Page<T>>,
    ) -> Self {
        let source = Source { session, request: Arc::new(request), read };
        let walk = Walk::new(first.unwrap_or(FIRST_PAGE), limit.unwrap_or(PAGE_SIZE));
        Self { source, walk, items: Vec::new().into_iter(), fetching: Fetching::default() }
    }

    /// The number of the page that comes next: where another pager goes on.
    pub fn position(&self) -> i64 {
        self.walk.position()
    }

    /// What the adapters of the flavours need: the things at hand, the source, the page that is due, and what is under way.
    pub(in super::super::super) fn parts(
        &mut self,
    ) -> (&mut vec::IntoIter<T>, &Source<T>, Option<i64>, &mut Fetching<T>) {
        let due = self.walk.next();
        (&mut self.items, &self.source, due, &mut self.fetching)
    }

    /// Takes a page in; whether it brought anything.
    pub(in super::super::super) fn arrived(&mut self, result: Result<Page<T>>) -> Result<bool> {
        let page = self.walk.arrived(result)?;
        Ok(page.map(|page| self.items = page.list.into_iter()).is_some())
    }
}

#[maybe_async]
impl<T: Clone + PartialEq + Send> Pager<T> {
    /// The next page; `None` after the last one.
    pub async fn next_page(&mut self) -> Result<Option<Page<T>>> {
        let Some(number) = self.walk.next() else { return Ok(None) };
        let result = self.source.fetch(number).await;
        self.walk.arrived(result)
    }
}

impl<T> fmt::Debug for Pager<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pager").field("at_hand", &self.items.as_slice().len()).finish_non_exhaustive()
    }
}
