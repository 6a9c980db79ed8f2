//! What holds of the API as a whole.

mod models;

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
    let wrong: [(&str, Build); 8] = [
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

/// Ann, from a future.
#[cfg(any(feature = "async", feature = "blocking"))]
fn from_a_future(emulator: &Emulator) -> iam_sdk::Credentials {
    let password = emulator.digiwin().account().password.clone();
    iam_sdk::Credentials::from_async_fn("ann", move || {
        let password = password.clone();
        async move {
            tokio::task::yield_now().await;
            Ok(iam_sdk::Credentials::password("ann", password).tenant_id("T1"))
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
