//! An HTTP/1.1 server that closes connections without saying so, and tells a test when it has.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// When the server closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closes {
    /// Right after each response.
    AfterEach,
    /// After a random number of responses, this many at the most.
    AfterUpTo(usize),
    /// When the test tells it to.
    WhenTold,
    /// After a random response, on a thread of its own: the next request may be under way.
    AtAnyMoment,
}

pub struct ClosingServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
    settled: Option<UnboundedReceiver<i64>>,
}

struct Shared {
    closes: Closes,
    carried_out: Mutex<BTreeMap<i64, usize>>,
    connections: Mutex<Vec<Connection>>,
    opened: AtomicUsize,
    stopping: AtomicBool,
}

struct Connection {
    stream: TcpStream,
    thread: JoinHandle<()>,
}

impl Connection {
    /// Closes it. Afterwards the client's end has the FIN: nothing here holds the socket any more.
    fn close(self) {
        let _ = self.stream.shutdown(Shutdown::Both);
        drop(self.stream);
        self.thread.join().unwrap();
    }
}

impl ClosingServer {
    pub fn start(closes: Closes) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, settled) = unbounded_channel();
        let shared = Arc::new(Shared {
            closes,
            carried_out: Mutex::default(),
            connections: Mutex::default(),
            opened: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
        });
        let accepting = std::thread::spawn({
            let shared = shared.clone();
            move || {
                for stream in listener.incoming() {
                    if shared.stopping.load(Ordering::SeqCst) {
                        return;
                    }
                    let stream = stream.unwrap();
                    shared.opened.fetch_add(1, Ordering::SeqCst);
                    // The others are closed by their own threads, which must hold the only descriptor then.
                    let kept = (closes == Closes::WhenTold).then(|| stream.try_clone().unwrap());
                    // Before the thread begins: once a response is out, the connection can be found here.
                    let mut connections = shared.connections.lock().unwrap();
                    let (served, tell) = (shared.clone(), tell.clone());
                    let thread = std::thread::spawn(move || served.serve(stream, &tell));
                    connections.extend(kept.map(|stream| Connection { stream, thread }));
                }
            }
        });
        Self { address, shared, accepting: Some(accepting), settled: Some(settled) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The ids of requests whose connection the server has now kept or closed, as it meant to.
    pub fn settled(&mut self) -> UnboundedReceiver<i64> {
        self.settled.take().unwrap()
    }

    /// Closes every connection, and returns once that has been done.
    pub fn close_all(&self) {
        let connections = std::mem::take(&mut *self.shared.connections.lock().unwrap());
        connections.into_iter().for_each(Connection::close);
    }

    /// How often each id was carried out.
    pub fn carried_out(&self) -> BTreeMap<i64, usize> {
        self.shared.carried_out.lock().unwrap().clone()
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.shared.opened.load(Ordering::SeqCst)
    }
}

impl Drop for ClosingServer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // A last connection wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        let _ = self.accepting.take().unwrap().join();
        self.close_all();
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream, tell: &UnboundedSender<i64>) {
        stream.set_nodelay(true).unwrap();
        // One descriptor alone, so that dropping it is what closes the connection.
        let mut reader = BufReader::new(stream);
        let mut left = match self.closes {
            Closes::AfterEach => 1,
            Closes::AfterUpTo(most) => rand::random_range(1..=most),
            Closes::AtAnyMoment => rand::random_range(1..=7),
            Closes::WhenTold => usize::MAX,
        };
        while let Some(id) = read(&mut reader) {
            *self.carried_out.lock().unwrap().entry(id).or_default() += 1;
            let body = format!(r#"{{"id":"{id}","sid":{id}}}"#);
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
            let response = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
            if reader.get_mut().write_all(response.as_bytes()).is_err() {
                return;
            }
            left -= 1;
            if left == 0 {
                if self.closes == Closes::AtAnyMoment {
                    // Some 100 us: as long as a caller takes to come back with its next request.
                    (0..rand::random_range(0..3_000)).for_each(|_| std::hint::spin_loop());
                }
                drop(reader);
                let _ = tell.send(id);
                return;
            }
            let _ = tell.send(id);
        }
    }
}

/// The id in the body of the next request: its `sid`, or else its `id`.
fn read(reader: &mut BufReader<TcpStream>) -> Option<i64> {
    let (mut length, mut line) = (0, String::new());
    loop {
        line.clear();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().unwrap()
            }
            None if line == "\r\n" => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    super::id_of(&body)
}
