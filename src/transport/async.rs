use super::{Outgoing, build_http, failure, lost_work, too_large};
use crate::{Error, Result, config::Settings, protocol::decode::Response, token_store::TokenStore};
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    task::JoinSet,
};
use tracing::{Instrument, Span};

#[derive(Debug)]
pub(crate) struct Transport {
    http: reqwest::Client,
    max_answer_bytes: usize,
}

/// CPU work under way on another thread.
pub(crate) struct Work<T>(tokio::task::JoinHandle<T>);

impl<T> Work<T> {
    pub(crate) async fn join(self) -> Result<T> {
        self.0.await.map_err(|_| lost_work())
    }
}

impl Transport {
    pub(crate) fn new(settings: &Settings, headers: HeaderMap) -> Result<Self> {
        let http = build_http!(reqwest::Client::builder(), settings, headers);
        Ok(Self { http, max_answer_bytes: settings.max_answer_bytes })
    }

    /// Whether a call may be made from here.
    pub(crate) fn check_context(&self) -> Result<()> {
        tokio::runtime::Handle::try_current()
            .map(drop)
            .map_err(|_| Error::configuration("an async call needs a running tokio runtime"))
    }

    pub(crate) async fn send(&self, outgoing: Outgoing, span: &Span) -> Result<Response> {
        self.exchange(outgoing).instrument(span.clone()).await
    }

    async fn exchange(&self, outgoing: Outgoing) -> Result<Response> {
        let mut request = reqwest::Request::new(outgoing.method, outgoing.url);
        *request.timeout_mut() = Some(outgoing.timeout);
        if let Some((name, value)) = outgoing.token {
            request.headers_mut().insert(name, value);
        }
        *request.body_mut() = outgoing.body.map(Into::into);

        let mut response = self.http.execute(request).await.map_err(failure)?;
        let limit = self.max_answer_bytes;
        if response.content_length().is_some_and(|announced| announced > limit as u64) {
            return Err(too_large(limit));
        }
        // Most answers are one chunk, which is not copied.
        let mut body = Bytes::new();
        while let Some(chunk) = response.chunk().await.map_err(failure)? {
            if body.len() + chunk.len() > limit {
                return Err(too_large(limit));
            }
            if body.is_empty() {
                body = chunk;
                continue;
            }
            // Nobody else holds the buffer from the second chunk on: it grows where it is.
            let mut whole = BytesMut::from(body);
            whole.extend_from_slice(&chunk);
            body = whole.freeze();
        }
        let headers = std::mem::take(response.headers_mut());
        Ok(Response { status: response.status(), headers, body })
    }

    pub(crate) async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Starts CPU work off the executor, at once.
    pub(crate) fn start<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Work<T> {
        Work(tokio::task::spawn_blocking(work))
    }

    /// Runs `work` to its end even if who asked for it goes away.
    pub(crate) async fn finish<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<T> {
        tokio::spawn(work).await.map_err(|_| lost_work())
    }

    /// What a user's own future gives.
    pub(crate) async fn wait_for<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        future.await
    }

    pub(crate) async fn lock<T: Send + 'static>(&self, mutex: &Arc<Mutex<T>>) -> OwnedMutexGuard<T> {
        mutex.clone().lock_owned().await
    }

    /// The results of `work` on each item, in order, `limit` of them under way at once. After a failure no further one
    /// begins: `None`.
    pub(crate) async fn each<I, T: Send + 'static, F: Future<Output = Result<T>> + Send + 'static>(
        &self,
        limit: usize,
        items: Vec<I>,
        work: impl Fn(I) -> F,
    ) -> Vec<Option<Result<T>>> {
        let mut results: Vec<Option<Result<T>>> = items.iter().map(|_| None).collect();
        // Dropped with this future, and the tasks with it.
        let mut tasks = JoinSet::new();
        let mut waiting = items.into_iter().enumerate();
        loop {
            let failed = results.iter().any(|result| matches!(result, Some(Err(_))));
            while !failed && tasks.len() < limit {
                let Some((at, item)) = waiting.next() else { break };
                let work = work(item);
                tasks.spawn(async move { (at, work.await) });
            }
            match tasks.join_next().await {
                Some(Ok((at, result))) => results[at] = Some(result),
                Some(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
                None => return results,
            }
        }
    }

    pub(crate) async fn ask_store<T: Send + 'static>(
        &self,
        store: &Arc<dyn TokenStore>,
        ask: impl FnOnce(&dyn TokenStore) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        if !store.may_block() {
            return ask(&**store);
        }
        let store = store.clone();
        self.start(move || ask(&*store)).join().await?
    }
}
