//! How an error is shown.

use super::{Error, ErrorKind, text::OneLine};
use std::{error::Error as _, fmt};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.0;
        if let Some(operation) = e.operation {
            write!(f, "{operation}: ")?;
        }
        write!(f, "{}", e.kind)?;
        match (e.status, &e.code) {
            (Some(status), Some(code)) => write!(f, " (HTTP {status}, code {})", OneLine(code))?,
            (Some(status), None) => write!(f, " (HTTP {status})")?,
            (None, Some(code)) => write!(f, " (code {})", OneLine(code))?,
            (None, None) => {}
        }
        for text in [&e.detail, &e.server_message].into_iter().flatten() {
            write!(f, ": {}", OneLine(text))?;
        }
        match (e.attempts, e.gave_up) {
            (0 | 1, None) => {}
            (0 | 1, Some(reason)) => write!(f, " (not sent again: {reason})")?,
            (attempts, None) => write!(f, " ({attempts} attempts)")?,
            (attempts, Some(reason)) => write!(f, " ({attempts} attempts; not sent again: {reason})")?,
        }
        if let Some(partial) = &e.partial {
            write!(f, " ({partial})")?;
        }
        if let Some(path) = &e.json_path {
            write!(f, " at `{}`", OneLine(path))?;
        }
        if let Some(id) = &e.request_id {
            write!(f, " [request {}]", OneLine(id))?;
        }
        Ok(())
    }
}

/// One line, which a program whose `main` fails prints; the alternate form has all fields.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match f.alternate() {
            true => self.fmt_fields(f),
            false => self.fmt_with_causes(f),
        }
    }
}

impl Error {
    fn fmt_with_causes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.to_string();
        f.write_str(&said)?;
        // Of a network error the text says the reason; its causes are the layers of the HTTP client.
        if matches!(self.kind(), ErrorKind::Connect | ErrorKind::Tls | ErrorKind::Timeout | ErrorKind::Transport) {
            return Ok(());
        }
        let mut next = self.source();
        while let Some(cause) = next {
            let text = OneLine(&cause.to_string()).to_string();
            // Many errors repeat their cause in their own text.
            if !said.contains(&text) {
                write!(f, "; caused by: {text}")?;
                said.push_str(&text);
            }
            next = cause.source();
        }
        Ok(())
    }

    fn fmt_fields(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.0;
        f.debug_struct("Error")
            .field("kind", &e.kind)
            .field("operation", &e.operation)
            .field("status", &e.status)
            .field("code", &e.code)
            .field("server_message", &e.server_message)
            .field("detail", &e.detail)
            .field("json_path", &e.json_path)
            .field("request_id", &e.request_id)
            .field("retry_after", &e.retry_after)
            .field("body_bytes", &e.body.as_ref().map(String::len))
            .field("sent", &e.sent)
            .field("attempts", &e.attempts)
            .field("gave_up", &e.gave_up)
            .field("session_login", &e.session_login)
            .field("partial", &e.partial)
            .field("source", &e.source)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::retry::GaveUp;
    use std::io;

    #[test]
    fn a_main_that_fails_prints_one_readable_line() {
        let vault = io::Error::other(Error::store("no such\nfile"));
        let error = Error::new(ErrorKind::Credentials).with_operation("digiwin.identity.login").with_source(vault);
        let line = "digiwin.identity.login: the credentials provider failed; \
                    caused by: the token store failed: no such file";
        assert_eq!(format!("{error:?}"), line);
        assert_eq!(format!("{:?}", Some(&error)), format!("Some({line})"));
        assert_eq!(error.to_string(), "digiwin.identity.login: the credentials provider failed");
        let fields = format!("{error:#?}");
        assert!(fields.contains("kind: Credentials") && fields.contains("sent: false"), "{fields}");
    }

    #[test]
    fn a_cause_is_not_said_twice() {
        assert_eq!(format!("{:?}", Error::store("the disk is full")), "the token store failed: the disk is full");
    }

    #[test]
    fn several_attempts_are_told() {
        let error = |attempts| Error::new(ErrorKind::Timeout).with_attempts(attempts).to_string();
        assert_eq!([error(0), error(1), error(3)], ["timed out", "timed out", "timed out (3 attempts)"]);
        let error = |attempts| {
            Error::new(ErrorKind::Timeout).with_attempts(attempts).gave_up(Some(GaveUp::NoBudget)).to_string()
        };
        assert_eq!(error(1), "timed out (not sent again: the client's retry budget is empty)");
        assert_eq!(error(2), "timed out (2 attempts; not sent again: the client's retry budget is empty)");
    }

    #[test]
    fn the_layers_of_the_http_client_are_not_shown() {
        let error =
            Error::new(ErrorKind::Connect).detail("h: connection refused").with_source("client error (Connect)");
        assert_eq!(format!("{error:?}"), "no connection: h: connection refused");
        assert!(format!("{error:#?}").contains("client error"));
    }
}
