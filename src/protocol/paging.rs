//! The way through a list that comes in pages.

use super::{
    decode::Data,
    model::{Extra, ExtraReader, Name, Read},
};
use crate::{Error, ErrorKind, Result};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, MapAccess},
    ser::SerializeMap,
};
use std::{
    collections::HashSet,
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    marker::PhantomData,
    vec,
};

/// One page of a list.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The number of items on all pages; 0 also where the service does not say.
    pub total_count: usize,
    /// The items on this page.
    pub list: Vec<T>,
    /// Members that this version of the crate does not know.
    pub extra: Extra,
}

impl<T> Page<T> {
    /// Creates a page of these items, which are all there are: for tests of your own.
    pub fn new(list: Vec<T>) -> Self {
        Self { total_count: list.len(), list, extra: Extra::default() }
    }

    /// Sets the number of items on all pages.
    pub fn with_total_count(mut self, count: usize) -> Self {
        self.total_count = count;
        self
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Page<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Visitor<T> {
            type Value = Page<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a page")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Page<T>, A::Error> {
                let mut page = Page { total_count: 0, list: Vec::new(), extra: Extra::default() };
                let mut extra = ExtraReader::default();
                while let Some(Name(name)) = map.next_key()? {
                    match &*name {
                        "totalCount" => {
                            let Read(count) = map.next_value::<Read<Option<i64>>>()?;
                            page.total_count = count.and_then(|count| count.try_into().ok()).unwrap_or_default();
                        }
                        "list" => page.list = map.next_value::<Option<Vec<T>>>()?.unwrap_or_default(),
                        _ => extra.read_next(&name, &mut map)?,
                    }
                }
                page.extra = extra.finish()?;
                Ok(page)
            }
        }

        from.deserialize_struct("Page", &["totalCount", "list"], Visitor(PhantomData))
    }
}

impl<T: Serialize> Serialize for Page<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("totalCount", &self.total_count)?;
        map.serialize_entry("list", &self.list)?;
        self.extra.write(&["totalCount", "list"], &mut map)?;
        map.end()
    }
}

/// A page and a hash of the JSON that it was decoded from.
pub(crate) struct Received<T> {
    page: Page<T>,
    fingerprint: u64,
}

impl<T> Received<T> {
    /// Takes the page that was decoded from `data`.
    pub(crate) fn new(page: Page<T>, data: &Data) -> Self {
        let mut hasher = DefaultHasher::new();
        data.as_came().hash(&mut hasher);
        Self { page, fingerprint: hasher.finish() }
    }
}

/// Decodes data that is a page.
pub(crate) fn page<T: DeserializeOwned>(data: &Data) -> Result<Received<T>> {
    Ok(Received::new(data.decode()?, data))
}

/// How many pages a cursor remembers the hashes of: half a megabyte of them.
const REMEMBERED: usize = 1 << 16;

/// Decides which page is fetched next, and holds what of the last one has not been given away.
///
/// It ends after an error, after an empty page, after a page that came before, or when as many items came as there are.
pub(crate) struct PageCursor<T> {
    next: usize,
    limit: usize,
    /// How many items came, those on pages before the first one included as far as they are certain.
    received: usize,
    /// The most items that came on a page: the service may give fewer on each than it was asked for.
    longest: usize,
    previous: Vec<T>,
    seen: HashSet<u64>,
    ended: bool,
    items: vec::IntoIter<T>,
    /// The page that the items at hand are from, without items.
    current: Page<T>,
}

impl<T: Clone + PartialEq> PageCursor<T> {
    /// Begins at page `first`, with `limit` items on a page.
    pub(crate) fn new(first: usize, limit: usize) -> Self {
        Self {
            next: first,
            limit,
            received: 0,
            longest: 0,
            previous: Vec::new(),
            seen: HashSet::new(),
            ended: false,
            items: Vec::new().into_iter(),
            current: Page { total_count: 0, list: Vec::new(), extra: Extra::default() },
        }
    }

    /// Returns the number of the page to fetch when nothing is at hand; `None` at the end.
    pub(crate) fn next(&self) -> Option<usize> {
        (!self.ended).then_some(self.next)
    }

    /// Returns the number of the page that has not come yet: where another cursor goes on.
    pub(crate) fn position(&self) -> usize {
        self.next
    }

