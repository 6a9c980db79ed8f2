use super::{LicenseClient, maybe_async, test};
use crate::support::{
    holds, same,
    server::{Response, Server, json, status},
};
use iam_sdk::{Error, ErrorKind};

/// Returns the errors of a login and of a later call against a server that sends `response`.
#[maybe_async]
async fn errors(response: impl Fn() -> Response + Send + Sync + 'static) -> (Error, Error) {
    let server = Server::start(move |_| response());
    let builder = LicenseClient::builder("app-id").base_url(server.url() + "/api/v1");
    let client = builder.build().unwrap().with_token("token-canary").unwrap();
    let login = client.authenticate("u", "password-canary").await.unwrap_err();
    same(client.current_token().await.unwrap(), Some("token-canary".into()));
    (login, client.get_user().await.unwrap_err())
}

#[maybe_async]
#[test]
async fn every_status_is_itself() {
    use ErrorKind::*;
    let kinds = [
        (400, Authentication, Validation),
        (401, Authentication, Authentication),
        (403, Authentication, Authentication),
        (404, Authentication, NotFound),
        (405, Authentication, Api),
        (429, RateLimited, RateLimited),
        (500, Server, Server),
        (503, Server, Server),
    ];
    let body = r#"{"message": "Nee.", "error_code": "CODE_1", "a_new_member": {"x": [1]}}"#;
    for (code, login, later) in kinds {
        let (first, second) = errors(move || status(code, body)).await;
        assert_eq!((first.kind(), second.kind()), (login, later), "{code}");
        assert_eq!(first.to_string().contains("bad credentials"), login == Authentication, "{first}");
        assert_eq!(second.to_string().contains("no valid token"), later == Authentication, "{second}");
        for error in [first, second] {
            assert_eq!((error.status(), error.was_sent()), (Some(code), true));
            assert_eq!((error.code(), error.server_message()), (Some("CODE_1"), Some("Nee.")));
            assert_eq!(error.body(), Some(body), "the new member is kept");
        }
    }
}

#[maybe_async]
#[test]
async fn a_page_of_something_in_between_is_no_refusal() {
    for (code, kind) in [(502, ErrorKind::Server), (404, ErrorKind::NotFound), (405, ErrorKind::Api)] {
        let (first, second) = errors(move || status(code, "<html><h1>Oops</h1></html>")).await;
        for error in [first, second] {
            assert_eq!((error.kind(), error.status()), (kind, Some(code)));
            assert_eq!((error.code(), error.server_message()), (None, None));
        }
    }
    let (first, second) = errors(|| status(200, "<html>")).await;
    assert!(first.is_decode() && second.is_decode());
}

#[maybe_async]
#[test]
async fn a_login_without_a_token_in_its_response_is_an_error() {
    for body in [r#"{"permissions": []}"#, r#"{"token": null}"#, r#"{"token": ""}"#, "", "null"] {
        let server = Server::start(move |_| status(200, body));
        let builder = LicenseClient::builder("app-id").base_url(server.url());
        let client = builder.build().unwrap().with_token("token-canary").unwrap();
        holds(client.authenticate("u", "p").await.is_err_and(|error| error.is_decode()));
        same(client.current_token().await.unwrap(), Some("token-canary".into()));
    }
}

#[maybe_async]
#[test]
async fn new_members_and_other_forms_are_taken() {
    let server = Server::start(|request| match request.path.as_str() {
        "/auth/users/profile/" => json(r#"{"first_name": null, "pin": 4711, "company": 7, "shoe_size": 43}"#),
        _ => json(r#"{"permissions": [{"company_id": 7, "permissions": null, "vat": "BE0"}], "since": 2020}"#),
    });
    let client = LicenseClient::builder("app-id").base_url(server.url()).build().unwrap().with_token("t").unwrap();
    let user = client.get_user().await.unwrap();
    assert_eq!((user.pin.as_ref().unwrap().expose_secret(), user.extra.get("shoe_size").unwrap()), ("4711", Some(43)));
    assert!(!format!("{user:?}").contains("4711"));
    let license = client.get_permissions().await.unwrap();
    assert_eq!(license.extra.get("since").unwrap(), Some(2020));
    let company = license.company("7").unwrap();
    assert_eq!((company.extra.get("vat").unwrap(), company.has("use_app")), (Some("BE0"), false));
}

#[maybe_async]
#[test]
async fn an_echoed_secret_is_not_repeated() {
    let (login, later) = errors(|| status(401, r#"{"message": "password-canary token-canary of app-id"}"#)).await;
    assert_eq!(login.server_message(), Some("(redacted) (redacted) of app-id"));
    assert!(!format!("{login} {login:?} {:?} {later}", login.body()).contains("token-canary"));
}
