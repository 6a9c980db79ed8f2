//! The traps that need a router or a service.

use super::*;
use axum::{
    Router,
    body::Body,
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse as _, Response},
    routing::get,
};
use directory::Person;
use http_body_util::BodyExt as _;
use iam_sdk::{ErrorKind, server::Caller};
use std::{
    convert::Infallible,
    task::{Context, Poll},
};
use tower::{Layer as _, Service, ServiceExt as _};

type Who = Caller<Person>;

async fn me(who: Who) -> String {
    who.user_id().to_owned()
}

async fn hello(who: Option<Who>) -> String {
    who.map_or("nobody".to_owned(), |who| who.user_id().to_owned())
}

fn request(method: &str, path: &str, token: Option<&str>) -> Request {
    let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    if let Some(token) = token {
        *request.headers_mut() = bearer(token);
    }
    request
}

async fn ask(router: &Router, request: Request) -> (u16, String) {
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Is ready only after it was polled, and panics if it is called without.
struct Picky {
    ready: bool,
    polls: usize,
}

impl Clone for Picky {
    fn clone(&self) -> Self {
        Self { ready: false, polls: 0 }
    }
}

impl Service<Request> for Picky {
    type Response = Response;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        self.polls += 1;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request) -> Self::Future {
        assert!(self.ready, "a service was called that is not ready");
        self.ready = false;
        std::future::ready(Ok("done".into_response()))
    }
}

#[tokio::test]
async fn trap_12_the_guard_waits_in_no_poll_ready_and_calls_the_service_that_is_ready() {
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder);
    let mut service = guard.layer().layer(Picky { ready: false, polls: 0 });
    let _gate = directory.hold();
    // Ready at once, although the guard's service hangs.
    let mut context = Context::from_waker(std::task::Waker::noop());
    assert!(matches!(service.poll_ready(&mut context), Poll::Ready(Ok(()))));
    let waits = tokio::spawn(service.call(request("GET", "/", Some("t"))));
    until(|| directory.asked() == 1).await;
    assert!(matches!(service.poll_ready(&mut context), Poll::Ready(Ok(()))), "one request waits, others need not");
    drop(_gate);
    assert_eq!(waits.await.unwrap().unwrap().status(), 200);
    assert_eq!(service.call(request("GET", "/", Some("t"))).await.unwrap().status(), 200);
}

