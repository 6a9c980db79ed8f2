//! Lists that come in pages, and calls that are sent in batches.

use super::{
    all,
    authing::{client, server},
    maybe_async, next, test,
};
use crate::support::{
    same,
    server::{Request, Server, json},
};
use iam_sdk::authing::{BatchGetOptions, QueryField, UserListOptions};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{Arc, Condvar, Mutex},
};

/// The identifiers in a request.
fn ids(request: &Request) -> Vec<String> {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    serde_json::from_value(body["variables"]["ids"].clone()).unwrap()
}

#[maybe_async]
#[test]
async fn a_batch_that_fails_in_part_says_what_is_done() {
    let server = server(|request| match ids(request).contains(&"u100".to_owned()) {
        true => json(r#"{"errors": [{"message": {"code": 500, "message": "broken"}}]}"#),
        false => json(r#"{"data": {"deleteUsers": {"code": 200, "message": "ok"}}}"#),
    });
    let client = client(&server);
    let wanted: Vec<String> = (0..400).map(|n| format!("u{n}")).collect();
    let error = client.users().delete_many(&wanted).await.unwrap_err();
    assert!(error.is_server() && error.operation() == Some("authing.users.delete_many"), "{error}");
    let partial = error.partial().unwrap();
    assert!(
        partial.done.len() + partial.failed_or_unsent.len() == 400
            && partial.failed_or_unsent.contains(&"u100".to_owned())
    );
    let request: Vec<Vec<String>> = server.requests()[1..].iter().map(ids).collect();
    assert!(request.iter().all(|ids| ids.len() <= 80));
    let sent: BTreeSet<String> = request.into_iter().flatten().collect();
    let done: BTreeSet<String> = partial.done.iter().cloned().collect();
    assert!(done.is_subset(&sent), "what was not request is not done");
    let failed: BTreeSet<String> = (80..160).map(|n| format!("u{n}")).collect();
    assert_eq!(sent.difference(&done).cloned().collect::<BTreeSet<_>>(), failed);
    assert!(error.to_string().contains(&format!("{} of 400 done", done.len())), "{error}");
}

#[maybe_async]
#[test]
async fn four_parts_at_once_at_the_most() {
    /// How many requests are under way, and the most that were at once.
    #[derive(Default)]
    struct Load {
        now: usize,
        most: usize,
    }
    let load = Arc::new((Mutex::new(Load::default()), Condvar::new()));
    let shared = load.clone();
    let server = server(move |request| {
        let (load, changed) = &*shared;
        let mut load = load.lock().unwrap();
        load.now += 1;
        load.most = load.most.max(load.now);
        changed.notify_all();
        // The first four get their responses together.
        let mut load = changed.wait_while(load, |load| load.most < 4).unwrap();
        load.now -= 1;
        drop(load);
        let users: Vec<Value> = ids(request).into_iter().rev().map(|id| serde_json::json!({"id": id})).collect();
        json(serde_json::json!({"data": {"userBatch": users}}))
    });
    let client = client(&server);
    let wanted: Vec<String> = (0..800).map(|n| format!("u{n}")).collect();
    same(client.users().batch_get(&wanted).await.unwrap().len(), 800);
    assert_eq!((load.0.lock().unwrap().most, server.requests().len()), (4, 11));
}

/// A service with this many users and three on a page, whatever page size a request names.
fn capped(total: usize) -> Server {
    server(move |request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let page = body["variables"]["page"].as_u64().unwrap() as usize;
        let list: Vec<Value> =
            (3 * (page - 1)..total.min(3 * page)).map(|n| serde_json::json!({"id": n.to_string()})).collect();
        json(serde_json::json!({"data": {"users": {"totalCount": total, "list": list}}}))
    })
}

#[maybe_async]
#[test]
async fn a_pager_ends_where_the_list_does_wherever_it_began() {
    for first in 1..5 {
        let server = capped(14);
        let options = UserListOptions::new().limit(10).page(first);
        let (found, error) = all(client(&server).users().list_all(options)).await;
        let ids: Vec<String> = found.into_iter().filter_map(|user| user.id).collect();
        let expected: Vec<String> = (3 * (first - 1)..14).map(|n| n.to_string()).collect();
        assert!(error.is_none() && ids == expected, "from {first}: {ids:?}");
    }
}

#[maybe_async]
#[test]
async fn pages_that_come_in_turn_end_a_pager() {
    let server = server(|request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let id = if body["variables"]["page"].as_u64().unwrap() % 2 == 1 { "a" } else { "b" };
        json(format!(r#"{{"data": {{"users": {{"totalCount": 100, "list": [{{"id": "{id}"}}]}}}}}}"#))
    });
    let (found, error) = all(client(&server).users().list_all(UserListOptions::new())).await;
    assert!(error.unwrap().to_string().contains("page 3"));
    assert_eq!((found.len(), server.requests().len()), (2, 4));
}

#[maybe_async]
#[test]
async fn items_and_pages_can_be_mixed() {
    let server = capped(8);
    let mut pager = client(&server).users().list_all(UserListOptions::new().limit(3));
    let mut ids = Vec::new();
    for turn in 0.. {
        if turn % 2 == 0 {
            let Some(user) = next(&mut pager).await else { break };
            ids.extend(user.unwrap().id);
        } else {
            let Some(page) = pager.next_page().await.unwrap() else { break };
            ids.extend(page.list.into_iter().filter_map(|user| user.id));
        }
    }
    assert_eq!(ids.concat(), "01234567");
    assert_eq!(server.requests().len(), 4, "each page once");
}

#[maybe_async]
#[test]
async fn users_come_in_the_order_that_they_were_asked_for() {
    let server = server(|request| {
        let mut found: Vec<Value> =
            ids(request).into_iter().map(|id| serde_json::json!({"id": id, "email": id})).collect();
        found.reverse();
        json(serde_json::json!({"data": {"userBatch": found}}))
    });
    let wanted: Vec<String> = (0..200).map(|n| format!("u{}", n * 7919 % 1000)).collect();
    let found = client(&server).users().batch_get(&wanted).await.unwrap();
    let found: Vec<String> = found.into_iter().filter_map(|user| user.id).collect();
    assert_eq!(found, wanted);
    let options = BatchGetOptions::new().query_field(QueryField::Email);
    let found = client(&server).users().batch_get_with(&wanted, options).await.unwrap();
    let found: Vec<String> = found.into_iter().filter_map(|user| user.email).collect();
    assert_eq!(found, wanted);
}
