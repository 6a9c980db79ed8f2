//! Questions on the terminal. Answers to them never show up anywhere else.

use crate::failure::{Failure, Result};
use iam_sdk::Password;
use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    sync::atomic::{AtomicBool, Ordering},
};

/// Whether `--no-input` was given.
static FORBIDDEN: AtomicBool = AtomicBool::new(false);

/// Lets nobody be asked any more.
pub fn forbid() {
    FORBIDDEN.store(true, Ordering::Relaxed);
}

/// Returns whether somebody can be asked.
pub fn possible() -> bool {
    !FORBIDDEN.load(Ordering::Relaxed) && io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a text.
pub fn text(question: &str) -> Result<String> {
    let mut to = io::stderr();
    write!(to, "{question}: ").and_then(|()| to.flush()).map_err(unasked)?;
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line).map_err(unasked)? {
        0 => Err(Failure::Refused("there was no answer".to_owned())),
        _ => Ok(line.trim().to_owned()),
    }
}

/// Asks for a secret, which is not shown while it is typed.
pub fn secret(question: &str) -> Result<Password> {
    let mut to = io::stderr();
    write!(to, "{question}: ").and_then(|()| to.flush()).map_err(unasked)?;
    let answer = hidden::read_line();
    let _ = writeln!(to);
    match answer {
        Ok(answer) if answer.is_empty() => Err(Failure::Refused("there was no answer".to_owned())),
        Ok(answer) => Ok(answer.into()),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(Failure::Interrupted),
        Err(error) => Err(unasked(error)),
    }
}

/// Asks whether to go on; no answer is no.
pub fn confirmed(question: &str) -> Result<bool> {
    Ok(matches!(text(&format!("{question} [y/N]"))?.to_lowercase().as_str(), "y" | "yes"))
}

fn unasked(error: io::Error) -> Failure {
    Failure::Other(format!("the terminal cannot be asked: {error}"))
}

#[cfg(unix)]
mod hidden {
    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
    use std::io::{self, Read as _, Stdin};

    const END_OF_TEXT: u8 = 3;
    const END_OF_TRANSMISSION: u8 = 4;

    /// Puts the terminal back as it was.
    struct Restore<'a>(&'a Stdin, Termios);

    impl Drop for Restore<'_> {
        fn drop(&mut self) {
            let _ = tcsetattr(self.0, OptionalActions::Flush, &self.1);
        }
    }

    /// Reads a line that is not shown. Ctrl-C, which would leave the terminal without echo if it were a signal, is an error.
    pub fn read_line() -> io::Result<String> {
        let stdin = io::stdin();
        let before = tcgetattr(&stdin)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        hidden.special_codes[SpecialCodeIndex::VMIN] = 1;
        hidden.special_codes[SpecialCodeIndex::VTIME] = 0;
        let erase = before.special_codes[SpecialCodeIndex::VERASE];
        let _restore = Restore(&stdin, before);
        tcsetattr(&stdin, OptionalActions::Flush, &hidden)?;
        let mut line = Vec::new();
        for byte in stdin.lock().bytes() {
            match byte? {
                END_OF_TEXT => return Err(io::ErrorKind::Interrupted.into()),
                b'\r' | b'\n' | END_OF_TRANSMISSION => break,
                byte if byte == erase || byte == 8 || byte == 127 => {
                    // A whole character, of however many bytes.
                    while line.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {}
                }
                byte => line.push(byte),
            }
        }
        String::from_utf8(line).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the answer is no UTF-8 text"))
    }
}

#[cfg(not(unix))]
mod hidden {
    pub fn read_line() -> std::io::Result<String> {
        rpassword::read_password()
    }
}
