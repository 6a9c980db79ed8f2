//! Two processes, which share a store alone: a refresh in one of them, a tenant switch or a logout in the other.

use super::{
    Client,
    hanging::{REFRESH, SOON, call, due_token, provider},
    maybe_async, pause, test,
};
use crate::support::{
    gate::Gate,
    server::{Server, json},
};
use iam_sdk::{digiwin::TenantRef, token_store::MemoryStore};
use std::{sync::Arc, time::Instant};

#[maybe_async]
async fn token(client: &Client) -> Option<String> {
    client.current_token().await.unwrap().map(|token| token.expose_secret().to_owned())
}

#[maybe_async]
async fn refresh_beside(switches: bool, expected: Option<&str>) {
    let gate = Gate::new();
    let shut = gate.clone();
    let server = Server::start(move |request| match &request.path {
        path if path.ends_with(REFRESH) => {
            shut.pass();
            json(r#"{"token": "refreshed"}"#)
        }
        path if path.ends_with("/refresh/tenant") => json(r#"{"token": "switched", "tenantId": "T2"}"#),
        _ => json(r#"{"id": "u"}"#),
    });
    let _opened = gate.open_at_end();
    let store = Arc::new(MemoryStore::new());
    let client = || {
        let builder = Client::builder(server.url(), "a").credentials(provider(None, due_token).0);
        builder.shared_token_store(store.clone()).build().unwrap()
    };
    let (refreshing, other) = (client(), client());
    let begun = Instant::now();
    // The first call finds the token, the second one finds it due.
    while gate.arrived() == 0 {
        call(&refreshing).await.unwrap();
        assert!(begun.elapsed() < SOON);
    }
    if switches {
        other.identity().refresh_token_with_tenant(TenantRef::id("T2")).await.unwrap();
    } else {
        other.identity().logout().await.unwrap();
    }
    gate.open();
    while token(&refreshing).await.as_deref() == Some("old") {
        assert!(begun.elapsed() < SOON);
        pause().await;
    }
    for each in [refreshing, other, client()] {
        let token = token(&each).await;
        assert_eq!(token.as_deref(), expected);
    }
}

#[maybe_async]
#[test]
async fn a_refresh_does_not_undo_the_tenant_switch_of_another_process() {
    refresh_beside(true, Some("switched")).await;
}

#[maybe_async]
#[test]
async fn a_refresh_does_not_undo_the_logout_of_another_process() {
    refresh_beside(false, None).await;
}
