//! Why a command failed: what it prints, and the code that it exits with.

use crate::output::table::visible;
use iam_sdk::{Error, ErrorKind};
use serde_json::json;
use std::{
    env,
    error::Error as _,
    ffi::OsString,
    fmt,
    io::{self, Write as _},
    process::ExitCode,
    sync::Mutex,
};

/// Prints a line on standard error, for people. Nobody may be there to read it, which is no failure.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => {
        $crate::failure::note(format!($($text)*))
    };
}

/// The notes for people that wait for the end of a command whose failure is an object; `None` where they are printed at once.
static NOTES: Mutex<Option<Vec<String>>> = Mutex::new(None);

/// Keeps notes until the end, so that an object on standard error has nothing beside it.
pub fn keep_notes() {
    notes().get_or_insert_default();
}

/// Prints a note, or keeps it until the end.
pub fn note(text: String) {
    match &mut *notes() {
        Some(kept) => kept.push(text),
        None => print_line(&text),
    }
}

/// Prints the notes that were kept: where no object was printed that has them.
pub fn print_notes() {
    let kept = notes().as_mut().map(std::mem::take);
    kept.into_iter().flatten().for_each(|text| print_line(&text));
}

fn notes() -> std::sync::MutexGuard<'static, Option<Vec<String>>> {
    NOTES.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn print_line(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// The exit codes, which `iam help exit-codes` documents.
pub mod code {
    pub const FAILED: u8 = 1;
    pub const USAGE: u8 = 2;
    pub const PARTLY_DONE: u8 = 3;
    pub const AUTHENTICATION: u8 = 4;
    pub const AUTHORIZATION: u8 = 5;
    pub const NOT_FOUND: u8 = 6;
    pub const REFUSED_DATA: u8 = 7;
    pub const TRY_LATER: u8 = 8;
    pub const NETWORK: u8 = 9;
    pub const INTERRUPTED: u8 = 130;
}

/// Why a command ends before it has done what it was asked for.
#[derive(Debug)]
pub enum Failure {
    /// A call failed.
    Call(Error),
    /// The command line, a setting or a file is wrong.
    Usage(String),
    /// A confirmation was refused, or could not be asked for.
    Refused(String),
    /// There is no session, and nothing to log in with.
    NotLoggedIn(String),
    /// Anything else.
    Other(String),
    /// The command has said already what failed; the code says how it ends.
    AlreadyReported(u8),
    /// Whoever read standard output has gone: `iam … | head`.
    ClosedPipe,
    /// Ctrl-C.
    Interrupted,
}

/// The result of most of what the command line does.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// Says why a file cannot be read that the user named: nothing was sent.
    pub fn input(path: &std::path::Path, error: &io::Error) -> Self {
        Self::Usage(format!("{}: {error}", path.display()))
    }

    /// Says what could not be done with a file of the command's own, or that it was to write.
    pub fn file(path: &std::path::Path, error: &io::Error) -> Self {
        Self::Other(format!("{}: {error}", path.display()))
    }

    /// Makes a failure of any error: of its text and its causes. A reader that has gone stays one.
    pub fn from_any(error: Box<dyn std::error::Error>) -> Self {
        let error = match error.downcast::<io::Error>() {
            Ok(error) => return (*error).into(),
            Err(error) => error,
        };
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text += &format!("; caused by: {cause}");
            source = cause.source();
        }
        Self::Other(text)
    }

    /// Returns the code that the process exits with.
    pub fn code(&self) -> u8 {
        match self {
            Self::Call(error) => code_of(error),
            Self::Usage(_) | Self::Refused(_) => code::USAGE,
            Self::NotLoggedIn(_) => code::AUTHENTICATION,
            Self::Other(_) => code::FAILED,
            Self::AlreadyReported(code) => *code,
            Self::ClosedPipe => 0,
            Self::Interrupted => code::INTERRUPTED,
        }
    }

    /// Prints the failure on standard error: as an object for programs that read JSON, else as a line.
    pub fn report(&self, as_json: bool) -> ExitCode {
        if !matches!(self, Self::AlreadyReported(_) | Self::ClosedPipe | Self::Interrupted) {
            match as_json {
                true => {
                    let mut object = self.json();
                    object["notes"] = notes().as_mut().map(std::mem::take).unwrap_or_default().into();
                    print_line(&object.to_string());
                }
                false => print_line(&visible(&format!("iam: {}", self.line(&command_words(env::args_os()))))),
            }
        }
        self.code().into()
    }

    /// Returns the line that people read: in place of the operation it names the command, which has what it was about.
    fn line(&self, command: &str) -> String {
        let text = self.to_string();
        let operation = if let Self::Call(error) = self { error.operation() } else { None };
        let rest = operation.and_then(|operation| text.strip_prefix(operation)).filter(|_| !command.is_empty());
        match rest {
            // Authing's GraphQL says 200 of every failure.
            Some(rest) => format!("{command}{}", rest.replacen(" (HTTP 200)", "", 1).replacen("(HTTP 200, ", "(", 1)),
            None => text,
        }
    }

    /// Returns the object that programs read; every member is there, `null` where there is nothing to say.
    pub fn json(&self) -> serde_json::Value {
        let kind = match self {
            Self::Call(error) => format!("{:?}", error.kind()),
            Self::Usage(_) => "Usage".to_owned(),
            Self::Refused(_) => "Refused".to_owned(),
            Self::NotLoggedIn(_) => "NotLoggedIn".to_owned(),
            _ => "Other".to_owned(),
        };
        let call = if let Self::Call(error) = self { Some(error) } else { None };
        json!({
            "kind": kind,
            "operation": call.and_then(Error::operation),
            "status": call.and_then(Error::status),
            "code": call.and_then(Error::code),
            "message": self.to_string(),
            "request_id": call.and_then(Error::request_id),
            "retry_after": call.and_then(Error::retry_after).map(|wait| wait.as_secs_f64()),
            "was_sent": call.is_some_and(Error::was_sent),
            "notes": [],
        })
    }
}

