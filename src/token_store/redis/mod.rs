mod connection;
mod deadline;
mod error;
mod lock;
mod resp;
mod server;
mod tls;
mod url;

use super::{LoginAttempts, StoreKey, StoreLock, StoredToken, TokenStore, attempts::COUNTED_FOR, record};
use crate::{
    Error, Result,
    crypto::{EncryptionKey, SealError, Sealer},
};
pub use error::RedisStoreError;
use resp::Reply;
use server::{Call, Server, Settings};
use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};
use url::Address;

/// How long a value that could not be opened is kept aside.
const KEPT_ASIDE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The longest lifetime that is set; Redis refuses times that its clock cannot hold.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Keeps tokens in Redis, for servers on many machines: values encrypted as in a `FileStore`'s files, keys
/// hashed, each kept as long as its token is valid.
///
/// | key | value | lifetime |
/// | --- | --- | --- |
/// | `{prefix}:token:{`[`StoreKey`]`}` | the token, in the sealed format of [`token_store`](super) | the token's, if it is known |
/// | `{prefix}:aside:{`[`StoreKey`]`}` | a value that could not be opened when another took its place | 7 days |
/// | `{prefix}:logins:{`[`StoreKey`]`}` | the session's recent logins, in the same format | 1 minute |
/// | `{prefix}:lock:{`[`StoreKey`]`}` | the random id of the holder of the session's lock | [`lock_lifetime`](Self::lock_lifetime), prolonged while its holder lives |
///
/// No call takes longer than the [deadline](Self::deadline), whatever the server does: it holds over connecting, TLS and all
/// commands of the call. Where Redis cannot be reached, or refuses for a while, the error is
/// [retryable](crate::Error::is_retryable). Clients read a token once and then keep it in memory: while it is valid
/// they need no Redis.
///
/// One Redis server is supported, in the clear or with TLS, with a password or an ACL user; not Sentinel, Cluster or Unix
/// sockets. The server needs the commands `GET`, `SET`, `DEL`, and for locks `EVAL`, or `WATCH`, `MULTI`, `EXEC` and
/// `PEXPIRE`. A store keeps at most 8 idle connections. After a `fork` both processes may go on using it; a lock that was
/// held stays the parent's, and ends with its lifetime if the parent does not live on.
///
/// # Examples
///
/// Servers that log in once for all of them:
///
/// ```no_run
/// # #[cfg(feature = "blocking")] {
/// use iam_sdk::{blocking::Client, digiwin::Credentials, token_store::{EncryptionKey, RedisStore}};
///
/// # let key_from_vault = [0; 32];
/// let store = RedisStore::new("rediss://iam:password@redis.example.com", EncryptionKey::from_bytes(key_from_vault))?;
/// let client = Client::builder("https://iam.example.com", "app-token")
///     .credentials(Credentials::password("service-user", "its password"))
///     .token_store(store)
///     .build()?;
/// # }
/// # Ok::<_, iam_sdk::Error>(())
/// ```
pub struct RedisStore {
    server: Arc<Server>,
    sealer: Sealer,
    prefix: String,
}

impl RedisStore {
    /// Creates a store at this URL, such as `redis://:password@host:6379/0`, or `rediss://user:password@host` for TLS.
    /// Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`Store`](crate::ErrorKind::Store) with a [`RedisStoreError::Url`]: the URL is not supported. It is not repeated, since
    /// it can hold a password.
    pub fn new(url: &str, key: EncryptionKey) -> Result<Self> {
        let settings = Settings {
            address: Arc::new(Address::parse(url)?),
            roots: Vec::new(),
            deadline: Duration::from_secs(2),
            lock_lifetime: Duration::from_secs(10),
        };
        let server = Arc::new(Server::new(settings));
        Ok(Self { server, sealer: Sealer::new(key), prefix: "iam-sdk".to_owned() })
    }

    /// Sets the prefix of every key. Default: `iam-sdk`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the longest that a call may take, with everything that it does. Default: 2 s.
    pub fn deadline(self, deadline: Duration) -> Self {
        self.with(|settings| settings.deadline = deadline)
    }

    /// Sets how long a session's lock outlives a holder that died, from 1 s to 1 h. Default: 10 s. The lock is prolonged while
    /// its holder lives.
    ///
    /// # Errors
    ///
    /// [`Store`](crate::ErrorKind::Store) with a [`RedisStoreError::LockLifetime`]: the lifetime is too short to lock anything,
    /// or so long that a holder that died stops everybody.
    pub fn lock_lifetime(self, lifetime: Duration) -> Result<Self> {
        if !is_sensible(lifetime) {
            return Err(RedisStoreError::LockLifetime { given: lifetime }.into());
        }
        Ok(self.with(|settings| settings.lock_lifetime = lifetime))
    }

    /// Trusts these certificates too, for `rediss://`: one or many as PEM, or one as DER. The platform's trust store stays
    /// trusted.
    ///
    /// # Errors
    ///
    /// [`Store`](crate::ErrorKind::Store) with a [`RedisStoreError::Certificate`]: no certificate can be read from it.
    pub fn add_root_certificate(self, certificate: impl AsRef<[u8]>) -> Result<Self> {
        let roots = tls::certificates(certificate.as_ref())?;
        Ok(self.with(|settings| settings.roots.extend(roots)))
    }

    fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.server.settings.clone();
        change(&mut settings);
        Self { server: Arc::new(Server::new(settings)), ..self }
    }

    fn key(&self, kind: &str, key: &StoreKey) -> String {
        format!("{}:{kind}:{}", self.prefix, key.as_str())
    }

    /// Reads a token; the bytes too where they cannot be opened.
    fn read_token(&self, call: &mut Call<'_>, key: &StoreKey) -> Result<Entry, RedisStoreError> {
        let name = self.key("token", key);
        match call.ask("GET", &[b"GET", name.as_bytes()])? {
            Reply::Nil => Ok(Entry::Missing),
            Reply::Bytes(sealed) => Ok(match record::open(&self.sealer, key, &sealed) {
                Ok(token) => Entry::Token(token),
                Err(reason) => Entry::Unreadable { key: name, sealed, reason },
            }),
            // Not this crate's, and not read.
            Reply::TooLarge => Ok(Entry::Unreadable { key: name, sealed: Vec::new(), reason: SealError::TooLarge }),
            _ => Err(call.protocol_fault("GET")),
        }
    }
}

/// The value under a token's key.
enum Entry {
    Missing,
    Token(StoredToken),
    Unreadable { key: String, sealed: Vec<u8>, reason: SealError },
}

fn is_sensible(lock_lifetime: Duration) -> bool {
    (Duration::from_secs(1)..=Duration::from_secs(60 * 60)).contains(&lock_lifetime)
}

/// Sets a value, for ever or for a lifetime.
fn set(call: &mut Call<'_>, name: &str, value: &[u8], lifetime: Option<Duration>) -> Result<(), RedisStoreError> {
    let Some(lifetime) = lifetime else { return call.confirm("SET", &[b"SET", name.as_bytes(), value]) };
    let millis = lifetime.min(LONGEST).as_millis().max(1).to_string();
    call.confirm("SET", &[b"SET", name.as_bytes(), value, b"PX", millis.as_bytes()])
}

fn too_large(key: &str) -> impl FnOnce(SealError) -> Error + '_ {
    move |error| match error {
        SealError::TooLarge => RedisStoreError::TooLarge { key: key.to_owned() }.into(),
        other => Error::store(other),
    }
}

impl TokenStore for RedisStore {
    fn get(&self, key: &StoreKey) -> Result<Option<StoredToken>> {
        match self.read_token(&mut self.server.call(), key)? {
            Entry::Missing => Ok(None),
            Entry::Token(token) => Ok(Some(token)),
            Entry::Unreadable { key, reason, .. } => Err(RedisStoreError::Unreadable { key, reason }.into()),
        }
    }

    fn put(&self, key: &StoreKey, token: &StoredToken) -> Result<()> {
        let name = self.key("token", key);
        let sealed = record::seal(&self.sealer, key, token).map_err(too_large(&name))?;
        let mut call = self.server.call();
        if let Entry::Unreadable { sealed, .. } = self.read_token(&mut call, key)?
            && !sealed.is_empty()
        {
            set(&mut call, &self.key("aside", key), &sealed, Some(KEPT_ASIDE))?;
        }
        let left = token.expires_at.map(|end| end.duration_since(SystemTime::now()).unwrap_or_default());
        Ok(set(&mut call, &name, &sealed, left)?)
    }

    fn remove(&self, key: &StoreKey) -> Result<()> {
        self.server.call().ask("DEL", &[b"DEL", self.key("token", key).as_bytes()])?;
        Ok(())
    }

    fn try_lock(&self, key: &StoreKey) -> Result<Option<StoreLock>> {
        Ok(lock::try_take(&self.server, self.key("lock", key))?)
    }

    fn login_attempts(&self, key: &StoreKey) -> Result<LoginAttempts> {
        let name = self.key("logins", key);
        Ok(match self.server.call().ask("GET", &[b"GET", name.as_bytes()])? {
            Reply::Bytes(sealed) => record::open_attempts(&self.sealer, key, &sealed),
            _ => LoginAttempts::default(),
        })
    }

    fn put_login_attempts(&self, key: &StoreKey, attempts: &LoginAttempts) -> Result<()> {
        let name = self.key("logins", key);
        let mut call = self.server.call();
        if attempts.is_outdated(SystemTime::now()) {
            call.ask("DEL", &[b"DEL", name.as_bytes()])?;
            return Ok(());
        }
        let sealed = record::seal_attempts(&self.sealer, key, attempts).map_err(too_large(&name))?;
        Ok(set(&mut call, &name, &sealed, Some(COUNTED_FOR))?)
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("server", &self.server.settings.address.server())
            .field("prefix", &self.prefix)
            .field("deadline", &self.server.settings.deadline)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locks_lifetime_is_sensible() {
        let table = [
            (Duration::ZERO, false),
            (Duration::from_micros(500), false),
            (Duration::from_millis(999), false),
            (Duration::from_secs(1), true),
            (Duration::from_secs(10), true),
            (Duration::from_secs(3600), true),
            (Duration::from_secs(3601), false),
            (Duration::MAX, false),
        ];
        for (lifetime, sensible) in table {
            assert_eq!(is_sensible(lifetime), sensible, "{lifetime:?}");
            let store = RedisStore::new("redis://h", EncryptionKey::from_bytes([7; 32])).unwrap();
            assert_eq!(store.lock_lifetime(lifetime).is_ok(), sensible, "{lifetime:?}");
        }
    }
}
