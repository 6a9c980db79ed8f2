//! The emulator itself.

#[cfg(feature = "cli")]
mod command;
mod faults;
mod seeds;
mod services;

use iam_sdk::emulator::Emulator;

#[test]
fn an_emulator_stops_when_it_is_dropped() {
    let emulator = Emulator::start().unwrap();
    let address = emulator.base_url().replace("http://", "");
    assert!(std::net::TcpStream::connect(&address).is_ok());
    drop(emulator);
    assert!(std::net::TcpStream::connect(&address).is_err());
}

/// Sends a request, and returns the response.
fn send(emulator: &Emulator, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(emulator.base_url().replace("http://", "")).unwrap();
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        text += &format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    }
    stream.write_all((text + "\r\n" + body).as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

fn status(response: &str) -> &str {
    &response[9..12]
}

#[test]
fn planned_responses_are_sent_once_and_in_order() {
    let emulator = Emulator::start().unwrap();
    emulator.respond_next("/x", 418, "{}");
    emulator.respond_next("/x", 503, "{}");
    let statuses: Vec<_> = (0..3).map(|_| send(&emulator, "GET", "/x", &[], "")).collect();
    assert_eq!(statuses.iter().map(|response| status(response)).collect::<Vec<_>>(), ["418", "503", "404"]);
    assert_eq!(emulator.requests().len(), 3);
    send(&emulator, "GET", "/y", &[], "");
    assert_eq!(emulator.last_request().unwrap().path, "/y");
}

#[test]
fn the_port_is_the_one_that_was_asked_for() {
    let first = Emulator::start().unwrap();
    let port = first.base_url().rsplit(':').next().unwrap().parse().unwrap();
    let error = Emulator::builder().port(port).start().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    drop(first);
    assert!(Emulator::builder().port(port).start().unwrap().base_url().ends_with(&format!(":{port}")));
}

#[test]
fn a_response_waits_for_the_latency() {
    let latency = std::time::Duration::from_millis(120);
    let emulator = Emulator::builder().latency(latency).start().unwrap();
    let begun = std::time::Instant::now();
    assert_eq!(status(&send(&emulator, "GET", "/x", &[], "")), "404");
    assert!(begun.elapsed() >= latency);
}

#[test]
fn a_large_body_is_read() {
    let emulator = Emulator::start().unwrap();
    let body = format!("{{\"file\": \"{}\"}}", "x".repeat(3 * 1024 * 1024));
    let response = send(&emulator, "POST", "/api/v2/orgs/import", &[], &body);
    assert!(status(&response) == "200" && response.contains("2020"), "{response:.300}");
}