/// Returns the words of a command line that say what it was about: a service's command and its arguments, up to the first
/// flag. None of them is a secret: no argument takes one.
fn command_words(arguments: impl Iterator<Item = OsString>) -> String {
    /// As much as a line has room for beside what failed.
    const MOST: usize = 80;
    let words: Vec<_> = arguments.skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    if words.first().is_none_or(|first| crate::service::Service::named(first).is_none()) {
        return String::new();
    }
    let text = words.iter().take_while(|word| !word.starts_with('-')).map(String::as_str).collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// Returns the exit code of a call's failure.
pub fn code_of(error: &Error) -> u8 {
    if error.partial().is_some_and(|partial| !partial.done.is_empty()) {
        return code::PARTLY_DONE;
    }
    match error.kind() {
        ErrorKind::Configuration | ErrorKind::InvalidArgument => code::USAGE,
        ErrorKind::Authentication | ErrorKind::Application | ErrorKind::Credentials | ErrorKind::LoginLimited => {
            code::AUTHENTICATION
        }
        ErrorKind::Authorization => code::AUTHORIZATION,
        ErrorKind::NotFound => code::NOT_FOUND,
        ErrorKind::Conflict | ErrorKind::Validation => code::REFUSED_DATA,
        ErrorKind::Business if is_taken(error) => code::REFUSED_DATA,
        ErrorKind::RateLimited | ErrorKind::Server => code::TRY_LATER,
        ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Tls | ErrorKind::Transport => code::NETWORK,
        _ => code::FAILED,
    }
}

/// Returns whether the service says that there is such a thing already. For most things its codes do not tell.
fn is_taken(error: &Error) -> bool {
    let message = error.server_message().unwrap_or_default().to_lowercase();
    ["已存在", "already exist", "exists already"].iter().any(|words| message.contains(words))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // `Debug` of an error is its line and its causes, but for those that only repeat it.
            Self::Call(error) if error.source().is_some() => f.write_str(&for_people(&format!("{error:?}"))),
            Self::Call(error) => f.write_str(&for_people(&error.to_string())),
            Self::Usage(text) | Self::Refused(text) | Self::NotLoggedIn(text) | Self::Other(text) => f.write_str(text),
            Self::AlreadyReported(_) => f.write_str("failed"),
            Self::ClosedPipe => f.write_str("standard output is closed"),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

/// Leaves out advice to programs.
fn for_people(text: &str) -> String {
    text.replace("use https, or allow_http(true)", "use https")
}

impl std::error::Error for Failure {}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // A provider without anything to log in with says so in words of the command line's own.
        let not_logged_in = error.source().and_then(|source| source.downcast_ref::<Self>()).and_then(|own| match own {
            Self::NotLoggedIn(text) => Some(text.clone()),
            _ => None,
        });
        not_logged_in.map_or(Self::Call(error), Self::NotLoggedIn)
    }
}

