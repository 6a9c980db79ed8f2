//! The names of spans, events and fields: what the guide's tables list, and nothing else.

use super::spans::Trace;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

const GUIDE: &str = include_str!("../../src/guide/observability.md");

/// Fields that only events have, beside those of spans.
const EVENT_FIELDS: [&str; 12] = [
    "error",
    "http.request.header",
    "iam.duration_ms",
    "iam.guard.result",
    "iam.jwt.reason",
    "iam.refresh.joined",
    "iam.retry.retry_after_ms",
    "iam.retry.wait_ms",
    // What `tracing` itself adds.
    "log.target",
    "log.module_path",
    "log.file",
    "log.line",
];

/// Returns the rows of the guide's table that begins with this heading: the texts between backticks, for each cell.
fn table(heading: &str) -> Vec<Vec<Vec<&'static str>>> {
    let (_, rows) = GUIDE.split_once(heading).unwrap_or_else(|| panic!("the guide has no table {heading}"));
    let rows = rows.lines().skip(2).take_while(|line| line.starts_with('|'));
    let code = |cell: &'static str| cell.split('`').skip(1).step_by(2).collect();
    rows.map(|row| row.trim_matches('|').split('|').map(code).collect()).collect()
}

/// Returns the fields of each span, according to the guide.
pub fn spans() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    table("| span | of | fields |").into_iter().map(|row| (row[0][0], row[2].iter().copied().collect())).collect()
}

/// Returns the level of each event, according to the guide.
pub fn events() -> BTreeMap<&'static str, &'static str> {
    table("| level | event | when |").into_iter().map(|row| (row[1][0], row[0][0])).collect()
}

/// Fails if the trace has a span, an event or a field that the guide does not have, or with another level or target.
pub fn check_vocabulary(trace: &Trace) {
    let (spans, events) = (spans(), events());
    let known: BTreeSet<&str> = spans.values().flatten().copied().chain(EVENT_FIELDS).collect();
    for span in &trace.spans {
        assert_eq!(Some(&span.declared), spans.get(span.name), "{span:?}");
        assert_eq!((span.target, span.level), ("iam_sdk", tracing::Level::DEBUG), "{span:?}");
    }
    for event in &trace.events {
        assert!(event.fields.keys().all(|field| known.contains(field)), "{event:?}");
        assert_eq!(events.get(event.message.as_str()), Some(&event.level.as_str()), "{event:?}");
        assert_eq!(event.target, "iam_sdk", "{event:?}");
    }
}

/// Returns the level of each event in the sources of the clients, the guard and the verifier.
fn events_of_sources(directory: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("emulator") && !path.ends_with("bin") {
            events_of_sources(&path, found);
        }
        if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for (at, _) in text.match_indices("tracing::") {
                let Some((level, rest)) = text[at + "tracing::".len()..].split_once("!(") else { continue };
                if !["error", "warn", "info", "debug", "trace"].contains(&level) {
                    continue;
                }
                let (call, _) = rest.split_once(");").unwrap();
                // The message is the last text of the call.
                let message = call.trim_end().trim_end_matches(',').strip_suffix('"').unwrap();
                let (_, message) = message.rsplit_once('"').unwrap();
                let before = found.insert(message.to_owned(), level.to_uppercase());
                assert!(before.is_none(), "two events say {message}");
                assert!(call.contains("target: \"iam_sdk\""), "{message}");
            }
        }
    }
}

#[test]
fn no_field_has_a_name_for_what_must_not_be_shown() {
    for field in spans().values().flatten().chain(&EVENT_FIELDS) {
        for word in
            ["user", "token", "tenant", "password", "secret", "email", "phone", "body", "query", "authorization"]
        {
            assert!(!field.contains(word), "{field}");
        }
    }
}

#[test]
fn the_guide_lists_every_event_of_the_sources() {
    let mut found = BTreeMap::new();
    events_of_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let listed = events().into_iter().map(|(message, level)| (message.to_owned(), level.to_owned())).collect();
    assert!(found.len() > 15);
    assert_eq!(found, listed);
}
