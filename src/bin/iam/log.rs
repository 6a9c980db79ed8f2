//! `-v`: what the SDK says of its requests. Its spans hold no secret by design; nothing else is shown.

use tracing_subscriber::{Layer as _, filter::filter_fn, fmt, fmt::format::FmtSpan, layer::SubscriberExt as _};

/// Shows the SDK's log on standard error: with `-v` or `IAM_LOG=debug` requests, with `-vv` or `IAM_LOG=trace` all that there is.
pub fn start(verbose: u8) {
    let level = match (verbose, std::env::var("IAM_LOG").as_deref()) {
        (0, Ok("debug")) | (1, _) => tracing::Level::DEBUG,
        (0, Ok("trace")) | (2.., _) => tracing::Level::TRACE,
        (0, _) => return,
    };
    // An allow-list: the libraries below log headers and bodies.
    let own = filter_fn(move |metadata| metadata.target().starts_with("iam_sdk") && *metadata.level() <= level);
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_span_events(FmtSpan::CLOSE);
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(own));
    // There is no other one in this process.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
