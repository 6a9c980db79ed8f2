//! JWTs, key sets and discovery documents.

use super::runner;
use crate::jwt::fuzzing::{discovered, key_set};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use iam_sdk::{blocking::jwt::Verifier, jwt::KeySource};
use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use std::time::{Duration, SystemTime};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const NOW: u64 = 1_700_000_000;
const LEEWAY: u64 = 30;

fn verifier() -> Verifier {
    let builder = Verifier::builder(KeySource::secret(SECRET)).issuer("i").audience("a");
    builder.clock(|| SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)).build().unwrap()
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn signed(header: &str, claims: &str) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    format!("{message}.{}", encoded(mac.finalize().into_bytes()))
}

fn good() -> String {
    signed(r#"{"alg":"HS256"}"#, &json!({"iss": "i", "aud": ["a", "b"], "exp": NOW + 60}).to_string())
}

/// Any text; parts of base64; a good token with a byte replaced, inserted or removed, or a piece of it moved.
fn foreign() -> impl Strategy<Value = String> {
    let changed = (any::<Index>(), any::<u8>(), 0..3_u8).prop_map(|(at, byte, how)| {
        let mut bytes = good().into_bytes();
        let at = at.index(bytes.len());
        match how {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            _ => drop(bytes.remove(at)),
        }
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let moved = (any::<Index>(), any::<Index>()).prop_map(|(from, to)| {
        let mut text = good();
        let piece = text.split_off(from.index(text.len()));
        let at = to.index(text.len() + 1);
        text.insert_str(at, &piece);
        text
    });
    let header = prop_oneof![
        Just(r#"{"alg":"HS256"}"#.to_owned()),
        Just(r#"{"alg":"none"}"#.to_owned()),
        "[{}\\[\\]:,\"algHS256none]{0,40}"
    ];
    let parts = (header, "\\PC{0,60}", vec(any::<u8>(), 0..80)).prop_map(|(header, claims, signature)| {
        format!("{}.{}.{}", encoded(header), encoded(claims), encoded(signature))
    });
    prop_oneof![4 => changed, 2 => moved, 2 => parts, 1 => "\\PC{0,200}", 1 => "[A-Za-z0-9_.-]{0,200}"]
}

#[test]
fn what_the_issuer_has_not_signed_is_never_accepted() {
    let (verifier, good) = (verifier(), good());
    assert!(verifier.check(good.clone()).unwrap().is_some());
    let case = |token: String| {
        let accepted = verifier.check(token.clone()).unwrap().is_some();
        prop_assert_eq!(accepted, token == good);
        Ok(())
    };
    runner(2000).run(&foreign(), case).unwrap();
}

fn claim() -> impl Strategy<Value = (String, Value)> {
    let name = prop_oneof![5 => prop::sample::select(vec!["iss", "aud", "exp", "nbf", "scope", "sub"]).prop_map(str::to_owned), 1 => "[a-z]{1,3}"];
    let value = prop_oneof![
        4 => prop::sample::select(vec![json!("i"), json!("a"), json!(["a"]), json!(["b", "a"]), json!([]), json!("b")]),
        4 => (NOW - 100..NOW + 100).prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => prop::sample::select(vec![json!(null), json!(true), json!({}), json!([1]), json!("1700000099")]),
    ];
    (name, value)
}

/// What the standard says of these claims, in other words than the crate's.
fn is_in_order(claims: &Map<String, Value>) -> bool {
    let time = |name: &str| claims.get(name).and_then(Value::as_f64);
    let is_audience = |audience: &Value| match audience {
        Value::String(text) => text == "a",
        Value::Array(all) => all.contains(&json!("a")),
        _ => false,
    };
    claims.get("iss") == Some(&json!("i"))
        && claims.get("aud").is_some_and(is_audience)
        && time("exp").is_some_and(|exp| exp.floor() + LEEWAY as f64 > NOW as f64)
        && time("nbf").is_none_or(|nbf| nbf.floor() <= (NOW + LEEWAY) as f64)
}

#[test]
fn what_the_issuer_has_signed_is_accepted_only_if_its_claims_are_in_order() {
    let verifier = verifier();
    let start = json!({"iss": "i", "aud": "a", "exp": NOW + 60});
    let case = |changes: Vec<(String, Value)>| {
        let mut claims = start.as_object().unwrap().clone();
        claims.extend(changes);
        let token = signed(r#"{"alg":"HS256","kid":"x"}"#, &Value::Object(claims.clone()).to_string());
        if let Some(read) = verifier.check(token).unwrap() {
            prop_assert!(is_in_order(&claims), "{:?}", claims);
            prop_assert_eq!(read.iss.as_deref(), Some("i"));
        }
        Ok(())
    };
    runner(2000).run(&vec(claim(), 0..3), case).unwrap();
}

#[test]
fn documents_are_read_or_refused() {
    let member = |name: &'static str| {
        let value = prop_oneof![
            3 => Just(json!({"kty": "RSA", "n": encoded([0xFF; 256]), "e": "AQAB", "kid": "k"})),
            1 => Just(json!({"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"})),
            2 => "\\PC{0,20}".prop_map(Value::from),
            1 => any::<i64>().prop_map(Value::from),
        ];
        vec(value, 0..4).prop_map(move |values| json!({name: values}).to_string())
    };
    let documents = prop_oneof![member("keys"), member("jwks_uri"), "\\PC{0,100}", "[{}\\[\\]:,\"keys0-9]{0,60}"];
    let case = |text: String| {
        // No panic, and errors of the kinds that are nobody's but the issuer's.
        for error in
            [key_set(text.as_bytes()), discovered("https://i", text.as_bytes())].into_iter().filter_map(Result::err)
        {
            prop_assert!(error.is_decode() || error.is_too_large() || error.is_configuration(), "{}", error);
        }
        Ok(())
    };
    runner(1000).run(&documents, case).unwrap();
}
