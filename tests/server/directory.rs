//! A service whose answers a test chooses.

use iam_sdk::{
    Error, ErrorKind, Result, UserToken,
    server::{Caller, HasTenant, Identity, Introspect, Introspection, Permissions, Roles, SourceId},
};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};
use tokio::sync::watch;

/// What the service says of a token.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The token is this user's, in this tenant, until then.
    Is(&'static str, Option<&'static str>, Option<SystemTime>),
    No,
    Fails(ErrorKind),
    Panics,
}

/// Answers `ann` to any token but `bad`, unless it is told otherwise. Clones are the same service.
#[derive(Clone)]
pub struct Directory(Arc<Inner>);

struct Inner {
    id: SourceId,
    asked: AtomicUsize,
    answered: AtomicUsize,
    asked_for_grants: AtomicUsize,
    answer: Mutex<Option<Answer>>,
    grants: Mutex<Vec<String>>,
    revoked: Mutex<Vec<String>>,
    gate: watch::Sender<bool>,
}

/// Holds the answers of a service back until it is dropped or opened.
pub struct Gate(Directory);

#[derive(Clone, Debug)]
pub struct Person {
    pub id: String,
    pub tenant: Option<&'static str>,
}

impl Identity for Person {
    type Client = ();

    fn user_id(&self) -> &str {
        &self.id
    }

    fn tenant_id(&self) -> Option<&str> {
        self.tenant
    }
}

impl HasTenant for Person {}

impl Default for Directory {
    fn default() -> Self {
        Self(Arc::new(Inner {
            id: SourceId::new(),
            asked: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
            asked_for_grants: AtomicUsize::new(0),
            answer: Mutex::default(),
            grants: Mutex::default(),
            revoked: Mutex::default(),
            gate: watch::Sender::new(true),
        }))
    }
}

impl Directory {
    /// Returns how often the service was asked whom a token is for.
    pub fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// Returns how many of these questions it has answered.
    pub fn answered(&self) -> usize {
        self.0.answered.load(Ordering::SeqCst)
    }

    /// Returns how often the service was asked for roles or permissions.
    pub fn asked_for_grants(&self) -> usize {
        self.0.asked_for_grants.load(Ordering::SeqCst)
    }

    /// Sets what the service says of any token. Requests that it has received get what it said before.
    pub fn says(&self, answer: Answer) {
        *self.0.answer.lock().unwrap() = Some(answer);
    }

    /// Revokes a token.
    pub fn revoke(&self, token: &str) {
        self.0.revoked.lock().unwrap().push(token.to_owned());
    }

    /// Sets the roles and permissions of everybody.
    pub fn grants(&self, names: &[&str]) {
        *self.0.grants.lock().unwrap() = names.iter().map(|name| (*name).to_owned()).collect();
    }

    /// Holds back the answers from now on.
    pub fn hold(&self) -> Gate {
        self.0.gate.send_replace(false);
        Gate(self.clone())
    }

    fn granted(&self, prefix: &str) -> Vec<String> {
        self.0.asked_for_grants.fetch_add(1, Ordering::SeqCst);
        self.0.grants.lock().unwrap().iter().filter_map(|name| name.strip_prefix(prefix).map(str::to_owned)).collect()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.0.0.gate.send_replace(true);
    }
}

impl Introspect for Directory {
    type Identity = Person;

    async fn introspect(&self, token: &UserToken) -> Result<Introspection<Person>> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.0.answer.lock().unwrap().clone();
        let answer = answer.unwrap_or(match token.expose_secret() {
            "bad" => Answer::No,
            token if self.0.revoked.lock().unwrap().iter().any(|revoked| revoked == token) => Answer::No,
            _ => Answer::Is("ann", Some("T1"), None),
        });
        // The sender lives as long as the service.
        let _ = self.0.gate.subscribe().wait_for(|open| *open).await;
        self.0.answered.fetch_add(1, Ordering::SeqCst);
        match answer {
            Answer::Is(id, tenant, expires) => {
                let active = Introspection::active(Person { id: id.to_owned(), tenant });
                Ok(expires.into_iter().fold(active, Introspection::expires_at))
            }
            Answer::No => Ok(Introspection::inactive()),
            Answer::Fails(kind) => Err(Error::new(kind)),
            Answer::Panics => panic!("as the test told it to"),
        }
    }

    fn client(&self) -> Result<()> {
        Ok(())
    }
}

impl Roles<Person> for Directory {
    fn source_id(&self) -> SourceId {
        self.0.id
    }

    /// Those of everybody, and `of-<token>`. The service refuses a revoked token here, too.
    async fn roles(&self, who: &Caller<Person>) -> Result<Vec<String>> {
        let token = who.token();
        if self.0.revoked.lock().unwrap().iter().any(|revoked| revoked == token.expose_secret()) {
            return Err(Error::new(ErrorKind::Authentication).with_status(401));
        }
        let mut roles = self.granted("");
        roles.push(format!("of-{}", token.expose_secret()));
        Ok(roles)
    }
}

impl Permissions<Person> for Directory {
    fn source_id(&self) -> SourceId {
        self.0.id
    }

    async fn permissions(&self, _: &Caller<Person>, company: &str) -> Result<Vec<String>> {
        Ok(self.granted(&format!("{company}:")))
    }
}
