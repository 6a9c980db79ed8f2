//! TLS servers whose certificates only their own authority has signed, good ones and bad ones.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig, ServerConnection, Stream,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Which certificate a server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    Good,
    Expired,
    /// A certificate for a host other than the one that clients connect to.
    OtherName,
    /// Signed by an authority that the client does not know.
    OtherIssuer,
    /// The authority's own, as `openssl req -x509` makes it.
    Authority,
}

pub struct TlsServer {
    pub url: String,
    /// The authority's certificate.
    pub root: String,
    requests: Arc<AtomicUsize>,
}

impl TlsServer {
    /// How many whole requests have come.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// The server's side of TLS, and the certificate to trust in PEM.
pub fn config(certificate: Certificate, protocols: &[&str]) -> (ServerConfig, String) {
    let (params, authority_key) = authority("An authority of the tests");
    let own = params.self_signed(&authority_key).unwrap();
    let mut root = own.pem();
    let (chain, key) = if certificate == Certificate::Authority {
        (own.der().clone(), authority_key)
    } else {
        let name = if certificate == Certificate::OtherName { "elsewhere.example" } else { "localhost" };
        let mut leaf = CertificateParams::new([name.to_owned()]).unwrap();
        if certificate == Certificate::Expired {
            (leaf.not_before, leaf.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
        }
        if certificate == Certificate::OtherIssuer {
            let (another, another_key) = authority("Another authority of the tests");
            root = another.self_signed(&another_key).unwrap().pem();
        }
        let key = KeyPair::generate().unwrap();
        (leaf.signed_by(&key, &Issuer::new(params, authority_key)).unwrap().der().clone(), key)
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![chain], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())))
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    (config, root)
}

fn authority(name: &str) -> (CertificateParams, KeyPair) {
    let mut authority = CertificateParams::new(["localhost".to_owned()]).unwrap();
    authority.distinguished_name.push(DnType::CommonName, name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    (authority, KeyPair::generate().unwrap())
}

/// Starts a server that responds `[]` to one request per connection, until the process ends.
pub fn start() -> TlsServer {
    start_with(Certificate::Good)
}

/// Starts a server with the given certificate.
pub fn start_with(certificate: Certificate) -> TlsServer {
    serve(certificate, |connection, stream| {
        let mut tls = Stream::new(connection, stream);
        let _ = tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]");
        connection.send_close_notify();
        let _ = connection.complete_io(stream);
    })
}

/// Reads a whole request on each connection, and then sends `bytes` as they are: no TLS.
pub fn start_breaking(bytes: &'static [u8]) -> TlsServer {
    serve(Certificate::Good, move |_, stream| {
        let _ = stream.write_all(bytes);
        // The client leaves first: no reset may overtake the bytes.
        let _ = stream.read_to_end(&mut Vec::new());
    })
}

fn serve(
    certificate: Certificate,
    respond: impl Fn(&mut ServerConnection, &mut TcpStream) + Send + 'static,
) -> TlsServer {
    let (config, root) = config(certificate, &[]);
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = requests.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut connection = ServerConnection::new(config.clone()).unwrap();
            // A client that does not trust the certificate leaves here.
            if read_request(&mut Stream::new(&mut connection, &mut stream)).is_some() {
                counted.fetch_add(1, Ordering::SeqCst);
                respond(&mut connection, &mut stream);
            }
        }
    });
    TlsServer { url, root, requests }
}

/// Reads to the end of a request's body.
fn read_request(from: &mut impl Read) -> Option<()> {
    let (mut text, mut chunk) = (String::new(), [0; 4096]);
    loop {
        let read = from.read(&mut chunk).ok().filter(|read| *read > 0)?;
        text.push_str(std::str::from_utf8(&chunk[..read]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            return Some(());
        }
    }
}
