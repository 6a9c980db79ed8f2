//! Lists that come in pages: how the request for each is made.

use super::{
    FIRST_PAGE, GroupUsersOptions, MemberListOptions, PAGE_SIZE, PageOptions, SortedPageOptions, UserActionOptions,
    UserListOptions, UserSearchOptions,
};
use crate::{
    Result,
    protocol::{
        decode::Data,
        paging::{PageCursor, Received},
        request::Request,
    },
};
use std::fmt;

/// Options that name a page.
pub(crate) trait Paged: Clone + Send + Sync + 'static {
    /// The page and the number of items on it, where they are set.
    fn first(&self) -> (Option<usize>, Option<usize>);

    fn at(&self, page: usize) -> Self;
}

macro_rules! paged {
    ($($options:ty),+ $(,)?) => {$(
        impl Paged for $options {
            fn first(&self) -> (Option<usize>, Option<usize>) {
                (self.page, self.limit)
            }

            fn at(&self, page: usize) -> Self {
                self.clone().page(page)
            }
        }
    )+};
}

paged!(GroupUsersOptions, MemberListOptions, PageOptions, SortedPageOptions, UserActionOptions, UserListOptions,);

impl Paged for UserSearchOptions {
    fn first(&self) -> (Option<usize>, Option<usize>) {
        self.paging()
    }

    fn at(&self, page: usize) -> Self {
        self.clone().page(page)
    }
}

/// The requests for the pages of a list, and how their responses are read.
pub(crate) struct Pages<T> {
    request: Box<dyn Fn(usize) -> Result<Request> + Send + Sync>,
    pub(crate) read: fn(&Data) -> Result<Received<T>>,
}

impl<T: Clone + PartialEq> Pages<T> {
    /// The pages from the one that `options` name on, and a cursor before it.
    pub(crate) fn new<O: Paged>(
        options: O,
        request: impl Fn(&O) -> Result<Request> + Send + Sync + 'static,
        read: fn(&Data) -> Result<Received<T>>,
    ) -> (Self, PageCursor<T>) {
        let (first, limit) = options.first();
        let cursor = PageCursor::new(first.unwrap_or(FIRST_PAGE), limit.unwrap_or(PAGE_SIZE));
        (Self { request: Box::new(move |page| request(&options.at(page))), read }, cursor)
    }
}

impl<T> Pages<T> {
    pub(crate) fn request(&self, page: usize) -> Result<Request> {
        (self.request)(page)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pages")
    }
}
