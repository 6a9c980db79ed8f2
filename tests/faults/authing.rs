use super::{ManagementClient, maybe_async, test};
use crate::support::{
    holds, same,
    server::{Request, Response, Server, json, status},
};
use iam_sdk::{
    Error, ErrorKind,
    authing::{CustomData, GroupCode, MemberMove, NodeId, SyncProvider, UserInfo, UserLookup},
    emulator::{
        Emulator,
        authing::{ErrorStyle, Settings},
    },
};
use serde_json::Value;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

const TOKEN: &str = r#"{"data": {"accessToken": {"accessToken": "token-canary", "iat": 100, "exp": 100000}}}"#;

/// Starts a server that issues a token and sends `response` to everything else.
pub(super) fn server(response: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Server {
    Server::start(move |request| match String::from_utf8_lossy(&request.body).contains("accessToken(") {
        true => json(TOKEN),
        false => response(request),
    })
}

/// Returns `data` under the root field that the request names.
fn under_root(request: &Request, data: &str) -> String {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let (_, fields) = body["query"].as_str().unwrap().split_once("{ ").unwrap();
    let root = fields.split(['(', ' ']).next().unwrap();
    format!(r#"{{"data": {{"{root}": {data}}}}}"#)
}

pub(super) fn client(server: &Server) -> ManagementClient {
    ManagementClient::builder("pool", "secret-canary").base_url(server.url()).build().unwrap()
}

/// Returns the errors of a GraphQL query, a mutation and a REST call that get `response`.
#[maybe_async]
async fn errors(response: impl Fn() -> Response + Send + Sync + 'static) -> [Error; 3] {
    let server = server(move |_| response());
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
        (2224, Application),
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
async fn a_mutation_whose_response_has_an_error_code_has_failed() {
    let server = server(|request| match request.method.as_str() {
        "POST" => json(under_root(request, r#"{"code": 1001, "message": "not yours"}"#)),
        _ => json(r#"{"code": 500, "message": "broken"}"#),
    });
    let client = client(&server);
    let (users, orgs, groups) = (client.users(), client.orgs(), client.groups());
    let errors = [
        users.delete("u").await.err(),
        users.delete_many(&["u"]).await.err(),
        users.add_group("u", GroupCode("g")).await.err(),
        users.add_roles("u", &["r"]).await.err(),
        users.add_policies("u", &["p"]).await.err(),
        users.set_udf_value_batch(&[("u".to_owned(), CustomData::new().with("a", 1))].into()).await.err(),
        orgs.delete_by_id("o").await.err(),
        orgs.delete_node("o", NodeId("n")).await.err(),
        orgs.move_members(&["u"], MemberMove { from_node_id: "b", to_node_id: "a" }).await.err(),
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
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = seen.clone();
    let server = server(move |request| {
        let text = String::from_utf8_lossy(&request.body).into_owned();
        match (counted.fetch_add(1, Ordering::SeqCst), text.contains("isUserExists")) {
            (1, true) => json(r#"{"data": {"isUserExists": true}}"#),
            _ => json(busy),
        }
    });
    let client = client(&server);
    holds(client.users().exists(UserLookup::username("u")).await.unwrap());
    same(seen.swap(0, Ordering::SeqCst), 2);
    let error = client.users().create(&UserInfo::new().username("u")).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable(), seen.load(Ordering::SeqCst)), (ErrorKind::Server, true, 1));
}

#[maybe_async]
#[test]
async fn another_root_field_is_not_this_calls() {
    let users = r#"{"data": {"users": {"totalCount": 1, "list": [{"id": "u"}]}}}"#;
    let server = server(move |_| json(users));
    let client = client(&server);
    same(client.users().list().await.unwrap().list.len(), 1);
    let errors = [
        client.orgs().list().await.err(),
        client.groups().list().await.err(),
        client.users().delete("u").await.err(),
        client.orgs().get_node_by_id("n").await.err(),
        client.orgs().list_all(Default::default()).next_page().await.err(),
        client.users().remove_udf_value("u", "k").await.err(),
    ];
    for error in errors {
        let error = error.unwrap();
        assert!(error.is_decode() && error.to_string().contains("no field"), "{error}");
    }
    // A document of the caller's own names no field.
    let data = client.graphql("{ users { totalCount } }", &()).await.unwrap();
    same(data.get("users").unwrap().get("totalCount"), Some(1.into()));
}

#[maybe_async]
#[test]
async fn a_document_is_sent_again_only_if_it_is_certain_to_read() {
    for (document, times) in [
        ("{ a }", 3),
        ("# mutation\n,query q { a }", 3),
        ("mutation { a }", 1),
        ("# a comment\nmutation { a }", 1),
        ("fragment f on T { a } mutation { b { ...f } }", 1),
        ("\u{FEFF}mutation { a }", 1),
        (", mutation { a }", 1),
        ("query q { a } mutation m { b }", 1),
        ("subscription { a }", 1),
        ("{ a", 1),
    ] {
        let server = server(|_| status(503, ""));
        holds(client(&server).graphql(document, &()).await.unwrap_err().is_server());
        assert_eq!(server.requests().len() - 1, times, "{document}");
    }
}

#[maybe_async]
#[test]
async fn what_can_fail_a_second_time_is_sent_once() {
    let server = server(|_| status(503, ""));
    let client = client(&server);
    let (users, orgs, groups) = (client.users(), client.orgs(), client.groups());
    let errors = [
        orgs.start_sync(SyncProvider::DingTalk).await.err(),
        orgs.start_sync(SyncProvider::Ad { connector_id: "c".to_owned() }).await.err(),
        orgs.move_members(&["u"], MemberMove { from_node_id: "b", to_node_id: "a" }).await.err(),
        users.delete("u").await.err(),
        users.delete_many(&["u"]).await.err(),
        users.remove_udv("u", "k").await.err(),
        users.remove_udf_value("u", "k").await.err(),
        users.update("u", &UserInfo::new().password("password-canary")).await.err(),
        groups.delete("g").await.err(),
        groups.delete_many(&["g"]).await.err(),
    ];
    let calls = errors.len();
    assert!(errors.into_iter().all(|error| error.unwrap().is_server()));
    assert_eq!(server.requests().len(), calls + 1);
    users.update("u", &UserInfo::new().name("n")).await.unwrap_err();
    assert_eq!(server.requests().len(), calls + 4);
}

#[maybe_async]
#[test]
async fn a_password_of_any_kind_goes_out_encrypted() {
    let server = server(|request| json(under_root(request, r#"{"code": 471147, "message": "471147 is too short"}"#)));
    let info = UserInfo::new().username("u").set("password", 471_147);
    client(&server).users().create(&info).await.unwrap_err();
    let sent = String::from_utf8_lossy(&server.requests()[1].body).into_owned();
    assert!(sent.contains(r#""password":""#) && !sent.contains("471147"), "{sent}");
    let refused =
        self::server(|_| json(r#"{"errors": [{"message": {"code": 2014, "message": "471147 is too short"}}]}"#));
    let error = client(&refused).users().create(&info).await.unwrap_err();
    assert_eq!(error.server_message(), Some("(redacted) is too short"));
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
    assert_eq!(page.extra.get("cursor").unwrap(), Some("c"));
    let user = &page.list[0];
    assert_eq!((user.status.as_ref().unwrap().as_str(), user.extra.get("shoeSize").unwrap()), ("Frozen", Some(43)));
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
        assert_eq!(server.requests().len(), 1);
    }
}

#[maybe_async]
#[test]
async fn newer_deployments_spell_errors_otherwise() {
    let emulator = Emulator::builder().authing(Settings::new().error_style(ErrorStyle::ApiCode)).start().unwrap();
    let account = emulator.authing().account();
    let builder =
        ManagementClient::builder(&account.user_pool_id, account.secret.clone()).base_url(emulator.base_url());
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
    let broken = Server::start(|request| match request.path.as_str() {
        "/graphql/v2" => json(TOKEN),
        _ => json(r#"{"code": 200, "data": [{"name": true}]}"#),
    });
    holds(client(&broken).orgs().export_all().await.unwrap_err().is_decode());
}
