//! Requests below `/api/iam/v2/tenant`.

use super::{
    ApplicationFilter, InviteOptions, TenantId, TenantListOptions, TenantSimpleOptions, UserRef, references::IdOrSid,
};
use crate::{
    Result,
    protocol::{decode::Data, model::Name, operation::operations, options::ToWire as _, request::Request},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, IgnoredAny, MapAccess, Unexpected},
};
use serde_json::json;
use std::fmt;

operations! {
    GET_TENANTS = "digiwin.tenants.get_tenants" Read IfAny List POST "/api/iam/v2/tenant";
    GET_CURRENT = "digiwin.tenants.get_current" Read IfAny Data POST "/api/iam/v2/tenant/current"
        | Authorization: "the token is in no tenant";
    GET_SIMPLE = "digiwin.tenants.get_simple" Read IfAny Data POST "/api/iam/v2/tenant/simple"
        | NotFound: "the service has no tenant of this id";
    GET_CURRENT_SIMPLE = "digiwin.tenants.get_current_simple" Read IfAny Data GET "/api/iam/v2/tenant/current/simple"
        | Authorization: "the token is in no tenant";
    QUERY_TENANTS = "digiwin.tenants.query_tenants" Read IfAny List POST "/api/iam/v2/tenant/query";
    CHECK_USER_IN_TENANT = "digiwin.tenants.check_user_in_tenant" Read IfAny Data GET "/api/iam/v2/tenant/check/userintenant"
        | Decode: "the response says neither yes (an object of a user or tenant, or `true`) nor no (`false`, `null` or nothing)";
    GET_APPLICATIONS = "digiwin.tenants.get_applications" Read IfAny Secret GET "/api/iam/v2/tenant/application"
        | Authorization: "the token is in no tenant";
    INVITE_USER = "digiwin.tenants.invite_user" Other IfAny Data POST "/api/iam/v2/tenant/user/invite/new";
    REMOVE_USER = "digiwin.tenants.remove_user" Other IfAny Data POST "/api/iam/v2/tenant/remove/user";
}

pub(crate) fn get_tenants(options: &TenantListOptions) -> Result<Request> {
    let request = GET_TENANTS.request().query("appId", options.app_id.as_ref());
    Ok(request.query("excludeDigiwinTenant", options.exclude_digiwin_tenant))
}

pub(crate) fn get_current() -> Result<Request> {
    GET_CURRENT.json(&json!({}))
}

pub(crate) fn get_simple(id: &str, options: &TenantSimpleOptions) -> Result<Request> {
    GET_SIMPLE.json(&json!({"id": id, "withInvoiceInfo": options.with_invoice_info.unwrap_or(false)}))
}

pub(crate) fn get_current_simple() -> Result<Request> {
    Ok(GET_CURRENT_SIMPLE.request())
}

pub(crate) fn query_tenants(keyword: &str) -> Result<Request> {
    QUERY_TENANTS.json(&json!({"content": keyword}))
}

pub(crate) fn check_user_in_tenant(user_id: &str) -> Result<Request> {
    Ok(CHECK_USER_IN_TENANT.request().query("userId", Some(user_id)))
}

pub(crate) fn get_applications(filter: &ApplicationFilter) -> Result<Request> {
    let request = GET_APPLICATIONS.request().query("expireTimeStart", filter.expire_time_start.as_ref());
    Ok(request.query("expireTimeEnd", filter.expire_time_end.as_ref()))
}

pub(crate) fn invite_user(tenant_id: TenantId<'_>, user: &str, options: &InviteOptions) -> Result<Request> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a, O> {
        tenant_id: TenantId<'a>,
        user: &'a str,
        #[serde(flatten)]
        options: O,
    }

    INVITE_USER.json(&Body { tenant_id, user, options: options.to_wire() })
}

pub(crate) fn remove_user(user: &UserRef) -> Result<Request> {
    REMOVE_USER.json(&IdOrSid::from(user))
}

/// Reads whether a user is in a tenant.
pub(crate) fn is_member(data: &Data) -> Result<bool> {
    let Membership(yes) = data.decode()?;
    Ok(yes)
}

/// Whether a user is in a tenant: an object (yes), a boolean, or nothing (no).
///
/// What the object holds is not documented. It must have a member that says which user or tenant it is: any other object,
/// an empty one too, says neither yes nor no, and is an error.
struct Membership(bool);

/// The members that say so, in the service's models of users and tenants.
const IDENTITY: [&str; 11] =
    ["sid", "id", "userSid", "userId", "userName", "tenantSid", "tenantId", "tenantName", "name", "email", "telephone"];

impl<'de> Deserialize<'de> for Membership {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Membership;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of a user or tenant, a boolean or nothing")
            }

            fn visit_bool<E>(self, yes: bool) -> Result<Membership, E> {
                Ok(Membership(yes))
            }

            fn visit_unit<E>(self) -> Result<Membership, E> {
                Ok(Membership(false))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Membership, A::Error> {
                let mut is_somebody = false;
                while let Some(Name(name)) = map.next_key()? {
                    let value = map.next_value::<Option<IgnoredAny>>()?;
                    is_somebody |= value.is_some() && IDENTITY.contains(&&*name);
                }
                match is_somebody {
                    true => Ok(Membership(true)),
                    false => Err(A::Error::invalid_type(Unexpected::Map, &self)),
                }
            }
        }

        from.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_so_is_a_membership() {
        let read = |json: &str| serde_json::from_str::<Membership>(json).ok().map(|Membership(yes)| yes);
        for (json, expected) in [
            ("true", Some(true)),
            (r#"{"sid": 1, "id": "u"}"#, Some(true)),
            (r#"{"tenantId": "T1", "status": 1, "new": {}}"#, Some(true)),
            (r#"{"status": 1, "name": "Bob"}"#, Some(true)),
            ("false", Some(false)),
            ("null", Some(false)),
            ("{}", None),
            (r#"{"id": null}"#, None),
            (r#"{"status": 401, "message": "expired", "exception": "x"}"#, None),
            (r#"{"error": "Unauthorized", "path": "/x"}"#, None),
            (r#"{"success": true}"#, None),
            ("[]", None),
            (r#"[{"id": "u"}]"#, None),
            ("1", None),
            (r#""yes""#, None),
        ] {
            assert_eq!(read(json), expected, "{json}");
        }
    }
}
