//! Ctrl-C, and the request to end that a system sends: the first one lets the calls under way come to their end.

use super::gate::{Gate, StopReason};
use crate::failure::code;
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
struct Signals([tokio::signal::unix::Signal; 2]);

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        // Not a hang-up: `nohup` has it ignored, and a journal survives what it does otherwise.
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
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
