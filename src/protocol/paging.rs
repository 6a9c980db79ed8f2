//! The way through a list that comes in pages.

use super::model::Extra;
use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Deserializer};

/// One page of a list.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
#[non_exhaustive]
pub struct Page<T> {
    /// How many there are on all pages; 0 also where the service does not say.
    #[serde(rename = "totalCount", default, deserialize_with = "or_default")]
    pub total_count: u64,
    /// Those on this page.
    #[serde(default, deserialize_with = "or_default")]
    pub list: Vec<T>,
    /// Members that this version of the crate does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `null` reads as nothing.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

/// Which page comes next. Ended by an error, by an empty page, or when as many came as there are.
#[derive(Clone, Debug)]
pub(crate) struct Walk<T> {
    next: i64,
    limit: i64,
    came: u64,
    previous: Vec<T>,
    ended: bool,
}

impl<T: Clone + PartialEq> Walk<T> {
    /// From page `first` on, with `limit` on a page.
    pub(crate) fn new(first: i64, limit: i64) -> Self {
        let came = first.saturating_sub(1).saturating_mul(limit).try_into().unwrap_or_default();
        Self { next: first, limit, came, previous: Vec::new(), ended: false }
    }

    /// The number of the page to ask for; `None` at the end.
    pub(crate) fn next(&self) -> Option<i64> {
        (!self.ended).then_some(self.next)
    }

    /// The number of the page that has not come yet: where another walk goes on.
    pub(crate) fn position(&self) -> i64 {
        self.next
    }

    /// What came for the page asked for last.
    pub(crate) fn arrived(&mut self, result: Result<Page<T>>) -> Result<Option<Page<T>>> {
        let page = result.inspect_err(|_| self.ended = true)?;
        let repeated = !page.list.is_empty() && page.list == self.previous;
        let total = page.total_count;
        if page.list.is_empty() || repeated {
            self.ended = true;
            // The service gives the same page again and again: what it has besides cannot be reached.
            if repeated && self.came < total {
                let detail = format!("page {} is the same as the one before", self.next);
                return Err(Error::new(ErrorKind::Decode).http_status(200).detail(detail));
            }
            return Ok(None);
        }
        self.came += page.list.len() as u64;
        self.next = self.next.saturating_add(1);
        let short = (page.list.len() as i64) < self.limit;
        self.ended = if total == 0 { short } else { self.came >= total };
        self.previous.clone_from(&page.list);
        Ok(Some(page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(total_count: u64, list: &[u32]) -> Result<Page<u32>> {
        Ok(Page { total_count, list: list.to_vec(), extra: Extra::default() })
    }

    /// What a walk gives when a service answers like this.
    fn walk(limit: i64, service: impl Fn(i64) -> Result<Page<u32>>) -> (Vec<u32>, Option<Error>, u32) {
        let mut walk = Walk::new(1, limit);
        let (mut all, mut asked) = (Vec::new(), 0);
        while let Some(number) = walk.next() {
            asked += 1;
            assert!(asked < 100, "it does not end");
            match walk.arrived(service(number)) {
                Ok(page) => all.extend(page.into_iter().flat_map(|page| page.list)),
                Err(error) => return (all, Some(error), asked),
            }
        }
        (all, None, asked)
    }

    #[test]
    fn goes_to_the_last_page_and_no_further() {
        let of = |total: u32, limit: u32| {
            move |number: i64| {
                let first = (number as u32 - 1) * limit;
                page(total.into(), &(first..total.min(first + limit)).collect::<Vec<_>>())
            }
        };
        for (total, limit, requests) in [(0, 10, 1), (1, 10, 1), (10, 10, 1), (11, 10, 2), (25, 10, 3)] {
            let (all, error, asked) = walk(limit.into(), of(total, limit));
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
        let mut first = Walk::new(1, 1);
        first.arrived(page(3, &[7])).unwrap();
        first.arrived(Err(Error::new(ErrorKind::Server))).unwrap_err();
        assert_eq!((first.next(), first.position()), (None, 2));
        let mut second = Walk::new(first.position(), 1);
        assert_eq!(second.arrived(page(3, &[8])).unwrap().unwrap().list, [8]);
        assert_eq!(second.next(), Some(3));
        second.arrived(page(3, &[9])).unwrap();
        assert_eq!(second.next(), None);
    }

    #[test]
    fn reads_nulls_and_keeps_what_it_does_not_know() {
        let read: Page<u32> = serde_json::from_str(r#"{"totalCount": null, "list": null, "new": 1}"#).unwrap();
        assert_eq!((read.total_count, read.list.len(), read.extra.len()), (0, 0, 1));
    }
}
