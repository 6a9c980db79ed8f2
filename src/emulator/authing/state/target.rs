//! Who can have roles, policies and grants.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum TargetType {
    User,
    Role,
    Group,
    /// An organization's node.
    Org,
    AkSk,
    Ak,
    App,
}

/// A holder of roles, policies or grants: users and nodes by id, roles by namespace and code, groups by code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Target {
    pub(crate) target_type: TargetType,
    #[serde(rename = "targetIdentifier")]
    pub(crate) id: String,
    /// Of a role alone.
    #[serde(skip)]
    pub(crate) namespace: Option<String>,
}

impl Target {
    /// Creates a target that a request identifies; the namespace counts for roles.
    pub(crate) fn new(target_type: TargetType, id: &str, namespace: &str) -> Self {
        let namespace = (target_type == TargetType::Role).then(|| namespace.to_owned());
        Self { target_type, id: id.to_owned(), namespace }
    }

    pub(crate) fn user(id: &str) -> Self {
        Self::new(TargetType::User, id, "")
    }

    pub(crate) fn role(namespace: &str, code: &str) -> Self {
        Self::new(TargetType::Role, code, namespace)
    }

    pub(crate) fn group(code: &str) -> Self {
        Self::new(TargetType::Group, code, "")
    }

    pub(crate) fn node(id: &str) -> Self {
        Self::new(TargetType::Org, id, "")
    }
}

/// Returns whether a grant's code or action covers the requested one: `books:*` covers `books:1`.
pub(crate) fn covers(granted: &str, requested: &str) -> bool {
    granted == requested
        || granted == "*"
        || granted.strip_suffix('*').is_some_and(|kind| kind.ends_with(':') && requested.starts_with(kind))
}