/// An error of writing to standard output.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            io::ErrorKind::Interrupted => Self::Interrupted,
            _ => Self::Other(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(_: serde_json::Error) -> Self {
        // serde's text can quote a value.
        Self::Other("the response cannot be shown: it is nested too deeply".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_code() {
        use ErrorKind::*;
        for (expected, kinds) in [
            (1, &[Api, Business, Decode, Crypto, TooLarge, Store, BlockingInAsync][..]),
            (2, &[Configuration, InvalidArgument]),
            (4, &[Authentication, Application, Credentials, LoginLimited]),
            (5, &[Authorization]),
            (6, &[NotFound]),
            (7, &[Conflict, Validation]),
            (8, &[RateLimited, Server]),
            (9, &[Connect, Timeout, Tls, Transport]),
        ] {
            for &kind in kinds {
                assert_eq!(Failure::from(Error::new(kind)).code(), expected, "{kind:?}");
            }
        }
        for (message, expected) in
            [("group 已存在", 7), ("The code already exists", 7), ("group 不存在", 1), ("the group does not exist", 1)]
        {
            assert_eq!(code_of(&Error::new(Business).with_server_message(message)), expected, "{message}");
        }
        let mut partial = iam_sdk::Partial::default();
        partial.done.push("u1".to_owned());
        assert_eq!(code_of(&Error::new(Server).with_partial(partial)), 3);
    }

    #[test]
    fn a_provider_with_nothing_to_log_in_with_is_not_logged_in() {
        let error = Error::new(ErrorKind::Credentials).with_source(Failure::NotLoggedIn("log in first".to_owned()));
        let failure = Failure::from(error);
        assert_eq!((failure.code(), failure.to_string().as_str()), (4, "log in first"));
    }

    #[test]
    fn people_read_what_it_was_about() {
        let error = Error::new(ErrorKind::NotFound).with_operation("authing.users.find").with_status(200);
        let failure = Failure::from(error);
        assert_eq!(failure.line("authing users find"), "authing users find: not found");
        assert_eq!(failure.line(""), "authing.users.find: not found (HTTP 200)");
        assert_eq!(Failure::Usage("wrong".to_owned()).line("authing users find"), "wrong");
        let words = |line: &str| command_words(line.split(' ').map(Into::into));
        assert_eq!(words("iam digiwin users get bob -o plain x"), "digiwin users get bob");
        assert_eq!(words("iam whoami"), "");
        assert_eq!(words("iam -o plain digiwin users get bob"), "");
        let many = words(&format!("iam authing users delete-many {}", "u1 ".repeat(100)));
        assert!(many.ends_with('…') && many.chars().count() == 81, "{many}");
    }

    #[test]
    fn the_object_has_every_member() {
        let error = Error::new(ErrorKind::RateLimited).with_operation("digiwin.users.get_user").with_status(429);
        let object = Failure::from(error.with_retry_after(std::time::Duration::from_millis(1500))).json();
        assert_eq!((&object["kind"], &object["status"]), (&json!("RateLimited"), &json!(429)));
        assert_eq!((&object["retry_after"], &object["was_sent"]), (&json!(1.5), &json!(true)));
        let members =
            ["kind", "operation", "status", "code", "message", "request_id", "retry_after", "was_sent", "notes"];
        let usage = Failure::Usage("wrong".to_owned()).json();
        assert!(members.iter().all(|member| usage.get(member).is_some()), "{usage}");
    }
}
