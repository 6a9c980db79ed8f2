//! Where calls are made from: runtimes, threads, other calls.

#[cfg(feature = "blocking")]
mod blocking;
#[cfg(feature = "async")]
mod tasks;
#[cfg(all(feature = "blocking", target_os = "linux"))]
mod threads;

use iam_sdk::{digiwin::Credentials, emulator::Emulator};

fn ann(emulator: &Emulator) -> Credentials {
    let account = emulator.digiwin().account();
    Credentials::password(&account.user_id, account.password.clone())
}

/// Returns how many requests went to a path.
fn request_count(emulator: &Emulator, path: &str) -> usize {
    emulator.requests().iter().filter(|served| served.path.ends_with(path)).count()
}