#[tokio::test]
async fn trap_13_behind_a_route_layer_unknown_paths_stay_404() {
    let (guard, _) = guard(&Directory::default(), |builder| builder);
    let app = Router::new().route("/me", get(me)).route_layer(guard.layer());
    for (method, path, token, expected) in [
        ("GET", "/me", Some("t"), 200),
        ("GET", "/me", Some("bad"), 401),
        ("GET", "/me", None, 401),
        ("GET", "/nothing", None, 404),
        ("GET", "/nothing", Some("bad"), 404),
    ] {
        assert_eq!(ask(&app, request(method, path, token)).await.0, expected, "{method} {path} {token:?}");
    }
    // With `layer` in its place the guard stands before the router's own 404, which is why the docs say so.
    let app_of_layer = Router::new().route("/me", get(me)).layer(guard.layer());
    for (path, token, expected) in
        [("/nothing", None, 401), ("/nothing", Some("bad"), 401), ("/nothing", Some("t"), 404)]
    {
        assert_eq!(ask(&app_of_layer, request("GET", path, token)).await.0, expected, "{path} {token:?}");
    }
    let (status, body) = ask(&app, request("GET", "/me", Some("bad"))).await;
    assert_eq!((status, body.contains(r#""error":"invalid_token""#)), (401, true), "{body}");
}

#[tokio::test]
async fn trap_14_an_extractor_without_its_layer_is_500_and_never_open() {
    let log = crate::support::log::Log::start();
    let app: Router = Router::new().route("/me", get(me)).route("/hello", get(hello));
    for (path, token) in [("/me", Some("t")), ("/me", None), ("/hello", Some("t")), ("/hello", None)] {
        assert_eq!(ask(&app, request("GET", path, token)).await.0, 500, "{path} {token:?}");
    }
    assert!(log.text().contains("no guard with this identity stands before it"), "{}", log.text());
    let text = log.text();
    assert_eq!(text.matches("no guard with this identity stands before it").count(), 4, "{text}");
    assert!(text.matches("WARN").count() <= 1, "once in a process: {text}");
    // Another identity's guard is none, either.
    let other = Guard::fixed([("t", "ann".to_owned())]).build().unwrap();
    let app = app.route_layer(other.layer());
    assert_eq!(ask(&app, request("GET", "/me", Some("t"))).await.0, 500);
}

#[tokio::test]
async fn trap_15_an_optional_caller_is_none_only_without_a_token() {
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder);
    let app = Router::new().route("/hello", get(hello)).route("/me", get(me)).route_layer(guard.optional_layer());
    let hello = async |token| ask(&app, request("GET", "/hello", token)).await;
    assert_eq!(hello(None).await, (200, "nobody".to_owned()));
    assert_eq!(hello(Some("t")).await, (200, "ann".to_owned()));
    assert_eq!(hello(Some("bad")).await.0, 401);
    assert_eq!(hello(Some("")).await.0, 401);
    directory.says(Answer::Fails(ErrorKind::Server));
    assert_eq!(hello(Some("u")).await.0, 503);
    // A handler that needs a caller, behind a layer that does not.
    assert_eq!(ask(&app, request("GET", "/me", None)).await.0, 401);
}

#[tokio::test]
async fn a_rule_lets_through_who_passes_it() {
    let (guard, _) = guard(&Directory::default(), |builder| builder);
    let app = Router::new()
        .route("/one", get(me).route_layer(guard.require_layer(|who: &Who| who.tenant_id() == Some("T1"))))
        .route("/two", get(me).route_layer(guard.require_layer(|who: &Who| who.tenant_id() == Some("T2"))));
    for (path, token, expected) in [("/one", "t", 200), ("/two", "t", 403), ("/two", "bad", 401)] {
        assert_eq!(ask(&app, request("GET", path, Some(token))).await.0, expected, "{path} {token}");
    }
    assert_eq!(guard.stats().forbidden, 1);
}

/// What a layer for CORS does about a preflight.
async fn cors(request: Request, next: Next) -> Response {
    match request.method().as_str() {
        "OPTIONS" => http::StatusCode::NO_CONTENT.into_response(),
        _ => next.run(request).await,
    }
}

#[tokio::test]
async fn trap_19_a_preflight_needs_no_token_where_cors_stands_outside() {
    let (guard, _) = guard(&Directory::default(), |builder| builder);
    let routes = || Router::new().route("/me", get(me).options(async || "not reached"));
    let outside = routes().route_layer(guard.layer()).layer(from_fn(cors));
    assert_eq!(ask(&outside, request("OPTIONS", "/me", None)).await.0, 204);
    assert_eq!(ask(&outside, request("GET", "/me", None)).await.0, 401);
    // The other way round the browser is refused, which is why the docs say so.
    let inside = routes().route_layer(from_fn(cors)).route_layer(guard.layer());
    assert_eq!(ask(&inside, request("OPTIONS", "/me", None)).await.0, 401);
}

#[tokio::test]
async fn trap_20_grpc_has_its_status_in_a_response_of_trailers_alone() {
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder);
    let rule = guard.require_layer(|_: &Who| false).grpc();
    let grpc = |token: Option<&str>| {
        let mut request = request("POST", "/orders.Orders/Delete", token);
        request.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc+proto"));
        request
    };
    let done = tower::service_fn(async |_: Request| Ok::<_, Infallible>(http::Response::new(String::new())));
    type Grpc = iam_sdk::server::GuardLayer<Directory, iam_sdk::server::EmptyResponder>;
    let status = async |layer: Grpc, request: Request| {
        let response = layer.layer(done).oneshot(request).await.unwrap();
        assert_eq!((response.status().as_u16(), response.body().as_str()), (200, ""));
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        (header("grpc-status"), header("content-type"), header("retry-after"))
    };
    let told = |status: &str, wait: Option<&str>| {
        let kind = Some("application/grpc".to_owned());
        (Some(status.to_owned()), kind, wait.map(str::to_owned))
    };
    assert_eq!(status(guard.layer().grpc(), grpc(Some("t"))).await, (None, None, None), "let through");
    assert_eq!(status(guard.layer().grpc(), grpc(None)).await, told("16", None));
    assert_eq!(status(guard.layer().grpc(), grpc(Some("bad"))).await, told("16", None));
    assert_eq!(status(rule, grpc(Some("t"))).await, told("7", None));
    directory.says(Answer::Fails(ErrorKind::Timeout));
    assert_eq!(status(guard.layer().grpc(), grpc(Some("u"))).await, told("14", Some("1")));
}

/// A body that cannot be made of text, such as tonic's.
#[derive(Default)]
struct Opaque;

#[tokio::test]
async fn trap_20_a_body_that_cannot_be_made_of_text_has_its_status_all_the_same() {
    let (guard, _) = guard(&Directory::default(), |builder| builder);
    let tonic = tower::service_fn(async |_: Request| Ok::<_, Infallible>(http::Response::new(Opaque)));
    let service = guard.layer().grpc().layer(tonic);
    let mut of_grpc = request("POST", "/", None);
    of_grpc.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc ; x=1"));
    for (request, status, grpc_status) in [(of_grpc, 200, Some("16")), (request("GET", "/", None), 401, None)] {
        let response = service.clone().oneshot(request).await.unwrap();
        let header = response.headers().get("grpc-status").map(|value| value.to_str().unwrap());
        assert_eq!((response.status().as_u16(), header), (status, grpc_status));
    }
}

#[tokio::test]
async fn a_rejection_is_json_in_any_body_that_can_be_made_of_text() {
    use http_body_util::Full;
    let (guard, _) = guard(&Directory::default(), |builder| builder);
    let hyper =
        tower::service_fn(async |_: Request| Ok::<_, Infallible>(http::Response::new(Full::<bytes::Bytes>::default())));
    let response = guard.layer().layer(hyper).oneshot(request("GET", "/", Some("bad"))).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (401, &HeaderValue::from_static("application/json"))
    );
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(str::from_utf8(&body).unwrap().contains(r#""error":"invalid_token""#), "{body:?}");
}

/// Over a connection, as a client of gRPC sees it.
#[tokio::test]
async fn trap_20_grpc_clients_read_the_status_from_the_wire() {
    let (guard, _) = guard(&Directory::default(), |builder| builder);
    let app: Router =
        Router::new().route("/orders.Orders/Delete", axum::routing::post(me)).route_layer(guard.layer().grpc());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/orders.Orders/Delete", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let http = reqwest::Client::new();
    for (kind, token, expected) in [
        ("application/grpc", None, (200, Some("16"), "application/grpc")),
        ("application/grpc ; x=1", Some("bad"), (200, Some("16"), "application/grpc")),
        ("Application/gRPC+proto;charset=utf-8", Some("bad"), (200, Some("16"), "application/grpc")),
        ("application/grpc-web-text+proto", Some("bad"), (200, Some("16"), "application/grpc-web-text")),
        ("application/grpc", Some("t"), (200, None, "text/plain; charset=utf-8")),
        ("application/json", Some("bad"), (401, None, "")),
    ] {
        let request = token.into_iter().fold(http.post(&url), |request, token| request.bearer_auth(token));
        let response = request.header("content-type", kind).send().await.unwrap();
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap());
        let found = (response.status().as_u16(), header("grpc-status"), header("content-type").unwrap_or_default());
        assert_eq!(found, expected, "{kind} {token:?}");
        let is_rejected = token != Some("t");
        assert_eq!(response.bytes().await.unwrap().is_empty(), is_rejected, "{kind} {token:?}");
    }
    server.abort();
}

async fn misses_its_app_token(_: Who) -> Result<String, Rejection> {
    Err(iam_sdk::Error::new(ErrorKind::Application).with_operation("digiwin.users.get_user").with_status(401).into())
}

#[tokio::test]
async fn an_operator_is_warned_when_a_handlers_call_is_refused_for_the_application() {
    let log = crate::support::log::Log::start();
    let (guard, _) = guard(&Directory::default(), |builder| builder);
    let app = Router::new().route("/me", get(misses_its_app_token)).route_layer(guard.layer());
    for _ in 0..3 {
        let (status, body) = ask(&app, request("GET", "/me", Some("t"))).await;
        assert_eq!((status, body.contains("a service that this needs fails")), (503, true), "{body}");
    }
    let text = log.text();
    let warnings: Vec<_> = text.lines().filter(|line| line.contains("WARN")).collect();
    assert!(warnings.len() == 1 && warnings[0].contains("digiwin.users.get_user"), "{warnings:?}");
}

#[tokio::test]
async fn a_responder_of_ones_own_makes_the_responses() {
    let (guard, _) = guard(&Directory::default(), |builder| builder);
    let teapot = |rejection: &Rejection| {
        let mut response = Response::new(Body::from(rejection.code()));
        *response.status_mut() = StatusCode::IM_A_TEAPOT;
        response
    };
    let app = Router::new().route("/me", get(me)).route_layer(guard.layer().responder(teapot));
    assert_eq!(ask(&app, request("GET", "/me", None)).await, (418, "missing_token".to_owned()));
    assert_eq!(ask(&app, request("GET", "/me", Some("t"))).await, (200, "ann".to_owned()));
}

async fn hides(who: Who) -> Result<String, (StatusCode, Rejection)> {
    who.require_tenant("T2").map_err(|rejection| (StatusCode::NOT_FOUND, rejection))?;
    Ok(String::new())
}

#[tokio::test]
async fn a_status_that_the_handler_chose_stays() {
    let (guard, _) = guard(&Directory::default(), |builder| builder);
    let teapot = |_: &Rejection| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::IM_A_TEAPOT;
        response
    };
    let routes = || Router::new().route("/hidden", get(hides)).route("/me", get(me));
    for app in [routes().route_layer(guard.layer()), routes().route_layer(guard.layer().responder(teapot))] {
        let (status, body) = ask(&app, request("GET", "/hidden", Some("t"))).await;
        assert_eq!((status, body.contains("insufficient_scope")), (404, true), "{body}");
    }
}

