//! Ctrl-C, and the request to end that a system sends: the first one lets the calls under way come to their end.

use super::gate::{Gate, StopReason};
use crate::failure::code;
#[cfg(unix)]
use std::task::Poll;
use std::{io, sync::Arc, thread};

/// Stops `gate` at the first signal. The second one ends the process.
pub fn watch(gate: &Arc<Gate>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let gate = gate.clone();
    // From here on no signal is lost.
    let mut signals = {
        let _entered = runtime.enter();
        Signals::new()?
    };
    // It waits for as long as the process runs.
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            signals.next().await;
            gate.stop(StopReason::Interrupted);
            signals.next().await;
            std::process::exit(code::INTERRUPTED.into());
        });
    })?;
    Ok(())
}

#[cfg(unix)]
struct Signals(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        // A hang-up is a terminal that was closed, unless `nohup` has it ignored: then it goes on.
        let hang_up = Some(SignalKind::hangup()).filter(|_| !hang_up_is_ignored());
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()].into_iter().chain(hang_up);
        Ok(Self(kinds.map(signal).collect::<io::Result<_>>()?))
    }

    async fn next(&mut self) {
        std::future::poll_fn(|context| {
            let is_ready = self.0.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if is_ready { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Returns whether the signal is ignored, as well as the system tells: elsewhere than on Linux it is left as it is.
#[cfg(unix)]
fn hang_up_is_ignored() -> bool {
    std::fs::read_to_string("/proc/self/status").map_or(true, |status| is_first_ignored(&status))
}

/// Returns whether the set of ignored signals has the first one, the hang-up.
#[cfg(unix)]
fn is_first_ignored(status: &str) -> bool {
    let set = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    set.and_then(|set| u128::from_str_radix(set.trim(), 16).ok()).is_none_or(|set| set & 1 == 1)
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn nohup_has_the_hang_up_ignored() {
        for (status, is_ignored) in [
            ("Name:\tiam\nSigIgn:\t0000000000001001\n", true),
            ("SigIgn:\t0000000000001000\n", false),
            ("Name:\tiam\n", true),
        ] {
            assert_eq!(is_first_ignored(status), is_ignored, "{status}");
        }
    }
}
