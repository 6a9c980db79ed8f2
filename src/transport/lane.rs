//! Lanes: each blocking request under way has a runtime and connections of its own.
//!
//! The caller's thread drives the runtime, so that no request hops between threads. Nothing drives a lane between two
//! requests: what happened to its connections meanwhile is seen when the next one begins.

use super::{HttpRequest, after, client::HttpConfig, runtime::work_lost};
use crate::{Error, ErrorKind, Result, config::Settings, protocol::decode::Response};
use http::HeaderMap;
use std::{
    fmt,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Runtime};

/// The most lanes that a client opens; further threads wait for one. Each has a connection and some descriptors more.
const MOST: usize = 128;
/// A lane that was idle for so long is closed.
const IDLE: Duration = Duration::from_secs(30);
/// The longest idle time after which a connection is used again for a request that may be repeated. Servers close idle
/// connections, and no lane notices while it is idle.
const REUSE: Duration = Duration::from_secs(15);
/// The longest idle time for a request that must not be repeated: shorter, so that it rarely meets a close under way.
const REUSE_UNREPEATABLE: Duration = Duration::from_millis(250);

pub(super) struct Lanes {
    config: HttpConfig,
    pool: Mutex<Pool>,
    returned: Condvar,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Lane>,
    open: usize,
}

struct Lane {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    http: reqwest::Client,
    used: Instant,
    process: u32,
}

impl Lanes {
    pub(super) fn new(settings: &Settings, headers: HeaderMap) -> Result<Self> {
        let lanes = Self {
            config: HttpConfig::new(settings, headers, true)?,
            pool: Mutex::default(),
            returned: Condvar::new(),
        };
        // What is wrong with the settings shows now, not at the first call.
        lanes.config.build()?;
        Ok(lanes)
    }

    pub(super) fn send(&self, mut request: HttpRequest<'_>) -> Result<Response> {
        let begun = Instant::now();
        let mut lane = self.take(after(begun, request.time.left))?;
        request.time.left = request.time.left.saturating_sub(begun.elapsed());
        let limit = if request.repeatable { REUSE } else { REUSE_UNREPEATABLE };
        let Some(lane) = &mut lane.lane else { return Err(work_lost()) };
        if begun.saturating_duration_since(lane.used) > limit {
            lane.http = self.config.build()?;
        }
        let Some(runtime) = &lane.runtime else { return Err(work_lost()) };
        let result = runtime.block_on(async { self.config.send_over(&lane.http, request, || true).await });
        lane.used = Instant::now();
        result
    }

    /// Takes an idle lane, opens a new one, or waits for the next that is given back before the deadline.
    fn take(&self, deadline: Instant) -> Result<Taken<'_>> {
        let mut pool = self.pool();
        loop {
            if let Some(lane) = pool.idle.pop() {
                return Ok(Taken { lanes: self, lane: Some(lane) });
            }
            if pool.open < MOST {
                pool.open += 1;
                drop(pool);
                let mut taken = Taken { lanes: self, lane: None };
                taken.lane = Some(self.open()?);
                return Ok(taken);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let detail = format!("{MOST} threads were calling at once, and none ended within the time limit");
                return Err(Error::new(ErrorKind::Timeout).detail(detail));
            }
            (pool, _) = self.returned.wait_timeout(pool, left).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn open(&self) -> Result<Lane> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build();
        let refused = |error| Error::configuration("the operating system refused a runtime for the call").source(error);
        Ok(Lane {
            runtime: Some(runtime.map_err(refused)?),
            http: self.config.build()?,
            used: Instant::now(),
            process: std::process::id(),
        })
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lane in use; dropping it gives it back.
struct Taken<'a> {
    lanes: &'a Lanes,
    lane: Option<Lane>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut pool = self.lanes.pool();
        match self.lane.take() {
            Some(lane) => pool.idle.push(lane),
            None => pool.open -= 1,
        }
        // The last one given back is the first one taken: the one at the bottom has waited the longest.
        let outdated = pool.idle.first().is_some_and(|lane| lane.used.elapsed() > IDLE);
        let outdated = outdated.then(|| pool.idle.remove(0));
        pool.open -= usize::from(outdated.is_some());
        drop(pool);
        self.lanes.returned.notify_one();
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        // A plain drop waits, which panics inside a runtime.
        if let Some(runtime) = self.runtime.take() {
            if self.process == std::process::id() {
                runtime.shutdown_background();
            } else {
                // After a fork: what this process takes out of the descriptors that it shares would be lost to the parent.
                std::mem::forget(runtime);
            }
        }
    }
}

impl fmt::Debug for Lanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanes").field("open", &self.pool().open).finish_non_exhaustive()
    }
}
