//! A recorder for the facade `metrics`.

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// How much was recorded for each name and its labels, in one text. The server's address is left out.
pub type Recorded = Arc<Mutex<BTreeMap<String, (u64, Key)>>>;

/// Counts what is recorded for each name and its labels. Of gauges it keeps the last value.
#[derive(Default)]
pub struct Counts {
    pub recorded: Recorded,
    pub units: Mutex<BTreeMap<String, Option<Unit>>>,
}

struct Cell(Recorded, Key);

impl Cell {
    fn change(&self, change: impl FnOnce(&mut u64)) {
        let mut labels: Vec<_> = self.1.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        labels.retain(|label| !label.starts_with("server."));
        labels.sort();
        let name = format!("{} {}", self.1.name(), labels.join(" "));
        change(&mut self.0.lock().unwrap().entry(name).or_insert((0, self.1.clone())).0);
    }
}

impl CounterFn for Cell {
    fn increment(&self, value: u64) {
        self.change(|count| *count += value);
    }

    fn absolute(&self, _: u64) {
        panic!("counters are incremented");
    }
}

impl HistogramFn for Cell {
    fn record(&self, seconds: f64) {
        assert!(seconds > 0.0 && seconds < 60.0, "{seconds}");
        self.change(|count| *count += 1);
    }
}

impl GaugeFn for Cell {
    fn increment(&self, _: f64) {
        panic!("gauges are set");
    }

    fn decrement(&self, _: f64) {
        panic!("gauges are set");
    }

    fn set(&self, value: f64) {
        self.change(|count| *count = value as u64);
    }
}

impl Counts {
    /// Returns how much was recorded for each name and its labels.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.recorded.lock().unwrap().iter().map(|(name, (count, _))| (name.clone(), *count)).collect()
    }

    fn describe(&self, name: &KeyName, unit: Option<Unit>) {
        self.units.lock().unwrap().insert(name.as_str().to_owned(), unit);
    }

    fn cell(&self, key: &Key) -> Arc<Cell> {
        Arc::new(Cell(self.recorded.clone(), key.clone()))
    }
}

impl Recorder for Counts {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(&name, unit);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(&name, unit);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(&name, unit);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.cell(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.cell(key))
    }
}
