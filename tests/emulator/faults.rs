//! Faults on the wire, as a client without a library sees them.

use iam_sdk::emulator::{Emulator, Fault};
use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

const PATH: &str = "/api/iam/v2/identity/publickey";

/// Far more than any response takes that nothing holds up.
const LONG: Duration = Duration::from_secs(20);

fn connect(emulator: &Emulator) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(emulator.base_url().replace("http://", ""))?;
    stream.set_read_timeout(Some(LONG))?;
    Ok(stream)
}

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\ndigi-middleware-auth-app: t\r\nconnection: close\r\n\r\n")
}

/// Returns what comes in response, and how it ends.
fn ask(emulator: &Emulator) -> (String, Result<(), ErrorKind>) {
    let mut stream = connect(emulator).unwrap();
    let mut response = Vec::new();
    let ended = stream.write_all(request(PATH).as_bytes()).and_then(|()| stream.read_to_end(&mut response).map(drop));
    (String::from_utf8(response).unwrap(), ended.map_err(|error| error.kind()))
}

/// A fault for one request, and what it does to it.
fn once(fault: Fault) -> (String, Result<(), ErrorKind>) {
    let emulator = Emulator::start().unwrap();
    let added = emulator.fault(fault.times(1));
    let met = ask(&emulator);
    assert_eq!(added.applied(), 1);
    let (after, ended) = ask(&emulator);
    assert!(after.starts_with("HTTP/1.1 401") && ended.is_ok(), "{after}");
    met
}

#[test]
fn connections_are_reset_and_cut_where_the_fault_says() {
    let whole = once(Fault::delay(Duration::ZERO)).0;
    let head = whole.find("\r\n\r\n").unwrap() + 4;
    let reset = Err(ErrorKind::ConnectionReset);
    for (fault, ended) in [
        (Fault::reset_before(), reset),
        (Fault::reset_within(0), reset),
        (Fault::reset_within(20), reset),
        (Fault::reset_after(), reset),
        (Fault::cut_response(0), Ok(())),
    ] {
        assert_eq!(once(fault.clone()), (String::new(), ended), "{fault:?}");
    }
    for (bytes, fault) in [(20, Fault::cut_response(20)), (head + (whole.len() - head) / 2, Fault::cut_body())] {
        let (response, ended) = once(fault.clone());
        assert_eq!((response.len(), ended), (bytes, Ok(())), "{fault:?}");
    }
    // Bytes that a reset overtakes are lost: how many arrive is not certain.
    let (response, ended) = once(Fault::reset_response(20));
    assert!(response.len() <= 20 && ended == reset, "{response}");
    let (response, ended) = once(Fault::cut_response(1_000_000));
    assert_eq!((response.len(), ended), (whole.len(), Ok(())));
}

#[test]
fn responses_are_what_the_fault_says() {
    for (fault, parts) in [
        (Fault::status(503).retry_after(7), &["HTTP/1.1 503", "retry-after: 7"][..]),
        (Fault::status(200).body("[1]"), &["HTTP/1.1 200", "application/json", "\r\n\r\n[1]"]),
        (Fault::html(), &["HTTP/1.1 200", "text/html", "<html>"]),
        (Fault::redirect("https://x.example/"), &["HTTP/1.1 302", "location: https://x.example/"]),
        (Fault::envelope_error(4711), &["HTTP/1.1 400", "4711"]),
        (Fault::refuse_token(), &["HTTP/1.1 401"]),
        (Fault::numbers_as_text(), &["HTTP/1.1 401", "\"401\""]),
        (Fault::unknown_members(), &["HTTP/1.1 401", "emulatorUnknown"]),
        (Fault::drip(Duration::from_millis(1)), &["HTTP/1.1 401", "\r\n\r\n{", "}"]),
    ] {
        let (response, ended) = once(fault.clone());
        assert!(ended.is_ok() && parts.iter().all(|part| response.contains(part)), "{fault:?}: {response}");
    }
    let (response, _) = once(Fault::truncated_json());
    let (_, body) = response.split_once("\r\n\r\n").unwrap();
    assert!(!body.is_empty() && serde_json::from_str::<serde_json::Value>(body).is_err(), "{body}");
    let (response, _) = once(Fault::clock_moved(-400 * 24 * 60 * 60));
    let date = response.lines().find_map(|line| line.strip_prefix("date: ")).unwrap();
    let date = httpdate_of(date);
    assert!(date + Duration::from_secs(399 * 24 * 60 * 60) < std::time::SystemTime::now());
}

