//! The pages of a list that may change while it is read, or between two runs that read it.

use crate::failure::{Failure, Result};
use iam_sdk::authing::Page;
use serde::{Deserialize, Serialize};

/// How many of the last keys are remembered: so many items may be deleted before the place in the list is lost.
const REMEMBERED: usize = 100;

/// A page of items, and how many items there are on all pages, where that is known.
pub struct ExportPage<T> {
    pub items: Vec<T>,
    pub total: Option<usize>,
    /// Where the list is read on after it.
    pub position: Position,
}

/// A place in a list. The number of a page is not enough: one item that is deleted moves all that come after it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The last page that was read.
    pub page: usize,
    /// The keys of the last items, the newest one last.
    pub recent: Vec<String>,
}

impl Position {
    /// Returns the place behind these items.
    pub fn after(&self, page: usize, keys: impl Iterator<Item = String>) -> Self {
        let mut recent = self.recent.clone();
        recent.extend(keys);
        recent.drain(..recent.len().saturating_sub(REMEMBERED));
        Self { page, recent }
    }

    /// Returns how many items of a list come before the place; `None`: none of the last items is among them.
    pub fn find<'a>(&self, keys: impl DoubleEndedIterator<Item = &'a str> + ExactSizeIterator) -> Option<usize> {
        let mut keys = keys;
        keys.rposition(|key| self.recent.iter().any(|recent| recent == key)).map(|at| at + 1)
    }

    pub fn lost() -> Failure {
        Failure::Other("all that was exported last is gone from the service; export anew, without --resume".to_owned())
    }
}

/// Reads a list page by page, the oldest item first, so that every item that stays comes once.
pub struct Pages<T, F> {
    fetch: F,
    key: fn(&T) -> Option<&str>,
    position: Position,
    next: usize,
    /// Whether the next page begins where the last one ended.
    is_placed: bool,
    longest: usize,
    total: Option<usize>,
    ended: bool,
}

impl<T, F: FnMut(usize) -> Result<Page<T>>> Pages<T, F> {
    /// Reads what comes after a place. The items must be in the order in which they were created.
    pub fn after(position: Position, key: fn(&T) -> Option<&str>, fetch: F) -> Self {
        let (next, is_placed) = (position.page.max(1), position.recent.is_empty());
        Self { fetch, key, position, next, is_placed, longest: 0, total: None, ended: false }
    }

    fn key(&self, item: &T) -> String {
        (self.key)(item).unwrap_or_default().to_owned()
    }

