//! A TLS server that speaks HTTP/2 in raw frames, or HTTP/1.1, and ends connections the way nginx does.

use super::{
    id_of,
    tls::{self, Certificate},
};
use rustls::{ServerConfig, ServerConnection};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// When the server ends connections, and which requests it does not process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Habits {
    /// nginx's `keepalive_requests`: with the last of so many requests comes GOAWAY, or `connection: close`; later streams
    /// are ignored, those in progress are finished, and the connection is closed.
    pub requests_per_connection: Option<u32>,
    /// nginx's `keepalive_timeout`: a connection without a request for so long is closed, after a GOAWAY.
    pub idle_timeout: Option<Duration>,
    /// RST_STREAM(REFUSED_STREAM) for each stream whose turn this is. HTTP/2 alone.
    pub refuses_each: Option<u32>,
    /// GOAWAY with last stream 0 in place of every response. HTTP/2 alone.
    pub never_serves: bool,
    /// The first connection is dead from its first request on, and nobody closes it. HTTP/2 alone.
    pub first_dies: bool,
    /// In place of every response. HTTP/2 alone.
    pub responds: Option<Scripted>,
}

/// A response in parts.
#[cfg_attr(not(feature = "async"), allow(dead_code, reason = "tests of HTTP/2 send it"))]
#[derive(Clone, Copy, Debug)]
pub struct Scripted {
    /// The headers, as HPACK has them.
    pub headers: &'static [u8],
    /// One DATA frame, or none.
    pub data: Option<&'static [u8]>,
    pub end: End,
}

/// How a response ends.
#[cfg_attr(not(feature = "async"), allow(dead_code, reason = "tests of HTTP/2 send it"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its last frame says so.
    Marked,
    /// RST_STREAM(NO_ERROR).
    Reset,
    /// GOAWAY(NO_ERROR) with last stream 0, and the connection is closed.
    GoAway,
}

pub struct Http2Server {
    address: SocketAddr,
    /// The authority's certificate.
    pub root: String,
    shared: Arc<Shared>,
    closed: Option<UnboundedReceiver<()>>,
}

struct Shared {
    habits: Habits,
    config: Arc<ServerConfig>,
    carried_out: Mutex<BTreeMap<i64, usize>>,
    protocols: Mutex<BTreeSet<String>>,
    opened: AtomicUsize,
    open: AtomicUsize,
    stopping: AtomicBool,
    died: AtomicBool,
}

impl Http2Server {
    pub fn start(habits: Habits) -> Self {
        let (config, root) = tls::config(Certificate::Good, &["h2", "http/1.1"]);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, closed) = unbounded_channel();
        let shared = Arc::new(Shared {
            habits,
            config: Arc::new(config),
            carried_out: Mutex::default(),
            protocols: Mutex::default(),
            opened: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
            died: AtomicBool::new(false),
        });
        std::thread::spawn({
            let shared = shared.clone();
            move || {
                for stream in listener.incoming() {
                    if shared.stopping.load(Ordering::SeqCst) {
                        return;
                    }
                    let Ok(stream) = stream else { continue };
                    shared.opened.fetch_add(1, Ordering::SeqCst);
                    shared.open.fetch_add(1, Ordering::SeqCst);
                    let (shared, tell) = (shared.clone(), tell.clone());
                    std::thread::spawn(move || shared.serve(stream, &tell));
                }
            }
        });
        Self { address, root, shared, closed: Some(closed) }
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// A message for each connection that has been closed.
    pub fn closed(&mut self) -> UnboundedReceiver<()> {
        self.closed.take().unwrap()
    }

    /// How many connections are open.
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.shared.opened.load(Ordering::SeqCst)
    }

    /// How often each id was carried out.
    pub fn carried_out(&self) -> BTreeMap<i64, usize> {
        self.shared.carried_out.lock().unwrap().clone()
    }

    /// The protocols of the connections.
    pub fn protocols(&self) -> BTreeSet<String> {
        self.shared.protocols.lock().unwrap().clone()
    }
}

