//! What the calls of a test log.

use std::{
    io::{Result, Write},
    sync::{Arc, Mutex},
};
use tracing::{
    Dispatch, Level,
    subscriber::{DefaultGuard, NoSubscriber, set_default},
};
use tracing_subscriber::fmt::format::FmtSpan;

/// The log of the thread that started it, and of the work that this thread's calls do elsewhere.
#[must_use]
pub struct Log {
    lines: Lines,
    _default: DefaultGuard,
    _other: Dispatch,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Log {
    pub fn start() -> Self {
        // Where there is one subscriber alone, tracing asks that of the thread which first meets an event, be it another test's
        // without any, and never again.
        let other = Dispatch::new(NoSubscriber::default());
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::DEBUG)
            .with_span_events(FmtSpan::CLOSE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        Self { lines, _default: set_default(subscriber), _other: other }
    }

    /// Returns what was logged so far.
    pub fn text(&self) -> String {
        String::from_utf8(self.lines.0.lock().unwrap().clone()).unwrap()
    }
}
