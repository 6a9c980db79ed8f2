//! A running emulator, as a test sees it.

use super::{
    fault::{AddedFault, Fault, FaultError, Plan},
    log::{Log, ReceivedRequest},
    registry::Services,
};
use std::{fmt, net::SocketAddr, sync::Arc, thread};
use tokio::sync::oneshot;

/// A running emulator.
pub struct Emulator {
    address: SocketAddr,
    pub(super) services: Services,
    log: Arc<Log>,
    plan: Plan,
    server: Option<Server>,
}

/// The thread that serves.
pub(super) struct Server {
    pub(super) stop: oneshot::Sender<()>,
    pub(super) thread: thread::JoinHandle<()>,
}

impl Emulator {
    pub(super) fn new(address: SocketAddr, services: Services, log: Arc<Log>, plan: Plan, server: Server) -> Self {
        Self { address, services, log, plan, server: Some(server) }
    }

    /// Returns the base URL that clients of Digiwin and Authing connect to: `http://127.0.0.1:port`. Those of Cloudspot need
    /// `emulator.cloudspot().base_url()`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the requests received so far, in order: the last 100,000, or as many as
    /// [`kept_requests`](super::EmulatorBuilder::kept_requests) says. Of these, only the last 10,000 or 64 MiB have query, headers
    /// and body.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.log.received()
    }

    /// Returns those of the [`requests`](Self::requests) that can be this operation, such as `digiwin.users.get_user`.
    pub fn requests_of(&self, operation: &str) -> Vec<ReceivedRequest> {
        let mut requests = self.requests();
        requests.retain(|request| request.is_operation(operation));
        requests
    }

    /// Returns the request received last.
    pub fn last_request(&self) -> Option<ReceivedRequest> {
        self.log.last()
    }

    /// Forgets the requests received so far, and gives their memory back.
    pub fn clear_requests(&self) {
        self.log.clear();
    }

    /// Adds a fault that applies to later requests. Returns a handle that counts its applications and removes it.
    ///
    /// # Panics
    ///
    /// If the fault could never apply, such as with an operation that does not exist or a probability outside 0 to 1.
    #[track_caller]
    pub fn fault(&self, fault: Fault) -> AddedFault {
        match self.try_fault(fault) {
            Ok(added) => added,
            Err(error) => panic!("{error}"),
        }
    }

    /// Adds a fault as [`fault`](Self::fault) does.
    ///
    /// # Errors
    ///
    /// If the fault could never apply, such as with an operation that does not exist or a probability outside 0 to 1.
    pub fn try_fault(&self, fault: Fault) -> Result<AddedFault, FaultError> {
        fault.check()?;
        Ok(self.plan.add(fault))
    }

    /// Removes all faults, those of [`respond_next`](Self::respond_next) included.
    pub fn clear_faults(&self) {
        self.plan.clear();
    }

    /// Responds to the next request to `path` with `status` and `body`, instead of carrying it out. Several responses for one
    /// path are used in the order in which they were given.
    ///
    /// It is short for [`Fault::status`] with [`body`](Fault::body), [`on_path`](Fault::on_path) and [`times(1)`](Fault::times).
    ///
    /// # Panics
    ///
    /// If `path` does not begin with `/`, or `status` is not from 200 to 599.
    #[track_caller]
    pub fn respond_next(&self, path: impl Into<String>, status: u16, body: impl Into<String>) {
        self.fault(Fault::status(status).body(body).on_path(path).times(1));
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("base_url", &self.base_url()).finish_non_exhaustive()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let Some(Server { stop, thread }) = self.server.take() else { return };
        // It fails when the server is gone already, which the join tells.
        let _ = stop.send(());
        if let Err(panic) = thread.join()
            && !thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::{fault::Switch, registry::Settings};

    #[test]
    #[should_panic(expected = "a panic of the emulator's thread")]
    fn a_panic_of_the_thread_is_raised_again_on_drop() {
        let (stop, _stopped) = oneshot::channel();
        let thread = thread::spawn(|| panic!("a panic of the emulator's thread"));
        let services = Services::new(Settings::default()).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        drop(Emulator::new(address, services, Arc::default(), Plan::new(Switch::default()), Server { stop, thread }));
    }
}
