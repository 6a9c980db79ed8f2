//! Requests below `/api/iam/v2/org`.

use super::{Org, OrgRef, references::SidOrUri};
use crate::{
    Result,
    protocol::{
        decode::List,
        request::{Effect, Request},
    },
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use std::{collections::BTreeMap, fmt};

pub(crate) fn get_cascade() -> Request {
    Request::get("digiwin.orgs.get_cascade", "/api/iam/v2/org/cascade")
}

pub(crate) fn get_org_list(sids: &[i64]) -> Result<Request> {
    read("digiwin.orgs.get_org_list", "/api/iam/v2/org/list").json(&json!({"sids": sids}))
}

pub(crate) fn get_users_in_org(org: &OrgRef) -> Result<Request> {
    read("digiwin.orgs.get_users_in_org", "/api/iam/v2/org/userinorg").json(&SidOrUri::from(org))
}

pub(crate) fn get_users_cascade(org: &OrgRef) -> Result<Request> {
    read("digiwin.orgs.get_users_cascade", "/api/iam/v2/org/userinorg/cascade").json(&SidOrUri::from(org))
}

/// Without a sid it creates: not idempotent.
pub(crate) fn create_or_update(org: &(impl Serialize + ?Sized)) -> Result<Request> {
    Request::post("digiwin.orgs.create_or_update", "/api/iam/v2/org/update").json_object(org)
}

pub(crate) fn delete(sid: i64) -> Result<Request> {
    Request::post("digiwin.orgs.delete", "/api/iam/v2/org/del").json(&json!({"sid": sid}))
}

fn read(operation: &'static str, path: &'static str) -> Request {
    Request::post(operation, path).effect(Effect::Read)
}

/// The trees of `get_cascade`, by aspect.
pub(crate) fn by_aspect(answer: Option<BTreeMap<String, List<Org>>>) -> BTreeMap<String, Vec<Org>> {
    answer.unwrap_or_default().into_iter().map(|(aspect, orgs)| (aspect, orgs.0)).collect()
}

/// A sid as an integer, as text, or none.
pub(crate) struct Sid(pub(crate) Option<i64>);

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
