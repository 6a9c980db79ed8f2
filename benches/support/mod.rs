//! A thin hyper server, processes that work in turns, and ratios of two pieces of work.

use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

const ROLE: &str = "IAM_SDK_BENCH_ROLE";

/// Serves what `respond` makes of a path and a body, after `latency`; on a thread of its own, until the process ends.
pub fn serve(latency: Duration, respond: impl Fn(&str, &[u8]) -> Bytes + Send + Sync + 'static) -> SocketAddr {
    let (tell, told) = mpsc::channel();
    let respond = Arc::new(respond);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let respond = respond.clone();
                let service = service_fn(move |request: Request<Incoming>| {
                    let respond = respond.clone();
                    async move {
                        let path = request.uri().path().to_owned();
                        let body = request.into_body().collect().await.unwrap().to_bytes();
                        let body = respond(&path, &body);
                        if !latency.is_zero() {
                            tokio::time::sleep(latency).await;
                        }
                        Ok::<_, Infallible>(Response::new(Full::new(body)))
                    }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
    });
    told.recv().unwrap()
}

/// What this process is to do for another one that measures.
#[allow(dead_code)]
pub fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// A process of the same program with a role. It does some work whenever it is told to, and shares neither memory nor threads with
/// another one. It ends with this value.
#[allow(dead_code)]
pub struct Process {
    child: Child,
    output: BufReader<ChildStdout>,
}

#[allow(dead_code)]
impl Process {
    pub fn start(role: &str) -> Self {
        let mut program = Command::new(std::env::current_exe().unwrap());
        let mut child = program.env(ROLE, role).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    /// Returns the next line that it prints.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// Returns how long it takes for a turn, in seconds.
    pub fn turn(&mut self) -> f64 {
        writeln!(self.child.stdin.as_ref().unwrap()).unwrap();
        self.line().parse().unwrap()
    }

    /// Does `work` for the process that started this one, whenever that wants a turn.
    pub fn take_turns(mut work: impl FnMut()) {
        for _ in std::io::stdin().lines() {
            println!("{}", time(&mut work));
        }
    }

    /// Serves like [`serve`] for the process that started this one, which reads the address.
    pub fn serve(respond: impl Fn(&str, &[u8]) -> Bytes + Send + Sync + 'static) {
        println!("{}", serve(Duration::ZERO, respond));
        std::io::stdin().lines().for_each(drop);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Which closes its standard input.
        self.child.wait().unwrap();
    }
}

fn time(work: &mut impl FnMut()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64()
}

/// How long `baseline` takes divided by how long `ours` takes: the median of `rounds`, in each of which both take a turn.
pub fn ratio(rounds: usize, mut ours: impl FnMut(), mut baseline: impl FnMut()) -> f64 {
    ratio_of_turns(rounds, || time(&mut ours), || time(&mut baseline))
}

/// Like [`ratio`], of turns that say how many seconds they took.
pub fn ratio_of_turns(rounds: usize, mut ours: impl FnMut() -> f64, mut baseline: impl FnMut() -> f64) -> f64 {
    ours();
    baseline();
    let mut ratios: Vec<f64> = (0..rounds)
        .map(|round| {
            // Who goes first finds the machine as the other left it.
            if round % 2 == 0 {
                let ours = ours();
                baseline() / ours
            } else {
                let baseline = baseline();
                baseline / ours()
            }
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios[rounds / 2]
}
