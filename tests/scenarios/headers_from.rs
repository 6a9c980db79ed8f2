//! The hook for headers.

use super::{
    Client, ManagementClient, maybe_async,
    observability::{SIMPLE, ended, quick},
    test,
};
use crate::support::{
    observed::Observed,
    same,
    server::{Server, json, status},
    spans::Spans,
};
use iam_sdk::{CallOptions, Method};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

#[maybe_async]
#[test]
async fn every_attempt_has_the_headers_of_the_hook() {
    let server = Server::start(|request| match request.headers.get("traceparent").map(String::as_str) {
        Some("00-1") => status(503, ""),
        _ => json("[]"),
    });
    let (calls, names) = (AtomicUsize::new(0), Arc::new(Mutex::new(Vec::new())));
    let noted = names.clone();
    let builder = Client::builder(server.url(), "app").header("x-gateway", "builder").header("x-kept", "builder");
    let client = builder.headers_from(move |operation, headers| {
        let span = tracing::Span::current().metadata().map(|span| span.name());
        noted.lock().unwrap().push((operation.to_owned(), span));
        let call = calls.fetch_add(1, Ordering::SeqCst) + 1;
        headers.insert("traceparent", format!("00-{call}").parse().unwrap());
        headers.append("tracestate", "a=1".parse().unwrap());
        headers.append("tracestate", "b=2".parse().unwrap());
        for own in [
            "x-gateway",
            "x-option",
            "digi-middleware-auth-user",
            "digi-middleware-auth-app",
            "content-type",
            "user-agent",
            "host",
            "content-length",
            "transfer-encoding",
            "connection",
        ] {
            headers.insert(own, "hook".parse().unwrap());
        }
    });
    let client = client.retry(quick()).build().unwrap().with_token("t").unwrap();
    let client = client.with_options(CallOptions::new().header("x-option", "option")).unwrap();
    let spans = Spans::start();
    client.users().get_user_simple().await.unwrap();
    let trace = ended(&spans).await;
    let requests = server.requests();
    let header = |name: &str| requests.iter().map(|request| request.headers[name].clone()).collect::<Vec<_>>();
    assert_eq!(header("traceparent"), ["00-1", "00-2"]);
    assert_eq!(header("x-gateway"), ["hook", "hook"]);
    assert_eq!(header("x-kept"), ["builder", "builder"]);
    assert_eq!(header("x-option"), ["option", "option"], "the call's own headers are the last word");
    assert_eq!(header("digi-middleware-auth-user"), ["t", "t"]);
    assert_eq!(header("digi-middleware-auth-app"), ["app", "app"]);
    assert_eq!(header("content-type"), ["application/json", "application/json"]);
    assert!(header("host")[0].starts_with("127.0.0.1") && header("user-agent")[0].starts_with("iam-sdk-rust/"));
    assert!(requests.iter().all(|request| !request.headers.contains_key("transfer-encoding")));
    let expected = (SIMPLE.to_owned(), Some("iam_sdk.request"));
    assert_eq!(*names.lock().unwrap(), [expected.clone(), expected]);
    let text = format!("{trace:?} {client:?}");
    assert!(!text.contains("00-1") && !text.contains("hook\""), "{text}");
}

#[maybe_async]
#[test]
async fn a_hook_that_panics_or_has_no_end_is_an_error_of_the_call() {
    let server = Server::start(|_| json("[]"));
    let observed = Observed::default();
    let builder = || Client::builder(server.url(), "app").observer(observed.clone());
    let panicking = builder().headers_from(|_, _| panic!("no context"));
    let endless = builder().headers_from(|_, headers| {
        for n in 0..300 {
            headers.insert(numbered_header(n), "x".parse().unwrap());
        }
    });
    let huge = builder().headers_from(|_, headers| {
        headers.insert("x-huge", "x".repeat(1024 * 1024).parse().unwrap());
    });
    let just_too_large = builder().headers_from(|_, headers| {
        for n in 0..16 {
            headers.insert(numbered_header(n + 10), "x".repeat(1021).parse().unwrap());
        }
    });
    for (client, what) in [
        (panicking, "headers_from"),
        (endless, "at most 200"),
        (huge, "1048582 bytes, and at most 16384"),
        (just_too_large, "16400 bytes"),
    ] {
        let client = client.build().unwrap().with_token("t").unwrap();
        let error = client.users().get_user_simple().await.unwrap_err();
        assert!(error.is_configuration() && !error.was_sent() && error.to_string().contains(what), "{error}");
        assert_eq!(error.operation(), Some(SIMPLE));
    }
    same(server.requests().len(), 0);
    same(observed.counts(), (4, 4, 0));
    let large = builder().headers_from(|_, headers| {
        for n in 0..16 {
            headers.insert(numbered_header(n + 10), "x".repeat(1020).parse().unwrap());
        }
    });
    let client = large.build().unwrap().with_token("t").unwrap();
    client.users().get_user_simple().await.unwrap();
}

#[maybe_async]
#[test]
async fn a_gateways_authorization_is_sent_where_it_is_not_the_services_own() {
    let server = Server::start(|_| json(r#"{"data": {"userpool": {"id": "p"}}}"#));
    let hook = |_: &str, headers: &mut iam_sdk::HeaderMap| {
        headers.insert("authorization", "Basic gateway".parse().unwrap());
    };
    let digiwin = Client::builder(server.url(), "app").headers_from(hook).build().unwrap().with_token("t").unwrap();
    let _ = digiwin.request(Method::GET, "/x").await;
    let authing = ManagementClient::builder("pool", "secret").base_url(server.url()).headers_from(hook);
    let authing = authing.build().unwrap().with_token("own").unwrap();
    let spans = Spans::start();
    let _ = authing.request(Method::GET, "/x").await;
    let requests = server.requests();
    let sent: Vec<_> = requests.iter().map(|request| request.headers["authorization"].as_str()).collect();
    assert_eq!(sent, ["Basic gateway", "Bearer own"]);
    let trace = ended(&spans).await;
    let left_out: Vec<_> = trace.events.iter().filter_map(|event| event.fields.get("http.request.header")).collect();
    assert_eq!(left_out, ["authorization"]);
}

fn numbered_header(n: usize) -> http::HeaderName {
    format!("x-{n}").parse().unwrap()
}
