//! Where nodes stand: what the nodes below one node have in common, kept once for all of them.

use crate::protocol::meter;
use serde::de::Error;
use std::{fmt, sync::Arc};

/// Where a node stands: in which organization, below which node, and where that one stands.
///
/// In a list, each node has a place of its own, as it came; a tree lets the nodes below one node share it.
#[derive(Clone, Default)]
pub(super) struct Place {
    pub(super) org_id: Option<Arc<str>>,
    /// The ids of the nodes above that `up` does not know, with a [`BREAK`] between two: one in a tree, all in a list.
    ids: Option<Box<str>>,
    /// The place of the node above.
    up: Option<Arc<Place>>,
}

/// Stands between two ids. None of the service's has one.
const BREAK: char = '\n';

impl Place {
    /// Returns a place below nodes with these ids, from the root on, or `None` where an id has a line break.
    pub(super) fn below(ids: &[String], org_id: Option<Arc<str>>) -> Option<Self> {
        if !Self::fits(ids) {
            return None;
        }
        let joined = (!ids.is_empty()).then(|| ids.join("\n").into());
        Some(Self { org_id, ids: joined, up: None })
    }

    /// Returns whether these ids can be kept as one text.
    pub(super) fn fits(ids: &[String]) -> bool {
        !ids.iter().any(|id| id.contains(BREAK))
    }

    /// Counts the memory that a path takes as a place.
    pub(super) fn allow<E: Error>(path: &[String]) -> Result<(), E> {
        let texts: usize = path.iter().map(|id| id.len() + BREAK.len_utf8()).sum();
        meter::allow(size_of::<Self>() + 2 * size_of::<usize>() + texts + 2 * meter::OVERHEAD)
    }

    /// Returns the ids of the nodes above, from the parent up to the root.
    pub(super) fn upwards(&self) -> impl Iterator<Item = &str> {
        let places = std::iter::successors(Some(self), |place| place.up.as_deref());
        places.filter_map(|place| place.ids.as_deref()).flat_map(|ids| ids.rsplit(BREAK))
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.org_id == other.org_id && self.upwards().eq(other.upwards())
    }
}

impl Drop for Place {
    /// Takes the places above apart one by one: a derived drop would recurse.
    fn drop(&mut self) {
        let mut up = self.up.take();
        while let Some(mut place) = up.and_then(Arc::into_inner) {
            up = place.up.take();
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut above: Vec<_> = self.upwards().collect();
        above.reverse();
        f.debug_struct("Place").field("org_id", &self.org_id).field("above", &above).finish()
    }
}

/// The places that the nodes below one node can share.
pub(in crate::authing) struct SharedPlaces {
    /// The node's own: that of its children where they have no path.
    own: Option<Arc<Place>>,
    /// That of the children, where their paths go on from the node's.
    below: Option<Arc<Place>>,
}

impl SharedPlaces {
    /// Returns the places that the children of a node may share, with its id and its place.
    pub(super) fn new(id: Option<&str>, own: Option<&Arc<Place>>) -> Self {
        let below = id.filter(|id| !id.contains(BREAK)).map(|id| {
            let up = own.filter(|own| own.ids.is_some()).cloned();
            Arc::new(Place { org_id: own.and_then(|own| own.org_id.clone()), ids: Some(id.into()), up })
        });
        Self { own: own.cloned(), below }
    }

    /// Replaces the place of a node by an equal one that others have too.
    pub(super) fn share(&self, place: &mut Arc<Place>) {
        if let Some(shared) = [&self.below, &self.own].into_iter().flatten().find(|shared| **shared == *place) {
            *place = shared.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(ids: &[&str]) -> Place {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        Place::below(&ids, Some("o".into())).unwrap()
    }

    fn ids(place: &Place) -> Vec<&str> {
        place.upwards().collect()
    }

    #[test]
    fn a_place_is_its_path() {
        assert_eq!(ids(&below(&["a", "b", "c"])), ["c", "b", "a"]);
        assert!(ids(&below(&[])).is_empty() && below(&[]) != Place::default());
        assert_eq!(below(&["a", "b"]), below(&["a", "b"]));
        for other in [&["a"][..], &["b", "a"], &["a", "b", "c"], &[]] {
            assert_ne!(below(&["a", "b"]), below(other), "{other:?}");
        }
        assert_eq!(ids(&below(&["", "a", ""])), ["", "a", ""]);
        assert!(Place::below(&["a".to_owned(), "b\nc".to_owned()], None).is_none());
        let debug = format!("{:?}", below(&["a", "b"]));
        assert_eq!(debug, r#"Place { org_id: Some("o"), above: ["a", "b"] }"#);
    }

    #[test]
    fn equal_places_are_shared_and_no_others() {
        let own = Arc::new(below(&["a"]));
        let shared = SharedPlaces::new(Some("b"), Some(&own));
        let after = |ids: &[&str]| {
            let mut place = Arc::new(below(ids));
            shared.share(&mut place);
            assert_eq!(*place, below(ids));
            place
        };
        assert!(Arc::ptr_eq(&after(&["a", "b"]), &after(&["a", "b"])));
        assert!(Arc::ptr_eq(&after(&["a"]), &own));
        for other in [&["a", "c"][..], &["b"], &[], &["x", "a", "b"]] {
            assert!(!Arc::ptr_eq(&after(other), &after(other)), "{other:?}");
        }
        let root = SharedPlaces::new(Some("r"), Some(&Arc::new(below(&[]))));
        let mut place = Arc::new(below(&["r"]));
        root.share(&mut place);
        assert_eq!((ids(&place), place.up.is_some()), (vec!["r"], false));
        for nothing in [SharedPlaces::new(None, None), SharedPlaces::new(Some("r\nr"), None)] {
            nothing.share(&mut place);
            assert_eq!(ids(&place), ["r"]);
        }
    }

    #[test]
    fn a_long_path_does_not_recurse() {
        let root = Arc::new(Place::default());
        let place =
            (0..1_000_000).fold(root, |place, n| SharedPlaces::new(Some(&n.to_string()), Some(&place)).below.unwrap());
        let listed: Vec<String> = (0..1_000_000).map(|n| n.to_string()).collect();
        let listed = Place::below(&listed, None).unwrap();
        assert_eq!((place.upwards().count(), *place == listed), (1_000_000, true));
    }
}
