//! A node of an organization, small in memory: a service lists a million of them.

mod place;
mod time;
mod wire;

use super::User;
use crate::{
    Extra, Json,
    protocol::{
        model::{Rare, setter},
        paging::Page,
    },
};
use place::{Place, SharedPlaces};
use std::{
    borrow::Cow,
    ops::{Deref, DerefMut},
    sync::{Arc, LazyLock},
};
use time::PackedTime;

/// A node of an organization, a department for instance.
///
/// The fields of [`OrgNodeDetails`] and [`RareOrgNodeDetails`] are read and set as if they were its own, `node.depth` and
/// `node.children` for instance. They take memory where one was set: changing a field allocates its group where the node has none,
/// 56 bytes, and 208 for a rare one, `std::mem::take` included. To take the children out, use [`take_children`](Self::take_children).
///
/// `path()`, `org_id()`, `created_at()` and `updated_at()` are methods. `path()` takes time in proportion to the depth.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct OrgNode {
    /// The id of the node.
    ///
    /// `id` on the wire.
    pub id: Option<String>,
    /// The name of the node.
    ///
    /// `name` on the wire.
    pub name: Option<String>,
    /// The code of the node.
    ///
    /// `code` on the wire.
    pub code: Option<String>,
    /// The place among the siblings: the larger, the earlier.
    ///
    /// `order` on the wire.
    pub order: Option<i64>,
    details: Rare<OrgNodeDetails>,
}

/// The position and times of an [`OrgNode`].
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct OrgNodeDetails {
    /// How many levels the node is below the root.
    ///
    /// `depth` on the wire.
    pub depth: Option<i64>,
    /// Whether the node is the root.
    ///
    /// `root` on the wire.
    pub root: Option<bool>,
    /// Whether the path goes on from the place to the node itself.
    path_ends_here: bool,
    place: Option<Arc<Place>>,
    /// When the node was created, and when it was last changed.
    times: [Option<PackedTime>; 2],
    rare: Rare<RareOrgNodeDetails>,
}

/// The rarely set fields of an [`OrgNode`], and its lists.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct RareOrgNodeDetails {
    /// The ids of the nodes below; empty in a tree, which has the nodes themselves.
    ///
    /// `children` on the wire.
    pub children: Vec<String>,
    /// The first page of the members, after `add_members` and `delete_members`.
    ///
    /// `users` on the wire.
    pub users: Option<Box<Page<User>>>,
    /// The names in other languages: JSON text, by language.
    ///
    /// `nameI18n` on the wire.
    pub name_i18n: Option<String>,
    /// A description of the node.
    ///
    /// `description` on the wire.
    pub description: Option<String>,
    /// The descriptions in other languages: JSON text, by language.
    ///
    /// `descriptionI18n` on the wire.
    pub description_i18n: Option<String>,
    /// The codes of the nodes from the root to this one; `None` for a node without a code.
    ///
    /// `codePath` on the wire.
    pub code_path: Vec<Option<String>>,
    /// The names of the nodes from the root to this one.
    ///
    /// `namePath` on the wire.
    pub name_path: Vec<String>,
    /// All members, in an export.
    ///
    /// `members` on the wire.
    pub members: Vec<User>,
    /// Members of the object that this version of the crate does not know.
    pub extra: Extra,
    unusual: Option<Box<Unusual>>,
}

/// What a node has where it is not as the service writes it.
#[derive(Clone, Debug, Default, PartialEq)]
struct Unusual {
    /// Of the times, those that are written in another way.
    times: [Option<Box<str>>; 2],
    /// The path, if one of its ids has a line break.
    path: Vec<String>,
}

/// Which of the two times.
const CREATED: usize = 0;
const UPDATED: usize = 1;

