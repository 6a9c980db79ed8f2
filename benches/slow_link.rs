//! Compares a list of 10,000 users with and without gzip, over a link of 20 Mbit/s and 20 ms (there and back), which a proxy
//! simulates: pairs of calls in turns, and the medians of them. A third client has no link between, to show what compressing costs there.

use flate2::{Compression, write::GzEncoder};
use iam_sdk::{blocking::Client, digiwin::UserQueryType};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

const USERS: usize = 10_000;
const PAIRS: usize = 5;
const BITS_PER_SECOND: f64 = 20e6;
/// One way.
const DELAY: Duration = Duration::from_millis(10);

/// The users, as a service lists them: ids, names and addresses differ, the rest is alike.
fn users() -> String {
    let users: Vec<_> = (0..USERS)
        .map(|n| {
            let digest = n.wrapping_mul(2_654_435_761);
            format!(
                r#"{{"sid":{},"id":"user{digest:010}","name":"李安 {digest:x}","email":"{digest:x}.li@example.com","telephone":"138{:08}","type":0,"userType":false,"confirm":true,"disabled":false,"activated":true,"cellphonePrefix":"+86","hash":"{:016x}"}}"#,
                100_000 + n,
                digest % 100_000_000,
                digest.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            )
        })
        .collect();
    format!(r#"{{"status":200,"message":"success","data":[{}]}}"#, users.join(","))
}

/// Serves the users, compressed at each request where the client accepts that.
fn serve(users: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let users = Arc::new(users);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, users) = (stream.unwrap(), users.clone());
            stream.set_nodelay(true).unwrap();
            thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                loop {
                    let (mut line, mut length, mut gzip) = (String::new(), 0, false);
                    while line != "\r\n" {
                        line.clear();
                        if reader.read_line(&mut line).unwrap_or(0) == 0 {
                            return;
                        }
                        line.make_ascii_lowercase();
                        if let Some(value) = line.strip_prefix("content-length:") {
                            length = value.trim().parse().unwrap();
                        }
                        gzip |= line.starts_with("accept-encoding:") && line.contains("gzip");
                    }
                    reader.read_exact(&mut vec![0; length]).unwrap();
                    let compressed = gzip.then(|| {
                        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                        encoder.write_all(users.as_bytes()).unwrap();
                        encoder.finish().unwrap()
                    });
                    let body = compressed.as_deref().unwrap_or(users.as_bytes());
                    let coding = if gzip { "content-encoding: gzip\r\n" } else { "" };
                    let head = format!("HTTP/1.1 200 OK\r\n{coding}content-length: {}\r\n\r\n", body.len());
                    if stream.write_all(&[head.as_bytes(), body].concat()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// How many bytes the link has carried to the clients.
static CARRIED: AtomicUsize = AtomicUsize::new(0);

/// Passes on what comes, each piece once the link has carried it, and counts it.
fn carry(mut from: TcpStream, mut to: TcpStream, count: &'static (impl Fn(usize) + Sync)) {
    let (send, receive) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut free = Instant::now();
        while let Ok((sent, piece)) = receive.recv() {
            free = free.max(sent) + Duration::from_secs_f64(piece.len() as f64 * 8.0 / BITS_PER_SECOND);
            thread::sleep((free + DELAY).saturating_duration_since(Instant::now()));
            if to.write_all(&piece).is_err() {
                return;
            }
        }
    });
    let mut piece = vec![0; 8 * 1024];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        count(length);
        if send.send((Instant::now(), piece[..length].to_vec())).is_err() {
            return;
        }
    }
}

/// Simulates a link to a server.
fn link(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), TcpStream::connect(server).unwrap());
            for stream in [&client, &server] {
                stream.set_nodelay(true).unwrap();
            }
            let (back_from, back_to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            thread::spawn(move || carry(client, server, &|_| ()));
            thread::spawn(move || {
                carry(back_from, back_to, &|length| {
                    CARRIED.fetch_add(length, Ordering::Relaxed);
                })
            });
        }
    });
    address
}

fn client(server: SocketAddr, gzip: bool) -> Client {
    Client::builder(format!("http://{server}"), "app").gzip(gzip).build().unwrap().with_token("token").unwrap()
}

/// Returns how long a call takes.
fn time(client: &Client) -> Duration {
    let begun = Instant::now();
    let users = client.users().query_users(UserQueryType::All).unwrap();
    assert_eq!(users.len(), USERS);
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e3
}

fn main() {
    let users = users();
    println!("{USERS} users, {:.2} MB", users.len() as f64 / 1e6);
    let server = serve(users);
    for (name, address) in [("20 Mbit/s and 20 ms", link(server)), ("loopback", server)] {
        let (with, without) = (client(address, true), client(address, false));
        // Connected, and warm.
        let bytes = [&with, &without].map(|client| {
            let before = CARRIED.load(Ordering::Relaxed);
            time(client);
            CARRIED.load(Ordering::Relaxed) - before
        });
        let (mut compressed, mut plain) = (Vec::new(), Vec::new());
        for pair in 0..PAIRS {
            // Who goes first finds the machine as the other left it.
            if pair % 2 == 0 {
                compressed.push(time(&with));
                plain.push(time(&without));
            } else {
                plain.push(time(&without));
                compressed.push(time(&with));
            }
        }
        println!(
            "{name}: {:.0} ms with gzip, {:.0} ms without (medians of {PAIRS})",
            median(compressed),
            median(plain)
        );
        if bytes != [0, 0] {
            let [compressed, plain] = bytes.map(|bytes| bytes as f64 / 1e6);
            println!("{name}: {compressed:.2} MB on the wire with gzip, {plain:.2} MB without");
        }
    }
}
