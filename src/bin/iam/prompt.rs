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
    let ask = || {
        let mut to = io::stderr();
        write!(to, "{question}: ").and_then(|()| to.flush())
    };
    let answer = hidden::read_line(ask);
    let _ = writeln!(io::stderr());
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
    use std::{
        io::{self, Read as _},
        sync::{Mutex, PoisonError},
    };
    use tokio::signal::unix::{SignalKind, signal};

    const END_OF_TEXT: u8 = 3;
    const END_OF_TRANSMISSION: u8 = 4;
    const QUIT: u8 = 28;

    /// The terminal as it was, while it is changed.
    static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

    fn restore() {
        // What was typed after the answer is for whoever reads next.
        if let Some(before) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &before);
        }
    }

    /// Puts the terminal back as it was.
    struct Restore;

    impl Drop for Restore {
        fn drop(&mut self) {
            restore();
        }
    }

    /// Ends the process on signals that would end it without putting the terminal back.
    fn watch_signals() -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let _entered = runtime.enter();
        let [mut interrupt, mut terminate, mut hangup] =
            [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?];
        drop(_entered);
        std::thread::Builder::new().name("iam-signals".to_owned()).spawn(move || {
            let number = runtime.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => 2,
                    _ = terminate.recv() => 15,
                    _ = hangup.recv() => 1,
                }
            });
            restore();
            std::process::exit(128 + number);
        })?;
        Ok(())
    }

    /// Reads a line that is not shown, after `ask`. Ctrl-C, which would leave the terminal without echo if it were a signal, is an
    /// error.
    pub fn read_line(ask: impl FnOnce() -> io::Result<()>) -> io::Result<String> {
        let stdin = io::stdin();
        let before = tcgetattr(&stdin)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        hidden.special_codes[SpecialCodeIndex::VMIN] = 1;
        hidden.special_codes[SpecialCodeIndex::VTIME] = 0;
        let (erase, kill) =
            (before.special_codes[SpecialCodeIndex::VERASE], before.special_codes[SpecialCodeIndex::VKILL]);
        watch_signals()?;
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        let _restore = Restore;
        // Before the question: what is typed at once is not shown either, and not lost.
        tcsetattr(&stdin, OptionalActions::Drain, &hidden)?;
        ask()?;
        let mut line = Vec::new();
        for byte in stdin.lock().bytes() {
            match byte? {
                END_OF_TEXT | QUIT => return Err(io::ErrorKind::Interrupted.into()),
                b'\r' | b'\n' | END_OF_TRANSMISSION => break,
                byte if byte == kill => line.clear(),
                byte if byte == erase || byte == 8 || byte == 127 => {
                    // A whole character, of however many bytes.
                    while line.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {}
                }
                // Another control character is no part of a password: Ctrl-Z, an arrow.
                byte if byte.is_ascii_control() && byte != b'\t' => {}
                byte => line.push(byte),
            }
        }
        String::from_utf8(line).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the answer is not valid UTF-8"))
    }
}

#[cfg(not(unix))]
mod hidden {
    pub fn read_line(ask: impl FnOnce() -> std::io::Result<()>) -> std::io::Result<String> {
        ask()?;
        rpassword::read_password()
    }
}