#[allow(dead_code, reason = "models have setters of all fields")]
impl OrgNode {
    setter! { id Option<String> }
    setter! { name Option<String> }
    setter! { code Option<String> }
    setter! { order Option<i64> }
    setter! { depth Option<i64> }
    setter! { root Option<bool> }
    setter! { children Vec<String> }
    setter! { users Option<Box<Page<User>>> }
    setter! { name_i18n Option<String> }
    setter! { description Option<String> }
    setter! { description_i18n Option<String> }
    setter! { code_path Vec<Option<String>> }
    setter! { name_path Vec<String> }
    setter! { members Vec<User> }

    /// Returns the id of the organization.
    ///
    /// `orgId` on the wire.
    pub fn org_id(&self) -> Option<&str> {
        self.place.as_ref()?.org_id.as_deref()
    }

    /// Sets the id of the organization.
    pub fn with_org_id(mut self, value: impl Into<String>) -> Self {
        let org_id: String = value.into();
        Arc::make_mut(self.place.get_or_insert_default()).org_id = Some(org_id.into());
        self
    }

    /// Returns the ids of the nodes from the root to this one.
    ///
    /// If the path ends in the node's id, it follows when you change the id. `path` on the wire.
    pub fn path(&self) -> Vec<&str> {
        if let Some(unusual) = self.unusual.as_deref().filter(|unusual| !unusual.path.is_empty()) {
            return unusual.path.iter().map(String::as_str).collect();
        }
        let own = self.id.as_deref().filter(|_| self.path_ends_here);
        let above = self.place.as_ref().into_iter().flat_map(|place| place.upwards());
        let mut path: Vec<_> = own.into_iter().chain(above).collect();
        path.reverse();
        path
    }

    /// Sets the ids of the nodes from the root to this one.
    pub fn with_path(mut self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let path = values.into_iter().map(Into::into).collect();
        let org_id = self.place.as_ref().and_then(|place| place.org_id.clone());
        self.set_place(path, org_id);
        self
    }

    /// Returns when the node was created, as an ISO 8601 text.
    ///
    /// `createdAt` on the wire.
    pub fn created_at(&self) -> Option<Cow<'_, str>> {
        self.time(CREATED)
    }

    /// Sets when the node was created.
    pub fn with_created_at(mut self, value: impl Into<String>) -> Self {
        self.set_time(CREATED, &value.into());
        self
    }

    /// Returns when the node was last changed, as an ISO 8601 text.
    ///
    /// `updatedAt` on the wire.
    pub fn updated_at(&self) -> Option<Cow<'_, str>> {
        self.time(UPDATED)
    }

    /// Sets when the node was last changed.
    pub fn with_updated_at(mut self, value: impl Into<String>) -> Self {
        self.set_time(UPDATED, &value.into());
        self
    }

    /// Adds a member that has no field, or replaces its value. The name of a member that has a field is ignored: set the
    /// field.
    pub fn with_extra(mut self, name: impl AsRef<str>, value: impl Into<Json>) -> Self {
        if !Self::NAMES.contains(&name.as_ref()) {
            self.extra.insert(name, value);
        }
        self
    }
}

impl OrgNode {
    /// The members that are no unknown ones.
    pub(in crate::authing) const NAMES: &[&str] = wire::NAMES;

    /// Takes the ids of the nodes below, and frees the memory that they alone took.
    pub fn take_children(&mut self) -> Vec<String> {
        let Some(details) = self.details.get_mut() else { return Vec::new() };
        let Some(rare) = details.rare.get_mut() else { return Vec::new() };
        let children = std::mem::take(&mut rare.children);
        details.rare.trim();
        self.details.trim();
        children
    }

    /// Returns whether the node has a place that it may share.
    pub(in crate::authing) fn has_place(&self) -> bool {
        self.place.is_some()
    }

    /// Returns the places that the nodes below this one may share.
    pub(in crate::authing) fn shared_places(&self) -> SharedPlaces {
        SharedPlaces::new(self.id.as_deref(), self.place.as_ref())
    }

    /// Shares the place with the other nodes below the same one.
    pub(in crate::authing) fn share_place(&mut self, shared: &SharedPlaces) {
        if let Some(place) = self.details.get_mut().and_then(|details| details.place.as_mut()) {
            shared.share(place);
        }
    }