impl Drop for Http2Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream, tell: &UnboundedSender<()>) {
        let _ = stream.set_nodelay(true);
        let tls = ServerConnection::new(self.config.clone()).unwrap();
        let mut link = Link { tls, stream, received: Vec::new(), last_heard: Instant::now() };
        if link.shake_hands().is_some() {
            let protocol = link.tls.alpn_protocol().unwrap_or_default().to_vec();
            self.protocols.lock().unwrap().insert(String::from_utf8(protocol.clone()).unwrap());
            if protocol == b"h2" {
                Streams::new(self, &mut link).serve();
            } else {
                self.serve_http1(&mut link);
            }
            link.close();
        }
        self.open.fetch_sub(1, Ordering::SeqCst);
        let _ = tell.send(());
    }

    fn is_over(&self, link: &Link) -> bool {
        self.stopping.load(Ordering::SeqCst)
            || self.habits.idle_timeout.is_some_and(|limit| link.last_heard.elapsed() >= limit)
    }

    /// Carries a request out, and gives the body of its response.
    fn carry_out(&self, body: &[u8]) -> String {
        let id = id_of(body).expect("a numbered request");
        *self.carried_out.lock().unwrap().entry(id).or_default() += 1;
        format!(r#"{{"id":"{id}","sid":{id}}}"#)
    }

    fn serve_http1(&self, link: &mut Link) {
        for number in 1.. {
            let body = loop {
                if let Some(body) = link.take_http1_request() {
                    break body;
                }
                match link.fill() {
                    Filled::Data => {}
                    Filled::Nothing if !self.is_over(link) => {}
                    _ => return,
                }
            };
            let body = self.carry_out(&body);
            let last = self.habits.requests_per_connection.is_some_and(|limit| number >= limit);
            let close = if last { "connection: close\r\n" } else { "" };
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{close}\r\n", body.len());
            if link.send(&[head.as_bytes(), body.as_bytes()].concat()).is_none() || last {
                return;
            }
        }
    }
}

enum Filled {
    Data,
    Nothing,
    End,
}

struct Link {
    tls: ServerConnection,
    stream: TcpStream,
    received: Vec<u8>,
    last_heard: Instant,
}

impl Link {
    fn shake_hands(&mut self) -> Option<()> {
        self.stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        while self.tls.is_handshaking() {
            match self.fill() {
                Filled::Data => {}
                Filled::Nothing | Filled::End => return None,
            }
        }
        // A pause of this length is what tells that no more requests are under way at the moment.
        self.stream.set_read_timeout(Some(Duration::from_millis(2))).ok()
    }