    /// Gives away the next item at hand.
    pub(crate) fn next_item(&mut self) -> Option<T> {
        self.items.next()
    }

    /// Gives away what is at hand of a page, which is all of it unless items were taken one by one.
    pub(crate) fn take_page(&mut self) -> Option<Page<T>> {
        if self.items.as_slice().is_empty() {
            return None;
        }
        let list = std::mem::take(&mut self.items).collect();
        Some(Page { list, ..self.current.clone() })
    }

    /// Takes in what came for the page that [`next`](Self::next) named. `false`: the list has ended.
    pub(crate) fn on_page(&mut self, result: Result<Received<T>>) -> Result<bool> {
        let Received { page, fingerprint } = result.inspect_err(|_| self.ended = true)?;
        let Page { total_count, list, extra } = page;
        let came_before = list == self.previous || self.seen.contains(&fingerprint);
        if list.is_empty() || came_before {
            self.ended = true;
            // The service gives the same pages again and again: what it has besides cannot be reached.
            if !list.is_empty() && self.received < total_count {
                let detail = format!("page {} is the same as one before it", self.next);
                return Err(Error::new(ErrorKind::Decode).http_status(200).detail(detail));
            }
            return Ok(false);
        }
        if self.longest == 0 {
            // Where a page holds fewer than was asked for, those before it hold as few, or this is the last one: the first
            // is certain to count no item that did not come.
            let on_a_page = list.len().min(self.limit);
            self.received = self.next.saturating_sub(1).saturating_mul(on_a_page);
        }
        self.received = self.received.saturating_add(list.len());
        self.next = self.next.saturating_add(1);
        // Without a total a page that is shorter than another one is the last.
        self.ended = if total_count == 0 { list.len() < self.longest } else { self.received >= total_count };
        self.longest = self.longest.max(list.len());
        if self.seen.len() == REMEMBERED {
            self.seen.clear();
        }
        self.seen.insert(fingerprint);
        self.previous.clone_from(&list);
        self.items = list.into_iter();
        self.current = Page { total_count, list: Vec::new(), extra };
        Ok(true)
    }
}

