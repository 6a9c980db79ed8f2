//! Namespaces and the resources in them.

use super::{grants::ResourceType, refusal::Refusal, value::new_id};
use crate::emulator::store::{Index, Table};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashSet;

#[derive(Clone, Serialize)]
pub(crate) struct Namespace {
    id: i64,
    code: String,
    name: String,
    description: Option<String>,
}

#[derive(Default)]
pub(crate) struct Namespaces {
    namespaces: Table<i64, Namespace>,
    codes: HashSet<String>,
}

impl Namespaces {
    /// Returns the namespaces, the oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Namespace> {
        self.namespaces.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.namespaces.len()
    }

    pub(crate) fn create(&mut self, code: &str, name: &str, description: Option<&str>) -> Result<Namespace, Refusal> {
        if !self.codes.insert(code.to_owned()) {
            return Err(Refusal::exists("namespace"));
        }
        let id = self.namespaces.last_key().copied().unwrap_or(0) + 1;
        let (code, name, description) = (code.to_owned(), name.to_owned(), description.map(str::to_owned));
        let namespace = Namespace { id, code, name, description };
        self.namespaces.insert(id, namespace.clone());
        Ok(namespace)
    }

    pub(crate) fn update(
        &mut self,
        id: i64,
        code: Option<&str>,
        name: Option<&str>,
        description: Option<&str>,
    ) -> Result<Namespace, Refusal> {
        let namespace = self.namespaces.get_mut(&id).ok_or(Refusal::missing("namespace").coded(3005))?;
        if let Some(code) = code.filter(|code| *code != namespace.code) {
            if !self.codes.insert(code.to_owned()) {
                return Err(Refusal::exists("namespace"));
            }
            self.codes.remove(&std::mem::replace(&mut namespace.code, code.to_owned()));
        }
        namespace.name = name.map_or_else(|| std::mem::take(&mut namespace.name), str::to_owned);
        namespace.description = description.map(str::to_owned).or(namespace.description.take());
        Ok(namespace.clone())
    }

    pub(crate) fn delete(&mut self, id: i64) -> Result<(), Refusal> {
        let (_, gone) = self.namespaces.remove(&id).ok_or(Refusal::missing("namespace").coded(3003))?;
        self.codes.remove(&gone.code);
        Ok(())
    }
}

/// The members of a resource that a client sends. An absent member stays as it is.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ResourceDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<ResourceType>,
    /// Of a form that the vendor does not document; kept, and not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_identifier: Option<String>,
}

#[derive(Clone, Serialize)]
pub(crate) struct Resource {
    id: String,
    namespace: String,
    code: String,
    #[serde(flatten)]
    details: ResourceDetails,
}

#[derive(Default)]
pub(crate) struct Resources {
    resources: Table<(String, String), Resource>,
    by_id: Index<String>,
    of_namespace: Index<String>,
}

fn key(namespace: &str, code: &str) -> (String, String) {
    (namespace.to_owned(), code.to_owned())
}

impl Resource {
    pub(crate) fn resource_type(&self) -> Option<ResourceType> {
        self.details.r#type
    }
}

impl Resources {
    pub(crate) fn get(&self, namespace: &str, code: &str) -> Option<&Resource> {
        self.resources.get(&key(namespace, code))
    }

    pub(crate) fn with_id(&self, id: &str) -> Option<&Resource> {
        self.resources.at(self.by_id.first(id)?)
    }

    /// Returns the resources of a namespace, the oldest first.
    pub(crate) fn of_namespace(&self, namespace: &str) -> impl Iterator<Item = &Resource> {
        self.of_namespace.of(namespace).filter_map(|number| self.resources.at(number))
    }

    pub(crate) fn create(
        &mut self,
        namespace: &str,
        code: &str,
        details: ResourceDetails,
    ) -> Result<Resource, Refusal> {
        if self.resources.contains(&key(namespace, code)) {
            return Err(Refusal::exists("resource"));
        }
        let resource = Resource { id: new_id(), namespace: namespace.to_owned(), code: code.to_owned(), details };
        let number = self.resources.insert(key(namespace, code), resource.clone());
        self.by_id.insert(resource.id.clone(), number);
        self.of_namespace.insert(namespace.to_owned(), number);
        Ok(resource)
    }

    pub(crate) fn update(&mut self, namespace: &str, code: &str, given: ResourceDetails) -> Result<Resource, Refusal> {
        let resource = self.resources.get_mut(&key(namespace, code)).ok_or(Refusal::missing("resource"))?;
        let known = std::mem::take(&mut resource.details);
        resource.details = ResourceDetails {
            r#type: given.r#type.or(known.r#type),
            actions: given.actions.or(known.actions),
            description: given.description.or(known.description),
            api_identifier: given.api_identifier.or(known.api_identifier),
        };
        Ok(resource.clone())
    }

    pub(crate) fn delete(&mut self, namespace: &str, code: &str) {
        if let Some((number, gone)) = self.resources.remove(&key(namespace, code)) {
            self.by_id.remove(&gone.id, number);
            self.of_namespace.remove(namespace, number);
        }
    }
}