    fn set_place(&mut self, path: Vec<String>, org_id: Option<Arc<str>>) {
        let ends_here = self.id.is_some() && path.last() == self.id.as_ref();
        let above = if ends_here { &path[..path.len() - 1] } else { &path[..] };
        let place = Place::below(above, org_id.clone());
        let is_usual = place.is_some();
        let details = self.details.make();
        details.path_ends_here = ends_here;
        let place = place.or_else(|| Place::below(&[], org_id)).unwrap_or_default();
        details.place = (place != Place::default()).then(|| Arc::new(place));
        if !is_usual || self.unusual.is_some() {
            self.set_unusual(|unusual| unusual.path = if is_usual { Vec::new() } else { path });
        }
    }

    /// Changes what is unusual, and frees its memory where nothing is.
    fn set_unusual(&mut self, change: impl FnOnce(&mut Unusual)) {
        let mut unusual = self.unusual.clone().unwrap_or_default();
        change(&mut unusual);
        let has_any = *unusual != Unusual::default();
        if has_any || self.unusual.is_some() {
            self.unusual = has_any.then_some(unusual);
        }
    }

    fn time(&self, which: usize) -> Option<Cow<'_, str>> {
        let unusual = || self.unusual.as_ref()?.times[which].as_deref().map(Cow::Borrowed);
        self.times[which].map(|time| Cow::Owned(time.text())).or_else(unusual)
    }

    fn set_time(&mut self, which: usize, text: &str) {
        let time = PackedTime::new(text);
        self.times[which] = time;
        if time.is_none() || self.unusual.is_some() {
            self.set_unusual(|unusual| unusual.times[which] = time.is_none().then(|| text.into()));
        }
    }
}

impl PartialEq for OrgNode {
    fn eq(&self, other: &Self) -> bool {
        let Self { id, name, code, order, details: _ } = self;
        // The path is compared as a whole: its end may be the node's id or stand in the place.
        let OrgNodeDetails { depth, root, path_ends_here: _, place: _, times, rare } = &**self;
        (id, name, code, order) == (&other.id, &other.name, &other.code, &other.order)
            && (depth, root, times, rare) == (&other.depth, &other.root, &other.times, &other.rare)
            && (self.org_id(), self.path()) == (other.org_id(), other.path())
    }
}

impl Deref for OrgNode {
    type Target = OrgNodeDetails;

    fn deref(&self) -> &OrgNodeDetails {
        static NONE: LazyLock<OrgNodeDetails> = LazyLock::new(OrgNodeDetails::default);
        self.details.get().unwrap_or_else(|| &NONE)
    }
}

impl DerefMut for OrgNode {
    fn deref_mut(&mut self) -> &mut OrgNodeDetails {
        self.details.make()
    }
}

impl Deref for OrgNodeDetails {
    type Target = RareOrgNodeDetails;

    fn deref(&self) -> &RareOrgNodeDetails {
        static NONE: LazyLock<RareOrgNodeDetails> = LazyLock::new(RareOrgNodeDetails::default);
        self.rare.get().unwrap_or_else(|| &NONE)
    }
}

