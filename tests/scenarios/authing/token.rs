use super::{ManagementClient, Pool, client_of, in_parallel, maybe_async, operation_count, test};
use crate::support::{
    holds, same,
    server::{Server, json, status},
};
use iam_sdk::{
    ErrorKind, Method,
    authing::{Credentials, EmailScene},
    emulator::{Emulator, authing::Settings},
    token_store::StoredToken,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

#[maybe_async]
async fn look(client: ManagementClient) {
    same(client.users().list().await.unwrap().total_count, 12);
}

#[maybe_async]
#[test]
async fn fifty_first_calls_make_one_token_request() {
    let emulator = Emulator::builder().latency(Duration::from_millis(20)).start().unwrap();
    let pool = Pool::on(emulator);
    let client = pool.client.clone();
    in_parallel(50, move |_| look(client.clone())).await;
    assert_eq!((pool.operation_count("access_token"), pool.operation_count("users.list")), (1, 50));
}

#[maybe_async]
#[test]
async fn twenty_calls_are_twenty_requests_and_one_for_the_token_on_one_connection() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let token =
        format!(r#"{{"data": {{"accessToken": {{"accessToken": "t", "iat": {now}, "exp": {}}}}}}}"#, now + 7200);
    let server = Server::start(move |request| match String::from_utf8_lossy(&request.body).contains("accessToken(") {
        true => json(token.clone()),
        false => json(r#"{"data": {"users": {"totalCount": 0, "list": []}}}"#),
    });
    let client =
        ManagementClient::builder("pool", "s3cret").base_url(server.url()).app_id("app").lang("zh-CN").build().unwrap();
    for _ in 0..20 {
        client.users().list().await.unwrap();
    }
    let request = server.requests();
    assert_eq!(request.len(), 21);
    assert!(
        request
            .iter()
            .all(|request| request.connection == 0 && request.path == "/graphql/v2" && request.method == "POST")
    );
    assert!(
        !request.iter().any(|request| String::from_utf8_lossy(&request.body).contains("__schema")),
        "no introspection"
    );
    assert_eq!(request[0].headers.get("authorization"), None);
    for request in &request[1..] {
        let header = |name: &str| request.headers.get(name).map(String::as_str);
        assert_eq!(header("authorization"), Some("Bearer t"));
        assert_eq!((header("x-authing-userpool-id"), header("x-authing-request-from")), (Some("pool"), Some("sdk")));
        assert!(header("x-authing-sdk-version").unwrap().starts_with("rust:"));
        assert_eq!((header("x-authing-app-id"), header("x-authing-lang")), (Some("app"), Some("zh-CN")));
    }
}

#[maybe_async]
#[test]
async fn a_token_that_lives_ten_minutes_is_reused() {
    let pool = Pool::on(
        Emulator::builder().authing(Settings::new().token_lifetime(Duration::from_secs(600))).start().unwrap(),
    );
    for _ in 0..5 {
        pool.client.users().list().await.unwrap();
    }
    assert_eq!((pool.operation_count("access_token"), pool.operation_count("users.list")), (1, 5));
}

#[maybe_async]
#[test]
async fn a_token_that_is_refused_twice_is_an_error() {
    let pool = Pool::on(Emulator::builder().authing(Settings::new().token_lifetime(Duration::ZERO)).start().unwrap());
    // Each token ends before it is used: the second refusal is the result.
    let error = pool.client.users().list().await.unwrap_err();
    assert!(error.is_authentication() && error.code() == Some("2020"), "{error}");
    assert_eq!((pool.operation_count("access_token"), pool.operation_count("users.list")), (2, 2));
}

#[maybe_async]
#[test]
async fn a_refused_token_is_replaced_once_for_all_and_the_calls_succeed() {
    let pool = Pool::on(Emulator::builder().latency(Duration::from_millis(10)).start().unwrap());
    pool.client.users().list().await.unwrap();
    pool.emulator.authing().expire_tokens();
    // A write and a REST call among them: they were refused unauthenticated, nothing was done.
    same(pool.client.groups().create("g", "G").await.unwrap().code.as_deref(), Some("g"));
    assert_eq!((pool.operation_count("access_token"), pool.operation_count("groups.create")), (2, 2));
    pool.emulator.authing().expire_tokens();
    holds(!pool.client.orgs().export_all().await.unwrap().is_empty());
    assert_eq!(pool.operation_count("access_token"), 3);
    pool.emulator.authing().expire_tokens();
    let client = pool.client.clone();
    in_parallel(50, move |_| look(client.clone())).await;
    assert_eq!(pool.operation_count("access_token"), 4);
}

#[maybe_async]
#[test]
async fn a_service_that_never_takes_a_token_is_asked_twice() {
    let seen = Arc::new(AtomicUsize::new(0));
    let tokens = seen.clone();
    let server = Server::start(move |request| match String::from_utf8_lossy(&request.body).contains("accessToken(") {
        true => {
            tokens.fetch_add(1, Ordering::SeqCst);
            json(r#"{"data": {"accessToken": {"accessToken": "t", "iat": 1, "exp": 100000}}}"#)
        }
        false => status(401, r#"{"code": 2020, "message": "no"}"#),
    });
    let client = ManagementClient::builder("pool", "s3cret").base_url(server.url()).build().unwrap();
    let error = client.users().list().await.unwrap_err();
    assert!(error.is_authentication() && error.operation() == Some("authing.users.list"), "{error}");
    assert_eq!((seen.load(Ordering::SeqCst), server.requests().len()), (2, 4));
}

#[maybe_async]
async fn expect_refusal(client: ManagementClient) {
    let error = client.users().list().await.unwrap_err();
    assert_eq!((error.code(), error.operation()), (Some("2333"), Some("authing.access_token")));
}

#[maybe_async]
#[test]
async fn a_wrong_secret_is_told_to_all_who_wait_and_tried_again_later() {
    let emulator = Emulator::builder().latency(Duration::from_millis(200)).start().unwrap();
    let account = emulator.authing().account();
    let builder = ManagementClient::builder(&account.user_pool_id, "s3cret-wrong").base_url(emulator.base_url());
    let client = builder.build().unwrap();
    let shared = client.clone();
    in_parallel(20, move |_| expect_refusal(shared.clone())).await;
    let first = emulator.requests().len();
    assert!(first <= 2, "{first} token requests");
    let error = client.users().list().await.unwrap_err();
    assert!(error.is_application() && !format!("{error} {error:#?}").contains("s3cret"), "{error}");
    assert_eq!(emulator.requests().len(), first + 1);

    let builder = ManagementClient::builder("no-such-pool", account.secret.clone()).base_url(emulator.base_url());
    holds(builder.build().unwrap().users().list().await.unwrap_err().is_application());
}

#[maybe_async]
#[test]
async fn what_needs_no_token_is_sent_without_one() {
    let pool = Pool::new();
    let status = pool.client.check_login_status("nonsense").await.unwrap();
    assert_eq!((status.status, status.code), (Some(false), Some(2206)));
    pool.client.send_email("ann@acme.example", EmailScene::ResetPassword).await.unwrap();
    assert_eq!(pool.emulator.authing().mail(), [("ann@acme.example".to_owned(), "RESET_PASSWORD".to_owned())]);
    assert_eq!(pool.operation_count("access_token"), 0);
    let error = pool.client.send_email("nowhere", EmailScene::ResetPassword).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Validation, Some("2003")));
}

#[maybe_async]
#[test]
async fn a_token_survives_in_a_store_for_who_knows_the_secret() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.authing().account();
    let store = Arc::new(iam_sdk::token_store::MemoryStore::new());
    let with = |secret: &str| {
        let builder = ManagementClient::builder(&account.user_pool_id, secret).base_url(emulator.base_url());
        builder.shared_token_store(store.clone()).build().unwrap()
    };
    let secret = account.secret.expose_secret();
    with(secret).users().list().await.unwrap();
    with(secret).users().list().await.unwrap();
    assert_eq!(operation_count(&emulator, "access_token"), 1);
    holds(with("another secret").users().list().await.is_err());
}

#[maybe_async]
#[test]
async fn the_pool_tells_about_itself() {
    let emulator = Emulator::start().unwrap();
    let client = client_of(&emulator);
    let pool = client.userpool_detail().await.unwrap();
    assert_eq!(pool.id.as_deref(), Some(emulator.authing().account().user_pool_id.as_str()));
    assert_eq!(pool.secret, Some(emulator.authing().account().secret.clone()));
    assert_eq!(pool.login_fail_check.unwrap().time_interval, Some(300));
    assert!(pool.extra.is_empty());
    let check = client.is_password_valid("short").await.unwrap();
    assert_eq!(check.valid, Some(false));
    same(client.is_password_valid("long enough").await.unwrap().valid, Some(true));
}

#[maybe_async]
#[test]
async fn a_session_has_a_management_token_of_its_own() {
    let pool = Pool::new();
    let account = pool.emulator.authing().account();
    pool.client.users().list().await.unwrap();
    let own = pool.client.current_token().await.unwrap();
    let (job, again) = (pool.client.with_session("job"), pool.client.with_session("job"));
    job.users().list().await.unwrap();
    let token = job.current_token().await.unwrap();
    holds(token.is_some() && own.is_some());
    same(again.current_token().await.unwrap(), token);
    assert_eq!(pool.operation_count("access_token"), 2);

    let good = Credentials::secret(&account.user_pool_id, account.secret.clone());
    same(pool.client.with_session_as("good", good).users().list().await.unwrap().total_count, 12);
    let another_pool = Credentials::secret("another pool", account.secret.clone());
    for wrong in [another_pool, Credentials::secret(&account.user_pool_id, "")] {
        let error = pool.client.with_session_as("wrong", wrong).users().list().await.unwrap_err();
        holds(error.is_configuration());
    }
    let refused = Credentials::secret(&account.user_pool_id, "wrong");
    holds(pool.client.with_session_as("refused", refused).users().list().await.unwrap_err().is_application());
}

#[maybe_async]
#[test]
async fn the_builders_credentials_take_the_place_of_the_secret() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.authing().account();
    let asked = Arc::new(AtomicUsize::new(0));
    let (id, secret, count) = (account.user_pool_id.clone(), account.secret.clone(), asked.clone());
    let vault = Credentials::from_fn("vault", move || {
        count.fetch_add(1, Ordering::SeqCst);
        std::io::Result::Ok(Credentials::secret(&id, secret.clone()))
    });
    let builder = |secret: &str| ManagementClient::builder(&account.user_pool_id, secret).base_url(emulator.base_url());
    let client = builder("").credentials(vault).build().unwrap();
    look(client.clone()).await;
    emulator.authing().expire_tokens();
    look(client.clone()).await;
    same(asked.load(Ordering::SeqCst), 2);
    look(client.with_session("job")).await;
    same(asked.load(Ordering::SeqCst), 3);

    let token = client.current_token().await.unwrap().unwrap();
    look(builder("").credentials(Credentials::token(StoredToken::new(token))).build().unwrap()).await;
    same(asked.load(Ordering::SeqCst), 3);
    for (secret, credentials) in [("", None), ("wrong", Some(Credentials::secret("another pool", "s3cret")))] {
        let built = match credentials {
            Some(credentials) => builder(secret).credentials(credentials).build(),
            None => builder(secret).build(),
        };
        let error = match built {
            Ok(client) => client.users().list().await.err(),
            Err(error) => Some(error),
        };
        holds(error.unwrap().is_configuration());
    }
}

#[maybe_async]
#[test]
async fn a_token_from_elsewhere_is_for_a_session_without_credentials() {
    let pool = Pool::new();
    pool.client.users().list().await.unwrap();
    let token = pool.client.current_token().await.unwrap();
    let error = pool.client.set_current_token(token.clone()).await.unwrap_err();
    holds(error.is_configuration());
    let session = pool.client.with_token(token.unwrap()).unwrap();
    session.set_current_token(None).await.unwrap();
    holds(session.users().list().await.unwrap_err().is_authentication());
}

#[maybe_async]
#[test]
async fn any_other_call_can_be_made() {
    let pool = Pool::new();
    let id = pool.id("ann").await;
    let user = pool.client.request(Method::GET, &format!("/api/v2/users/{id}?with_custom_data=0")).await.unwrap();
    same(user.get("username"), Some("ann".into()));
    let fields = pool.client.graphql("{ users { totalCount } groups { totalCount } }", &()).await.unwrap();
    let count = |field| fields.get(field).unwrap().get("totalCount");
    same((count("users"), count("groups")), (Some(12.into()), Some(2.into())));
    let error = pool.client.request(Method::GET, "/../x").await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::InvalidArgument, Some("authing.request")));
}