fn httpdate_of(date: &str) -> std::time::SystemTime {
    httpdate::parse_http_date(date).unwrap()
}

#[test]
fn what_stalls_stays_open_and_what_is_endless_goes_on() {
    for (fault, at_least) in [
        (Fault::hang(), 0),
        (Fault::stall_body(), 20),
        (Fault::endless_body(), 1_000_000),
        (Fault::endless_headers(), 1_000_000),
    ] {
        let emulator = Emulator::start().unwrap();
        emulator.fault(fault.clone().times(1));
        let mut stream = connect(&emulator).unwrap();
        stream.write_all(request(PATH).as_bytes()).unwrap();
        let mut part = vec![0; at_least];
        stream.read_exact(&mut part).unwrap();
        // Another connection is served meanwhile.
        assert!(ask(&emulator).1.is_ok(), "{fault:?}");
        if at_least < 100 {
            // The client asked for the end after the response, which never comes as a whole.
            stream.set_nonblocking(true).unwrap();
            let end = (0..).map(|_| stream.read(&mut [0; 4096])).find(|read| !matches!(read, Ok(1..))).unwrap();
            assert_eq!(end.map_err(|error| error.kind()), Err(ErrorKind::WouldBlock), "{fault:?}");
            stream.set_nonblocking(false).unwrap();
        }
        drop(emulator);
        assert_ne!(
            stream.read_to_end(&mut part).map_err(|error| error.kind()),
            Err(ErrorKind::WouldBlock),
            "{fault:?}"
        );
    }
}

#[test]
fn a_body_is_asked_for_where_a_fault_depends_on_it() {
    let emulator = Emulator::start().unwrap();
    emulator.fault(Fault::reset_within(1_000_000));
    let mut stream = connect(&emulator).unwrap();
    let body = r#"{"query": "{ userpool { id } }"}"#;
    let head = format!(
        "POST /graphql/v2 HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: 100-continue\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).unwrap();
    assert_eq!(asked, *b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(
        response.contains("HTTP/1.1 200") && response.contains("2020") || response.contains("尚未登录"),
        "{response}"
    );
}

#[test]
fn connections_are_refused_until_the_fault_is_removed() {
    let emulator = Emulator::start().unwrap();
    let mut open = connect(&emulator).unwrap();
    open.write_all(request(PATH).as_bytes()).unwrap();
    // It has been accepted once a response comes.
    open.read_exact(&mut [0; 4]).unwrap();
    for _ in 0..3 {
        let fault = emulator.fault(Fault::refuse());
        assert_eq!(connect(&emulator).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        fault.remove();
        assert!(ask(&emulator).1.is_ok());
    }
    emulator.fault(Fault::refuse());
    emulator.fault(Fault::refuse());
    assert!(connect(&emulator).is_err());
    emulator.clear_faults();
    assert!(ask(&emulator).1.is_ok());
    emulator.fault(Fault::refuse());
    let begun = Instant::now();
    drop(emulator);
    assert!(begun.elapsed() < LONG);
}

#[test]
#[should_panic(expected = "on=digiwin.users.get_usr: no operation")]
fn a_fault_for_an_operation_that_does_not_exist_is_a_mistake_of_the_test() {
    Emulator::start().unwrap().fault(Fault::html().on("digiwin.users.get_usr"));
}
