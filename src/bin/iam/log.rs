//! `-v`: a line for each request. `-vv`: the SDK's log. Its spans hold no secret by design; nothing else is shown.

use std::{
    fmt,
    io::Write as _,
    time::{Duration, Instant},
};
use tracing::{
    Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    filter::filter_fn,
    fmt::format::FmtSpan,
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
};

/// The span of a request.
const REQUEST: &str = "iam_sdk.request";

/// What is shown on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Nothing,
    Requests,
    Log(Level),
}

/// Starts to show on standard error what the flags and the environment ask for.
pub fn start(verbose: u8) {
    // There is no other subscriber in this process.
    let _ = match shown(verbose, std::env::var("IAM_LOG").as_deref().unwrap_or_default()) {
        Shown::Nothing => return,
        Shown::Requests => {
            let own = filter_fn(|metadata| is_own(metadata, Level::DEBUG) && metadata.name() == REQUEST);
            tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Requests.with_filter(own)))
        }
        Shown::Log(level) => {
            let own = filter_fn(move |metadata| is_own(metadata, level));
            let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
            let lines = lines.with_span_events(FmtSpan::CLOSE).with_filter(own);
            tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines))
        }
    };
}

fn shown(verbose: u8, variable: &str) -> Shown {
    match (verbose, variable) {
        (2.., _) | (_, "trace") => Shown::Log(Level::TRACE),
        (_, "debug") => Shown::Log(Level::DEBUG),
        (1, _) => Shown::Requests,
        _ => Shown::Nothing,
    }
}

/// An allow-list: the libraries below log headers and bodies.
fn is_own(metadata: &Metadata<'_>, level: Level) -> bool {
    metadata.target().starts_with("iam_sdk") && *metadata.level() <= level
}

/// Prints a line for each request that has ended.
struct Requests;

/// A request that is under way, as its span tells of it.
struct Request {
    begun: Instant,
    method: String,
    path: String,
    operation: String,
    resends: u64,
    status: Option<u64>,
    error: Option<String>,
}

impl Request {
    fn line(&self, took: Duration) -> String {
        let Self { method, path, operation, .. } = self;
        let status = match (self.status, &self.error) {
            (Some(status), _) => status.to_string(),
            (None, Some(error)) => error.clone(),
            (None, None) => "no response".to_owned(),
        };
        let again = if self.resends > 0 { format!(", sent again ({})", self.resends) } else { String::new() };
        format!("{method} {path} {status} {} ms ({operation}{again})", took.as_millis())
    }
}

impl Visit for Request {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "http.request.method" => self.method = value.to_owned(),
            "url.template" => self.path = value.to_owned(),
            "iam.operation" => self.operation = value.to_owned(),
            "error.type" => self.error = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "http.request.resend_count" => self.resends = value,
            "http.response.status_code" => self.status = Some(value),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Requests {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut request = Request {
            begun: Instant::now(),
            method: String::new(),
            path: String::new(),
            operation: String::new(),
            resends: 0,
            status: None,
            error: None,
        };
        attributes.record(&mut request);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(request);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(request) = span.extensions_mut().get_mut::<Request>()
        {
            values.record(request);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(span) = context.span(&id)
            && let Some(request) = span.extensions().get::<Request>()
        {
            // Nobody may be there to read it.
            let _ = writeln!(std::io::stderr(), "iam: {}", request.line(request.begun.elapsed()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_the_environment_say_what_is_shown() {
        for (verbose, variable, expected) in [
            (0, "", Shown::Nothing),
            (0, "info", Shown::Nothing),
            (1, "", Shown::Requests),
            (0, "debug", Shown::Log(Level::DEBUG)),
            (1, "debug", Shown::Log(Level::DEBUG)),
            (0, "trace", Shown::Log(Level::TRACE)),
            (2, "", Shown::Log(Level::TRACE)),
            (3, "debug", Shown::Log(Level::TRACE)),
        ] {
            assert_eq!(shown(verbose, variable), expected, "{verbose} {variable}");
        }
    }

    #[test]
    fn a_line_has_what_was_sent_and_how_it_ended() {
        let line = |resends, status, error: Option<&str>| {
            let request = Request {
                begun: Instant::now(),
                method: "GET".to_owned(),
                path: "/api/users/{id}".to_owned(),
                operation: "x.users.get".to_owned(),
                resends,
                status,
                error: error.map(str::to_owned),
            };
            request.line(Duration::from_micros(7_900))
        };
        assert_eq!(line(0, Some(200), None), "GET /api/users/{id} 200 7 ms (x.users.get)");
        assert_eq!(line(1, Some(503), Some("503")), "GET /api/users/{id} 503 7 ms (x.users.get, sent again (1))");
        assert_eq!(line(0, None, Some("connect")), "GET /api/users/{id} connect 7 ms (x.users.get)");
        assert_eq!(line(0, None, None), "GET /api/users/{id} no response 7 ms (x.users.get)");
    }
}
