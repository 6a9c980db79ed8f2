//! How a node is read and written.

use super::{CREATED, OrgNode, OrgNodeDetails, RareOrgNodeDetails, UPDATED, Unusual};
use super::{place::Place, time::PackedTime};
use crate::protocol::{
    meter,
    model::{ExtraReader, Field, Name, Read, field_values},
};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor},
    ser::SerializeMap,
};
use std::fmt;

/// The members of a node, in the order in which they are written.
pub(super) const NAMES: &[&str] = &[
    "id",
    "name",
    "code",
    "order",
    "children",
    "users",
    "orgId",
    "nameI18n",
    "description",
    "descriptionI18n",
    "root",
    "depth",
    "path",
    "codePath",
    "namePath",
    "createdAt",
    "updatedAt",
    "members",
];

/// A node of which some members have not come yet.
#[derive(Default)]
struct NodeReader {
    node: OrgNode,
    org_id: Option<String>,
    path: Vec<String>,
    times: [Option<String>; 2],
    extra: ExtraReader,
}

impl NodeReader {
    /// Sets a field of the details, and makes them first where the field is the first one.
    fn set<F: Field, E: Error>(&mut self, value: F, field: fn(&mut OrgNodeDetails) -> &mut F) -> Result<(), E> {
        if let Some(details) = self.node.details.make_for(value.is_absent())? {
            *field(details) = value;
        }
        Ok(())
    }

    /// Sets a rare field.
    fn set_rare<F: Field, E: Error>(
        &mut self,
        value: F,
        field: fn(&mut RareOrgNodeDetails) -> &mut F,
    ) -> Result<(), E> {
        let is_absent = value.is_absent();
        if let Some(details) = self.node.details.make_for(is_absent)?
            && let Some(rare) = details.rare.make_for(is_absent)?
        {
            *field(rare) = value;
        }
        Ok(())
    }

    fn read_member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        fn value<'de, F: Field, A: MapAccess<'de>>(map: &mut A) -> Result<F, A::Error> {
            map.next_value().map(|Read(value)| value)
        }

        match name {
            "id" => self.node.id = value(map)?,
            "name" => self.node.name = value(map)?,
            "code" => self.node.code = value(map)?,
            "order" => self.node.order = value(map)?,
            "children" => self.set_rare(value(map)?, |rare| &mut rare.children)?,
            "users" => self.set_rare(value(map)?, |rare| &mut rare.users)?,
            "orgId" => self.org_id = value(map)?,
            "nameI18n" => self.set_rare(value(map)?, |rare| &mut rare.name_i18n)?,
            "description" => self.set_rare(value(map)?, |rare| &mut rare.description)?,
            "descriptionI18n" => self.set_rare(value(map)?, |rare| &mut rare.description_i18n)?,
            "root" => self.set(value(map)?, |details| &mut details.root)?,
            "depth" => self.set(value(map)?, |details| &mut details.depth)?,
            "path" => self.path = value(map)?,
            "codePath" => self.set_rare(value(map)?, |rare| &mut rare.code_path)?,
            "namePath" => self.set_rare(value(map)?, |rare| &mut rare.name_path)?,
            "createdAt" => self.times[CREATED] = value(map)?,
            "updatedAt" => self.times[UPDATED] = value(map)?,
            "members" => self.set_rare(value(map)?, |rare| &mut rare.members)?,
            _ => self.extra.read_next(name, map)?,
        }
        Ok(())
    }

    fn finish<E: Error>(mut self) -> Result<OrgNode, E> {
        let extra = std::mem::take(&mut self.extra).finish()?;
        if !extra.is_empty() {
            self.make_rare()?.extra = extra;
        }
        if self.org_id.is_some() || !self.path.is_empty() {
            Place::allow(&self.path)?;
            self.node.details.make_for(false)?;
            if !Place::fits(&self.path) {
                self.make_unusual()?;
            }
            self.node.set_place(std::mem::take(&mut self.path), self.org_id.take().map(Into::into));
        }
        for (which, text) in std::mem::take(&mut self.times).into_iter().enumerate() {
            let Some(text) = text else { continue };
            self.node.details.make_for(false)?;
            if PackedTime::new(&text).is_none() {
                self.make_unusual()?;
            }
            self.node.set_time(which, &text);
        }
        Ok(self.node)
    }

    /// Counts the memory of what is unusual, before it is made.
    fn make_unusual<E: Error>(&mut self) -> Result<(), E> {
        meter::allow(size_of::<Unusual>() + meter::OVERHEAD)?;
        self.make_rare().map(drop)
    }

    fn make_rare<E: Error>(&mut self) -> Result<&mut RareOrgNodeDetails, E> {
        self.node.details.make_for(false)?;
        let details = self.node.details.make();
        details.rare.make_for(false)?;
        Ok(details.rare.make())
    }
}

impl<'de> Deserialize<'de> for OrgNode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = OrgNode;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object, OrgNode")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OrgNode, A::Error> {
                let mut reader = NodeReader::default();
                while let Some(Name(name)) = map.next_key()? {
                    reader.read_member(&name, &mut map)?;
                }
                reader.finish()
            }
        }

        // The names say whether an object is one of these at all.
        from.deserialize_struct("OrgNode", NAMES, Members)
    }
}

field_values!(OrgNode);

impl Serialize for OrgNode {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        fn write<M: SerializeMap, T: Serialize>(map: &mut M, name: &str, value: Option<T>) -> Result<(), M::Error> {
            value.map_or(Ok(()), |value| map.serialize_entry(name, &value))
        }
        fn list<T>(list: &[T]) -> Option<&[T]> {
            Some(list).filter(|list| !list.is_empty())
        }

        let mut whole = to.serialize_map(None)?;
        let map = &mut whole;
        write(map, "id", self.id.as_ref())?;
        write(map, "name", self.name.as_ref())?;
        write(map, "code", self.code.as_ref())?;
        write(map, "order", self.order)?;
        write(map, "children", list(&self.children))?;
        write(map, "users", self.users.as_ref())?;
        write(map, "orgId", self.org_id())?;
        write(map, "nameI18n", self.name_i18n.as_ref())?;
        write(map, "description", self.description.as_ref())?;
        write(map, "descriptionI18n", self.description_i18n.as_ref())?;
        write(map, "root", self.root)?;
        write(map, "depth", self.depth)?;
        write(map, "path", list(&self.path()))?;
        write(map, "codePath", list(&self.code_path))?;
        write(map, "namePath", list(&self.name_path))?;
        write(map, "createdAt", self.created_at())?;
        write(map, "updatedAt", self.updated_at())?;
        write(map, "members", list(&self.members))?;
        self.extra.write(NAMES, map)?;
        whole.end()
    }
}
