//! Logins of Digiwin whose responses are of any kind, at each step of the handshake.

use super::{bodies, corpus, runner};
use crate::{
    Error, Password,
    crypto::{KeyPair, os_rng},
    digiwin::{DIALECT, Handshake, LastRequest, LoginOptions},
    protocol::{
        decode::{Data, Response},
        login::{Input, Login, Step},
        request::Request,
    },
    token_store::StoredToken,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, StatusCode};
use proptest::prelude::*;
use rsa::{
    Pkcs1v15Encrypt, RsaPrivateKey, RsaPublicKey,
    pkcs8::{DecodePublicKey, EncodePublicKey},
};
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};

const LOGIN: &str = "digiwin.identity.login";

/// The server's half of the handshake.
struct Server(RsaPrivateKey);

impl Server {
    fn get() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(|| Self(RsaPrivateKey::new(&mut os_rng(), 1024).unwrap()))
    }

    /// What it responds with, as it should.
    fn respond(&self, request: &Request) -> Vec<u8> {
        let body = match request.operation.name {
            "digiwin.identity.get_public_key" => {
                let key = self.0.to_public_key().to_public_key_der().unwrap();
                json!({"publicKey": BASE64_STANDARD.encode(key)})
            }
            "digiwin.identity.get_aes_key" => json!({"encryptAesKey": self.aes_key(request)}),
            LOGIN => json!({"token": "right-token", "userId": "ann"}),
            other => panic!("{other}"),
        };
        body.to_string().into_bytes()
    }

    /// Makes an AES key for the client; none where the client's key was wrapped for another server.
    fn aes_key(&self, request: &Request) -> Option<String> {
        let body: Value = serde_json::from_slice(&request.body.as_ref().unwrap()[..]).unwrap();
        let wrapped = BASE64_STANDARD.decode(body["clientEncryptPublicKey"].as_str().unwrap()).unwrap();
        let blocks = wrapped.chunks(128).map(|block| self.0.decrypt(Pkcs1v15Encrypt, block).ok());
        let text = blocks.collect::<Option<Vec<_>>>()?.concat();
        let client = RsaPublicKey::from_public_key_der(&BASE64_STANDARD.decode(text).ok()?).ok()?;
        Some(BASE64_STANDARD.encode(client.encrypt(&mut os_rng(), Pkcs1v15Encrypt, b"0123456789abcdef").unwrap()))
    }
}

fn data(request: &Request, status: u16, body: Vec<u8>) -> Result<Data, Error> {
    let status = StatusCode::from_u16(status).unwrap();
    Response { status, headers: HeaderMap::new(), body: body.into(), is_unmarked: false }
        .into_data(request.operation, &DIALECT)
}

/// Logs in; the request with this name is responded to with `body`, the others as they should be.
fn log_in(keys: &KeyPair, strange: &str, status: u16, body: &[u8]) -> Result<StoredToken, Error> {
    let mut login = Handshake::new("ann", Password::from("pass-4711"), LastRequest::Login(LoginOptions::new()));
    let respond = |request: &Request| match request.operation.name == strange {
        true => data(request, status, body.to_vec()),
        false => data(request, 200, Server::get().respond(request)),
    };
    let mut step = login.next(Input::Begin)?;
    // The handshake, once again with another key, the last request, and the token.
    for _ in 0..6 {
        step = match step {
            Step::Done(token, _) => return Ok(token),
            Step::Keys(wanted) => {
                let key = Arc::new((wanted.read)(&respond(&wanted.request)?)?);
                login.next(Input::Keys(key, wanted.with_pair.then(|| keys.clone())))?
            }
            Step::Send { request, .. } => match respond(&request) {
                Ok(response) => login.next(Input::Response(response))?,
                Err(error) => login.after_failure(error)?,
            },
        };
    }
    panic!("a login of more than five requests");
}

/// Whether any text in it is this one.
fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(found) => found == text,
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(members) => members.values().any(|member| holds(member, text)),
        Value::Number(number) => number.to_string() == text,
        _ => false,
    }
}

/// Tries bodies in the place of the response to the request with this name.
fn strange_at(strange: &'static str) {
    let keys = KeyPair::generate().unwrap();
    assert_eq!(log_in(&keys, "none", 200, b"").unwrap().token.expose_secret(), "right-token");
    let status = prop_oneof![9 => Just(200_u16), 1 => proptest::sample::select(vec![204, 401, 429, 500])];
    let case = (status, bodies::body(corpus::of("digiwin"), LOGIN));
    let result = runner(200).run(&case, |(status, body)| {
        match log_in(&keys, strange, status, &body) {
            Ok(token) => {
                let token = token.token.expose_secret().to_owned();
                prop_assert!((200..300).contains(&status), "{status}");
                let body: Value = serde_json::from_slice(&body).unwrap_or_default();
                // What came in the wrong place opens nothing; what came in the right place is the token, or leads to it.
                let is_right = if strange == LOGIN { holds(&body, &token) } else { token == "right-token" };
                prop_assert!(is_right, "{body}");
            }
            Err(error) => {
                let text = format!("{error} {error:?} {}", error.body().unwrap_or_default());
                prop_assert!(!text.contains("pass-4711"), "{text}");
            }
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn a_login_survives_any_public_key() {
    strange_at("digiwin.identity.get_public_key");
}

#[test]
fn a_login_survives_any_aes_key() {
    strange_at("digiwin.identity.get_aes_key");
}

#[test]
fn a_login_survives_any_last_response() {
    strange_at(LOGIN);
}
