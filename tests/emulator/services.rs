//! What the services promise beside their calls.

use super::{send, status};
use iam_sdk::emulator::{
    Emulator, Fault,
    authing::{self, ErrorStyle},
    digiwin::{self, ResponseStyle},
};

const PUBLIC_KEY: &str = "/api/iam/v2/identity/publickey";
const USER: &str = "/api/iam/v2/user/simple";

fn with_style(style: ResponseStyle) -> Emulator {
    Emulator::builder().digiwin(digiwin::Settings::new().response_style(style)).start().unwrap()
}

#[test]
fn a_style_says_which_responses_are_wrapped() {
    for (style, wrapped, refused) in [
        (ResponseStyle::Mixed, false, "401"),
        (ResponseStyle::Bare, false, "401"),
        (ResponseStyle::Enveloped, true, "200"),
    ] {
        let emulator = with_style(style);
        let token = emulator.digiwin().account().app_token.expose_secret().to_owned();
        let headers = [("digi-middleware-auth-app", token.as_str())];
        let response = send(&emulator, "GET", PUBLIC_KEY, &headers, "");
        assert!(
            response.contains("\"publicKey\":") && response.contains("\"data\":") == wrapped,
            "{style:?}: {response}"
        );
        let response = send(&emulator, "GET", USER, &headers, "");
        assert!(status(&response) == refused && response.contains("\"status\":401"), "{style:?}: {response}");
    }
}

#[test]
fn faults_send_the_errors_of_the_style_and_the_language() {
    for (style, identity, user) in [
        (ResponseStyle::Mixed, "400", "200"),
        (ResponseStyle::Bare, "400", "400"),
        (ResponseStyle::Enveloped, "200", "200"),
    ] {
        let emulator = with_style(style);
        emulator.fault(Fault::envelope_error(4711));
        for (path, expected) in [(PUBLIC_KEY, identity), (USER, user)] {
            let response = send(&emulator, "GET", path, &[], "");
            assert!(status(&response) == expected && response.contains("4711"), "{style:?} {path}: {response}");
        }
        emulator.clear_faults();
        emulator.fault(Fault::refuse_token());
        let expected = if style == ResponseStyle::Enveloped { "200" } else { "401" };
        assert_eq!(status(&send(&emulator, "GET", USER, &[], "")), expected, "{style:?}");
    }
    let rest = "/api/v2/users/u1";
    for (style, error, refused, code) in
        [(ErrorStyle::Code, "200", "200", "\"code\":"), (ErrorStyle::ApiCode, "400", "401", "\"apiCode\":")]
    {
        let emulator = Emulator::builder().authing(authing::Settings::new().error_style(style)).start().unwrap();
        let english = [("x-authing-lang", "en-US")];
        let real = send(&emulator, "GET", rest, &english, "");
        emulator.fault(Fault::refuse_token().times(3));
        let response = send(&emulator, "GET", rest, &english, "");
        assert!(status(&response) == refused && response.contains("not logged in"), "{style:?}: {response}");
        assert_eq!((status(&real), real.contains("not logged in")), (refused, true), "{style:?}: {real}");
        assert!(!send(&emulator, "GET", rest, &[], "").contains("not logged in"));
        let response = send(&emulator, "POST", "/graphql/v2", &english, "{}");
        assert!(response.contains("\"errors\":") && response.contains("not logged in"), "{style:?}: {response}");
        emulator.fault(Fault::envelope_error(4711));
        let response = send(&emulator, "GET", rest, &english, "");
        assert!(status(&response) == error && response.contains(code) && response.contains("4711"), "{response}");
    }
    // A path of no operation has a service too.
    let emulator = Emulator::start().unwrap();
    emulator.fault(Fault::refuse_token());
    assert_eq!(status(&send(&emulator, "GET", "/api/v1/nothing", &[], "")), "401");
    assert!(send(&emulator, "GET", "/nothing", &[], "").contains("2020"));
}

#[test]
fn one_fault_is_applied_to_a_request() {
    let emulator = Emulator::start().unwrap();
    let html = emulator.fault(Fault::html().times(1));
    let reset = emulator.fault(Fault::reset_within(5));
    assert!(send(&emulator, "GET", "/x", &[], "").contains("<html>"));
    assert_eq!((html.applied(), reset.applied()), (1, 0));
    reset.remove();
    // A request that is not longer is not interrupted, and not counted.
    let reset = emulator.fault(Fault::reset_within(1_000_000));
    assert_eq!((status(&send(&emulator, "GET", "/x", &[], "")), reset.applied()), ("404", 0));
}

