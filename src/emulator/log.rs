//! The log of requests, and the responses that a test has planned.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::CONTENT_TYPE};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A request that the emulator received. Headers and body are left out: they hold secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// The HTTP method, such as `POST`.
    pub method: String,
    /// The path, such as `/api/iam/v2/user`.
    pub path: String,
}

pub(super) struct Log {
    latency: Duration,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    served: Vec<ReceivedRequest>,
    planned: VecDeque<Planned>,
}

struct Planned {
    path: String,
    status: u16,
    body: String,
}

impl Log {
    pub(super) fn new(latency: Duration) -> Self {
        Self { latency, entries: Mutex::default() }
    }

    pub(super) fn served(&self) -> Vec<ReceivedRequest> {
        self.entries().served.clone()
    }

    pub(super) fn plan(&self, path: String, status: u16, body: String) {
        self.entries().planned.push_back(Planned { path, status, body });
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request, and returns the response that is planned for it.
    fn note(&self, method: &str, path: &str) -> Option<Planned> {
        let mut entries = self.entries();
        entries.served.push(ReceivedRequest { method: method.to_owned(), path: path.to_owned() });
        let at = entries.planned.iter().position(|planned| planned.path == path)?;
        entries.planned.remove(at)
    }
}

pub(super) async fn keep(State(log): State<Arc<Log>>, request: Request, next: Next) -> Response {
    let planned = log.note(request.method().as_str(), request.uri().path());
    if !log.latency.is_zero() {
        tokio::time::sleep(log.latency).await;
    }
    match planned {
        Some(planned) => {
            let status = StatusCode::from_u16(planned.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let json = planned.body.trim_start().starts_with(['{', '[', '"']);
            let content_type = if json { "application/json" } else { "text/html" };
            (status, [(CONTENT_TYPE, content_type)], planned.body).into_response()
        }
        None => next.run(request).await,
    }
}