impl DerefMut for OrgNodeDetails {
    fn deref_mut(&mut self) -> &mut RareOrgNodeDetails {
        self.rare.make()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{"id":"c","name":"C","code":"3","order":7,"children":["d","e"],"orgId":"o","description":"x","root":false,"depth":2,"path":["a","b","c"],"createdAt":"2020-09-28T05:29:38.000Z","updatedAt":"2021","new":1}"#;

    fn read(json: &str) -> OrgNode {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_was_read_is_written_back() {
        let node = read(WHOLE);
        assert_eq!(
            (node.code.as_deref(), node.order, node.depth, node.root),
            (Some("3"), Some(7), Some(2), Some(false))
        );
        assert_eq!((node.org_id(), node.path()), (Some("o"), vec!["a", "b", "c"]));
        assert_eq!((node.description.as_deref(), node.children.len(), node.extra.len()), (Some("x"), 2, 1));
        assert_eq!(node.created_at().as_deref(), Some("2020-09-28T05:29:38.000Z"));
        assert_eq!(node.updated_at().as_deref(), Some("2021"));
        assert_eq!(serde_json::to_string(&node).unwrap(), WHOLE);
        // In another order, and with a path that is not the node's own.
        assert_eq!(read(&WHOLE.replace(r#""id":"c","#, "").replace('}', r#","id":"c"}"#)), node);
        for path in [r#"["x"]"#, r#"["c"]"#, r#"["a","b"]"#, r#"["","b","c"]"#, r#"["a\nb","c"]"#, r#"["a","b\n"]"#] {
            let json = WHOLE.replace(r#"["a","b","c"]"#, path);
            assert_eq!(serde_json::to_string(&read(&json)).unwrap(), json);
            assert_ne!(read(&json), node);
        }
    }

    #[test]
    fn a_node_is_built_as_it_is_read() {
        let built = OrgNode::default()
            .with_path(["a", "b", "c"])
            .with_id("c")
            .with_name("C")
            .with_code("3")
            .with_order(7)
            .with_children(["d", "e"])
            .with_description("x")
            .with_depth(2)
            .with_root(false)
            .with_org_id("o")
            .with_created_at("2020-09-28T05:29:38.000Z")
            .with_updated_at("2021")
            .with_extra("new", 1)
            .with_extra("path", "ignored");
        // The path ends in the id, or in the node: it is the same.
        assert_eq!((&built, built.path()), (&read(WHOLE), vec!["a", "b", "c"]));
        assert_eq!(built.clone().with_path(["a"]).path(), ["a"]);
        let broken = built.clone().with_path(["a\n", "c"]);
        assert_eq!(
            (broken.path(), broken.org_id(), broken.updated_at().as_deref()),
            (vec!["a\n", "c"], Some("o"), Some("2021"))
        );
        assert_eq!(broken.with_path(["a", "b", "c"]), built);
        assert_eq!(built.clone().with_path([""; 0]).org_id(), Some("o"));
        let later = built.clone().with_updated_at("2021-10-29T16:30:39.123Z");
        assert_eq!((later.updated_at().as_deref(), later == built), (Some("2021-10-29T16:30:39.123Z"), false));
    }

    #[test]
    fn what_is_absent_takes_no_memory() {
        let sizes = (size_of::<OrgNode>(), size_of::<OrgNodeDetails>(), size_of::<RareOrgNodeDetails>());
        assert_eq!(sizes, (96, 56, 208));
        let plain = read(r#"{"id":"a","name":"A","description":null,"path":[],"createdAt":null,"members":null}"#);
        assert!(plain.details.get().is_none() && plain.description.is_none() && plain.path().is_empty());
        assert_eq!(format!("{plain:?}").matches("details: none").count(), 1);
        let whole = r#"{"id":"a","orgId":"o","path":["a"],"updatedAt":"2021-10-29T16:30:39.123Z"}"#;
        assert!(read(whole).details.get().is_some_and(|details| details.rare.get().is_none()));

        let mut node = plain.clone().with_children(["b"]);
        assert_ne!(node, plain);
        assert_eq!(node.take_children(), ["b"]);
        assert!(node.details.get().is_none() && node == plain);
        node.description = None;
        assert!(node.details.get().is_some());
        assert_eq!((&node, &plain), (&plain, &node));
        assert!(OrgNode::default().take_children().is_empty());
    }

    #[test]
    fn debug_shows_no_unknown_value() {
        let debug = format!("{:?}", read(r#"{"id":"a","createdAt":"2021-10-29T16:30:39.123Z","apiKey":"canary"}"#));
        assert!(debug.contains(r#"extra: {"apiKey"}"#) && !debug.contains("canary"), "{debug}");
        assert!(debug.contains("details: ") && debug.contains("2021-10-29T16:30:39.123Z"), "{debug}");
    }
}