    /// Reads once from the socket; `Nothing` after a pause.
    fn fill(&mut self) -> Filled {
        match self.tls.read_tls(&mut self.stream) {
            Ok(0) => return Filled::End,
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Filled::Nothing;
            }
            Err(_) => return Filled::End,
        }
        let processed = self.tls.process_new_packets();
        if self.flush().is_none() || processed.is_err() {
            return Filled::End;
        }
        self.last_heard = Instant::now();
        let mut chunk = [0; 16 * 1024];
        loop {
            match self.tls.reader().read(&mut chunk) {
                Ok(0) => return Filled::End,
                Ok(read) => self.received.extend_from_slice(&chunk[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Filled::Data,
                Err(_) => return Filled::End,
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Option<()> {
        self.tls.writer().write_all(bytes).ok()?;
        self.last_heard = Instant::now();
        self.flush()
    }

    fn flush(&mut self) -> Option<()> {
        while self.tls.wants_write() {
            self.tls.write_tls(&mut self.stream).ok()?;
        }
        Some(())
    }

    /// Takes the first `length` bytes, once they are there.
    fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        (self.received.len() >= length).then(|| self.received.drain(..length).collect())
    }

    /// The body of the next request, once it is there.
    fn take_http1_request(&mut self) -> Option<Vec<u8>> {
        let head = self.received.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
        let text = std::str::from_utf8(&self.received[..head]).unwrap();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        self.take(head + length).map(|request| request[head..].to_vec())
    }

    /// Closes as nginx does: what the client has sent meanwhile is read and ignored, so that no reset overtakes what was sent
    /// to it.
    fn close(mut self) {
        self.tls.send_close_notify();
        let _ = self.flush();
        let _ = self.stream.shutdown(Shutdown::Write);
        let _ = self.stream.set_read_timeout(Some(Duration::from_secs(5)));
        let _ = self.stream.read_to_end(&mut Vec::new());
    }
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

/// The flag ACK of SETTINGS and PING.
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

const NO_ERROR: u32 = 0;
const REFUSED_STREAM: u32 = 7;
const MAX_STREAMS: usize = 128;
const PREFACE: usize = 24;

/// One HTTP/2 connection.
struct Streams<'a> {
    shared: &'a Shared,
    link: &'a mut Link,
    /// The bodies of streams whose requests are not whole yet.
    open: BTreeMap<u32, Vec<u8>>,
    /// Whole requests that wait for their responses.
    whole: Vec<(u32, Vec<u8>)>,
    requests: u32,
    /// The last stream that came, refused ones included.
    last: u32,
    going_away: bool,
}

impl<'a> Streams<'a> {
    fn new(shared: &'a Shared, link: &'a mut Link) -> Self {
        Self { shared, link, open: BTreeMap::new(), whole: Vec::new(), requests: 0, last: 0, going_away: false }
    }

    /// `None`: the connection broke.
    fn serve(&mut self) -> Option<()> {
        let settings = [0, 3, 0, 0, 0, MAX_STREAMS as u8];
        self.send(SETTINGS, 0, 0, &settings)?;
        while self.link.take(PREFACE).is_none() {
            // A client on a busy machine takes its time after the handshake.
            if let Filled::End = self.link.fill() {
                return None;
            }
        }
        loop {
            while let Some((kind, flags, stream, payload)) = self.next_frame() {
                self.on_frame(kind, flags, stream, &payload)?;
            }
            if self.going_away && self.open.is_empty() && self.whole.is_empty() {
                return Some(());
            }
            match self.link.fill() {
                Filled::Data => {}
                // Nothing else is under way: all in progress get their responses now.
                Filled::Nothing if !self.whole.is_empty() => self.respond_to_all()?,
                Filled::Nothing if self.shared.is_over(self.link) => {
                    // Streams that were begun and not finished are not processed: nginx gives up on them as well.
                    let last = self.open.keys().next().map_or(self.last, |first| first.saturating_sub(2));
                    return self.go_away(last);
                }
                Filled::Nothing => {}
                Filled::End => return None,
            }
        }
    }

    fn next_frame(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let head = self.link.received.get(..9)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let (kind, flags) = (head[3], head[4]);
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
        let frame = self.link.take(9 + length)?;
        Some((kind, flags, stream, frame[9..].to_vec()))
    }

    fn on_frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Option<()> {
        match kind {
            SETTINGS if flags & ACK == 0 => self.send(SETTINGS, ACK, 0, &[]),
            PING if flags & ACK == 0 => self.send(PING, ACK, 0, payload),
            HEADERS => self.on_headers(flags, stream),
            DATA => {
                if !payload.is_empty() {
                    // Also for streams that are ignored: they use up the connection's window.
                    self.send(WINDOW_UPDATE, 0, 0, &(payload.len() as u32).to_be_bytes())?;
                }
                if let Some(body) = self.open.get_mut(&stream) {
                    body.extend_from_slice(payload);
                    self.end_if(flags, stream);
                }
                Some(())
            }
            RST_STREAM => {
                self.open.remove(&stream);
                self.whole.retain(|(id, _)| *id != stream);
                Some(())
            }
            _ => Some(()),
        }
    }

    fn on_headers(&mut self, flags: u8, stream: u32) -> Option<()> {
        let habits = self.shared.habits;
        if self.going_away {
            return Some(());
        }
        if habits.never_serves {
            return self.go_away(0);
        }
        if habits.first_dies && !self.shared.died.swap(true, Ordering::SeqCst) {
            while !self.shared.stopping.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(10));
            }
            return None;
        }
        self.last = stream;
        if self.open.len() + self.whole.len() >= MAX_STREAMS {
            return self.send(RST_STREAM, 0, stream, &REFUSED_STREAM.to_be_bytes());
        }
        self.requests += 1;
        if habits.refuses_each.is_some_and(|each| self.requests.is_multiple_of(each)) {
            return self.send(RST_STREAM, 0, stream, &REFUSED_STREAM.to_be_bytes());
        }
        self.open.insert(stream, Vec::new());
        self.end_if(flags, stream);
        if habits.requests_per_connection.is_some_and(|limit| self.requests >= limit) {
            self.go_away(stream)?;
        }
        Some(())
    }

    fn end_if(&mut self, flags: u8, stream: u32) {
        if flags & END_STREAM != 0 {
            self.whole.extend(self.open.remove(&stream).map(|body| (stream, body)));
        }
    }

    fn respond_to_all(&mut self) -> Option<()> {
        for (stream, body) in std::mem::take(&mut self.whole) {
            if let Some(scripted) = self.shared.habits.responds {
                self.respond(stream, scripted)?;
                continue;
            }
            let body = self.shared.carry_out(&body);
            // `:status: 200`, the eighth of HPACK's static table.
            self.send(HEADERS, END_HEADERS, stream, &[0x88])?;
            self.send(DATA, END_STREAM, stream, body.as_bytes())?;
        }
        Some(())
    }

    fn respond(&mut self, stream: u32, scripted: Scripted) -> Option<()> {
        let Scripted { headers, data, end } = scripted;
        let ends = |is_last| if is_last && end == End::Marked { END_STREAM } else { 0 };
        self.send(HEADERS, END_HEADERS | ends(data.is_none()), stream, headers)?;
        if let Some(data) = data {
            self.send(DATA, ends(true), stream, data)?;
        }
        match end {
            End::Marked => Some(()),
            End::Reset => self.send(RST_STREAM, 0, stream, &NO_ERROR.to_be_bytes()),
            End::GoAway => {
                self.go_away(0)?;
                None
            }
        }
    }

    fn go_away(&mut self, last_stream: u32) -> Option<()> {
        self.going_away = true;
        self.send(GOAWAY, 0, 0, &[last_stream.to_be_bytes(), NO_ERROR.to_be_bytes()].concat())
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Option<()> {
        let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        self.link.send(&frame)
    }
}