    /// Returns the next page with items that have not come yet.
    pub fn next(&mut self) -> Result<Option<ExportPage<T>>> {
        while !self.ended {
            let number = self.next;
            let Page { total_count, list: mut items, .. } = (self.fetch)(number)?;
            let total = (total_count > 0).then_some(total_count);
            // An item was deleted, perhaps one before this page: what this page would have begun with is on the one before it.
            let has_shrunk = self.total.zip(total).is_some_and(|(before, now)| now < before);
            self.is_placed &= !has_shrunk || self.position.recent.is_empty();
            self.total = total.or(self.total);
            let length = items.len();
            self.longest = self.longest.max(length);
            let before = self
                .position
                .find(items.iter().map(|item| (self.key)(item).unwrap_or_default()).collect::<Vec<_>>().into_iter());
            match (self.is_placed, before) {
                (false, None) if number > 1 => {
                    self.next = number - 1;
                    continue;
                }
                (false, None) if self.position.recent.len() >= REMEMBERED => return Err(Position::lost()),
                (_, Some(before)) => drop(items.drain(..before)),
                // All that has come is gone: all that is there is new.
                (_, None) => {}
            }
            // A page that holds nothing new is one of a service that gives the same page again and again.
            self.ended = length == 0
                || self.is_placed && items.is_empty()
                || total.is_some_and(|total| (number - 1) * self.longest + length >= total);
            self.is_placed = true;
            self.next = number + 1;
            if !items.is_empty() {
                self.position = self.position.after(number, items.iter().map(|item| self.key(item)));
                return Ok(Some(ExportPage { items, total: self.total, position: self.position.clone() }));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Users = Vec<String>;

    fn users(range: std::ops::Range<usize>) -> Users {
        range.map(|n| format!("s-{n}")).collect()
    }

    fn page(users: &Users, number: usize, size: usize) -> Page<String> {
        let list: Users = users.iter().skip((number - 1) * size).take(size).cloned().collect();
        let text = serde_json::json!({"totalCount": users.len(), "list": list}).to_string();
        serde_json::from_str(&text).unwrap()
    }

    /// Reads all that comes after a place. `gone` is deleted once so many pages were fetched.
    fn read(position: Position, mut users: Users, size: usize, gone: &[&str], after: usize) -> Result<(Users, usize)> {
        let mut fetched = 0;
        let mut pages = Pages::after(
            position,
            |user: &String| Some(user),
            |number| {
                if fetched == after {
                    users.retain(|user| !gone.contains(&user.as_str()));
                }
                fetched += 1;
                Ok(page(&users, number, size))
            },
        );
        let mut all = Vec::new();
        while let Some(page) = pages.next()? {
            all.extend(page.items);
        }
        drop(pages);
        Ok((all, fetched))
    }

    #[test]
    fn all_pages_come_once() {
        for (count, size, fetches) in [(0, 5, 1), (4, 5, 1), (5, 5, 1), (11, 5, 3)] {
            let all = users(0..count);
            assert_eq!(read(Position::default(), all.clone(), size, &[], 99).unwrap(), (all, fetches), "{count}");
        }
    }

    #[test]
    fn whoever_is_deleted_meanwhile_hides_nobody_else() {
        for gone in [&["s-0"][..], &["s-4"], &["s-0", "s-4"], &["s-0", "s-1", "s-2", "s-3", "s-4", "s-6"], &["s-19"]] {
            for after in 1..4 {
                let (all, _) = read(Position::default(), users(0..20), 5, gone, after).unwrap();
                let expected: Users = users(0..20).into_iter().filter(|user| !gone.contains(&user.as_str())).collect();
                let missing: Vec<_> = expected.iter().filter(|user| !all.contains(user)).collect();
                assert!(missing.is_empty(), "{gone:?} after {after}: {missing:?}");
                let mut once = all.clone();
                once.dedup();
                assert_eq!(all, once);
            }
        }
    }

    #[test]
    fn reading_goes_on_after_the_last_item_wherever_it_is_now() {
        let position = Position::default().after(2, users(0..10).into_iter());
        let rest = |gone: &[&str]| {
            let left = users(0..20).into_iter().filter(|user| !gone.contains(&user.as_str())).collect();
            read(position.clone(), left, 5, &[], 99).map(|(all, _)| all)
        };
        assert_eq!(rest(&[]).unwrap(), users(10..20));
        assert_eq!(rest(&["s-3"]).unwrap(), users(10..20));
        assert_eq!(rest(&["s-9"]).unwrap(), users(10..20), "the last one itself is gone");
        assert_eq!(rest(&["s-3", "s-4", "s-5", "s-6", "s-7", "s-8"]).unwrap(), users(10..20));
        let all = users(0..10);
        let all: Vec<_> = all.iter().map(String::as_str).collect();
        assert_eq!(rest(&all).unwrap(), users(10..20), "nothing else has come");
        let far = Position::default().after(30, users(0..150).into_iter());
        let failure = read(far, users(150..200), 5, &[], 99).unwrap_err();
        assert!(failure.to_string().contains("export anew"), "{failure}");
    }

    #[test]
    fn a_service_that_gives_one_page_again_and_again_is_left() {
        let mut pages =
            Pages::after(Position::default(), |user: &String| Some(user), |_| Ok(page(&users(0..20), 1, 5)));
        assert_eq!(pages.next().unwrap().unwrap().items, users(0..5));
        assert!(pages.next().unwrap().is_none());
    }

    #[test]
    fn the_place_remembers_the_last_items_alone() {
        let position =
            Position::default().after(1, users(0..REMEMBERED).into_iter()).after(2, users(500..502).into_iter());
        assert_eq!((position.page, position.recent.len(), position.recent[0].as_str()), (2, REMEMBERED, "s-2"));
    }
}
