//! What is seen of every operation: words of a closed list, and nothing that the call is about.

use super::{
    super::{
        every_call::{EVERY_CALL, Names, Target},
        faults::matrix::{emulator, signed_in, target},
    },
    Client, LicenseClient, ManagementClient,
};
use crate::support::{observed::Observed, spans::Spans, vocabulary::check_vocabulary};
use iam_sdk::RetryPolicy;
use std::{collections::BTreeSet, sync::Arc};

#[::core::prelude::v1::test]
fn every_operation_is_one_call_in_words_of_the_list_and_nothing_is_loud() {
    let emulator = emulator();
    // The management token is fetched once, before all others' calls.
    let spans = Spans::start();
    let target = target(&emulator);
    let (mut names, mut calls) = (BTreeSet::new(), 0);
    for (operation, call) in EVERY_CALL {
        // One that logs out ends no other one's session.
        let target = signed_in(&target);
        let before = spans.trace().calls().len();
        let _ = call(&target);
        let trace = spans.trace();
        let new: Vec<_> = trace.calls()[before..].iter().map(|span| span.field("iam.operation").unwrap()).collect();
        assert_eq!(new, [*operation]);
        names.insert(*operation);
        calls += 1;
    }
    let trace = spans.trace();
    check_vocabulary(&trace);
    let missing: Vec<&str> = iam_sdk::emulator::operations()
        .filter(|name| !trace.requests().iter().any(|span| span.field("iam.operation") == Some(name)))
        .collect();
    assert!(missing.is_empty() && calls == names.len(), "{missing:?}");
    assert!(trace.loud().is_empty(), "{:#?}", trace.loud());
    // Names are the service's own, and nothing of them tells who was meant.
    let templates: BTreeSet<_> =
        trace.requests().iter().map(|span| span.field("otel.name").unwrap().to_owned()).collect();
    assert!(templates.len() < 70, "{templates:?}");
    let values: String = trace
        .spans
        .iter()
        .flat_map(|span| span.fields.values())
        .chain(trace.events.iter().flat_map(|event| event.fields.values()))
        .flat_map(|value| [value.as_str(), "\n"])
        .collect();
    for personal in ["@", "13800000000", "Secret-12345", "an-app", "a-secret", "bob", "u1\n"] {
        assert!(!values.contains(personal), "{personal}: {values}");
    }
}

#[::core::prelude::v1::test]
fn nothing_that_a_call_is_about_is_shown_of_any_operation() {
    let emulator = emulator();
    let (observed, target) = (Observed::default(), target(&emulator));
    #[cfg(feature = "metrics")]
    let recorder = crate::support::recorder::Counts::default();
    #[cfg(feature = "metrics")]
    let _installed = ::metrics::set_default_local_recorder(&recorder);
    #[cfg(feature = "metrics")]
    let observer = (observed.clone(), iam_sdk::observe::Metrics::new());
    #[cfg(not(feature = "metrics"))]
    let observer = (observed.clone(), None::<Observed>);
    let observer = Arc::new(observer);
    let (url, once) = (emulator.base_url(), RetryPolicy::never);
    let digiwin = Client::builder(&url, "an-app").retry(once()).observer(observer.clone());
    let authing = ManagementClient::builder("pool", "a-secret").base_url(&url).retry(once()).observer(observer.clone());
    let cloudspot = LicenseClient::builder("app").base_url(format!("{url}/api/v1")).retry(once()).observer(observer);
    let spans = Spans::start();
    let (digiwin, authing) = (digiwin.build().unwrap(), authing.build().unwrap());
    let target = Target { digiwin, authing, cloudspot: cloudspot.build().unwrap(), ..target };
    let canary = |what: &str| format!("canary-{what}");
    // Nobody and nothing has these names, so that most calls fail: errors are shown too.
    let strange = Names {
        password: canary("password"),
        org_sid: 987_654_321,
        license_password: canary("license-password"),
        impersonation: canary("impersonation"),
        user: canary("user"),
        org: canary("org"),
        root: canary("root"),
        node: canary("node"),
        other_node: canary("other-node"),
        fresh: canary("fresh@x.example"),
        doomed: canary("doomed"),
        doomed_sid: 987_654_322,
    };
    for names in [target.names.clone(), strange] {
        for (operation, call) in EVERY_CALL {
            let target = Target { names: names.clone(), ..signed_in(&target) };
            let before = observed.counts().0;
            let _ = call(&target);
            let calls = observed.notes().calls.split_off(before);
            assert_eq!(calls.iter().map(|call| call.operation).collect::<Vec<_>>(), [*operation]);
        }
    }
    #[cfg_attr(not(feature = "metrics"), expect(unused_mut))]
    let mut shown = format!("{:?}\n{:?}", spans.trace(), observed.notes());
    #[cfg(feature = "metrics")]
    shown.push_str(&format!("{:?}", recorder.recorded.lock().unwrap().values().collect::<Vec<_>>()));
    let found =
        |text: &str| shown.find(text).map(|at| shown[at.saturating_sub(200)..].chars().take(300).collect::<String>());
    for part in ["iam_sdk.request", "call finished", "CallInfo", "not_found", "authing.users.detail"] {
        assert!(found(part).is_some(), "nothing shows {part}");
    }
    let names = &target.names;
    let learned = [&names.password, &names.impersonation, &names.org, &names.root, &names.node, &names.other_node];
    let sids = [names.org_sid.to_string(), "98765432".to_owned()];
    // What the calls of the list name themselves.
    let literal = [
        "canary",
        "@",
        "13800000000",
        "123456",
        "Secret-12345",
        "an-app",
        "a-secret",
        "a-token",
        "bob",
        "mia",
        "\"u1\"",
        "imported",
        "\"T1\"",
        "\"c1\"",
        "school",
    ];
    for text in learned.into_iter().chain(&sids).map(String::as_str).chain(literal) {
        assert_eq!(found(text), None, "{text}");
    }
}
