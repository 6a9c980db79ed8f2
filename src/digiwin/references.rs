//! Arguments that are an id **or** a sid, the service's number for it.

use serde::Serialize;

macro_rules! sid_from_integers {
    ($name:ident: $($integer:ty),+) => {$(
        impl From<$integer> for $name {
            fn from(sid: $integer) -> Self {
                Self::Sid(sid.into())
            }
        }
    )+};
}

/// A user: by id (from text) or by sid (from an integer).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserRef {
    /// The id, which the user logs in with.
    Id(String),
    /// The service's number.
    Sid(i64),
}

sid_from_integers!(UserRef: i64, i32, u32);

impl From<&str> for UserRef {
    fn from(id: &str) -> Self {
        Self::Id(id.to_owned())
    }
}

impl From<String> for UserRef {
    fn from(id: String) -> Self {
        Self::Id(id)
    }
}

impl From<&String> for UserRef {
    fn from(id: &String) -> Self {
        Self::Id(id.clone())
    }
}

/// `{"id": id or null, "sid": number or 0}`.
#[derive(Serialize)]
pub(crate) struct IdOrSid<'a> {
    id: Option<&'a str>,
    sid: i64,
}

impl<'a> From<&'a UserRef> for IdOrSid<'a> {
    fn from(user: &'a UserRef) -> Self {
        match user {
            UserRef::Id(id) => Self { id: Some(id), sid: 0 },
            UserRef::Sid(sid) => Self { id: None, sid: *sid },
        }
    }
}

/// An organization: by sid (from an integer) or by uri (from text).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrgRef {
    /// The service's number.
    Sid(i64),
    /// The uri, such as `drn:iam:org:default:hq`.
    Uri(String),
}

sid_from_integers!(OrgRef: i64, i32, u32);

impl From<&str> for OrgRef {
    fn from(uri: &str) -> Self {
        Self::Uri(uri.to_owned())
    }
}

impl From<&String> for OrgRef {
    fn from(uri: &String) -> Self {
        Self::Uri(uri.clone())
    }
}

impl From<String> for OrgRef {
    fn from(uri: String) -> Self {
        Self::Uri(uri)
    }
}

/// `{"orgSid": number or 0, "orgUri": uri or null}`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SidOrUri<'a> {
    org_sid: i64,
    org_uri: Option<&'a str>,
}

impl<'a> From<&'a OrgRef> for SidOrUri<'a> {
    fn from(org: &'a OrgRef) -> Self {
        match org {
            OrgRef::Sid(sid) => Self { org_sid: *sid, org_uri: None },
            OrgRef::Uri(uri) => Self { org_sid: 0, org_uri: Some(uri) },
        }
    }
}

/// A tenant's id, in a call that has a user's id too: the two cannot be swapped.
///
/// ```
/// use iam_sdk::digiwin::TenantId;
///
/// // tenants.invite_user(TenantId("T1"), "bob@example.com")
/// # assert_eq!(TenantId("T1").0, "T1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct TenantId<'a>(pub &'a str);

/// A tenant to switch to: by id (also from text), by sid (also from an integer) or by both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantRef {
    #[serde(skip_serializing_if = "String::is_empty")]
    tenant_id: String,
    #[serde(skip_serializing_if = "not_positive")]
    tenant_sid: i64,
}

fn not_positive(sid: &i64) -> bool {
    *sid <= 0
}

impl TenantRef {
    /// Names a tenant by its id.
    pub fn id(id: impl Into<String>) -> Self {
        Self::both(id, 0)
    }

    /// Names a tenant by its sid.
    pub fn sid(sid: i64) -> Self {
        Self::both("", sid)
    }

    /// Names a tenant by its id and its sid, which must belong together.
    pub fn both(id: impl Into<String>, sid: i64) -> Self {
        Self { tenant_id: id.into(), tenant_sid: sid }
    }

    /// Whether it names no tenant at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.tenant_id.is_empty() && not_positive(&self.tenant_sid)
    }
}

impl From<&str> for TenantRef {
    fn from(id: &str) -> Self {
        Self::id(id)
    }
}

impl From<&String> for TenantRef {
    fn from(id: &String) -> Self {
        Self::id(id)
    }
}

impl From<String> for TenantRef {
    fn from(id: String) -> Self {
        Self::id(id)
    }
}

impl From<i64> for TenantRef {
    fn from(sid: i64) -> Self {
        Self::sid(sid)
    }
}
