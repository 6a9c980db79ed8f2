//! Responses that look like what they are not.

use super::{Client, LicenseClient, ManagementClient, maybe_async, test};
use crate::support::{
    handshake::Keys,
    holds, same,
    server::{Response, Server, json, status},
};
use iam_sdk::{
    Error, ErrorKind, Method,
    digiwin::{TenantId, UserQueryType},
};
use serde_json::json as object;

#[maybe_async]
async fn digiwin(server: &Server) -> Client {
    let client = Client::builder(server.url(), "app-canary").build().unwrap();
    client.set_current_token(Some("token-canary".into())).await.unwrap();
    client
}

fn cloudspot(server: &Server) -> LicenseClient {
    LicenseClient::builder("app").base_url(server.url()).build().unwrap().with_token("token-canary").unwrap()
}

/// The errors of calls of every kind; none may be a success.
#[maybe_async]
async fn digiwin_errors(body: &'static str) -> Vec<(&'static str, Error)> {
    let server = Server::start(move |_| json(body));
    let client = digiwin(&server).await;
    let (identity, users, tenants, orgs) = (client.identity(), client.users(), client.tenants(), client.orgs());
    let errors = [
        ("login", identity.login("u", "p").await.err()),
        ("login_verification_code", identity.login_verification_code("u", "p").await.err()),
        ("refresh_token_with_tenant", identity.refresh_token_with_tenant("T").await.err()),
        ("refresh_user_token", identity.refresh_user_token().await.err()),
        ("create_access_token", identity.create_access_token(TenantId("T"), "u").await.err()),
        ("analyze_token", identity.analyze_token().await.err()),
        ("get_login_info", identity.get_login_info().await.err()),
        ("get_public_key", identity.get_public_key().await.err()),
        ("logout", identity.logout().await.err()),
        ("get_user", users.get_user("u").await.err()),
        ("get_user_list", users.get_user_list(&["u"]).await.err()),
        ("query_users", users.query_users(UserQueryType::All).await.err()),
        ("get_user_simple", users.get_user_simple().await.err()),
        ("get_user_roles", users.get_user_roles("u").await.err()),
        ("check_email_exists", users.check_email_exists("x").await.err()),
        ("check_user_exists", users.check_user_exists("x").await.err()),
        ("update_user", users.update_user(&object!({"id": "u"})).await.err()),
        ("get_tenants", tenants.get_tenants().await.err()),
        ("get_current", tenants.get_current().await.err()),
        ("check_user_in_tenant", tenants.check_user_in_tenant("u").await.err()),
        ("get_applications", tenants.get_applications().await.err()),
        ("invite_user", tenants.invite_user(TenantId("T"), "u").await.err()),
        ("remove_user", tenants.remove_user("u").await.err()),
        ("get_cascade", orgs.get_cascade().await.err()),
        ("create_or_update", orgs.create_or_update(&object!({"sid": 1})).await.err()),
        ("delete", orgs.delete(1).await.err()),
        ("request", client.request(Method::GET, "/x").await.err()),
    ];
    same(client.current_token().await.unwrap(), Some("token-canary".into()));
    errors
        .into_iter()
        .map(|(name, error)| (name, error.unwrap_or_else(|| panic!("{name} took {body} for a success"))))
        .collect()
}

#[maybe_async]
#[test]
async fn an_error_of_spring_is_an_error_of_every_call() {
    for body in [
        r#"{"status": 401, "message": "expired", "exception": "x.TokenException"}"#,
        r#"{"status": 401, "message": "expired", "sid": 1, "id": "u", "userId": "u", "token": "t", "isRegister": true}"#,
    ] {
        for (name, error) in digiwin_errors(body).await {
            // The first request of a login has nothing of a user.
            let kind = match error.operation() {
                Some("digiwin.identity.get_public_key") => ErrorKind::Application,
                _ => ErrorKind::Authentication,
            };
            assert_eq!((error.kind(), error.status()), (kind, Some(200)), "{name}: {error}");
            assert_eq!((error.code(), error.server_message()), (Some("401"), Some("expired")), "{name}");
        }
    }
    let body = r#"{"timestamp": 1, "status": 500, "error": "Internal Server Error", "path": "/x"}"#;
    for (name, error) in digiwin_errors(body).await {
        assert_eq!((error.is_server(), error.server_message()), (true, Some("Internal Server Error")), "{name}");
    }
}

