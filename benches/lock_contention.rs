//! Measures what waiting for another process's login costs: eight processes with a hundred clients each share one Redis, none
//! has a token, and a login takes three requests of 500 ms. Target: one login, and few Redis commands while the others wait.
//!
//! Needs redis-server on the PATH.

use iam_sdk::{
    Client,
    digiwin::Credentials,
    emulator::Emulator,
    token_store::{EncryptionKey, RedisStore},
};
use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

const PROCESSES: usize = 8;
const CLIENTS: usize = 100;
const LATENCY: Duration = Duration::from_millis(500);
/// Set for the processes that the first one starts: the emulator's URL, Redis's, and the tokens and passwords of the account.
const CHILD: &str = "IAM_SDK_BENCH_LOCK_CONTENTION";

fn main() {
    match std::env::var(CHILD) {
        Ok(arguments) => child(&arguments),
        Err(_) => parent(),
    }
}

fn child(arguments: &str) {
    let arguments: Vec<&str> = arguments.split('\n').collect();
    let [service, redis, application, user, password] = arguments[..] else { panic!("{arguments:?}") };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Arc::new(RedisStore::new(redis, EncryptionKey::from_bytes([7; 32])).unwrap());
        let client = || {
            let builder = Client::builder(service, application).credentials(Credentials::password(user, password));
            builder.shared_token_store(store.clone()).build().unwrap()
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| client()).collect();
        println!("ready");
        std::io::stdin().read_line(&mut String::new()).unwrap();
        let tasks: Vec<_> = clients
            .into_iter()
            .map(|client| tokio::spawn(async move { client.identity().analyze_token().await.map(drop) }))
            .collect();
        let mut errors = Vec::new();
        for task in tasks {
            errors.extend(task.await.unwrap().err());
        }
        println!("{}", errors.len());
        if let Some(error) = errors.first() {
            eprintln!("one of {} errors: {error}", errors.len());
        }
    });
}

struct Redis {
    process: Child,
    port: u16,
}

impl Redis {
    fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        let process = command.stdout(Stdio::null()).spawn().ok()?;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(Self { process, port })
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// `INFO section`.
    fn info(&self, section: &str) -> String {
        let mut connection = redis::Client::open(self.url()).unwrap().get_connection().unwrap();
        redis::cmd("INFO").arg(section).query(&mut connection).unwrap()
    }

    fn commands(&self) -> u64 {
        let stats = self.info("stats");
        stats.lines().find_map(|line| line.strip_prefix("total_commands_processed:")).unwrap().parse().unwrap()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn parent() {
    let Some(redis) = Redis::start() else {
        println!("\n!!! lock contention: NOT measured, redis-server is not on the PATH !!!\n");
        return;
    };
    let emulator = Emulator::builder().latency(LATENCY).start().unwrap();
    let account = emulator.digiwin().account();
    let (application, password) = (account.app_token.expose_secret(), account.password.expose_secret());
    let arguments = [&emulator.base_url(), &redis.url(), application, &account.user_id, password].join("\n");
    let mut children: Vec<Child> = (0..PROCESSES)
        .map(|_| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.env(CHILD, &arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let mut lines: Vec<_> =
        children.iter_mut().map(|child| BufReader::new(child.stdout.take().unwrap()).lines()).collect();
    let mut line = |child: usize| lines[child].next().unwrap().unwrap();
    (0..PROCESSES).for_each(|child| assert_eq!(line(child), "ready"));

    let before = redis.commands();
    let begun = Instant::now();
    children.iter_mut().for_each(|child| child.stdin.take().unwrap().write_all(b"go\n").unwrap());
    let errors: usize = (0..PROCESSES).map(|child| line(child).parse::<usize>().unwrap()).sum();
    let seconds = begun.elapsed().as_secs_f64();
    let commands = redis.commands() - before;
    children.iter_mut().for_each(|child| assert!(child.wait().unwrap().success()));

    let logins = emulator.requests().iter().filter(|served| served.path.ends_with("/identity/login")).count();
    println!(
        "lock contention, {PROCESSES} processes with {CLIENTS} clients: {logins} logins, {errors} errors, {seconds:.1} s, {commands} Redis \
         commands, {:.0} a second",
        commands as f64 / seconds
    );
    for line in redis.info("commandstats").lines().filter_map(|line| line.strip_prefix("cmdstat_")) {
        println!("    {}", line.split(",usec=").next().unwrap());
    }
}
