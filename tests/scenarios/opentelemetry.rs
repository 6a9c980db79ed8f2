//! What OpenTelemetry makes of the spans, with the crates that the guide names.

use super::{Client, maybe_async, observability::SIMPLE, observability::quick, test};
use crate::support::{
    holds,
    server::{Server, json, status},
    spans::another_subscriber,
};
use opentelemetry::{
    propagation::{Injector, TextMapPropagator},
    trace::{SpanKind, Status, TracerProvider as _},
};
use opentelemetry_sdk::{
    propagation::TraceContextPropagator,
    trace::{InMemorySpanExporter, SdkTracerProvider, SpanData},
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{Registry, layer::SubscriberExt as _};

struct Headers<'a>(&'a mut iam_sdk::HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, name: &str, value: String) {
        let name: http::HeaderName = name.parse().unwrap();
        self.0.insert(name, value.parse().unwrap());
    }
}

fn attribute(span: &SpanData, name: &str) -> Option<String> {
    span.attributes.iter().find(|attribute| attribute.key.as_str() == name).map(|found| found.value.to_string())
}

#[maybe_async]
#[test]
async fn spans_have_the_kind_name_and_status_of_opentelemetry_and_the_service_gets_their_ids() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let _other = another_subscriber();
    let _default = tracing::subscriber::set_default(Registry::default().with(layer));

    let served = Arc::<AtomicUsize>::default();
    let server = Server::start(move |_| match served.fetch_add(1, Ordering::SeqCst) {
        0 => status(503, ""),
        _ => json("[]"),
    });
    let builder = Client::builder(server.url(), "app").retry(quick()).headers_from(|_, headers| {
        let context = tracing::Span::current().context();
        TraceContextPropagator::new().inject_context(&context, &mut Headers(headers));
    });
    let client = builder.build().unwrap().with_token("t").unwrap();
    let around = tracing::info_span!("a handler");
    {
        let _entered = around.enter();
        drop(client.users().get_user_simple().await.unwrap());
    }
    holds(client.request(iam_sdk::Method::GET, "/..").await.is_err());
    drop(around);

    let spans = exporter.get_finished_spans().unwrap();
    let words: Vec<_> = spans.iter().map(|span| (&*span.name, span.span_kind.clone(), &span.status)).collect();
    let request = "GET /api/iam/v2/user/simple";
    let error = Status::error("");
    assert_eq!(
        words,
        [
            (request, SpanKind::Client, &error),
            (request, SpanKind::Client, &Status::Unset),
            (SIMPLE, SpanKind::Internal, &Status::Unset),
            ("digiwin.request", SpanKind::Internal, &error),
            ("a handler", SpanKind::Internal, &Status::Unset),
        ]
    );
    let [failed, succeeded, call, _, handler] = &spans[..] else { panic!() };
    assert_eq!(
        (failed.parent_span_id, succeeded.parent_span_id),
        (call.span_context.span_id(), call.span_context.span_id())
    );
    assert_eq!(call.parent_span_id, handler.span_context.span_id());
    for (span, name, value) in [
        (failed, "http.response.status_code", Some("503")),
        (failed, "error.type", Some("503")),
        (failed, "http.request.resend_count", None),
        (succeeded, "http.response.status_code", Some("200")),
        (succeeded, "http.request.resend_count", Some("1")),
        (succeeded, "error.type", None),
        (succeeded, "url.template", Some("/api/iam/v2/user/simple")),
        (call, "iam.attempts", Some("2")),
        // They are the span's own, and no attributes of it.
        (call, "otel.name", None),
        (call, "otel.kind", None),
        (failed, "otel.status_code", None),
    ] {
        assert_eq!(attribute(span, name).as_deref(), value, "{name}");
    }
    let sent: Vec<_> = server.requests().iter().map(|request| request.headers["traceparent"].clone()).collect();
    let expected = [failed, succeeded]
        .map(|span| format!("00-{}-{}-01", span.span_context.trace_id(), span.span_context.span_id()));
    assert_eq!(sent, expected);
}
