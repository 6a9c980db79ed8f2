//! A connection to Redis, in the clear or with TLS, whose every read and write ends at the deadline of the call.

use super::{
    deadline::Deadline,
    resp::{self, Reply, ReplyFault},
    url::Address,
};
use crate::token_store::within::within;
use rustls::{ClientConfig, ClientConnection, StreamOwned, pki_types::ServerName};
use std::{
    io::{self, BufReader, Read, Write},
    net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _},
    sync::Arc,
    time::Duration,
};

pub(super) struct Connection(BufReader<Stream>);

enum Stream {
    Plain(Timed),
    Tls(Box<StreamOwned<ClientConnection, Timed>>),
}

/// A socket that gives up at the deadline.
struct Timed {
    socket: TcpStream,
    deadline: Deadline,
}

/// Why a command has no response; the caller knows which command it was.
pub(super) enum Fault {
    Io(io::Error),
    Malformed,
    Refused {
        code: String,
        message: String,
    },
    /// The server refused what opens a connection.
    Setup {
        command: &'static str,
        code: String,
        message: String,
    },
}

impl From<ReplyFault> for Fault {
    fn from(fault: ReplyFault) -> Self {
        match fault {
            ReplyFault::Io(error) => Self::Io(error),
            ReplyFault::Malformed => Self::Malformed,
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Connection {
    /// Connects, and finishes TLS where there is any. Nothing is asked yet.
    pub(super) fn open(address: &Address, tls: Option<Arc<ClientConfig>>, deadline: Deadline) -> io::Result<Self> {
        let socket = connect(address, deadline)?;
        socket.set_nodelay(true)?;
        let mut socket = Timed { socket, deadline };
        let Some(config) = tls else { return Ok(Self(BufReader::new(Stream::Plain(socket)))) };
        let name = ServerName::try_from(address.host.clone()).map_err(io::Error::other)?;
        let mut session = ClientConnection::new(config, name).map_err(io::Error::other)?;
        while session.is_handshaking() {
            session.complete_io(&mut socket)?;
        }
        Ok(Self(BufReader::new(Stream::Tls(Box::new(StreamOwned::new(session, socket))))))
    }

    /// Sends a command and reads the response, until the deadline.
    pub(super) fn ask(&mut self, command: &[&[u8]], deadline: Deadline) -> Result<Reply, Fault> {
        self.0.get_mut().timed().deadline = deadline;
        let stream = self.0.get_mut();
        stream.write_all(&resp::encode(command))?;
        stream.flush()?;
        match resp::read(&mut self.0)? {
            Reply::Refused { code, message } => Err(Fault::Refused { code, message }),
            reply => Ok(reply),
        }
    }
}

/// Connects to the first of the host's addresses that accepts; each has its share of the time.
fn connect(address: &Address, deadline: Deadline) -> io::Result<TcpStream> {
    let addresses = resolve(address, deadline)?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for (n, candidate) in addresses.iter().enumerate() {
        let share = (deadline.left()? / (addresses.len() - n) as u32).max(Duration::from_millis(1));
        match TcpStream::connect_timeout(candidate, share) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The system's resolver has no time limit of its own.
fn resolve(address: &Address, deadline: Deadline) -> io::Result<Vec<SocketAddr>> {
    let port = address.port;
    if let Ok(ip) = address.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let host = address.host.clone();
    let look_up = move || (&*host, port).to_socket_addrs().map(Iterator::collect);
    within("iam-sdk-resolver", deadline.left()?, look_up).unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
}

impl Stream {
    fn timed(&mut self) -> &mut Timed {
        match self {
            Self::Plain(timed) => timed,
            Self::Tls(stream) => stream.get_mut(),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(timed) => timed.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(timed) => timed.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(timed) => timed.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// A socket's time limit shows as "would block" on some systems.
fn timed_out(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { io::ErrorKind::TimedOut.into() } else { error }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.set_read_timeout(Some(self.deadline.left()?))?;
        self.socket.read(buffer).map_err(timed_out)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(Some(self.deadline.left()?))?;
        self.socket.write(bytes).map_err(timed_out)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
