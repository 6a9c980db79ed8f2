//! Where secrets come from: never from a flag's value, which every process of the machine can read.

use crate::failure::{Failure, Result};
use iam_sdk::Password;
use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A place that has a secret. It is looked at only when the secret is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A variable of the environment.
    Variable(&'static str),
    /// A file.
    File(PathBuf),
    /// A command of the user's, which prints it.
    Command(String),
}

impl Source {
    /// Returns the secret: all that is there, without the end of its last line.
    pub fn read(&self) -> Result<Password> {
        let text = match self {
            Self::Variable(name) => {
                std::env::var(name).map_err(|_| Failure::Usage(format!("{name} is not set, or is no text")))?
            }
            Self::File(path) => from_file(path)?,
            Self::Command(command) => from_command(command)?,
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
            Self::Command(_) => f.write_str("the command for it"),
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
fn from_command(line: &str) -> Result<String> {
    let mut command = match serde_json::from_str::<Vec<String>>(line) {
        Ok(words) if !words.is_empty() => {
            let mut command = Command::new(&words[0]);
            command.args(&words[1..]);
            command
        }
        _ => shell(line),
    };
    let failed = |what: &str| Failure::Other(format!("the command that prints the secret {what}"));
    // What it has to say of itself goes to the terminal.
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| failed(&format!("cannot be started: {error}")))?;
    match output.status.success() {
        true => String::from_utf8(output.stdout).map_err(|_| failed("printed no UTF-8 text")),
        false => Err(failed(&format!("failed ({})", output.status))),
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
        let read = |command: &str| Source::Command(command.to_owned()).read();
        assert_eq!(read("echo 'her password'").unwrap(), "her password".into());
        assert_eq!(read(r#"["printf", "%s\n", "a b"]"#).unwrap(), "a b".into());
        assert!(read("true").unwrap_err().to_string().contains("empty"));
        let failed = read("echo canary; exit 3").unwrap_err().to_string();
        assert!(failed.contains("exit status: 3") && !failed.contains("canary"), "{failed}");
        assert!(read(r#"["/no/such/command"]"#).unwrap_err().to_string().contains("cannot be started"));
    }
}