impl<T> fmt::Debug for PageCursor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageCursor")
            .field("next", &self.next)
            .field("ended", &self.ended)
            .field("at_hand", &self.items.as_slice().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(total_count: usize, list: &[u32]) -> Result<Received<u32>> {
        let mut hasher = DefaultHasher::new();
        list.hash(&mut hasher);
        let page = Page { total_count, list: list.to_vec(), extra: Extra::default() };
        Ok(Received { page, fingerprint: hasher.finish() })
    }

    /// What a cursor gives when a service responds like this.
    fn walk(limit: usize, service: impl Fn(usize) -> Result<Received<u32>>) -> (Vec<u32>, Option<Error>, u32) {
        walk_from(1, limit, service)
    }

    fn walk_from(
        first: usize,
        limit: usize,
        service: impl Fn(usize) -> Result<Received<u32>>,
    ) -> (Vec<u32>, Option<Error>, u32) {
        let mut cursor = PageCursor::new(first, limit);
        let (mut all, mut asked) = (Vec::new(), 0);
        while let Some(number) = cursor.next() {
            asked += 1;
            assert!(asked < 100, "it does not end");
            match cursor.on_page(service(number)) {
                Ok(_) => all.extend(cursor.take_page().into_iter().flat_map(|page| page.list)),
                Err(error) => return (all, Some(error), asked),
            }
        }
        (all, None, asked)
    }

    /// A service with so many items that gives at most `cap` on a page.
    fn capped(total: u32, cap: u32, tells_total: bool) -> impl Fn(usize) -> Result<Received<u32>> {
        move |number| {
            let first = (number as u32 - 1) * cap;
            let list: Vec<u32> = (first..total.min(first + cap).max(first)).collect();
            page(if tells_total { total as usize } else { 0 }, &list)
        }
    }

    #[test]
    fn goes_to_the_last_page_and_no_further() {
        let of = |total: u32, limit: u32| {
            move |number: usize| {
                let first = (number as u32 - 1) * limit;
                page(total as usize, &(first..total.min(first + limit)).collect::<Vec<_>>())
            }
        };
        for (total, limit, requests) in [(0, 10, 1), (1, 10, 1), (10, 10, 1), (11, 10, 2), (25, 10, 3)] {
            let (all, error, asked) = walk(limit as usize, of(total, limit));
            assert!(error.is_none() && all == (0..total).collect::<Vec<_>>(), "{total}");
            assert_eq!(asked, requests, "{total}");
        }
        // A service that gives fewer than asked for is read to its end all the same.
        assert_eq!(walk(50, of(25, 10)).0.len(), 25);
    }

    #[test]
    fn ends_where_nothing_new_comes() {
        // The total is too large: pages run out, or the last one comes again.
        let (all, error, asked) = walk(2, |number| page(100, if number == 1 { &[1, 2] } else { &[] }));
        assert!(error.is_none() && all == [1, 2] && asked == 2);
        let (all, error, asked) = walk(2, |_| page(100, &[1, 2]));
        assert!(error.unwrap().to_string().contains("page 2") && all == [1, 2] && asked == 2);
        let (all, error, asked) = walk(2, |_| page(0, &[1, 2]));
        assert!(error.is_none() && all == [1, 2] && asked == 2);
    }

    #[test]
    fn an_error_ends_it_and_it_can_be_taken_up_again() {
        let mut first = PageCursor::new(1, 1);
        first.on_page(page(3, &[7])).unwrap();
        first.on_page(Err(Error::new(ErrorKind::Server))).map(drop).unwrap_err();
        assert_eq!((first.next(), first.position()), (None, 2));
        let mut second = PageCursor::new(first.position(), 1);
        assert!(second.on_page(page(3, &[8])).unwrap());
        assert_eq!(second.take_page().unwrap().list, [8]);
        assert_eq!(second.next(), Some(3));
        second.on_page(page(3, &[9])).unwrap();
        assert_eq!(second.next(), None);
    }

    #[test]
    fn pages_that_come_in_turn_end_it() {
        let (all, error, asked) = walk(2, |number| page(100, if number % 2 == 1 { &[1, 2] } else { &[3, 4] }));
        assert!(error.unwrap().to_string().contains("page 3") && all == [1, 2, 3, 4] && asked == 3);
        let (all, error, asked) = walk(2, |number| page(0, &[number as u32 % 5, 9]));
        assert!(error.is_none() && all.len() == 10 && asked == 6);
    }

    #[test]
    fn a_service_that_gives_less_than_asked_for_is_read_to_its_end_from_anywhere() {
        for total in [0, 1, 9, 10, 11, 25, 30, 31] {
            for cap in [1, 3, 10, 50] {
                for tells_total in [true, false] {
                    for first in 1..5 {
                        let (all, error, _) = walk_from(first, 50, capped(total, cap, tells_total));
                        let begin = (first as u32 - 1) * cap;
                        let expected: Vec<u32> = (begin..total.max(begin)).collect();
                        assert!(error.is_none() && all == expected, "{total} by {cap} from {first}: {all:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn items_and_pages_are_one_way_through() {
        let mut cursor = PageCursor::new(1, 3);
        assert!(cursor.take_page().is_none() && cursor.next_item().is_none());
        cursor.on_page(page(6, &[1, 2, 3])).unwrap();
        assert_eq!(cursor.next_item(), Some(1));
        let rest = cursor.take_page().unwrap();
        assert_eq!((rest.total_count, rest.list), (6, vec![2, 3]));
        assert!(cursor.take_page().is_none() && cursor.next_item().is_none());
        cursor.on_page(page(6, &[4, 5, 6])).unwrap();
        assert_eq!((cursor.next_item(), cursor.next()), (Some(4), None));
        assert_eq!(cursor.take_page().unwrap().list, [5, 6]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut cursor = PageCursor::new(1, 1);
        for number in 0..REMEMBERED as u32 + 10 {
            cursor.on_page(page(usize::MAX, &[number])).unwrap();
            cursor.take_page();
        }
        assert!(cursor.seen.len() <= REMEMBERED);
    }

    #[test]
    fn reads_nulls_and_keeps_what_it_does_not_know() {
        let read: Page<u32> = serde_json::from_str(r#"{"totalCount": null, "list": null, "new": 1}"#).unwrap();
        assert_eq!((read.total_count, read.list.len(), read.extra.len()), (0, 0, 1));
    }
}
