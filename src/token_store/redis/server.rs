//! The server of a store: its settings, its idle connections, and calls that end at one deadline.

use super::{
    RedisStoreError,
    connection::{Connection, Fault},
    deadline::Deadline,
    resp::Reply,
    tls,
    url::Address,
};
use rustls::{ClientConfig, pki_types::CertificateDer};
use std::{
    io, process,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic::AtomicBool},
    time::Duration,
};

/// More connections than this are closed when they have nothing to do.
const MOST_IDLE: usize = 8;

type Result<T, E = RedisStoreError> = std::result::Result<T, E>;

pub(super) struct Server {
    pub(super) settings: Settings,
    /// Whether the server has refused scripts, so that they are not tried again.
    pub(super) refuses_scripts: AtomicBool,
    tls: OnceLock<Arc<ClientConfig>>,
    idle: Mutex<Idle>,
}

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) address: Arc<Address>,
    pub(super) roots: Vec<CertificateDer<'static>>,
    pub(super) deadline: Duration,
    pub(super) lock_lifetime: Duration,
}

struct Idle {
    /// The process that opened them. A forked child must not use them: both would read one another's responses.
    process: u32,
    connections: Vec<Connection>,
}

impl Server {
    pub(super) fn new(settings: Settings) -> Self {
        let idle = Idle { process: process::id(), connections: Vec::new() };
        Self { settings, refuses_scripts: AtomicBool::new(false), tls: OnceLock::new(), idle: Mutex::new(idle) }
    }

    /// Begins a call, of one or several commands, that ends at the store's deadline.
    pub(super) fn call(&self) -> Call<'_> {
        self.call_within(self.settings.deadline)
    }

    /// Begins a call that ends at an earlier deadline.
    pub(super) fn call_within(&self, limit: Duration) -> Call<'_> {
        let limit = limit.min(self.settings.deadline);
        Call {
            server: self,
            limit,
            deadline: Deadline::after(limit),
            connection: None,
            may_be_dead: false,
            repeated: false,
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.process != process::id() {
            idle.process = process::id();
            idle.connections.clear();
        }
        idle
    }

    fn tls(&self) -> io::Result<Option<Arc<ClientConfig>>> {
        if !self.settings.address.tls {
            return Ok(None);
        }
        if let Some(config) = self.tls.get() {
            return Ok(Some(config.clone()));
        }
        let config = tls::configuration(&self.settings.roots).map_err(io::Error::other)?;
        Ok(Some(self.tls.get_or_init(|| config).clone()))
    }
}

/// One call of the store.
pub(super) struct Call<'a> {
    server: &'a Server,
    limit: Duration,
    deadline: Deadline,
    connection: Option<Connection>,
    /// The connection was idle and has not responded yet: the server may have closed it meanwhile.
    may_be_dead: bool,
    repeated: bool,
}

impl Call<'_> {
    /// Sends a command; the first of a call once more, on a connection of its own, where an idle one turns out to be dead.
    pub(super) fn ask(&mut self, name: &'static str, command: &[&[u8]]) -> Result<Reply> {
        let outcome = match self.try_ask(command) {
            Err(Fault::Io(error)) if self.may_be_dead && error.kind() != io::ErrorKind::TimedOut => {
                // The other idle ones went the same way.
                self.server.idle().connections.clear();
                self.repeated = true;
                self.try_ask(command)
            }
            outcome => outcome,
        };
        outcome.map_err(|fault| self.named(name, fault))
    }

    /// Sends a command and fails unless it is confirmed.
    pub(super) fn confirm(&mut self, name: &'static str, command: &[&[u8]]) -> Result<()> {
        match self.ask(name, command)? {
            Reply::Text(_) => Ok(()),
            _ => Err(self.protocol_fault(name)),
        }
    }

    /// Returns whether the server may have got the first command twice.
    pub(super) fn has_repeated(&self) -> bool {
        self.repeated
    }

    /// Returns the error for a response that the command does not have.
    pub(super) fn protocol_fault(&self, name: &'static str) -> RedisStoreError {
        self.named(name, Fault::Malformed)
    }

    fn try_ask(&mut self, command: &[&[u8]]) -> Result<Reply, Fault> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let outcome = connection.ask(command, self.deadline);
        // A connection that broke, or that has the rest of a response in it, is of no use.
        if !matches!(outcome, Ok(Reply::TooLarge) | Err(Fault::Io(_) | Fault::Malformed)) {
            self.connection = Some(connection);
            self.may_be_dead = false;
        }
        outcome
    }

    fn connect(&mut self) -> Result<Connection, Fault> {
        if let Some(idle) = self.server.idle().connections.pop() {
            self.may_be_dead = true;
            return Ok(idle);
        }
        self.may_be_dead = false;
        let address = &*self.server.settings.address;
        let mut connection = Connection::open(address, self.server.tls()?, self.deadline)?;
        if let Some(password) = &address.password {
            let mut command: Vec<&[u8]> = vec![b"AUTH"];
            command.extend(address.user.as_ref().map(String::as_bytes));
            command.push(password.expose_secret().as_bytes());
            connection.ask(&command, self.deadline).map_err(|fault| setup("AUTH", fault))?;
        }
        if address.database != 0 {
            let database = address.database.to_string();
            connection.ask(&[b"SELECT", database.as_bytes()], self.deadline).map_err(|fault| setup("SELECT", fault))?;
        }
        Ok(connection)
    }

    fn named(&self, command: &'static str, fault: Fault) -> RedisStoreError {
        let server = self.server.settings.address.server();
        match fault {
            Fault::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
                RedisStoreError::TimedOut { server, command, deadline: self.limit }
            }
            Fault::Io(reason) => RedisStoreError::Io { server, command, reason },
            Fault::Refused { code, message } => RedisStoreError::Refused { server, command, code, message },
            Fault::Setup { command, code, message } => RedisStoreError::Refused { server, command, code, message },
            Fault::Malformed => RedisStoreError::Protocol { server, command },
        }
    }

    /// Gives the connection up: it is in a state that the next call must not meet.
    pub(super) fn discard_connection(&mut self) {
        self.connection = None;
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let mut idle = self.server.idle();
            if idle.connections.len() < MOST_IDLE {
                idle.connections.push(connection);
            }
        }
    }
}

/// Names what was refused. A server that does not know `AUTH` repeats its arguments: its message is left out.
fn setup(command: &'static str, fault: Fault) -> Fault {
    match fault {
        Fault::Refused { code, .. } if command == "AUTH" => {
            Fault::Setup { command, code, message: "check the user name and the password in the URL".to_owned() }
        }
        Fault::Refused { code, message } => Fault::Setup { command, code, message },
        other => other,
    }
}
