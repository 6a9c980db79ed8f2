use super::{StoreKey, StoreLock, StoredToken, TokenStore, record};
use crate::{
    Error, Result,
    crypto::{EncryptionKey, SealError, Sealer},
};
use rand::RngExt as _;
use redis::{Client, Cmd, Connection, FromRedisValue, IntoConnectionInfo, RedisError, cmd};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant, SystemTime},
};

/// Deletes a lock that is still one's own.
const RELEASE: &str =
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end";
/// Prolongs a lock that is still one's own.
const PROLONG: &str =
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end";

/// Tokens in Redis, for servers on many machines: values encrypted as in a [`FileStore`](super::FileStore)'s files, keys
/// hashed, each kept as long as its token lives.
///
/// | key | value |
/// | --- | --- |
/// | `{prefix}:token:{`[`StoreKey`]`}` | the sealed format of [`token_store`](super) |
/// | `{prefix}:aside:{`[`StoreKey`]`}` | a value that did not open, when another took its place |
/// | `{prefix}:lock:{`[`StoreKey`]`}` | random, for who holds the session's lock; gone [some time](Self::lock_life) after its holder has died |
///
/// No call takes longer than the [deadline](Self::deadline), whatever Redis does; it is an error of kind
/// [`Store`](crate::ErrorKind::Store) then. Clients read a token once and then keep it at hand: while theirs are good they
/// need no Redis.
pub struct RedisStore {
    server: Arc<Server>,
    sealer: Sealer,
    prefix: String,
}

/// The connections.
struct Server {
    client: Client,
    deadline: Duration,
    lock_life: Duration,
    idle: Mutex<Vec<Connection>>,
}

/// What went wrong with a [`RedisStore`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisStoreError {
    /// The address is none.
    #[error("the address of Redis cannot be read")]
    Address,
    /// Redis refused, or could not be reached in time.
    #[error("Redis, {command}")]
    Redis {
        /// What it was asked.
        command: &'static str,
        /// Why.
        source: RedisError,
    },
    /// The value is there and does not open.
    #[error("Redis, key {key}: {reason}")]
    Unreadable {
        /// The key.
        key: String,
        /// Why.
        reason: SealError,
    },
}

impl RedisStore {
    /// A store at this address, such as `redis://:password@host:6379/0`. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`Store`](crate::ErrorKind::Store): the address cannot be read. It is not repeated: it can hold a password.
    pub fn new(address: &str, key: EncryptionKey) -> Result<Self> {
        let wrong = |_| Error::store(RedisStoreError::Address);
        let client = Client::open(address.into_connection_info().map_err(wrong)?).map_err(wrong)?;
        let (deadline, lock_life) = (Duration::from_secs(2), Duration::from_secs(10));
        let server = Server { client, deadline, lock_life, idle: Mutex::default() };
        Ok(Self { server: Arc::new(server), sealer: Sealer::new(key), prefix: "iam-sdk".to_owned() })
    }

    /// What every key begins with. Default: `iam-sdk`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The longest that a call may take. Default: 2 s.
    pub fn deadline(self, deadline: Duration) -> Self {
        let lock_life = self.server.lock_life;
        self.with(deadline, lock_life)
    }

    /// How long a session's lock outlives a holder that died. Default: 10 s. It is prolonged while its holder lives.
    pub fn lock_life(self, life: Duration) -> Self {
        let deadline = self.server.deadline;
        self.with(deadline, life)
    }

    fn with(self, deadline: Duration, lock_life: Duration) -> Self {
        let server = Server { client: self.server.client.clone(), deadline, lock_life, idle: Mutex::default() };
        Self { server: Arc::new(server), ..self }
    }

    fn key(&self, kind: &str, key: &StoreKey) -> String {
        format!("{}:{kind}:{}", self.prefix, key.as_str())
    }
}

impl Server {
    /// Asks on a connection that is idle, or on a new one; on a new one once more if the idle one was dead.
    fn ask<T: FromRedisValue>(&self, name: &'static str, command: &Cmd) -> Result<T> {
        let begun = Instant::now();
        let failed = |source| Error::store(RedisStoreError::Redis { command: name, source });
        let idle = self.idle().pop();
        if let Some(mut connection) = idle {
            match self.try_on(&mut connection, command, begun) {
                Ok(value) => {
                    self.idle().push(connection);
                    return Ok(value);
                }
                // Whatever else is idle came the same way.
                Err(error) if error.is_io_error() && !error.is_timeout() => self.idle().clear(),
                Err(error) => return Err(failed(error)),
            }
        }
        let mut connection = self.client.get_connection_with_timeout(self.left(begun)).map_err(failed)?;
        let value = self.try_on(&mut connection, command, begun).map_err(failed)?;
        self.idle().push(connection);
        Ok(value)
    }

