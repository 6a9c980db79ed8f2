//! TLS to Redis, with certificates of the tests' own.

use super::{Server, cause, key, text, token};
use crate::token_store::Directory;
use iam_sdk::token_store::{EncryptionKey, RedisStore, RedisStoreError, TokenStore};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use std::{fs, net::TcpListener, path::PathBuf};

/// A redis-server that speaks TLS beside its plain port.
struct TlsServer {
    port: u16,
    /// The authority's certificate.
    root: String,
    _server: Server,
    _files: Directory,
}

fn start(host: &str) -> TlsServer {
    let files = Directory::new();
    fs::create_dir(&files.0).unwrap();
    let write = |name: &str, text: String| -> PathBuf {
        let path = files.0.join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let root = authority.self_signed(&authority_key).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([host.to_owned()]).unwrap();
    params.subject_alt_names.push(SanType::DnsName("redis.test".try_into().unwrap()));
    let certificate = params.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let paths =
        [write("cert.pem", certificate.pem()), write("key.pem", key.serialize_pem()), write("ca.pem", root.clone())];
    let [cert, key, ca] = paths.each_ref().map(|path| path.to_str().unwrap());
    let tls_port = port.to_string();
    let options = [
        ["--tls-port", &tls_port],
        ["--tls-cert-file", cert],
        ["--tls-key-file", key],
        ["--tls-ca-cert-file", ca],
        ["--tls-auth-clients", "no"],
    ];
    let server = Server::start_with(&options.concat());
    TlsServer { port, root, _server: server, _files: files }
}

fn store(server: &TlsServer) -> RedisStore {
    let url = format!("rediss://127.0.0.1:{}", server.port);
    RedisStore::new(&url, EncryptionKey::from_bytes([7; 32])).unwrap()
}

#[test]
#[ignore = "starts a redis-server: run with --ignored"]
fn tokens_go_over_tls_to_a_server_whose_authority_is_trusted() {
    let server = start("127.0.0.1");
    let trusting = || store(&server).add_root_certificate(&server.root).unwrap();
    let ann = key("ann");
    trusting().put(&ann, &token("t")).unwrap();
    assert_eq!(text(&trusting(), &ann), "t");
    assert!(trusting().try_lock(&ann).unwrap().unwrap().is_held());

    let error = store(&server).get(&ann).unwrap_err();
    assert!(matches!(cause(&error), RedisStoreError::Io { .. }) && !error.is_retryable(), "{error:?}");
    assert!(error.to_string().contains("UnknownIssuer"), "the reason is named: {error}");
}

#[test]
#[ignore = "starts a redis-server: run with --ignored"]
fn a_certificate_of_another_host_is_refused() {
    let server = start("127.0.0.2");
    let error = store(&server).add_root_certificate(&server.root).unwrap().get(&key("ann")).unwrap_err();
    assert!(error.to_string().contains("not valid for name") && !error.is_retryable(), "{error}");
}

#[test]
fn a_root_certificate_that_cannot_be_read_is_refused() {
    let store = RedisStore::new("rediss://h", EncryptionKey::from_bytes([7; 32])).unwrap();
    let error = store.add_root_certificate("no certificate").unwrap_err();
    assert!(matches!(cause(&error), RedisStoreError::Certificate), "{error:?}");
}
