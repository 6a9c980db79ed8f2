//! `--paginate`: the items of all pages, from a service of which nothing is known.

use crate::{
    failure::{Failure, Result},
    output::value::Value,
    reply::Items,
};
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

/// Returns the items of all pages: up to the total that the service names, an empty page, or one that came before. A page
/// that is not full does not end them: a service may have a maximum of its own.
pub fn pages(first: usize, mut fetch: impl FnMut(usize) -> Result<Value> + 'static) -> Items {
    let (mut page, mut seen, mut received, mut ended) = (first, HashSet::new(), 0, false);
    let fetched = std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let listed = fetch(page).and_then(|value| {
            list_in(value).ok_or_else(|| {
                Failure::Usage(
                    "--paginate: the response holds no list, or several; use --jq on single pages".to_owned(),
                )
            })
        });
        page += 1;
        match listed {
            Ok(Listed { items, total }) => {
                let mut hasher = DefaultHasher::new();
                Value::List(items.clone()).to_string().hash(&mut hasher);
                // A service that does not know the parameter sends the first page again and again.
                if items.is_empty() || !seen.insert(hasher.finish()) {
                    ended = true;
                    return None;
                }
                received += items.len();
                // Pages before the first one count, too, but how many items they have is not known.
                ended = first == 1 && total.is_some_and(|total| received >= total);
                Some(items.into_iter().map(Ok).collect())
            }
            Err(failure) => {
                ended = true;
                Some(vec![Err(failure)])
            }
        }
    });
    Box::new(fetched.flatten())
}

/// A list, and how many items there are in all, if the response says so.
struct Listed {
    items: Vec<Value>,
    total: Option<usize>,
}

/// Returns the list that a response is about: itself, its member `list`, or that of the one object inside of it.
fn list_in(value: Value) -> Option<Listed> {
    match value {
        Value::List(items) => Some(Listed { items, total: None }),
        Value::Object(mut members) => match members.iter().position(|(name, _)| name == "list") {
            Some(at) => {
                let total = ["totalCount", "total"].iter().find_map(|total| {
                    match members.iter().find(|(name, _)| name == total) {
                        Some((_, Value::Number(number))) => number.as_u64()?.try_into().ok(),
                        _ => None,
                    }
                });
                list_in(members.swap_remove(at).1).map(|listed| Listed { total, ..listed })
            }
            None if members.len() == 1 => list_in(members.remove(0).1),
            None => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A service with this many items, that sends at most `most` of them at once.
    fn service(count: usize, most: usize, with_total: bool) -> impl FnMut(usize) -> Result<Value> {
        move |page: usize| {
            let list: Vec<_> = (0..count).skip((page - 1) * most).take(most).collect();
            let users = if with_total { json!({"totalCount": count, "list": list}) } else { json!({"list": list}) };
            Ok(serde_json::from_str(&json!({"users": users}).to_string()).unwrap())
        }
    }

    #[test]
    fn all_pages_are_one_list() {
        for (count, most, with_total) in
            [(120, 50, true), (120, 50, false), (120, 20, false), (50, 50, false), (0, 50, true)]
        {
            let items = pages(1, service(count, most, with_total)).collect::<Result<Vec<_>>>().unwrap();
            let expected: Vec<_> = (0..count).map(|number| Value::Number(number.into())).collect();
            assert_eq!(items, expected, "{count} by {most}");
        }
        let same = || Ok(serde_json::from_str("[1, 2]").unwrap());
        assert_eq!(pages(1, move |_| same()).count(), 2, "a page that comes again ends the list");
        assert!(pages(1, |_| Ok(Value::Null)).next().unwrap().is_err());
        let mut failing = pages(1, |_| Err(Failure::Other("x".to_owned())));
        assert!(failing.next().unwrap().is_err() && failing.next().is_none());
    }

    #[test]
    fn what_is_known_to_be_all_is_not_asked_for_again() {
        let (mut fetch, calls) = (service(100, 50, true), std::rc::Rc::new(std::cell::Cell::new(0)));
        let counter = calls.clone();
        let items = pages(1, move |page| {
            counter.set(counter.get() + 1);
            fetch(page)
        });
        assert_eq!((items.count(), calls.get()), (100, 2));
    }
}