    fn try_on<T: FromRedisValue>(
        &self,
        connection: &mut Connection,
        command: &Cmd,
        begun: Instant,
    ) -> redis::RedisResult<T> {
        let left = Some(self.left(begun));
        connection.set_read_timeout(left)?;
        connection.set_write_timeout(left)?;
        command.query(connection)
    }

    /// What is left of the deadline; not nothing, which would mean for ever.
    fn left(&self, begun: Instant) -> Duration {
        self.deadline.saturating_sub(begun.elapsed()).max(Duration::from_millis(1))
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a lock for as long as the sender lives.
    fn keep(self: Arc<Self>, lock: String, holder: String) -> mpsc::Sender<()> {
        let (sender, released) = mpsc::channel::<()>();
        let life = self.lock_life;
        let keep = move || {
            while released.recv_timeout(life / 3) == Err(mpsc::RecvTimeoutError::Timeout) {
                let mut prolong = cmd("EVAL");
                prolong.arg(PROLONG).arg(1).arg(&lock).arg(&holder).arg(life.as_millis() as u64);
                // Not prolonged now, it may be the next time; else it ends.
                let _ = self.ask::<i64>("EVAL", &prolong);
            }
        };
        // Without a thread the lock ends when its life does.
        let _ = thread::Builder::new().name("iam-sdk-lock".to_owned()).spawn(keep);
        sender
    }
}

fn is_unreadable(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(RedisStoreError::Unreadable { .. }))
}

impl TokenStore for RedisStore {
    fn get(&self, key: &StoreKey) -> Result<Option<StoredToken>> {
        let name = self.key("token", key);
        let sealed: Option<Vec<u8>> = self.server.ask("GET", cmd("GET").arg(&name))?;
        let unreadable = |reason| Error::store(RedisStoreError::Unreadable { key: name, reason });
        sealed.map(|sealed| record::open(&self.sealer, key.as_str(), &sealed)).transpose().map_err(unreadable)
    }

    fn put(&self, key: &StoreKey, token: &StoredToken) -> Result<()> {
        let name = self.key("token", key);
        if self.get(key).is_err_and(|error| std::error::Error::source(&error).is_some_and(is_unreadable)) {
            self.server.ask::<()>("RENAME", cmd("RENAME").arg(&name).arg(self.key("aside", key)))?;
        }
        let mut set = cmd("SET");
        set.arg(name).arg(record::seal(&self.sealer, key.as_str(), token)?);
        if let Some(end) = token.expires_at {
            let left = end.duration_since(SystemTime::now()).unwrap_or_default();
            set.arg("PX").arg((left.as_millis() as u64).max(1));
        }
        self.server.ask::<()>("SET", &set)
    }

    fn remove(&self, key: &StoreKey) -> Result<()> {
        self.server.ask::<()>("DEL", cmd("DEL").arg(self.key("token", key)))
    }

    fn try_lock(&self, key: &StoreKey) -> Result<Option<StoreLock>> {
        let lock = self.key("lock", key);
        let random: u128 = rand::rng().random();
        let holder = format!("{random:032x}");
        let mut set = cmd("SET");
        set.arg(&lock).arg(&holder).arg("NX").arg("PX").arg(self.server.lock_life.as_millis() as u64);
        let taken: Option<String> = self.server.ask("SET NX", &set)?;
        // Sent twice over a connection that broke, the first one may have taken it.
        let taken =
            taken.is_some() || self.server.ask::<Option<String>>("GET", cmd("GET").arg(&lock))? == Some(holder.clone());
        if !taken {
            return Ok(None);
        }
        let server = self.server.clone();
        let keeper = server.clone().keep(lock.clone(), holder.clone());
        Ok(Some(StoreLock::new(move || {
            drop(keeper);
            // Not given back, it ends by itself.
            let _ = server.ask::<i64>("EVAL", cmd("EVAL").arg(RELEASE).arg(1).arg(&lock).arg(&holder));
        })))
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.prefix)
            .field("deadline", &self.server.deadline)
            .finish_non_exhaustive()
    }
}
