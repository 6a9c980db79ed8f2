//! What the calls of a test log.

use super::spans::another_subscriber;
use std::{
    io::{Result, Write},
    sync::{Arc, Mutex},
};
use tracing::{
    Dispatch, Level, Subscriber,
    subscriber::{DefaultGuard, set_default},
};
use tracing_subscriber::fmt::{format::FmtSpan, writer::BoxMakeWriter};

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
        Self::of(|writer| {
            let log = tracing_subscriber::fmt().with_max_level(Level::DEBUG).with_span_events(FmtSpan::CLOSE);
            log.with_ansi(false).with_writer(writer).finish()
        })
    }

    /// Starts the log of a subscriber that writes to this writer.
    pub fn of<S: Subscriber + Send + Sync>(subscriber: impl FnOnce(BoxMakeWriter) -> S) -> Self {
        let other = another_subscriber();
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(BoxMakeWriter::new(move || writer.clone()));
        Self { lines, _default: set_default(subscriber), _other: other }
    }

    /// Returns what was logged so far.
    pub fn text(&self) -> String {
        String::from_utf8(self.lines.0.lock().unwrap().clone()).unwrap()
    }
}
