//! Requests below `/api/iam/v2/org`.

use super::{Org, OrgRef, references::SidOrUri};
use crate::{
    Result,
    protocol::{
        decode::{Data, List},
        operation::operations,
        request::Request,
    },
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use std::{collections::BTreeMap, fmt};

// `create_or_update` creates where there is no sid: not idempotent.
operations! {
    GET_CASCADE = "digiwin.orgs.get_cascade" Read IfAny Data GET "/api/iam/v2/org/cascade"
        | Authorization: "the token is in no tenant";
    GET_ORG_LIST = "digiwin.orgs.get_org_list" Read IfAny List POST "/api/iam/v2/org/list"
        | Authorization: "the token is in no tenant";
    GET_USERS_IN_ORG = "digiwin.orgs.get_users_in_org" Read IfAny List POST "/api/iam/v2/org/userinorg"
        | Authorization: "the token is in no tenant";
    GET_USERS_CASCADE = "digiwin.orgs.get_users_cascade" Read IfAny List POST "/api/iam/v2/org/userinorg/cascade"
        | Authorization: "the token is in no tenant";
    CREATE_OR_UPDATE = "digiwin.orgs.create_or_update" Other IfAny Data POST "/api/iam/v2/org/update"
        | Authorization: "the token is in no tenant"
        | InvalidArgument: "`org` does not serialize to an object";
    DELETE = "digiwin.orgs.delete" Other IfAny Data POST "/api/iam/v2/org/del"
        | Authorization: "the token is in no tenant";
}

pub(crate) fn get_cascade() -> Result<Request> {
    Ok(GET_CASCADE.request())
}

pub(crate) fn get_org_list(sids: &[i64]) -> Result<Request> {
    GET_ORG_LIST.json(&json!({"sids": sids}))
}

pub(crate) fn get_users_in_org(org: &OrgRef) -> Result<Request> {
    GET_USERS_IN_ORG.json(&SidOrUri::from(org))
}

pub(crate) fn get_users_cascade(org: &OrgRef) -> Result<Request> {
    GET_USERS_CASCADE.json(&SidOrUri::from(org))
}

pub(crate) fn create_or_update(org: &(impl Serialize + ?Sized)) -> Result<Request> {
    CREATE_OR_UPDATE.request().json_object(org)
}

pub(crate) fn delete(sid: i64) -> Result<Request> {
    DELETE.json(&json!({"sid": sid}))
}

/// Reads the trees of `get_cascade`, by aspect.
pub(crate) fn by_aspect(data: &Data) -> Result<BTreeMap<String, Vec<Org>>> {
    let response: Option<BTreeMap<String, List<Org>>> = data.decode()?;
    Ok(response.unwrap_or_default().into_iter().map(|(aspect, orgs)| (aspect, orgs.0)).collect())
}

/// Reads the sid of an organization, where the service tells it.
pub(crate) fn sid(data: &Data) -> Result<Option<i64>> {
    let Sid(sid) = data.decode()?;
    Ok(sid)
}

/// A sid as an integer, as text, or none.
struct Sid(Option<i64>);

impl<'de> Deserialize<'de> for Sid {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = Sid;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sid, as an integer or as text")
            }

            fn visit_unit<E>(self) -> Result<Sid, E> {
                Ok(Sid(None))
            }

            fn visit_i64<E>(self, sid: i64) -> Result<Sid, E> {
                Ok(Sid(Some(sid)))
            }

            fn visit_u64<E: serde::de::Error>(self, sid: u64) -> Result<Sid, E> {
                i64::try_from(sid)
                    .map(|sid| Sid(Some(sid)))
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Unsigned(sid), &self))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Sid, E> {
                match text.trim() {
                    "" => Ok(Sid(None)),
                    text => text
                        .parse()
                        .map(|sid| Sid(Some(sid)))
                        .map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }
        }

        from.deserialize_any(Visitor)
    }
}
