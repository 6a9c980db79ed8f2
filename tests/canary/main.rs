//! No secret in any `Debug`, `Display` or log line, at TRACE, of any call. In a process of its own: the log is the process's.
#![cfg(all(feature = "async", feature = "blocking", feature = "emulator"))]

use iam_sdk::emulator::{
    Emulator, authing, cloudspot,
    digiwin::{Org, Person, Seed, Tenant},
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

    let mut secrets: BTreeSet<String> =
        [APP_TOKEN, PASSWORD, WRONG_PASSWORD, PIN, HEADER, POOL_SECRET, APPLICATION].map(Into::into).into();
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
        let called = |name: &&str| log[begin..].contains(&format!("operation=\"{name}\""));
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
    for part in ["iam_sdk.request", "digiwin.identity.login\"", "attempt=1", "status=200", "duration_ms=", "hyper"] {
        assert!(seen.contains(part), "the log has no {part}");
    }
    assert!(secrets.len() > 15, "tokens were collected");
    for secret in secrets {
        let found = seen.find(&secret).map(|at| seen[..at].chars().rev().take(300).collect::<String>());
        let before = found.map(|text| text.chars().rev().collect::<String>());
        assert_eq!(before, None, "{secret} was shown after this");
    }
}
