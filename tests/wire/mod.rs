//! Requests compared with those that were recorded from the vendors' Python clients.

use super::{Client, authing::ManagementClient, cloudspot::LicenseClient, maybe_async, test};
use crate::support::{
    handshake::Keys,
    server::{Request, Server, json, status},
};
use rsa::traits::PublicKeyParts;
use serde::Deserialize;
use serde_json::{Map, Value, json as object};
use std::collections::BTreeMap;

mod authing;
mod cloudspot;
mod digiwin;

#[derive(Deserialize)]
struct Golden {
    label: String,
    requests: Vec<Value>,
}

/// The requests of the Python client of Digiwin and Cloudspot.
const RECORDING: &str = include_str!("golden-requests.json");

/// Returns the requests of a service's Python client by the label of the call.
fn golden(recording: &str, service: &str) -> BTreeMap<String, Vec<Value>> {
    let all: Vec<Golden> = serde_json::from_str(recording).unwrap();
    let service = all.into_iter().filter(|golden| golden.label.starts_with(service));
    service.map(|golden| (golden.label, golden.requests.into_iter().map(without_nulls).collect())).collect()
}

/// Returns the operations of a service that were not recorded, in the order of the declarations.
fn operations_without(service: &str, golden: &BTreeMap<String, Vec<Value>>) -> Vec<&'static str> {
    let all: Vec<_> = iam_sdk::emulator::operations().filter(|name| name.starts_with(service)).collect();
    assert!(golden.keys().all(|label| all.contains(&label.as_str())), "a recording of no operation");
    all.into_iter().filter(|name| !golden.contains_key(*name)).collect()
}

/// Removes members that are `null`, which mean the same as absent ones.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(without_nulls).collect()),
        value => value,
    }
}

/// Returns a request in the form of the recording. Encrypted values, which are random, are checked and replaced.
fn recorded(request: &Request, keys: &Keys) -> Value {
    const SENT_BY_EVERY_HTTP_CLIENT: [&str; 5] = ["host", "accept", "user-agent", "content-length", "accept-encoding"];
    let headers: Map<String, Value> = request
        .headers
        .iter()
        .filter(|(name, _)| !SENT_BY_EVERY_HTTP_CLIENT.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let mut body = match request.body.is_empty() {
        true => Value::Null,
        false => serde_json::from_slice(&request.body).unwrap(),
    };
    if let Some(wrapped) = body.get_mut("clientEncryptPublicKey") {
        let (key, pieces) = keys.client_key(wrapped.as_str().unwrap());
        assert_eq!((key.size(), &pieces[..]), (128, &[117, 99][..]));
        *wrapped = "<SPKI RSA-1024 in base64, wrapped in 128-byte blocks of at most 117 bytes>".into();
    }
    if let Some(hash) = body.get_mut("passwordHash") {
        *hash = format!("<decrypts to '{}'>", keys.password(hash.as_str().unwrap())).into();
    }
    without_nulls(object!({
        "method": request.method, "path": request.path, "query": request.query, "headers": headers, "body": body,
    }))
}
