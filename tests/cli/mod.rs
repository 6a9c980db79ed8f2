//! The command `iam`, run as a process against the emulator.

mod api;
mod arguments;
#[cfg(unix)]
mod bulk;
mod commands;
mod exit_codes;
mod guide;
#[cfg(target_os = "linux")]
mod keyring;
mod login;
mod output;
mod profiles;
mod secrets;
mod support;
#[cfg(unix)]
mod terminal;
