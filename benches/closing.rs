//! Counts the calls that a server costs which closes connections without saying so: ours beside the baseline, the same requests
//! written with reqwest. All are POSTs that must not be repeated.
//!
//! - between: the server has closed before the next request is made. Target: no error.
//! - at once: the server closes at about the moment when the next request is sent. No more errors than the baseline.

use iam_sdk::{r#async, blocking};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, mpsc},
    time::Instant,
};

const ROUNDS: i64 = 10;
/// Calls a round.
const CALLS: i64 = 300;
/// The longest that the server waits before it closes at once, in turns of a loop: some 200 us.
const LONGEST: u32 = 6_000;

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Between,
    AtOnce,
}

struct Server {
    base: String,
    closed: mpsc::Receiver<bool>,
    carried_out: Arc<Mutex<HashMap<i64, usize>>>,
}

impl Server {
    fn start(mode: Mode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (tell, closed) = mpsc::channel();
        let carried_out = Arc::new(Mutex::new(HashMap::new()));
        let noted = carried_out.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (tell, noted) = (tell.clone(), noted.clone());
                std::thread::spawn(move || serve(stream.unwrap(), mode, &tell, &noted));
            }
        });
        Self { base, closed, carried_out }
    }

    /// Waits until the server has done with the connection what it meant to do.
    fn settle(&self, mode: Mode) {
        if mode == Mode::Between {
            self.closed.recv().unwrap();
        }
    }
}

fn serve(stream: TcpStream, mode: Mode, tell: &mpsc::Sender<bool>, noted: &Mutex<HashMap<i64, usize>>) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(id) = read(&mut reader) {
        *noted.lock().unwrap().entry(id).or_default() += 1;
        let response = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
        if reader.get_mut().write_all(response).is_err() {
            return;
        }
        let closes = rand::random_range(0..3) == 0;
        if closes {
            if mode == Mode::AtOnce {
                (0..rand::random_range(0..LONGEST)).for_each(|_| std::hint::spin_loop());
            }
            drop(reader);
            let _ = tell.send(true);
            return;
        }
        let _ = tell.send(false);
    }
}

/// The `sid` of the next request.
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
    serde_json::from_slice::<Value>(&body).ok()?["sid"].as_i64()
}

/// The outcome of a contestant's calls.
#[derive(Default)]
struct Tally {
    errors: usize,
    carried_out_all_the_same: usize,
    doubled: usize,
    lost: usize,
    seconds: f64,
}

/// Makes the call with this id; `true` if it succeeded.
type Call<'a> = Box<dyn Fn(i64) -> bool + 'a>;

struct Contestant<'a> {
    name: &'static str,
    call: Call<'a>,
    server: &'a Server,
    tally: Tally,
}

impl Contestant<'_> {
    fn round(&mut self, mode: Mode, first: i64) {
        for id in first..first + CALLS {
            let begun = Instant::now();
            let succeeded = (self.call)(id);
            self.tally.seconds += begun.elapsed().as_secs_f64();
            let times = self.server.carried_out.lock().unwrap().get(&id).copied().unwrap_or(0);
            self.tally.errors += usize::from(!succeeded);
            self.tally.carried_out_all_the_same += usize::from(!succeeded && times > 0);
            self.tally.doubled += usize::from(times > 1);
            self.tally.lost += usize::from(succeeded && times == 0);
            if succeeded {
                self.server.settle(mode);
            }
        }
    }

    fn report(&self, mode: Mode) {
        let Tally { errors, carried_out_all_the_same, doubled, lost, seconds } = &self.tally;
        println!(
            "closing, {}, {}: {errors} errors in {} POSTs ({carried_out_all_the_same} of them carried out), {doubled} doubled, {lost} lost \
             silently, {:.0} us a call",
            if mode == Mode::Between { "between" } else { "at once" },
            self.name,
            ROUNDS * CALLS,
            seconds * 1e6 / (ROUNDS * CALLS) as f64,
        );
    }
}

fn main() {
    for mode in [Mode::Between, Mode::AtOnce] {
        let servers: [Server; 5] = std::array::from_fn(|_| Server::start(mode));
        let url = |server: &Server| format!("{}/api/iam/v2/org/del", server.base);

        let ours = blocking::Client::builder(&servers[0].base, "a").build().unwrap();
        ours.set_current_token(Some("t".into())).unwrap();
        let baseline = reqwest::blocking::Client::builder().tcp_nodelay(true).build().unwrap();
        let baseline_url = url(&servers[1]);

        let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let one_thread = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let async_client = |server: &Server, runtime: &tokio::runtime::Runtime| {
            runtime.block_on(async {
                let ours = r#async::Client::builder(&server.base, "a").build().unwrap();
                ours.set_current_token(Some("t".into())).await.unwrap();
                ours
            })
        };
        let on_threads = async_client(&servers[2], &threads);
        let on_one_thread = async_client(&servers[4], &one_thread);
        let async_baseline = reqwest::Client::builder().tcp_nodelay(true).build().unwrap();
        let async_url = url(&servers[3]);

        let calls: [(&str, Call<'_>); 5] = [
            ("ours, blocking", Box::new(|id| ours.orgs().delete(id).is_ok())),
            (
                "baseline, blocking",
                Box::new(|id| {
                    baseline.post(&baseline_url).json(&json!({"sid": id})).send().and_then(|r| r.bytes()).is_ok()
                }),
            ),
            ("ours, async", Box::new(|id| threads.block_on(on_threads.orgs().delete(id)).is_ok())),
            (
                "baseline, async",
                Box::new(|id| {
                    threads.block_on(async {
                        let sent = async_baseline.post(&async_url).json(&json!({"sid": id})).send().await;
                        match sent {
                            Ok(response) => response.bytes().await.is_ok(),
                            Err(_) => false,
                        }
                    })
                }),
            ),
            // Its runtime stands still between two calls.
            ("ours, async on one thread", Box::new(|id| one_thread.block_on(on_one_thread.orgs().delete(id)).is_ok())),
        ];
        let mut contestants: Vec<Contestant<'_>> = calls
            .into_iter()
            .zip(&servers)
            .map(|((name, call), server)| Contestant { name, call, server, tally: Tally::default() })
            .collect();
        for round in 0..ROUNDS {
            contestants.iter_mut().for_each(|contestant| contestant.round(mode, round * CALLS + 1));
        }
        contestants.iter().for_each(|contestant| contestant.report(mode));
    }
}
