//! Ctrl-C, and the request to end that a system sends: the first one lets the calls under way come to their end.

use super::gate::Gate;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// Stops `gate` at the first signal, and tells by the returned flag. The second one ends the process.
pub fn watch(gate: &Arc<Gate>) -> io::Result<Arc<AtomicBool>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let told = Arc::new(AtomicBool::new(false));
    let (gate, flag) = (gate.clone(), told.clone());
    // From here on no signal is lost.
    let mut signals = {
        let _entered = runtime.enter();
        Signals::new()?
    };
    // It waits for as long as the process runs.
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            signals.next().await;
            flag.store(true, Ordering::Relaxed);
            gate.stop();
            signals.next().await;
            std::process::exit(INTERRUPTED);
        });
    })?;
    Ok(told)
}

const INTERRUPTED: i32 = 130;

#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 2]);

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
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
