use super::{ManagementClient, maybe_async, test};
use crate::support::{
    holds, same,
    server::{Answer, Asked, Server, json, status},
};
use iam_sdk::{
    Error, ErrorKind,
    authing::{CustomData, UserInfo, UserLookup},
    emulator::{Emulator, authing::ErrorStyle},
};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

const TOKEN: &str = r#"{"data": {"accessToken": {"accessToken": "token-canary", "iat": 100, "exp": 100000}}}"#;

/// A server that gives a token, and for the rest answers like this.
fn server(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Server {
    Server::start(move |asked| match String::from_utf8_lossy(&asked.body).contains("accessToken(") {
        true => json(TOKEN),
        false => answer(asked),
    })
}

fn client(server: &Server) -> ManagementClient {
    ManagementClient::builder("pool", "secret-canary").host(server.url()).build().unwrap()
}

/// The errors of a GraphQL query, of a mutation and of a REST call with this answer.
#[maybe_async]
async fn errors(answer: impl Fn() -> Answer + Send + Sync + 'static) -> [Error; 3] {
    let server = server(move |_| answer());
    let client = client(&server);
    [
        client.users().list().await.unwrap_err(),
        client.users().create(&UserInfo::new().username("u").password("password-canary")).await.unwrap_err(),
        client.users().detail("u").await.unwrap_err(),
    ]
}

#[maybe_async]
#[test]
async fn a_code_decides_wherever_it_stands() {
    use ErrorKind::*;
    let codes = [
        (1001, Authorization),
        (1576, Authorization),
        (2003, Validation),
        (2004, NotFound),
        (2005, Authentication),
        (2006, Authentication),
        (2011, NotFound),
        (2014, Validation),
        (2015, Validation),
        (2016, Validation),
        (2026, Conflict),
        (2029, Validation),
        (2030, Validation),
        (2034, Conflict),
        (2035, Conflict),
        (2224, NotFound),
        (2333, Authentication),
        (400, Validation),
        (403, Authorization),
        (404, NotFound),
        (429, RateLimited),
        (499, Validation),
        (500, Server),
        (31415, Business),
    ];
    for (code, kind) in codes {
        let forms = [
            format!(
                r#"{{"errors": [{{"message": {{"code": {code}, "message": "No."}}, "path": ["x"]}}], "data": {{"users": {{"list": []}}}}}}"#
            ),
            format!(r#"{{"code": {code}, "message": "No.", "data": {{"id": "u"}}}}"#),
            format!(r#"{{"code": "{code}", "message": "No."}}"#),
            format!(r#"{{"uniqueId": "q-1", "statusCode": 499, "apiCode": "{code}", "message": "No.", "data": null}}"#),
            format!(
                r#"{{"errors": [{{"message": {{"uniqueId": "q-1", "statusCode": 400, "apiCode": {code}, "message": "No."}}}}]}}"#
            ),
        ];
        for form in forms {
            let is_new = form.contains("uniqueId");
            // Beside a status that tells more, an unknown code is what the status says.
            let kind = if is_new && code == 31415 { Validation } else { kind };
            for error in errors({
                let form = form.clone();
                move || status(200, &form)
            })
            .await
            {
                let code = code.to_string();
                assert_eq!((error.kind(), error.code()), (kind, Some(code.as_str())), "{form}: {error}");
                assert_eq!((error.server_message(), error.status()), (Some("No."), Some(200)));
                assert_eq!(error.request_id(), is_new.then_some("q-1"));
            }
        }
    }
}

#[maybe_async]
#[test]
async fn an_http_error_keeps_its_status_and_what_it_says() {
    let body = r#"{"code": 2004, "message": "gone", "data": null}"#;
    for error in errors(move || status(400, body)).await {
        assert_eq!((error.kind(), error.status(), error.code()), (ErrorKind::NotFound, Some(400), Some("2004")));
    }
    for (code, kind) in [
        (500, ErrorKind::Server),
        (502, ErrorKind::Server),
        (404, ErrorKind::NotFound),
        (409, ErrorKind::Api),
        (302, ErrorKind::Api),
    ] {
        for error in errors(move || status(code, "<html>Oops</html>")).await {
            assert_eq!((error.kind(), error.status(), error.code()), (kind, Some(code), None), "{error}");
        }
    }
    for body in ["<html>", "", "[]", "{}", r#"{"data": null}"#, r#"{"data": {}}"#, r#"{"data": {"users": 1}}"#] {
        for error in &errors(move || status(200, body)).await[..2] {
            assert!(error.is_decode() && error.status() == Some(200), "{body}: {error}");
        }
    }
}

#[maybe_async]
#[test]
async fn plain_words_of_graphql_are_an_error() {
    let body = r#"{"errors": [{"message": "Cannot query field \"x\""}], "data": null}"#;
    for error in errors(move || status(200, body)).await {
        assert_eq!((error.kind(), error.code()), (ErrorKind::Business, None));
        assert_eq!(error.server_message(), Some("Cannot query field \"x\""));
    }
}

#[maybe_async]
#[test]
async fn a_mutation_that_answers_with_an_error_code_has_failed() {
    let server = server(|asked| match asked.method.as_str() {
        "POST" => json(r#"{"data": {"any": {"code": 1001, "message": "not yours"}}}"#),
        _ => json(r#"{"code": 500, "message": "broken"}"#),
    });
    let client = client(&server);
    let (users, orgs, groups) = (client.users(), client.orgs(), client.groups());
    let errors = [
        users.delete("u").await.err(),
        users.delete_many(&["u"]).await.err(),
        users.add_group("u", "g").await.err(),
        users.add_roles("u", &["r"]).await.err(),
        users.add_policies("u", &["p"]).await.err(),
        users.set_udf_value_batch(&[("u".to_owned(), CustomData::new().with("a", 1))].into()).await.err(),
        orgs.delete_by_id("o").await.err(),
        orgs.delete_node("o", "n").await.err(),
        orgs.move_members(&["u"], "a", "b").await.err(),
        groups.delete("g").await.err(),
        groups.add_users("g", &["u"]).await.err(),
    ];
    for error in errors {
        let error = error.unwrap();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Authorization, Some("1001")), "{error}");
        assert_eq!(error.server_message(), Some("not yours"));
    }
    holds(users.logout("u").await.unwrap_err().is_server());
}

#[maybe_async]
#[test]
async fn busy_is_asked_again_but_no_write() {
    let busy = r#"{"errors": [{"message": {"code": 1000, "message": "busy"}}], "data": null}"#;
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let server = server(move |asked| {
        let text = String::from_utf8_lossy(&asked.body).into_owned();
        match (counted.fetch_add(1, Ordering::SeqCst), text.contains("isUserExists")) {
            (1, true) => json(r#"{"data": {"isUserExists": true}}"#),
            _ => json(busy),
        }
    });
    let client = client(&server);
    holds(client.users().exists(UserLookup::new().username("u")).await.unwrap());
    same(asked.swap(0, Ordering::SeqCst), 2);
    let error = client.users().create(&UserInfo::new().username("u")).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable(), asked.load(Ordering::SeqCst)), (ErrorKind::Server, true, 1));
}

/// The identifiers in a request.
fn ids(asked: &Asked) -> Vec<String> {
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    serde_json::from_value(body["variables"]["ids"].clone()).unwrap()
}

#[maybe_async]
#[test]
async fn a_batch_that_fails_in_part_says_what_is_done() {
    let server = server(|asked| match ids(asked).contains(&"u100".to_owned()) {
        true => json(r#"{"errors": [{"message": {"code": 500, "message": "broken"}}]}"#),
        false => json(r#"{"data": {"deleteUsers": {"code": 200, "message": "ok"}}}"#),
    });
    let client = client(&server);
    let wanted: Vec<String> = (0..400).map(|n| format!("u{n}")).collect();
    let error = client.users().delete_many(&wanted).await.unwrap_err();
    assert!(error.is_server() && error.operation() == Some("authing.users.delete_many"), "{error}");
    let partial = error.partial().unwrap();
    assert!(partial.done.len() + partial.failed_or_unsent.len() == 400 && partial.failed_or_unsent.contains(&"u100".to_owned()));
    let asked: Vec<Vec<String>> = server.asked()[1..].iter().map(ids).collect();
    assert!(asked.iter().all(|ids| ids.len() <= 80));
    let sent: BTreeSet<String> = asked.into_iter().flatten().collect();
    let done: BTreeSet<String> = partial.done.iter().cloned().collect();
    assert!(done.is_subset(&sent), "what was not asked is not done");
    let failed: BTreeSet<String> = (80..160).map(|n| format!("u{n}")).collect();
    assert_eq!(sent.difference(&done).cloned().collect::<BTreeSet<_>>(), failed);
    assert!(error.to_string().contains(&format!("{} of 400 done", done.len())), "{error}");
}

#[maybe_async]
#[test]
async fn four_parts_at_once_at_the_most() {
    /// How many requests are being answered, and how many were at the most.
    #[derive(Default)]
    struct Load {
        now: usize,
        most: usize,
    }
    let load = Arc::new((Mutex::new(Load::default()), Condvar::new()));
    let shared = load.clone();
    let server = server(move |asked| {
        let (load, changed) = &*shared;
        let mut load = load.lock().unwrap();
        load.now += 1;
        load.most = load.most.max(load.now);
        changed.notify_all();
        // The first ones are answered when four have come.
        let mut load = changed.wait_while(load, |load| load.most < 4).unwrap();
        load.now -= 1;
        drop(load);
        let users: Vec<Value> = ids(asked).into_iter().rev().map(|id| serde_json::json!({"id": id})).collect();
        json(serde_json::json!({"data": {"userBatch": users}}))
    });
    let client = client(&server);
    let wanted: Vec<String> = (0..800).map(|n| format!("u{n}")).collect();
    same(client.users().batch_get(&wanted).await.unwrap().len(), 800);
    assert_eq!((load.0.lock().unwrap().most, server.asked().len()), (4, 11));
}

#[maybe_async]
#[test]
async fn new_members_and_nulls_are_taken() {
    let server = server(|_| {
        json(
            r#"{"data": {"users": {"totalCount": 1, "list": [{"id": "u", "status": "Frozen", "registerSource": null,
             "shoeSize": 43, "customData": null, "identities": null}], "cursor": "c"}}, "extensions": {"ms": 1}}"#,
        )
    });
    let page = client(&server).users().list().await.unwrap();
    assert_eq!(page.extra["cursor"], "c");
    let user = &page.list[0];
    assert_eq!((user.status.as_ref().unwrap().as_str(), &user.extra["shoeSize"]), ("Frozen", &43.into()));
}

