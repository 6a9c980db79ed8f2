//! A whole service, as the guide has it, with 200 users at once.

use super::*;
use axum::{
    Json, Router,
    extract::Path,
    routing::{delete, get},
};
use iam_sdk::{
    Client,
    digiwin::TenantId,
    emulator::{
        Emulator,
        digiwin::{Person, Seed, Tenant},
    },
    server::Caller,
};

const USERS: usize = 200;

async fn hello(who: Option<Caller>) -> String {
    who.map_or("hello".to_owned(), |who| format!("hello {}", who.user_id()))
}

async fn me(who: Caller) -> Result<Json<Vec<String>>, Rejection> {
    let me = who.client()?.users().get_user_roles(who.user_id()).await?;
    Ok(Json(me.roles.into_iter().filter_map(|role| role.id).collect()))
}

async fn remove(who: Caller, Path((tenant, order)): Path<(String, u64)>) -> Result<String, Rejection> {
    who.require_tenant(&tenant)?;
    who.require_role("admin").await?;
    Ok(format!("removed {order}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_users_at_once_are_each_themselves() {
    let user = |n: usize| format!("user-{n}");
    let mut seed = Seed::new("app", "app-token");
    let mut tenant = Tenant::new("T1", "One").application("app", "2099-01-01 00:00:00");
    for n in 0..USERS {
        seed = seed.person(Person::new(user(n), "secret"));
        tenant = tenant.member(user(n), if n % 2 == 0 { "admin" } else { "staff" });
    }
    let emulator = Emulator::builder().digiwin(seed.tenant(tenant)).start().unwrap();
    let client = Client::builder(emulator.base_url(), "app-token").build().unwrap();
    let guard = Guard::builder(client.clone()).bearer().header("digi-middleware-auth-user").realm("orders");
    let guard = guard.build().unwrap();
    let app: Router = Router::new()
        .route("/me", get(me))
        .route("/orders/{tenant}/{id}", delete(remove))
        .route_layer(guard.layer())
        .route("/hello", get(hello).route_layer(guard.optional_layer()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });

    let http = reqwest::Client::new();
    let users = (0..USERS).map(|n| {
        let (http, client) = (http.clone(), client.clone());
        tokio::spawn(async move {
            let token = client.identity().create_access_token(TenantId("T1"), user(n)).await.unwrap().token.unwrap();
            let ask = |method: http::Method, path: &str| {
                let request = http.request(method, format!("http://{address}{path}"));
                // Half of them come through a gateway.
                match n % 4 < 2 {
                    true => request.bearer_auth(token.expose_secret()),
                    false => request.header("digi-middleware-auth-user", token.expose_secret()),
                }
                .send()
            };
            for _ in 0..3 {
                let hello = ask(http::Method::GET, "/hello").await.unwrap().text().await.unwrap();
                assert_eq!(hello, format!("hello {}", user(n)));
                let roles = ask(http::Method::GET, "/me").await.unwrap().text().await.unwrap();
                let role = if n % 2 == 0 { "admin" } else { "staff" };
                assert_eq!(roles, format!("[\"{role}\"]"));
                let removed = ask(http::Method::DELETE, "/orders/T1/7").await.unwrap();
                assert_eq!(removed.status(), if n % 2 == 0 { 200 } else { 403 });
                assert_eq!(ask(http::Method::DELETE, "/orders/T2/7").await.unwrap().status(), 403);
            }
        })
    });
    for user in users.collect::<Vec<_>>() {
        user.await.unwrap();
    }
    let analyzed = emulator.requests().iter().filter(|request| request.path.ends_with("/token/analyze")).count();
    assert_eq!(analyzed, USERS, "each token is introspected once");
    let unknown = http.get(format!("http://{address}/nothing")).send().await.unwrap();
    let without = http.get(format!("http://{address}/me")).send().await.unwrap();
    assert_eq!((unknown.status().as_u16(), without.status().as_u16()), (404, 401));
    assert_eq!(without.headers()["www-authenticate"], "Bearer realm=\"orders\"");
    server.abort();
}