/// Requests a management token.
fn access_token(emulator: &Emulator) -> String {
    let account = emulator.authing().account();
    let query = format!(
        r#"{{ accessToken(userPoolId: \"{}\", secret: \"{}\") {{ accessToken }} }}"#,
        account.user_pool_id,
        account.secret.expose_secret()
    );
    let response = send(emulator, "POST", "/graphql/v2", &[], &format!(r#"{{"query": "{query}"}}"#));
    let (_, token) = response.split_once(r#""accessToken":{"accessToken":""#).unwrap_or_else(|| panic!("{response}"));
    token.split('"').next().unwrap().to_owned()
}

#[test]
fn authing_can_be_inspected() {
    let emulator = Emulator::start().unwrap();
    let authing = emulator.authing();
    let schema = send(&emulator, "POST", "/graphql/v2", &[], r#"{"query": "{ __schema { queryType { name } } }"}"#);
    assert!(schema.contains(r#""queryType":{"name":"Query"}"#), "{schema}");
    let token = access_token(&emulator);
    // The secret in the document is not shown.
    let secret = authing.account().secret.expose_secret();
    assert!(!format!("{:?}", emulator.last_request().unwrap()).contains(secret));
    authing.expire_tokens();
    let tokens: Vec<_> = authing.management_tokens();
    assert_eq!(tokens.iter().map(|token| token.expose_secret()).collect::<Vec<_>>(), [token.as_str()]);
    assert!(authing.sign_in("nobody", None).is_none());
    let pem = authing.public_key_pem().unwrap();
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n") && authing.public_key_pem().unwrap() == pem);
}

#[test]
fn impersonation_tokens_stay() {
    let emulator = Emulator::start().unwrap();
    let (cloudspot, account) = (emulator.cloudspot(), emulator.cloudspot().account());
    assert!(cloudspot.impersonate("nobody", &account.company_id).is_none());
    assert!(cloudspot.impersonate(&account.username, "nothing").is_none());
    let token = cloudspot.impersonate(&account.username, &account.company_id).unwrap();
    cloudspot.expire_tokens();
    let body = format!(r#"{{"token": "{}"}}"#, token.expose_secret());
    let headers = [("x-license-module", account.application.as_str())];
    let response = send(&emulator, "POST", "/api/v1/auth/impersonation-validation/", &headers, &body);
    assert!(status(&response) == "200" && response.contains("auth_token"), "{response}");
}

/// Sends a GraphQL document as the manager whose token this is.
fn query(emulator: &Emulator, token: &str, document: &str) -> String {
    let (pool, bearer) = (emulator.authing().account().user_pool_id.as_str(), format!("Bearer {token}"));
    let headers = [("x-authing-userpool-id", pool), ("authorization", bearer.as_str()), ("x-authing-lang", "en-US")];
    send(emulator, "POST", "/graphql/v2", &headers, &serde_json::json!({"query": document}).to_string())
}

#[test]
fn a_document_that_asks_for_too_much_is_given_up() {
    let names: Vec<String> = (0..42).map(|n| format!("u{n}")).collect();
    let seed = names.iter().fold(authing::Seed::new("p", "s"), |seed, name| seed.user([("username", name.as_str())]));
    let node = names.iter().fold(authing::Org::new("all", "All"), |node, name| node.member(name));
    let emulator = Emulator::builder().authing(seed.organization(node)).start().unwrap();
    let token = access_token(&emulator);
    let nested = |levels: usize| {
        let around = "departments { list { department { users(limit: 50, includeChildrenNodes: true) { list { id ";
        format!("{{ users {{ list {{ {}{} }} }} }}", around.repeat(levels), "} } } } }".repeat(levels))
    };
    let response = query(&emulator, &token, &nested(1));
    assert!(response.contains(r#""department":"#) && !response.contains("errors"), "{response:.300}");
    // Each level has 42 times the people of the one before.
    let response = query(&emulator, &token, &nested(5));
    assert!(response.contains("the document asks for too much"), "{response:.300}");
    let many = format!("{{ userpool {{ {} }} }}", (0..3000).map(|n| format!("a{n}: id ")).collect::<String>());
    let response = query(&emulator, &token, &many);
    assert!(response.contains("too complex"), "{response:.300}");
    let long = format!("{{ userpool {{ id }} }} #{}", "x".repeat(1024 * 1024));
    let response = query(&emulator, &token, &long);
    assert!(response.contains("the document is too long"), "{response:.300}");
    assert!(query(&emulator, &token, "{ userpool { id } }").contains(r#""id":"#));
}

#[test]
fn cloudspot_says_where_it_is() {
    let emulator = Emulator::start().unwrap();
    assert_eq!(emulator.cloudspot().base_url(), emulator.base_url() + "/api/v1");
}

#[test]
fn a_key_that_is_too_small_is_a_mistake() {
    let error = Emulator::builder().digiwin(digiwin::Settings::new().server_key_bits(512)).start().unwrap_err();
    assert_eq!(error.to_string(), "digiwin settings: server_key_bits is 512; it must be 1024 or more");
}
