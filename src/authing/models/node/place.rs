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
    /// The id of the node above.
    parent: Option<Box<str>>,
    /// The place of the node above.
    up: Option<Arc<Place>>,
}

/// What a step of a path takes besides its text: the place, and the counts beside it.
const STEP: usize = size_of::<Place>() + 2 * size_of::<usize>() + 2 * meter::OVERHEAD;

impl Place {
    /// Returns a place below nodes with these ids, from the root on.
    pub(super) fn below(ids: impl IntoIterator<Item = String>, org_id: Option<Arc<str>>) -> Self {
        let mut place = Self::default();
        for id in ids {
            let up = place.parent.is_some().then(|| Arc::new(place));
            place = Self { org_id: None, parent: Some(id.into()), up };
        }
        place.org_id = org_id;
        place
    }

    /// Counts the memory that a path takes as a place, its texts apart.
    pub(super) fn allow<E: Error>(steps: usize) -> Result<(), E> {
        meter::allow(steps.saturating_add(1).saturating_mul(STEP))
    }

    /// Returns the ids of the nodes above, from the parent up to the root.
    pub(super) fn upwards(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(self), |place| place.up.as_deref()).filter_map(|place| place.parent.as_deref())
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
        let below = id.map(|id| {
            let up = own.filter(|own| own.parent.is_some()).cloned();
            Arc::new(Place { org_id: own.and_then(|own| own.org_id.clone()), parent: Some(id.into()), up })
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
        Place::below(ids.iter().map(|id| (*id).to_owned()), Some("o".into()))
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
        let nothing = SharedPlaces::new(None, None);
        nothing.share(&mut place);
        assert_eq!(ids(&place), ["r"]);
    }

    #[test]
    fn a_long_path_does_not_recurse() {
        let ids: Vec<String> = (0..1_000_000).map(|n| n.to_string()).collect();
        let place = Place::below(ids, None);
        assert_eq!((place.upwards().count(), place.clone() == place), (1_000_000, true));
    }
}
