//! Metrics.

use super::observability::{SIMPLE, quick};
use super::{super::Client, maybe_async, test};
use crate::support::{holds, recorder::Counts};
use ::metrics::Unit;
use iam_sdk::{
    emulator::{Emulator, Fault},
    observe::Metrics,
};
use std::collections::BTreeSet;

#[maybe_async]
#[test]
async fn metrics_have_names_units_and_labels_of_a_closed_list() {
    let emulator = Emulator::start().unwrap();
    let recorder = Counts::default();
    let _installed = ::metrics::set_default_local_recorder(&recorder);
    let account = emulator.digiwin().account();
    let builder = Client::builder(emulator.base_url(), account.app_token.clone()).observer(Metrics::new());
    let client = builder.retry(quick()).build().unwrap();
    // The login is another one's: that of a blocking session runs on a thread without this recorder.
    let user = client.identity().login(&account.user_id, account.password.clone()).await.unwrap();
    let session = client.with_token(user.token.unwrap()).unwrap();
    recorder.recorded.lock().unwrap().clear();
    emulator.fault(Fault::status(503).times(1).on(SIMPLE));
    session.users().get_user_simple().await.unwrap();
    holds(session.users().get_user("nobody").await.is_err());
    holds(session.request(iam_sdk::Method::GET, "/nowhere").await.is_err());
    let recorded = recorder.counts();
    let expected = [
        ("http.client.request.duration error.type=404 http.request.method=GET http.response.status_code=404", 1),
        (
            "http.client.request.duration error.type=503 http.request.method=GET http.response.status_code=503 url.template=/api/iam/v2/user/simple",
            1,
        ),
        (
            "http.client.request.duration http.request.method=GET http.response.status_code=200 url.template=/api/iam/v2/user/simple",
            1,
        ),
        ("iam.client.call.duration error.type=not_found iam.operation=digiwin.request iam.service=digiwin", 1),
        ("iam.client.call.duration error.type=not_found iam.operation=digiwin.users.get_user iam.service=digiwin", 1),
        ("iam.client.call.duration iam.operation=digiwin.users.get_user_simple iam.service=digiwin", 1),
        ("iam.client.retries iam.operation=digiwin.users.get_user_simple iam.retry.reason=server", 1),
    ];
    for (name, count) in expected {
        assert_eq!(recorded.get(name), Some(&count), "{name}: {recorded:#?}");
    }
    // The lookup that found nobody.
    assert_eq!(recorded.len(), expected.len() + 1, "{recorded:#?}");
    let labels = recorder.recorded.lock().unwrap();
    let labels: BTreeSet<_> =
        labels.values().flat_map(|(_, key)| key.labels().map(|label| label.key().to_owned())).collect();
    let known = [
        "error.type",
        "http.request.method",
        "http.response.status_code",
        "iam.operation",
        "iam.retry.reason",
        "iam.service",
        "server.address",
        "server.port",
        "url.template",
    ];
    assert_eq!(labels, known.map(str::to_owned).into());
    let units = recorder.units.lock().unwrap();
    let seconds: Vec<_> =
        units.iter().filter(|(_, unit)| **unit == Some(Unit::Seconds)).map(|(name, _)| name.as_str()).collect();
    assert_eq!(seconds, ["http.client.request.duration", "iam.client.call.duration", "iam.guard.check.duration"]);
    let counts: Vec<_> =
        units.iter().filter(|(_, unit)| **unit == Some(Unit::Count)).map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        counts,
        [
            "iam.client.retries",
            "iam.client.token.refreshes",
            "iam.guard.checks",
            "iam.guard.entries",
            "iam.guard.in_flight",
            "iam.jwt.verifications"
        ]
    );
}
