//! The spans and events of the crate that the calls of a test make.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    sync::{Arc, Mutex, MutexGuard},
};
use tracing::{
    Dispatch, Event, Level, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::{DefaultGuard, NoSubscriber, set_default},
};
use tracing_subscriber::{
    Layer, Registry,
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
};

type Fields = BTreeMap<&'static str, String>;

#[derive(Clone, Debug)]
pub struct Span {
    pub name: &'static str,
    pub level: Level,
    pub target: &'static str,
    /// The name of the span around it.
    pub parent: Option<&'static str>,
    pub fields: Fields,
    /// The fields that were declared, recorded or not.
    pub declared: BTreeSet<&'static str>,
    pub is_closed: bool,
}

#[derive(Clone, Debug)]
pub struct Seen {
    pub level: Level,
    pub target: &'static str,
    pub message: String,
    pub fields: Fields,
    /// The name of the span around it.
    pub span: Option<&'static str>,
}

#[derive(Clone, Debug, Default)]
pub struct Trace {
    pub spans: Vec<Span>,
    pub events: Vec<Seen>,
}

impl Trace {
    pub fn named(&self, name: &str) -> Vec<&Span> {
        self.spans.iter().filter(|span| span.name == name).collect()
    }

    pub fn calls(&self) -> Vec<&Span> {
        self.named("iam_sdk.call")
    }

    pub fn requests(&self) -> Vec<&Span> {
        self.named("iam_sdk.request")
    }

    pub fn refreshes(&self) -> Vec<&Span> {
        self.named("iam_sdk.refresh")
    }

    /// Returns how many events have this message.
    pub fn said(&self, message: &str) -> usize {
        self.events.iter().filter(|event| event.message == message).count()
    }

    /// Returns the events that are for people to act on.
    pub fn loud(&self) -> Vec<&Seen> {
        self.events.iter().filter(|event| event.level <= Level::INFO).collect()
    }
}

impl Span {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

/// Collects what this thread's calls make, also what they do elsewhere.
#[must_use]
pub struct Spans {
    trace: Arc<Mutex<Trace>>,
    _default: DefaultGuard,
    _other: Dispatch,
}

impl Spans {
    pub fn start() -> Self {
        let other = another_subscriber();
        let trace = Arc::<Mutex<Trace>>::default();
        let subscriber = Registry::default().with(Collector(trace.clone()));
        Self { trace, _default: set_default(subscriber), _other: other }
    }

    pub fn trace(&self) -> Trace {
        self.trace.lock().unwrap().clone()
    }

    /// Returns the trace, if every span has ended.
    pub fn ended(&self) -> Option<Trace> {
        Some(self.trace()).filter(|trace| trace.spans.iter().all(|span| span.is_closed))
    }
}

/// Creates a subscriber beside that of a test: with one alone, tracing may ask a thread of another test, which has none.
pub fn another_subscriber() -> Dispatch {
    Dispatch::new(NoSubscriber::default())
}

struct Collector(Arc<Mutex<Trace>>);

/// The place of a span in the trace.
struct Place(usize);

struct Recorder<'a>(&'a mut Fields);

impl Visit for Recorder<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl Collector {
    fn trace(&self) -> MutexGuard<'_, Trace> {
        self.0.lock().unwrap()
    }
}

fn is_ours(target: &str) -> bool {
    target.starts_with("iam_sdk")
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Collector {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let (metadata, span) = (attributes.metadata(), context.span(id).unwrap());
        if !is_ours(metadata.target()) {
            return;
        }
        let mut fields = Fields::new();
        attributes.record(&mut Recorder(&mut fields));
        let mut trace = self.trace();
        span.extensions_mut().insert(Place(trace.spans.len()));
        trace.spans.push(Span {
            name: metadata.name(),
            level: *metadata.level(),
            target: metadata.target(),
            parent: span.parent().map(|parent| parent.name()),
            fields,
            declared: metadata.fields().iter().map(|field| field.name()).collect(),
            is_closed: false,
        });
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        if let Some(Place(place)) = context.span(id).unwrap().extensions().get() {
            record.record(&mut Recorder(&mut self.trace().spans[*place].fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        if !is_ours(metadata.target()) {
            return;
        }
        let mut fields = Fields::new();
        event.record(&mut Recorder(&mut fields));
        let message = fields.remove("message").unwrap_or_default();
        let span = context.event_span(event).map(|span| span.name());
        self.trace().events.push(Seen { level: *metadata.level(), target: metadata.target(), message, fields, span });
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(Place(place)) = context.span(&id).unwrap().extensions().get() {
            self.trace().spans[*place].is_closed = true;
        }
    }
}
