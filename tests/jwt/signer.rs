//! An issuer for tests, which signs what no real issuer would.

use crate::support::server::{Request, Response, Server, json as respond_json};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::{EncodingKey, crypto::aws_lc::DEFAULT_PROVIDER};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use rsa::{Pkcs1v15Sign, RsaPrivateKey, traits::PublicKeyParts as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

/// The key of the issuer, and another one. Generating them takes long.
static KEYS: LazyLock<[RsaPrivateKey; 2]> =
    LazyLock::new(|| [(); 2].map(|()| RsaPrivateKey::new(&mut rand::rng(), 2048).unwrap()));

pub const AUDIENCE: &str = "shop";
pub const KEY: &str = "key-1";

pub fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

pub fn key() -> &'static RsaPrivateKey {
    &KEYS[0]
}

pub fn other_key() -> &'static RsaPrivateKey {
    &KEYS[1]
}

/// Header and claims, encoded.
pub fn message(header: &Value, claims: &str) -> String {
    format!("{}.{}", encoded(header.to_string()), encoded(claims))
}

pub fn rs256(key: &RsaPrivateKey, header: &Value, claims: &str) -> String {
    let message = message(header, claims);
    format!("{message}.{}", rs256_signature(key, &message))
}

/// The signature of what a token says, encoded.
pub fn rs256_signature(key: &RsaPrivateKey, message: &str) -> String {
    encoded(key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message)).unwrap())
}

/// A key pair of an elliptic curve: the key as a JWK of this id, and a token that it signs.
pub fn curve(algorithm: &str, kid: &str, claims: &str) -> (Value, String) {
    let (kty, crv, pair) = match algorithm {
        "ES256" => ("EC", "P-256", KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)),
        "ES384" => ("EC", "P-384", KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384)),
        _ => ("OKP", "Ed25519", KeyPair::generate_for(&PKCS_ED25519)),
    };
    let pair = pair.unwrap();
    let point = pair.public_key_raw();
    let (jwk, key) = match kty {
        "EC" => {
            let (x, y) = point[1..].split_at((point.len() - 1) / 2);
            let jwk = json!({"kty": kty, "crv": crv, "kid": kid, "x": encoded(x), "y": encoded(y)});
            (jwk, EncodingKey::from_ec_der(&pair.serialize_der()))
        }
        _ => {
            let jwk = json!({"kty": kty, "crv": crv, "kid": kid, "x": encoded(point)});
            (jwk, EncodingKey::from_ed_der(&pair.serialize_der()))
        }
    };
    let message = message(&json!({"alg": algorithm, "kid": kid, "typ": "JWT"}), claims);
    let signer = (DEFAULT_PROVIDER.signer_factory)(&algorithm.parse().unwrap(), &key).unwrap();
    let signature = signer.try_sign(message.as_bytes()).unwrap();
    (jwk, format!("{message}.{}", encoded(signature)))
}

pub fn hs256(secret: &[u8], header: &Value, claims: &str) -> String {
    let message = message(header, claims);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(message.as_bytes());
    format!("{message}.{}", encoded(mac.finalize().into_bytes()))
}

pub fn header(kid: &str) -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": kid})
}

/// Claims that are in order for a day.
pub fn claims(issuer: &str) -> Value {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    json!({"iss": issuer, "sub": "ann", "aud": AUDIENCE, "iat": now, "exp": now + 365 * 24 * 60 * 60})
}

/// A token that is in order, signed with a key of this id.
pub fn token(issuer: &str, kid: &str) -> String {
    rs256(key(), &header(kid), &claims(issuer).to_string())
}

/// A key set with the issuer's key under these ids.
pub fn jwks(ids: &[&str]) -> Value {
    let (n, e) = (encoded(key().n_bytes()), encoded(key().e_bytes()));
    let keys: Vec<_> = ids.iter().map(|id| json!({"kty": "RSA", "use": "sig", "kid": id, "n": n, "e": e})).collect();
    json!({"keys": keys})
}

/// A clock that a test sets ahead.
#[derive(Clone, Default)]
pub struct Clock {
    ahead: Arc<AtomicU64>,
    /// When it was stopped, if it was.
    stopped_at: Option<SystemTime>,
}

impl Clock {
    /// A clock that moves only when it is set ahead.
    pub fn stopped() -> Self {
        let now = Self::default().seconds();
        Self { stopped_at: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(now)), ..Self::default() }
    }

    pub fn ahead(&self, seconds: u64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn now(&self) -> SystemTime {
        let now = self.stopped_at.unwrap_or_else(SystemTime::now);
        now + Duration::from_secs(self.ahead.load(Ordering::SeqCst))
    }

    /// The time in whole seconds since 1970. A stopped clock shows no part of a second.
    pub fn seconds(&self) -> u64 {
        self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
    }
}

const DISCOVERY: &str = "/oidc/.well-known/openid-configuration";
const KEYS_PATH: &str = "/keys.json";

/// A server with the documents of an issuer.
pub struct Issuer {
    server: Server,
    /// What it serves as the key set, unless it has an outage.
    pub keys: Arc<Mutex<Value>>,
    /// The status of all responses, if it is not 200.
    pub outage: Arc<Mutex<Option<u16>>>,
    host: Arc<Mutex<String>>,
    /// Where the discovery document has the keys, if it is elsewhere.
    pub keys_at: Arc<Mutex<Option<String>>>,
}

impl Issuer {
    pub fn start() -> Self {
        Self::with_gate(|_| {})
    }

    /// Calls `pass` before each response.
    pub fn with_gate(pass: impl Fn(&Request) + Send + Sync + 'static) -> Self {
        let keys = Arc::new(Mutex::new(jwks(&[KEY])));
        let (outage, host) = (Arc::<Mutex<Option<u16>>>::default(), Arc::<Mutex<String>>::default());
        let (served, down, own) = (keys.clone(), outage.clone(), host.clone());
        let keys_at = Arc::<Mutex<Option<String>>>::default();
        let elsewhere = keys_at.clone();
        let server = Server::start(move |request| {
            pass(request);
            if let Some(status) = *down.lock().unwrap() {
                return Response::Whole(status, "location: /elsewhere\r\n", String::new());
            }
            let host = own.lock().unwrap().clone();
            match request.path.as_str() {
                DISCOVERY => {
                    let keys = elsewhere.lock().unwrap().clone().unwrap_or_else(|| format!("{host}{KEYS_PATH}"));
                    respond_json(json!({"issuer": format!("{host}/oidc"), "jwks_uri": keys}))
                }
                KEYS_PATH => respond_json(served.lock().unwrap().clone()),
                _ => Response::Whole(404, "", String::new()),
            }
        });
        *host.lock().unwrap() = server.url();
        Self { server, keys, outage, host, keys_at }
    }

    pub fn issuer(&self) -> String {
        format!("{}/oidc", self.server.url())
    }

    pub fn keys_url(&self) -> String {
        format!("{}{KEYS_PATH}", self.server.url())
    }

    /// Makes the discovery document another host's.
    pub fn pretend(&self, host: &str) {
        *self.host.lock().unwrap() = host.to_owned();
    }

    pub fn token(&self, kid: &str) -> String {
        token(&self.issuer(), kid)
    }

    /// How many times discovery document and keys were asked for.
    pub fn fetches(&self) -> (usize, usize) {
        let requests = self.server.requests();
        let count = |path: &str| requests.iter().filter(|request| request.path == path).count();
        (count(DISCOVERY), count(KEYS_PATH))
    }

    pub fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }
}
