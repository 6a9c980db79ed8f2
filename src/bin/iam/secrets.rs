//! Where secrets come from: never from a flag's value, which every process of the machine can read.

use crate::failure::{Failure, Result};
use iam_sdk::Password;
use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    time::Duration,
};

/// The most that a command may print.
const MOST_BYTES: u64 = 64 * 1024;
/// What a command that prints one secret need not see.
const OWN_SECRETS: [&str; 5] =
    ["IAM_TOKEN", "IAM_PASSWORD", "IAM_APP_TOKEN", "IAM_USER_POOL_SECRET", "IAM_STORE_PASSPHRASE"];

/// A place that has a secret. It is looked at only when the secret is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A variable of the environment.
    Variable(&'static str),
    /// A file.
    File(PathBuf),
    /// A command of the user's, which prints it within this time.
    Command(String, Duration),
}

impl Source {
    /// Returns the secret: all that is there, without the end of its last line.
    pub fn read(&self) -> Result<Password> {
        let text = match self {
            Self::Variable(name) => {
                std::env::var(name).map_err(|_| Failure::Usage(format!("{name} is not set, or is no text")))?
            }
            Self::File(path) => from_file(path)?,
            Self::Command(command, limit) => from_command(command, *limit)?,
        };
        one_line(text).ok_or_else(|| Failure::Usage(format!("{self}: it is empty")))
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::File(path) => write!(f, "{}", path.display()),
            // A command line can hold anything.
            Self::Command(..) => f.write_str("the command for it"),
        }
    }
}

/// Refuses an argument that gives a member with the name of a secret its value: every process of the machine can read it.
pub fn check_argument(name: &str) -> Result<()> {
    const SECRETS: [&str; 6] = ["password", "passwordhash", "secret", "token", "verificationcode", "apikey"];
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    match SECRETS.iter().any(|secret| plain.ends_with(secret)) || plain == "pin" {
        false => Ok(()),
        true => Err(Failure::Usage(format!(
            "{name}: every process of this machine can read a command line; use --input with a file or standard input, or a flag \
             for passwords where the command has one (--password-stdin)"
        ))),
    }
}

/// Reads a secret from standard input.
pub fn from_stdin() -> Result<Password> {
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text).map_err(|error| Failure::Usage(format!("standard input: {error}")))?;
    one_line(text).ok_or_else(|| Failure::Usage("standard input is empty".to_owned()))
}

/// Takes the end of the last line off. In place: no copy stays behind in memory.
fn one_line(mut text: String) -> Option<Password> {
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    (!text.is_empty()).then(|| text.into())
}

fn from_file(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

/// Runs a user's command: a list of texts as it is, anything else by the shell.
fn from_command(line: &str, limit: Duration) -> Result<String> {
    let mut command = match serde_json::from_str::<Vec<String>>(line) {
        Ok(words) if !words.is_empty() => {
            let mut command = Command::new(&words[0]);
            command.args(&words[1..]);
            command
        }
        _ => shell(line),
    };
    let failed = |what: &str| Failure::Other(format!("the command that prints the secret {what}"));
    for variable in OWN_SECRETS {
        command.env_remove(variable);
    }
    // What it has to say of itself goes to the terminal.
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
    let mut child = child.map_err(|error| failed(&format!("cannot be started: {error}")))?;
    let (sender, printed) = mpsc::channel();
    let output = child.stdout.take();
    std::thread::spawn(move || {
        let mut text = Vec::new();
        let read = output.map(|output| output.take(MOST_BYTES + 1).read_to_end(&mut text));
        sender.send(read.unwrap_or(Ok(0)).map(|_| text))
    });
    let printed = printed.recv_timeout(limit);
    if !matches!(&printed, Ok(Ok(text)) if text.len() as u64 <= MOST_BYTES) {
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| failed(&error.to_string()))?;
    let text = match printed {
        Err(_) => return Err(failed(&format!("did not end within {} s (timeout)", limit.as_secs()))),
        Ok(Err(error)) => return Err(failed(&format!("cannot be read: {error}"))),
        Ok(Ok(text)) if text.len() as u64 > MOST_BYTES => return Err(failed("printed more than 64 KiB")),
        Ok(Ok(text)) => text,
    };
    match status.success() {
        true => String::from_utf8(text).map_err(|_| failed("printed text that is not valid UTF-8")),
        false => Err(failed(&format!("failed ({status})"))),
    }
}

fn shell(line: &str) -> Command {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut command = Command::new(shell);
    command.args([flag, line]);
    command
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn no_argument_gives_a_secret() {
        for name in ["password", "Password", "newPassword", "user_password", "appToken", "secret", "pin", "apiKey"] {
            assert!(check_argument(name).is_err(), "{name}");
        }
        for name in ["username", "tokenExpiresAfter", "passwordLastSet", "spin", "company"] {
            assert!(check_argument(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_command_prints_the_secret() {
        let read = |command: &str| Source::Command(command.to_owned(), Duration::from_secs(20)).read();
        assert_eq!(read("echo 'her password'").unwrap(), "her password".into());
        assert_eq!(read(r#"["printf", "%s\n", "a b"]"#).unwrap(), "a b".into());
        assert!(read("true").unwrap_err().to_string().contains("empty"));
        let failed = read("echo canary; exit 3").unwrap_err().to_string();
        assert!(failed.contains("exit status: 3") && !failed.contains("canary"), "{failed}");
        assert!(read("yes").unwrap_err().to_string().contains("more than 64 KiB"));
        let late = Source::Command("exec sleep 600".to_owned(), Duration::from_millis(50)).read().unwrap_err();
        assert!(late.to_string().contains("did not end within"), "{late}");
        assert!(read(r#"["/no/such/command"]"#).unwrap_err().to_string().contains("cannot be started"));
    }
}