#[maybe_async]
#[test]
async fn a_page_of_html_is_no_success_of_any_call() {
    for (name, error) in digiwin_errors("<html><form>Sign in</form></html>").await {
        assert!(error.is_decode(), "{name}: {error}");
    }
}

#[maybe_async]
#[test]
async fn a_member_is_one_only_if_said_so() {
    for (body, expected) in [
        (r#"{"sid": 1, "id": "u", "status": 1}"#, Some(true)),
        (r#"{"status": 200, "data": {"userId": "u"}}"#, Some(true)),
        (r#"{"status": 200, "data": true}"#, Some(true)),
        ("false", Some(false)),
        ("", Some(false)),
        ("null", Some(false)),
        ("{}", None),
        (r#"{"status": 200, "message": "ok"}"#, None),
        (r#"{"error": "Unauthorized"}"#, None),
        ("[]", None),
    ] {
        let server = Server::start(move |_| json(body));
        let response = digiwin(&server).await.tenants().check_user_in_tenant("u").await;
        assert!(response.as_ref().err().is_none_or(Error::is_decode), "{body}: {response:?}");
        assert_eq!(response.ok(), expected, "{body}");
    }
}

#[maybe_async]
#[test]
async fn a_logout_is_one_with_nothing_or_json() {
    for body in ["", " ", "null", "{}", "true", r#"{"status": 200, "data": null}"#, r#"{"code": 1}"#] {
        let server = Server::start(move |_| json(body));
        let client = digiwin(&server).await;
        client.identity().logout().await.unwrap();
        same(client.current_token().await.unwrap(), None);
    }
}

#[maybe_async]
#[test]
async fn what_is_asked_for_by_id_and_does_not_exist_is_not_found() {
    for body in ["null", "", r#"{"status": 200, "data": null}"#] {
        let server = Server::start(move |_| json(body));
        let client = digiwin(&server).await;
        let (users, tenants) = (client.users(), client.tenants());
        for (operation, error) in [
            ("digiwin.users.get_user", users.get_user("u").await.err()),
            ("digiwin.users.get_user_roles", users.get_user_roles("u").await.err()),
            ("digiwin.tenants.get_simple", tenants.get_simple("T").await.err()),
            ("digiwin.tenants.get_simple", tenants.get_tenant_simple("T").await.err()),
        ] {
            let error = error.unwrap();
            assert!(error.is_not_found() && error.operation() == Some(operation), "{body}: {error}");
        }
        // These name no tenant: the token may be in none.
        same(tenants.get_current().await.unwrap(), None);
        same(tenants.get_current_simple().await.unwrap(), None);
    }
}

#[maybe_async]
#[test]
async fn an_object_without_any_member_of_its_model_is_none() {
    for body in [r#"{"status": 200, "note": "x"}"#, r#"{"whatever": 1}"#, "{}"] {
        let server = Server::start(move |_| json(body));
        let client = digiwin(&server).await;
        let errors = [
            client.users().get_user("u").await.err(),
            client.users().get_user_roles("u").await.err(),
            client.identity().analyze_token().await.err(),
            client.identity().get_login_info().await.err(),
            client.users().check_user_exists("u").await.err(),
        ];
        for error in errors {
            let error = error.unwrap();
            assert!(error.is_decode() && error.to_string().contains("without any member of"), "{body}: {error}");
        }
    }
    for body in [r#"{"status": 500, "message": "x"}"#, "{}"] {
        let server = Server::start(move |_| json(body));
        let client = cloudspot(&server);
        let errors = [
            client.get_user().await.err(),
            client.get_permissions().await.err(),
            client.get_company_permissions("c").await.err(),
            client.validate_impersonation("t").await.err(),
            client.authenticate("u", "p").await.err(),
        ];
        for error in errors {
            let error = error.unwrap();
            assert_eq!((error.kind(), error.status()), (ErrorKind::Decode, Some(200)), "{body}: {error}");
        }
    }
    // Inside of lists and objects a service may leave out and add what it likes.
    let server = Server::start(|_| json(r#"[{"new": 1}, {"id": null, "roles": [{"new": 1}]}]"#));
    same(digiwin(&server).await.users().get_user_simple().await.unwrap().len(), 2);
}

const SECRET: &str = "fresh-token-canary";

#[maybe_async]
#[test]
async fn no_error_keeps_what_brings_a_secret() {
    // Each cannot be decoded, or is an error, and has a token all the same.
    for body in [
        r#"{"token": "fresh-token-canary", "auth_token": "fresh-token-canary", "permissions": 7, "userId": 7}"#,
        r#"{"token": "fresh-token-canary", "user_token": {"fresh-token-canary": 1}, "user": "#,
        r#"{"status": 500, "message": "no", "data": {"token": "fresh-token-canary"}}"#,
        r#"{"status": 200, "data": {"user_token": {"a": 1}, "token": ["fresh-token-canary"]}}"#,
        r#""fresh-token-canary""#,
        r#"{"data": {"refreshToken": {"token": "fresh-token-canary", "exp": "fresh-token-canary"}, "userpool": 7}}"#,
        r#"{"errors": [{"message": "no"}], "data": {"x": {"token": "fresh-token-canary"}}}"#,
    ] {
        let keys = Keys::new();
        let server = Server::start(move |request| {
            let is_token = String::from_utf8_lossy(&request.body).contains("accessToken(");
            match keys.respond(request) {
                Some(response) => response,
                None if is_token => json(r#"{"data": {"accessToken": {"accessToken": "t"}}}"#),
                None => json(body),
            }
        });
        let client = digiwin(&server).await;
        let (identity, license) = (client.identity(), cloudspot(&server));
        let authing = ManagementClient::builder("pool", "secret").base_url(server.url()).build().unwrap();
        let errors = [
            identity.login("u", "p").await.err(),
            identity.login_ad("u", "p").await.err(),
            identity.login_verification_code("u", "p").await.err(),
            identity.internal_login(TenantId("T"), "u", "p").await.err(),
            identity.refresh_token_with_tenant("T").await.err(),
            identity.refresh_user_token().await.err(),
            identity.create_access_token(TenantId("T"), "u").await.err(),
            identity.get_login_info().await.err(),
            client.tenants().get_applications().await.err(),
            license.authenticate("u", "p").await.err(),
            license.get_permissions().await.err(),
            license.validate_impersonation("t").await.err(),
            authing.users().refresh_token("u").await.err(),
            authing.users().detail("u").await.err(),
            authing.users().list().await.err(),
            authing.userpool_detail().await.err(),
            authing.orgs().export_all().await.err(),
        ];
        for error in errors.into_iter().flatten() {
            let text = format!("{error} {error:?} {:?} {:?}", error.body(), error.json_path());
            assert!(!text.contains(SECRET), "{text}");
            assert_eq!(error.body(), None, "{error}");
        }
        let bad = Server::start(move |_| json(body));
        let authing = ManagementClient::builder("pool", "secret").base_url(bad.url()).build().unwrap();
        let error = authing.users().list().await.unwrap_err();
        assert_eq!((error.operation(), error.body()), (Some("authing.access_token"), None), "{error}");
    }
    // What brings none keeps its body, and an HTTP error does.
    let server = Server::start(|_| json(r#"{"sid": "x"}"#));
    let error = digiwin(&server).await.users().get_user("u").await.unwrap_err();
    assert_eq!(error.body(), Some(r#"{"sid": "x"}"#));
    let server = Server::start(|_| status(401, r#"{"message": "no"}"#));
    let error = cloudspot(&server).authenticate("u", "p").await.unwrap_err();
    assert_eq!(error.body(), Some(r#"{"message": "no"}"#));
}

#[maybe_async]
#[test]
async fn an_echoed_secret_is_found_however_it_is_escaped() {
    const PASSWORD: &str = "pä\"ss/w\\ord";
    for echo in [
        r#"p\u00e4\"ss\/w\\ord"#,
        r#"p\u00E4\u0022ss/w\u005cord"#,
        r#"{\"token\": \"p\\u00e4\\\"ss\\/w\\\\ord\"}"#,
        "p%C3%A4%22ss%2Fw%5Cord",
        "cMOkInNzL3dcb3Jk",
    ] {
        let body: &'static str = format!(r#"{{"message": "bad {echo}.", "echo": "{echo}"}}"#).leak();
        let server = Server::start(move |_| status(403, body));
        let error = cloudspot(&server).validate_impersonation(PASSWORD).await.unwrap_err();
        assert_eq!(error.body().unwrap().matches("(redacted)").count(), 2, "{:?}", error.body());
        assert!(!error.body().unwrap().contains("ord"), "{:?}", error.body());
        let message = error.server_message().unwrap();
        assert!(message.contains("(redacted)") && !message.contains("ord"), "{message}");
    }
}

#[maybe_async]
#[test]
async fn a_login_opens_two_blocks_at_the_most() {
    // All of them hold the right key: it is their number that is refused, before any is decrypted.
    for (blocks, accepted) in [(1, true), (2, true), (3, false), (16, false)] {
        let keys = Keys::new();
        let server = Server::start(move |request| {
            keys.respond_in_blocks(blocks, request).unwrap_or_else(|| json(r#"{"token": "t", "userId": "u"}"#))
        });
        let result = digiwin(&server).await.identity().login("u", "p").await;
        assert_eq!(result.is_ok(), accepted, "{blocks}: {result:?}");
        assert!(result.err().is_none_or(|error| error.is_crypto()), "{blocks}");
    }
}

#[maybe_async]
#[test]
async fn what_a_server_says_is_cut() {
    let long: &'static str = "ü".repeat(1_000_000).leak();
    let server = Server::start(move |_| {
        Response::Whole(500, "", format!(r#"{{"status": "{long}", "message": "{long}", "requestId": "{long}"}}"#))
    });
    let error = digiwin(&server).await.users().get_user("u").await.unwrap_err();
    for text in [error.code(), error.server_message(), error.request_id(), error.body()] {
        assert!(text.unwrap().len() <= 8192);
    }
    assert!(format!("{error:?}").len() < 100_000 && error.to_string().len() < 10_000);
}

/// Returns how often a call that never succeeds is sent.
#[maybe_async]
async fn times_asked(path: &str, options: iam_sdk::RequestOptions) -> usize {
    let server = Server::start(|_| status(503, ""));
    let client = digiwin(&server).await;
    holds(client.request_with(Method::GET, path, options).await.unwrap_err().is_server());
    server.requests().len()
}

#[maybe_async]
#[test]
async fn a_raw_call_is_repeated_if_the_caller_permits_it() {
    use iam_sdk::RequestOptions;
    same(times_asked("/x", RequestOptions::new()).await, 1);
    same(times_asked("/x", RequestOptions::new().repeatable(true)).await, 3);
}

#[maybe_async]
#[test]
async fn a_raw_path_cannot_leave_the_base() {
    let server = Server::start(|_| json("1"));
    let client = Client::builder(server.url() + "/gw", "a").build().unwrap();
    for path in ["/../x", "/a/./b", "/%2e%2e/x", "/a\\..\\x", "/a/.%2E/x", "/a%2f..%2fx", "/a/..;/x", "/.\t./x", "x"] {
        let error = client.request(Method::GET, path).await.unwrap_err();
        assert_eq!((error.kind(), error.was_sent()), (ErrorKind::InvalidArgument, false), "{path}: {error}");
    }
    assert!(server.requests().is_empty());
    client.request(Method::GET, "/a/b.c/..d?x=/../y").await.unwrap();
    same(server.requests()[0].path.as_str(), "/gw/a/b.c/..d");
}
