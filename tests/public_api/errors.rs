//! A program's own handling of errors, tested without a server.

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
