//! A time limit for calls that have none.

use std::{sync::mpsc, thread, time::Duration};

/// Runs `work` on a thread of its own and returns its result; `None` if there was none in time, or no thread.
///
/// A thread that takes too long is left behind. It ends when `work` does.
pub(super) fn within<T: Send + 'static>(
    name: &str,
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = mpsc::channel();
    let thread = thread::Builder::new().name(name.to_owned());
    // The receiver is gone when the result comes too late.
    thread.spawn(move || drop(sender.send(work()))).ok()?;
    receiver.recv_timeout(limit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_does_not_end_is_left_behind() {
        let (hold, held) = mpsc::channel::<()>();
        let late = within("test", Duration::from_millis(10), move || {
            let _ = held.recv();
        });
        assert_eq!(late, None);
        drop(hold);
        assert_eq!(within("test", Duration::from_secs(60), || 7), Some(7));
        assert_eq!(within("test", Duration::from_secs(60), || -> u8 { panic!("as planned") }), None);
    }
}
