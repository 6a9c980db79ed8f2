use super::{Outgoing, build_http, failure, lost_work, too_large};
use crate::{Error, ErrorKind, Result, config::Settings, protocol::decode::Response, token_store::TokenStore};
use http::HeaderMap;
use std::{
    io::Read,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tracing::Span;

#[derive(Debug)]
pub(crate) struct Transport {
    http: reqwest::blocking::Client,
    max_answer_bytes: usize,
}

/// CPU work under way on another thread.
pub(crate) struct Work<T>(Option<thread::JoinHandle<T>>);

impl<T> Work<T> {
    pub(crate) fn join(self) -> Result<T> {
        self.0.and_then(|thread| thread.join().ok()).ok_or_else(lost_work)
    }
}

impl Transport {
    pub(crate) fn new(settings: &Settings, headers: HeaderMap) -> Result<Self> {
        outside_of_async()?;
        let http = build_http!(reqwest::blocking::Client::builder().timeout(None), settings, headers);
        Ok(Self { http, max_answer_bytes: settings.max_answer_bytes })
    }

    /// Whether a call may be made from here.
    pub(crate) fn check_context(&self) -> Result<()> {
        outside_of_async()
    }

    pub(crate) fn send(&self, outgoing: Outgoing, span: &Span) -> Result<Response> {
        let _entered = span.enter();
        let mut request = reqwest::blocking::Request::new(outgoing.method, outgoing.url);
        *request.timeout_mut() = Some(outgoing.timeout);
        if let Some((name, value)) = outgoing.token {
            request.headers_mut().insert(name, value);
        }
        *request.body_mut() = outgoing.body.map(Into::into);

        let mut response = self.http.execute(request).map_err(failure)?;
        let limit = self.max_answer_bytes;
        let announced = response.content_length().unwrap_or(0);
        if announced > limit as u64 {
            return Err(too_large(limit));
        }
        // A server's word for the size reserves this much at the most.
        let mut body = Vec::with_capacity(announced.min(1024 * 1024) as usize);
        let most = (limit as u64).saturating_add(1);
        response.by_ref().take(most).read_to_end(&mut body).map_err(broken_off)?;
        if body.len() > limit {
            return Err(too_large(limit));
        }
        let headers = std::mem::take(response.headers_mut());
        Ok(Response { status: response.status(), headers, body: body.into() })
    }

    pub(crate) fn sleep(&self, time: Duration) {
        thread::sleep(time);
    }

    /// Starts CPU work on another thread, at once.
    pub(crate) fn start<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Work<T> {
        Work(thread::Builder::new().name("iam-sdk-work".to_owned()).spawn(work).ok())
    }

    /// Runs `work` to its end: here it has, when it comes.
    pub(crate) fn finish<T>(&self, work: T) -> Result<T> {
        Ok(work)
    }

    /// A user's own future, which nothing here runs.
    pub(crate) fn wait_for<T>(&self, _: impl Future<Output = Result<T>>) -> Result<T> {
        Err(Error::configuration("credentials: an async provider needs the async flavour"))
    }

    pub(crate) fn lock<T>(&self, mutex: &Arc<Mutex<T>>) -> OwnedMutexGuard<T> {
        mutex.clone().blocking_lock_owned()
    }

    /// The results of `work` on each item, in order, `limit` of them under way at once. After a failure no further one
    /// begins: `None`.
    pub(crate) fn each<I: Send, T: Send>(
        &self,
        limit: usize,
        items: Vec<I>,
        work: impl Fn(I) -> Result<T> + Sync,
    ) -> Vec<Option<Result<T>>> {
        let results: Vec<_> = items.iter().map(|_| std::sync::Mutex::new(None)).collect();
        let threads = limit.min(items.len());
        let (waiting, failed) = (std::sync::Mutex::new(items.into_iter().enumerate()), AtomicBool::new(false));
        let worker = || {
            while !failed.load(Ordering::SeqCst) {
                // Poisoned by a panic of the iterator alone, which has none.
                let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((at, item)) = next else { return };
                let result = work(item);
                failed.fetch_or(result.is_err(), Ordering::SeqCst);
                *results[at].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            }
        };
        thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(worker);
            }
            worker();
        });
        results.into_iter().map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
    }

    pub(crate) fn ask_store<T>(
        &self,
        store: &Arc<dyn TokenStore>,
        ask: impl FnOnce(&dyn TokenStore) -> Result<T>,
    ) -> Result<T> {
        ask(&**store)
    }
}

/// A blocking wait on a runtime's thread would stall, or panic inside, whatever else runs there. tokio does not tell a
/// `spawn_blocking` thread from the others.
fn outside_of_async() -> Result<()> {
    match tokio::runtime::Handle::try_current() {
        Err(_) => Ok(()),
        Ok(_) => Err(Error::new(ErrorKind::BlockingInAsync)
            .detail("use iam_sdk::r#async::Client here, or a thread outside of the runtime")),
    }
}

/// A failure while the body is read: reqwest hands it out wrapped as an `io::Error`.
fn broken_off(error: std::io::Error) -> Error {
    match error.downcast::<reqwest::Error>() {
        Ok(error) => failure(error),
        Err(error) => Error::new(ErrorKind::Transport).sent(true).source(error),
    }
}
