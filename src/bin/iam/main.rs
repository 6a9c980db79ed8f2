//! The command `iam`: shows the SDK at work, and serves its emulator to other programs.

mod demo;
mod emulate;
mod settings;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(version, about = "Shows the identity SDK at work, and serves its emulator")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the emulator and do what the vendor's quick start does, with the blocking and with the async client
    Demo,
    /// Serve the emulator until standard input closes or a signal comes; prints one line of JSON first
    Emulate(emulate::Options),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Demo => demo::run(),
        Command::Emulate(options) => emulate::run(options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("iam: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}
