//! Shows how far an import or export is: a bar on a terminal, a line each five seconds elsewhere.

use super::import::{Counts, SHOWN};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::{
    fmt,
    io::IsTerminal as _,
    time::{Duration, Instant},
};

/// How often a line is printed where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// How often the bar is drawn: it must not slow the work.
const DRAWN_EVERY: Duration = Duration::from_millis(100);
const DRAWN: u8 = 10;

pub struct Progress {
    /// `None`: nothing is shown but what goes wrong.
    shown: Option<Shown>,
    total: usize,
    begun: Instant,
    failures: usize,
    /// What time it is: the machine's clock, or a test's.
    clock: Clock,
}

type Clock = Box<dyn Fn() -> Instant>;

enum Shown {
    Bar(ProgressBar, Instant),
    Lines(Instant),
}

impl Progress {
    /// Shows progress on standard error.
    pub fn new(total: usize, quiet: bool) -> Self {
        let begun = Instant::now();
        match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Self { shown: None, ..Self::lines(total, Box::new(Instant::now)) },
            (false, true) => {
                Self { shown: Some(Shown::Bar(bar(total), begun)), ..Self::lines(total, Box::new(Instant::now)) }
            }
            (false, false) => Self::lines(total, Box::new(Instant::now)),
        }
    }

    fn lines(total: usize, clock: Clock) -> Self {
        let begun = clock();
        Self { shown: Some(Shown::Lines(begun)), total, begun, failures: 0, clock }
    }

    /// Shows what is done so far.
    pub fn show(&mut self, counts: &Counts) {
        self.at(counts.all(), || failures(counts.failed));
    }

    /// Shows how many are done so far, and what else there is to say.
    pub fn at(&mut self, done: usize, more: impl Fn() -> String) {
        if let Some(line) = self.due(done, more) {
            crate::say!("iam: {line}");
        }
    }

    /// Draws the bar, or returns a line that is to be printed, where it is time for it.
    fn due(&mut self, done: usize, more: impl Fn() -> String) -> Option<String> {
        let now = (self.clock)();
        match &mut self.shown {
            Some(Shown::Bar(bar, last)) if now.duration_since(*last) >= DRAWN_EVERY => {
                *last = now;
                bar.set_message(more());
                bar.set_position(done as u64);
                None
            }
            Some(Shown::Lines(last)) if now.duration_since(*last) >= LINE_EVERY => {
                *last = now;
                Some(line(done, self.total, now.duration_since(self.begun), &more()))
            }
            _ => None,
        }
    }

    /// Says why a row failed, of the first few that do.
    pub fn failed(&mut self, line: u64, message: &str) {
        self.failures += 1;
        match self.failures {
            1..SHOWN => self.say(&format!("line {line}: {message}")),
            SHOWN => self
                .say(&format!("line {line}: {message}\niam: further failures are not shown; --rejects FILE keeps all")),
            _ => {}
        }
    }

    /// Prints a line, above the bar if there is one.
    pub fn say(&self, text: &str) {
        match &self.shown {
            Some(Shown::Bar(bar, _)) => bar.suspend(|| crate::say!("iam: {text}")),
            _ => crate::say!("iam: {text}"),
        }
    }

    /// Removes the bar.
    pub fn finish(self) {
        if let Some(Shown::Bar(bar, _)) = self.shown {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: usize) -> ProgressBar {
    let target = ProgressDrawTarget::stderr_with_hz(DRAWN);
    let (length, template) = match total {
        0 => (None, "{spinner} {human_pos}  {rate}  {msg}"),
        total => (Some(total as u64), "{wide_bar} {human_pos}/{human_len}  {rate}  {eta}  {msg}"),
    };
    let bar = ProgressBar::with_draw_target(length, target);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.with_key("rate", |state: &ProgressState, to: &mut dyn fmt::Write| {
            // Nobody can be told that a text has no room.
            let _ = write!(to, "{} a second", grouped(state.per_sec().round() as usize));
        })),
        Err(_) => bar,
    }
}

fn failures(failed: usize) -> String {
    if failed == 0 { String::new() } else { format!("{} failed", grouped(failed)) }
}

/// Returns the line of those who have no terminal.
fn line(done: usize, total: usize, elapsed: Duration, more: &str) -> String {
    let rate = done as f64 / elapsed.as_secs_f64().max(0.001);
    let mut line = match total {
        0 => grouped(done),
        total => format!("{} of {}", grouped(done), grouped(total)),
    };
    line += &format!(", {} a second", grouped(rate.round() as usize));
    if rate > 0.0 && total > done {
        line += &format!(", {} s left", grouped(((total - done) as f64 / rate).ceil() as usize));
    }
    if !more.is_empty() {
        line += &format!(", {more}");
    }
    line
}

/// Returns how many rows there are, in words.
pub fn rows(number: usize) -> String {
    format!("{} {}", grouped(number), if number == 1 { "row" } else { "rows" })
}

/// Returns a number with its thousands apart.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_each_five_seconds() {
        let begun = Instant::now();
        let milliseconds = std::rc::Rc::new(std::cell::Cell::new(0));
        let clock = milliseconds.clone();
        let mut progress = Progress::lines(100, Box::new(move || begun + Duration::from_millis(clock.get())));
        let mut lines = Vec::new();
        for (at, done) in [(0, 0), (4_999, 49), (5_000, 50), (5_001, 51), (9_999, 70), (10_000, 80), (27_000, 90)] {
            milliseconds.set(at);
            lines.extend(progress.due(done, String::new));
        }
        let expected = [
            "50 of 100, 10 a second, 5 s left",
            "80 of 100, 8 a second, 3 s left",
            // What was not shown in time is not made up for.
            "90 of 100, 3 a second, 3 s left",
        ];
        assert_eq!(lines, expected);
        progress.shown = None;
        milliseconds.set(60_000);
        assert_eq!(progress.due(100, String::new), None, "quiet");
    }

    #[test]
    fn a_line_says_how_far_it_is() {
        let second = Duration::from_secs(1);
        for (done, total, elapsed, more, expected) in [
            (0, 9, second, "", "0 of 9, 0 a second"),
            (2_000, 100_000, second, "", "2,000 of 100,000, 2,000 a second, 49 s left"),
            (1_234_567, 1_234_567, second * 10, "7 failed", "1,234,567 of 1,234,567, 123,457 a second, 7 failed"),
            (50, 0, second, "", "50, 50 a second"),
        ] {
            assert_eq!(line(done, total, elapsed, more), expected);
        }
        assert_eq!([0, 1, 1_000].map(rows), ["0 rows", "1 row", "1,000 rows"]);
        assert_eq!([7, 999, 1_000, 100_000].map(grouped), ["7", "999", "1,000", "100,000"]);
    }
}
