//! No secret in any `Debug`, `Display` or log line, at TRACE, of any call. In a process of its own: the log is the process's.
#![cfg(all(
    feature = "async",
    feature = "blocking",
    feature = "emulator",
    feature = "authing",
    feature = "cloudspot",
    feature = "digiwin"
))]

use iam_sdk::{
    emulator::{
        Emulator, authing, cloudspot,
        digiwin::{Org, Person, Seed, Tenant},
    },
    observe::{AttemptInfo, CallInfo, Observer, RefreshInfo},
};
use std::{
    collections::BTreeSet,
    fmt::Debug,
    io,
    sync::{Arc, Mutex},
};
use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};

mod r#async;
mod blocking;
#[cfg(feature = "server")]
mod guard;

const APP_TOKEN: &str = "canary-app-token";
const PASSWORD: &str = "canary-password-密码";
const WRONG_PASSWORD: &str = "canary-wrong-password";
const PIN: &str = "canary-pin";
const HEADER: &str = "canary-header-value";
const HOOK: &str = "canary-hook-value";
const POOL_SECRET: &str = "canary-pool-secret";
const APPLICATION: &str = "app-token-of-app";

/// All that was logged or shown.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<Vec<u8>>>);

impl Seen {
    pub fn show(&self, value: impl Debug) {
        self.add(format!("{value:?}").as_bytes());
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn add(&self, bytes: &[u8]) {
        self.0.lock().unwrap().extend_from_slice(bytes);
    }
}

impl Observer for Seen {
    fn call_finished(&self, call: &CallInfo) {
        self.show(call);
    }

    fn attempt_finished(&self, attempt: &AttemptInfo<'_>) {
        self.show(attempt);
    }

    fn refresh_finished(&self, refresh: &RefreshInfo) {
        self.show(refresh);
    }
}

/// Shows every metric's name and labels.
#[cfg(feature = "metrics")]
impl metrics::Recorder for Seen {
    fn describe_counter(&self, name: metrics::KeyName, _: Option<metrics::Unit>, text: metrics::SharedString) {
        self.show((name, text));
    }

    fn describe_gauge(&self, name: metrics::KeyName, _: Option<metrics::Unit>, text: metrics::SharedString) {
        self.show((name, text));
    }

    fn describe_histogram(&self, name: metrics::KeyName, _: Option<metrics::Unit>, text: metrics::SharedString) {
        self.show((name, text));
    }

    fn register_counter(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Counter {
        self.show(key);
        metrics::Counter::noop()
    }

    fn register_gauge(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Gauge {
        self.show(key);
        metrics::Gauge::noop()
    }

    fn register_histogram(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Histogram {
        self.show(key);
        metrics::Histogram::noop()
    }
}

/// Tells of everything, and records it as metrics too.
#[derive(Clone)]
pub struct Watching {
    seen: Seen,
    #[cfg(feature = "metrics")]
    metrics: iam_sdk::observe::Metrics,
}

impl Watching {
    pub fn new(seen: &Seen) -> Self {
        Self {
            seen: seen.clone(),
            #[cfg(feature = "metrics")]
            metrics: iam_sdk::observe::Metrics::new(),
        }
    }
}

impl Observer for Watching {
    fn call_finished(&self, call: &CallInfo) {
        self.seen.call_finished(call);
        #[cfg(feature = "metrics")]
        self.metrics.call_finished(call);
    }

    fn attempt_finished(&self, attempt: &AttemptInfo<'_>) {
        self.seen.attempt_finished(attempt);
        #[cfg(feature = "metrics")]
        self.metrics.attempt_finished(attempt);
    }

    fn refresh_finished(&self, refresh: &RefreshInfo) {
        self.seen.refresh_finished(refresh);
        #[cfg(feature = "metrics")]
        self.metrics.refresh_finished(refresh);
    }
}

/// Adds a header whose value is a secret.
pub fn hook(_: &str, headers: &mut iam_sdk::HeaderMap) {
    headers.insert("x-hook", HOOK.parse().unwrap());
}

impl io::Write for Seen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Seen {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn emulator() -> Emulator {
    let tenant = Tenant::new("T1", "Tenant")
        .application("app", "2099-01-01 00:00:00")
        .member("ann", "admin")
        .member("bob", "staff")
        .org(Org::new("hq", "HQ").member("bob"));
    let person = |id: &str| Person::new(id, PASSWORD).email(format!("{id}@digiwin.com"));
    let seed = Seed::new("app", APP_TOKEN).person(person("ann").telephone("13800000000")).person(person("bob"));
    let licensed = cloudspot::Person::new("ann", PASSWORD).pin(PIN).may("app", "c1", &[]);
    let license = cloudspot::Seed::new().company("c1", "One").person(licensed);
    let pool = authing::Seed::new("pool", POOL_SECRET)
        .user([("username", "ann")])
        .custom_field("school", "STRING")
        .organization(authing::Org::new("", "One"));
    Emulator::builder().digiwin(seed.tenant(tenant)).cloudspot(license).authing(pool).start().unwrap()
}

#[test]
fn no_secret_is_logged_or_shown() {
    let seen = Seen::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(seen.clone())
        .init();
    #[cfg(feature = "metrics")]
    metrics::set_global_recorder(seen.clone()).unwrap();

    let mut secrets: BTreeSet<String> =
        [APP_TOKEN, PASSWORD, WRONG_PASSWORD, PIN, HEADER, HOOK, POOL_SECRET, APPLICATION].map(Into::into).into();
    for flavour in ["blocking", "async"] {
        let emulator = emulator();
        let begin = seen.text().len();
        seen.show(&emulator);
        seen.show((emulator.digiwin(), emulator.cloudspot()));
        let tokens = match flavour {
            "blocking" => blocking::tour::every_call(&emulator, &seen),
            _ => tokio::runtime::Runtime::new().unwrap().block_on(r#async::tour::every_call(&emulator, &seen)),
        };
        secrets.extend(tokens.iter().map(|token| token.expose_secret().to_owned()));
        let log = seen.text();
        let called = |name: &&str| log[begin..].contains(&format!("iam.operation=\"{name}\""));
        let missing: Vec<&str> = iam_sdk::emulator::operations().filter(|name| !called(name)).collect();
        assert!(missing.is_empty(), "{flavour}: these operations were not called: {missing:?}");
    }

    #[cfg(feature = "server")]
    {
        let emulator = emulator();
        let tokens = tokio::runtime::Runtime::new().unwrap().block_on(guard::tour(&emulator, &seen));
        secrets.extend(tokens.iter().map(|token| token.expose_secret().to_owned()));
    }

    let seen = seen.text();
    for part in [
        "iam_sdk.call",
        "iam_sdk.request",
        "iam_sdk.refresh",
        "digiwin.identity.login\"",
        "iam.attempts=1",
        "http.response.status_code=200",
        "url.full=",
        "call finished",
        "CallInfo",
        "AttemptInfo",
        "RefreshInfo",
        "hyper",
        #[cfg(feature = "metrics")]
        "iam.client.token.refreshes",
        #[cfg(feature = "metrics")]
        "http.client.request.duration",
    ] {
        assert!(seen.contains(part), "the log has no {part}");
    }
    assert!(secrets.len() > 15, "tokens were collected");
    for secret in secrets {
        let found = seen.find(&secret).map(|at| seen[..at].chars().rev().take(300).collect::<String>());
        let before = found.map(|text| text.chars().rev().collect::<String>());
        assert_eq!(before, None, "{secret} was shown after this");
    }
}
