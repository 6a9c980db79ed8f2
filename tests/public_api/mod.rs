//! What holds of the API as a whole.

use iam_sdk::emulator::Emulator;

#[test]
fn an_emulator_stops_when_it_is_dropped() {
    let emulator = Emulator::start().unwrap();
    let address = emulator.base_url().replace("http://", "");
    assert!(std::net::TcpStream::connect(&address).is_ok());
    drop(emulator);
    assert!(std::net::TcpStream::connect(&address).is_err());
}

#[test]
fn a_response_can_be_planned() {
    let emulator = Emulator::start().unwrap();
    emulator.respond_next("/x", 418, "{}");
    let ask = || {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(emulator.base_url().replace("http://", "")).unwrap();
        stream.write_all(b"GET /x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response[9..12].to_owned()
    };
    assert_eq!((ask(), ask()), ("418".to_owned(), "404".to_owned()));
    assert_eq!(emulator.requests().len(), 2);
}

#[cfg(feature = "blocking")]
#[test]
fn a_builder_names_the_setting_that_is_wrong() {
    use iam_sdk::blocking::{Client, ClientBuilder};
    type Build = fn() -> ClientBuilder;
    let wrong: [(&str, Build); 14] = [
        ("base URL: no scheme; write https://…", || Client::builder("iam.example.com:8443", "a")),
        ("proxy: ", || Client::builder("https://h", "a").proxy("")),
        ("proxy: ", || Client::builder("https://h", "a").proxy("socks5://p:1080")),
        ("timeout: ", || Client::builder("https://h", "a").timeout(std::time::Duration::ZERO)),
        ("connect_timeout: ", || Client::builder("https://h", "a").connect_timeout(std::time::Duration::ZERO)),
        ("max_response_bytes: ", || Client::builder("https://h", "a").max_response_bytes(0)),
        ("base URL", || Client::builder("iam.example.com", "a")),
        ("base URL", || Client::builder("http://iam.example.com", "a")),
        ("app token", || Client::builder("https://h", "")),
        ("app token", || Client::builder("https://h", "a\nb")),
        ("`bad header`", || Client::builder("https://h", "a").header("bad header", "x")),
        ("`Digi-Middleware-Auth-User`", || Client::builder("https://h", "a").header("Digi-Middleware-Auth-User", "x")),
        ("proxy", || Client::builder("https://h", "a").proxy("::")),
        ("root certificate", || Client::builder("https://h", "a").add_root_certificate("-----BEGIN nothing")),
    ];
    for (name, builder) in wrong {
        let error = builder().build().unwrap_err();
        assert!(error.is_configuration() && error.to_string().contains(name), "{name}: {error}");
    }
    assert!(Client::builder("http://iam.example.com", "a").allow_http(true).build().is_ok());
}

/// What a program of a user's might say about an error, in full.
fn advice(error: &iam_sdk::Error) -> String {
    use iam_sdk::ErrorKind;
    match error.kind() {
        ErrorKind::Authentication => "wrong user or password".to_owned(),
        ErrorKind::LoginLimited | ErrorKind::RateLimited => match error.retry_after() {
            Some(wait) => format!("try again in {} s", wait.as_secs()),
            None => "try again later".to_owned(),
        },
        ErrorKind::Business if error.code() == Some("21009") => "the tenant is closed".to_owned(),
        ErrorKind::Credentials => format!("no password: {}", std::error::Error::source(error).unwrap()),
        ErrorKind::Timeout if error.was_sent() => "it may have been done".to_owned(),
        _ if error.is_retryable() => "try again".to_owned(),
        kind => format!("{kind}; call the help desk"),
    }
}

#[test]
fn what_a_program_does_about_errors_is_tested_without_a_server() {
    use iam_sdk::{Error, ErrorKind};
    use std::time::Duration;
    let errors = [
        (Error::new(ErrorKind::Authentication).with_status(401), "wrong user or password"),
        (Error::new(ErrorKind::LoginLimited).with_retry_after(Duration::from_secs(40)), "try again in 40 s"),
        (Error::new(ErrorKind::RateLimited).with_status(429), "try again later"),
        (Error::new(ErrorKind::Business).with_code("21009").with_server_message("closed"), "the tenant is closed"),
        (Error::new(ErrorKind::Business).with_code("1"), "refused by the service; call the help desk"),
        (Error::new(ErrorKind::Credentials).with_source("cancelled"), "no password: cancelled"),
        (Error::new(ErrorKind::Timeout).with_sent(true), "it may have been done"),
        (Error::new(ErrorKind::Timeout), "try again"),
        (Error::new(ErrorKind::Server).with_status(503), "try again"),
        (Error::new(ErrorKind::Server).with_status(500), "the service failed; call the help desk"),
    ];
    for (error, expected) in errors {
        assert_eq!(advice(&error), expected, "{error:?}");
    }
    let error =
        Error::new(ErrorKind::Conflict).with_operation("authing.users.create").with_status(200).with_code("2026");
    assert_eq!(error.to_string(), "authing.users.create: exists already (HTTP 200, code 2026)");
    assert_eq!((error.operation(), error.status(), error.was_sent()), (Some("authing.users.create"), Some(200), true));
}

/// Ann, from a future.
#[cfg(any(feature = "async", feature = "blocking"))]
fn from_a_future(emulator: &Emulator) -> iam_sdk::digiwin::Credentials {
    let password = emulator.digiwin().account().password.clone();
    iam_sdk::digiwin::Credentials::from_async_fn("ann", move || {
        let password = password.clone();
        async move {
            tokio::task::yield_now().await;
            std::io::Result::Ok(iam_sdk::digiwin::Credentials::password("ann", password).tenant_id("T1"))
        }
    })
}

#[cfg(feature = "async")]
#[tokio::test]
async fn credentials_come_from_a_future() {
    let emulator = Emulator::start().unwrap();
    let app_token = emulator.digiwin().account().app_token.clone();
    let builder = iam_sdk::Client::builder(emulator.base_url(), app_token);
    let client = builder.credentials(from_a_future(&emulator)).build().unwrap();
    assert_eq!(client.identity().analyze_token().await.unwrap().tenant_id.as_deref(), Some("T1"));
}

#[cfg(feature = "blocking")]
#[test]
fn credentials_come_from_a_future_in_the_blocking_flavour_too() {
    let emulator = Emulator::start().unwrap();
    let app_token = emulator.digiwin().account().app_token.clone();
    let builder = iam_sdk::blocking::Client::builder(emulator.base_url(), app_token);
    let client = builder.credentials(from_a_future(&emulator)).build().unwrap();
    assert_eq!(client.identity().analyze_token().unwrap().tenant_id.as_deref(), Some("T1"));
}

#[cfg(feature = "async")]
#[tokio::test]
async fn futures_and_clients_are_send() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let client = is_send(iam_sdk::Client::builder("http://127.0.0.1:9", "a").build().unwrap());
    drop(is_send(client.identity().login("u", "p")));
    drop(is_send(client.users().update_user(&serde_json::json!({}))));
    drop(is_send(client.users().get_user_list(&["u"])));
    drop(is_send(client.orgs().get_cascade()));
}