/// The client chooses the content type: where the layer does not expect gRPC, it must not turn a 401 into a 200.
#[tokio::test]
async fn trap_20_a_client_that_claims_to_be_grpc_gets_its_401() {
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder);
    let app = Router::new().route("/me", get(me)).route_layer(guard.layer());
    for (token, expected) in [(None, 401), (Some("bad"), 401), (Some("t"), 200)] {
        let mut request = request("GET", "/me", token);
        request.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
        assert_eq!(ask(&app, request).await.0, expected, "{token:?}");
    }
}

async fn signs_out(who: Who) -> Result<String, ([(&'static str, &'static str); 1], Rejection)> {
    who.require_tenant("T2").map_err(|rejection| ([("set-cookie", "session=")], rejection))?;
    Ok(String::new())
}

async fn fails(_: Who) -> Result<String, Rejection> {
    Err(iam_sdk::Error::new(ErrorKind::Authentication).with_status(401).into())
}

#[tokio::test]
async fn what_a_handler_rejects_looks_like_what_the_guard_rejects() {
    let (guard, _) = guard(&Directory::default(), |builder| builder.realm("orders"));
    let routes = || Router::new().route("/fails", get(fails)).route("/out", get(signs_out)).route("/me", get(me));
    let app = routes().route_layer(guard.layer());
    let send = async |app: &Router, path, token| app.clone().oneshot(request("GET", path, token)).await.unwrap();
    let response = send(&app, "/fails", Some("t")).await;
    assert_eq!(response.headers()["www-authenticate"], "Bearer realm=\"orders\", error=\"invalid_token\"");
    let response = send(&app, "/out", Some("t")).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["set-cookie"]),
        (403, &HeaderValue::from_static("session="))
    );
    let challenges: Vec<_> = response.headers().get_all("www-authenticate").iter().collect();
    assert_eq!(challenges, ["Bearer realm=\"orders\", error=\"insufficient_scope\""]);
    // A responder of one's own makes all of them.
    let teapot = |rejection: &Rejection| {
        let mut response = Response::new(Body::from(rejection.code()));
        *response.status_mut() = StatusCode::IM_A_TEAPOT;
        response
    };
    let app = routes().route_layer(guard.optional_layer().responder(teapot));
    assert_eq!(ask(&app, request("GET", "/fails", Some("t"))).await, (418, "invalid_token".to_owned()));
    assert_eq!(ask(&app, request("GET", "/me", None)).await, (418, "missing_token".to_owned()));
    assert_eq!(ask(&app, request("GET", "/me", Some("t"))).await, (200, "ann".to_owned()));
}
