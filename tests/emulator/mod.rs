//! The emulator itself.

#[cfg(feature = "cli")]
mod command;
mod faults;
mod seeds;

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
fn a_planned_response_is_sent_once() {
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