#[maybe_async]
#[test]
async fn no_secret_is_repeated() {
    let body = r#"{"errors": [{"message": {"code": 31415, "message": "token-canary secret-canary password-canary"}}]}"#;
    for error in errors(move || status(200, body)).await {
        let text = format!("{error} {error:?} {:?}", error.body());
        assert!(!text.contains("token-canary"), "{text}");
    }
    let [_, create, _] = errors(move || status(200, body)).await;
    assert!(!format!("{create} {:?}", create.body()).contains("password-canary"));
    let refused = Server::start(|_| status(200, r#"{"errors": [{"message": "secret-canary is wrong"}]}"#));
    let error = client(&refused).users().list().await.unwrap_err();
    assert_eq!(error.server_message(), Some("(redacted) is wrong"));
    assert_eq!(error.operation(), Some("authing.access_token"));
}

#[maybe_async]
#[test]
async fn a_token_request_without_a_token_is_an_error() {
    for body in [
        r#"{"data": {"accessToken": {"accessToken": ""}}}"#,
        r#"{"data": {"accessToken": {"exp": 1}}}"#,
        r#"{"data": {"accessToken": null}}"#,
    ] {
        let server = Server::start(move |_| json(body));
        let error = client(&server).users().list().await.unwrap_err();
        assert!(error.is_decode() && error.operation() == Some("authing.access_token"), "{body}: {error}");
        assert_eq!(server.asked().len(), 1);
    }
}

#[maybe_async]
#[test]
async fn newer_deployments_spell_errors_otherwise() {
    let emulator = Emulator::builder().authing_errors(ErrorStyle::ApiCode).start().unwrap();
    let account = emulator.authing().account();
    let builder = ManagementClient::builder(&account.user_pool_id, account.secret.clone()).host(emulator.base_url());
    let client = builder.build().unwrap();
    let rest = client.users().detail("nobody").await.unwrap_err();
    let graphql = client.users().delete("nobody").await.unwrap_err();
    for error in [rest, graphql] {
        assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("2004")), "{error}");
        assert_eq!((error.server_message(), error.request_id().map(str::len)), (Some("用户不存在"), Some(24)));
    }
    emulator.authing().expire_tokens();
    holds(!client.orgs().export_all().await.unwrap().is_empty());
}

#[maybe_async]
#[test]
async fn an_export_is_read_however_deep_it_is() {
    const DEEP: usize = 3000;
    let deep =
        format!("{}{}{}", r#"{"name": "n", "children": ["#.repeat(DEEP), r#"{"name": "last"}"#, "]}".repeat(DEEP));
    let server = server(move |_| json(format!(r#"{{"code": 200, "message": "ok", "data": [{deep}]}}"#)));
    let trees = client(&server).orgs().export_all().await.unwrap();
    assert_eq!(trees[0].walk().last().unwrap(), (DEEP, trees[0].walk().last().unwrap().1));
    let broken = Server::start(|asked| match asked.path.as_str() {
        "/graphql/v2" => json(TOKEN),
        _ => json(r#"{"code": 200, "data": [{"name": 1}]}"#),
    });
    holds(client(&broken).orgs().export_all().await.unwrap_err().is_decode());
}
