//! A raw HTTP/1.1 server that records its requests and sends scripted responses, malformed ones included.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// Path and query as they came.
    #[cfg_attr(not(feature = "jwt"), allow(dead_code, reason = "tests of key sources look at it"))]
    pub target: String,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    /// The number of the connection that carried it.
    pub connection: usize,
}

pub enum Response {
    /// Status, further header lines, body.
    Whole(u16, &'static str, String),
    /// These bytes, and the connection is closed.
    Raw(Vec<u8>),
    /// A head that announces more than comes, then a byte at a time until the client leaves.
    Trickle,
}

pub fn json(body: impl ToString) -> Response {
    Response::Whole(200, "content-type: application/json\r\n", body.to_string())
}

pub fn status(status: u16, body: &str) -> Response {
    Response::Whole(status, "", body.to_owned())
}

type Script = dyn Fn(&Request) -> Response + Send + Sync;

struct Connection {
    stream: TcpStream,
    thread: JoinHandle<()>,
}

pub struct Server {
    address: SocketAddr,
    request: Arc<Mutex<Vec<Request>>>,
    accepting: Option<JoinHandle<()>>,
    stopping: Arc<AtomicBool>,
    connections: Arc<Mutex<Vec<Connection>>>,
}

impl Server {
    pub fn start(script: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let request = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Script> = Arc::new(script);
        let stopping = Arc::new(AtomicBool::new(false));
        let (notes, opened, stop) = (request.clone(), connections.clone(), stopping.clone());
        let accepting = std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let Ok(stream) = stream else { return };
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (notes, script, other) = (notes.clone(), script.clone(), stream.try_clone().unwrap());
                let thread = std::thread::spawn(move || serve(stream, number, &notes, &*script));
                opened.lock().unwrap().push(Connection { stream: other, thread });
            }
        });
        Self { address, request, accepting: Some(accepting), connections, stopping }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.request.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut threads = Vec::new();
        for Connection { stream, thread } in self.connections.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
            threads.push(thread);
        }
        let panics: Vec<_> = threads.into_iter().filter_map(|thread| thread.join().err()).collect();
        // A last connection wakes the thread that accepts.
        self.stopping.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        self.accepting.take().unwrap().join().unwrap();
        if let Some(panic) = panics.into_iter().next()
            && !std::thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

fn serve(mut stream: TcpStream, connection: usize, notes: &Mutex<Vec<Request>>, script: &Script) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(request) = read(&mut reader, connection) {
        notes.lock().unwrap().push(request.clone());
        let done = match script(&request) {
            Response::Whole(status, headers, body) => {
                let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
                stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).is_err()
            }
            Response::Raw(bytes) => {
                let _ = stream.write_all(&bytes);
                let _ = stream.shutdown(Shutdown::Both);
                true
            }
            Response::Trickle => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n");
                while stream.write_all(b" ").is_ok() {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
                true
            }
        };
        if done {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead, connection: usize) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    let (method, rest) = line.split_once(' ')?;
    let target = rest.split(' ').next()?.to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let (method, path) = (method.to_owned(), path.to_owned());
    Some(Request { method, path, target, query, headers, body, connection })
}
