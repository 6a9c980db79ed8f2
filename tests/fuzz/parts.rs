//! Parts that read what others wrote: the handshake, sealed entries, `Retry-After`, JWTs, trees and GraphQL documents.

use super::{bodies, corpus, runner};
use crate::{
    authing,
    crypto::{EncryptionKey, KeyPair, Sealer, ServiceKey, os_rng},
    protocol::{operation::Effect, retry_after::retry_after, token::first_token},
};
use apollo_compiler::ast::{Definition, Document, OperationType};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use iam_sdk::{
    ErrorKind, UserToken,
    authing::{OrgTree, treeify},
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};
use rsa::{RsaPrivateKey, pkcs8::EncodePublicKey};
use std::time::{Duration, SystemTime};

fn server_key() -> Vec<u8> {
    let key = RsaPrivateKey::new(&mut os_rng(), 1024).unwrap();
    key.to_public_key().to_public_key_der().unwrap().into_vec()
}

/// Base64 of anything, or a key that was changed a little.
fn message() -> impl Strategy<Value = String> {
    let key = server_key();
    let changed = (any::<Index>(), any::<u8>(), any::<Index>()).prop_map(move |(at, byte, end)| {
        let mut bytes = key.clone();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let end = bytes.len() - end.index(3);
        BASE64_STANDARD.encode(&bytes[..end])
    });
    prop_oneof![
        3 => changed,
        2 => vec(any::<u8>(), 0..300).prop_map(|bytes| BASE64_STANDARD.encode(bytes)),
        1 => "\\PC{0,400}",
    ]
}

#[test]
fn a_server_key_that_is_none_ends_the_handshake() {
    let keys = KeyPair::generate().unwrap();
    let case = |key: String| {
        match ServiceKey::read(&key).and_then(|key| keys.clone().offer(&key)) {
            Ok(offer) => prop_assert!(!offer.wrapped_key().is_empty()),
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Crypto),
        }
        Ok(())
    };
    runner(300).run(&message(), case).unwrap();
}

#[test]
fn an_aes_key_under_another_key_ends_the_handshake() {
    let keys = KeyPair::generate().unwrap();
    let server_key = ServiceKey::read(&BASE64_STANDARD.encode(server_key())).unwrap();
    let case = |wrapped: String| {
        // The client's own key opens nothing of this: a success would be a key that an attacker chose.
        let opened = keys.clone().offer(&server_key).unwrap().accept(&wrapped);
        prop_assert_eq!(opened.err().map(|error| error.kind()), Some(ErrorKind::Crypto));
        Ok(())
    };
    runner(300).run(&message(), case).unwrap();
}

#[test]
fn a_sealed_entry_opens_only_as_it_was_sealed() {
    let sealer = Sealer::new(EncryptionKey::from_bytes([7; 32]));
    let sealed = sealer.seal("context", b"a token").unwrap();
    let changes = vec((any::<Index>(), any::<u8>()), 0..3);
    let case = prop_oneof![
        (changes, any::<Index>()).prop_map({
            let sealed = sealed.clone();
            move |(changes, end)| {
                let mut bytes = sealed.clone();
                for (at, byte) in changes {
                    let at = at.index(bytes.len());
                    bytes[at] = byte;
                }
                bytes.truncate(sealed.len() - end.index(sealed.len()));
                bytes
            }
        }),
        vec(any::<u8>(), 0..200),
    ];
    let result = runner(2000).run(&case, |bytes| {
        let opened = sealer.open("context", &bytes);
        prop_assert_eq!(opened.is_ok(), bytes == sealed);
        Ok(())
    });
    result.unwrap();
}

#[test]
fn retry_after_is_a_wait_of_at_most_a_year_or_nothing() {
    let dates = (0..5_000_000_000_u64)
        .prop_map(|seconds| httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)));
    let case =
        (prop_oneof![dates, "[0-9]{0,30}", "\\PC{0,40}", "[A-Z][a-z]{2}, [0-9 :A-Za-z]{0,30}"], 0..10_000_000_000_u64);
    let result = runner(2000).run(&case, |(value, now)| {
        let wait = retry_after(&value, SystemTime::UNIX_EPOCH + Duration::from_secs(now));
        prop_assert!(wait.is_none_or(|wait| wait <= Duration::from_secs(365 * 24 * 60 * 60)));
        Ok(())
    });
    result.unwrap();
}

#[test]
fn any_token_is_a_token() {
    let corpus = corpus::of("authing");
    let claims = bodies::json_value(corpus).prop_map(|claims| BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()));
    let times = (any::<u64>(), proptest::option::of(any::<u64>()))
        .prop_map(|(exp, iat)| BASE64_URL_SAFE_NO_PAD.encode(serde_json::json!({"exp": exp, "iat": iat}).to_string()));
    let token = prop_oneof![
        claims.prop_map(|claims| format!("e30.{claims}.s")),
        times.prop_map(|claims| format!("e30.{claims}.s")),
        "\\PC{1,60}",
        "[a-z.]{1,20}",
    ];
    let result = runner(1000).run(&token, |token| {
        let stored = first_token([&Some(UserToken::from(token.clone()))]).unwrap();
        prop_assert_eq!(stored.token.expose_secret(), token);
        Ok(())
    });
    result.unwrap();
}

#[test]
fn a_tree_has_each_node_once() {
    let ids = || select(&["a", "b", "c", "d", "e", "f"][..]).prop_map(str::to_owned);
    let node = (proptest::option::of(ids()), vec(ids(), 0..4), any::<Option<bool>>());
    let result = runner(1000).run(&vec(node, 0..8), |nodes| {
        let json: Vec<_> = nodes
            .iter()
            .map(|(id, children, root)| serde_json::json!({"id": id, "children": children, "root": root}))
            .collect();
        let nodes: Vec<iam_sdk::authing::OrgNode> = serde_json::from_value(json.into()).unwrap();
        let given = nodes.len();
        let forest = treeify(nodes);
        let nested: usize = forest.roots.iter().map(|tree| tree.walk().count()).sum();
        prop_assert!(nested <= given, "{nested} of {given}");
        prop_assert!(nested == given || !forest.faults.is_empty(), "lost without a word");
        for tree in &forest.roots {
            let written = tree.to_json();
            let again: OrgTree = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(again.to_json(), written);
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn a_document_is_repeated_only_if_it_holds_queries_alone() {
    const WORDS: &[&str] = &[
        "query",
        "mutation",
        "subscription",
        "fragment",
        "on",
        "{",
        "}",
        "(",
        ")",
        "a",
        "b",
        "$v",
        ":",
        "Int",
        "!",
        "\"s\"",
        "\"\"\"",
        "\\\"",
        "#",
        "\n",
        ",",
        "\u{feff}",
        "...",
        "@d",
        "1",
        "[",
        "]",
        "=",
        "&",
        "|",
        "extend",
        "type",
        " ",
    ];
    let documents = prop_oneof![
        4 => vec(select(WORDS), 0..14).prop_map(|words| words.join(" ")),
        1 => "\\PC{0,40}",
        1 => "(query|mutation|#|\\{|fragment) ?[a-z{}() \\n#\"]{0,30}",
    ];
    let result = runner(3000).run(&documents, |document| {
        let request = authing::graphql(&document, &()).unwrap();
        if request.effect == Effect::Read {
            // What a validating parser takes for anything but queries and fragments must not be repeated.
            let parsed = Document::parse(document.as_str(), "d.graphql").unwrap_or_else(|broken| broken.partial);
            let only_reads = parsed.definitions.iter().all(|definition| match definition {
                Definition::OperationDefinition(operation) => operation.operation_type == OperationType::Query,
                Definition::FragmentDefinition(_) => true,
                _ => false,
            });
            prop_assert!(only_reads, "{document:?}");
        }
        Ok(())
    });
    result.unwrap();
}
