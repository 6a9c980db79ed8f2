//! The keys of a login: the service's public key, and a key pair of the login's own.

use super::{
    Session,
    flight::{Flight, Goal},
    observe::AttemptLog,
    service_key::KeyMemory,
    spare_pair::{ComingPair, SparePair},
};
use crate::{
    Result,
    call_options::CallSettings,
    crypto::{KeyPair, ServiceKey},
    protocol::{dry_run, login::KeyRequest},
    transport::{after, runtime::JoinHandle, worker::Workers},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How long a login waits for a key that another one has asked for: that request may hang, or nobody may be driving it.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the logins of a client share.
pub(super) struct LoginKeys {
    memory: KeyMemory,
    pub(super) spare: SparePair,
}

impl LoginKeys {
    pub(super) fn new(lifetime: Duration) -> Self {
        Self { memory: KeyMemory::new(lifetime), spare: SparePair::default() }
    }

    /// Forgets the service's key, unless another one is known by now.
    pub(super) fn forget(&self, key: &ServiceKey) {
        self.memory.forget(key);
    }
}

/// A key pair under way.
enum Making {
    Spare(ComingPair),
    Own(JoinHandle<Result<KeyPair>>),
}

/// Returns whether a key is another one than the service has refused to this login.
fn may_use(wanted: &KeyRequest, key: &ServiceKey) -> bool {
    wanted.refused.as_deref() != Some(key)
}

async fn make_pair() -> Result<KeyPair> {
    Workers::cpu().run(KeyPair::generate).await?
}

impl Session {
    /// Returns the service's public key, and a key pair if one is wanted: made while the service responds.
    pub(super) async fn keys_for(
        &self,
        wanted: &KeyRequest,
        settings: &CallSettings,
        deadline: Instant,
        made: Option<&AttemptLog>,
    ) -> Result<(Arc<ServiceKey>, Option<KeyPair>)> {
        let making = wanted.with_pair.then(|| self.begin_pair());
        let memory = &self.core.login_keys.memory;
        if let Some(refused) = &wanted.refused {
            memory.forget(refused);
        }
        let asked = match memory.get(Instant::now()).filter(|known| may_use(wanted, known)) {
            Some(known) => Ok(known),
            None => self.ask_for_key(wanted, settings, deadline, made, false).await,
        };
        let service_key = match asked {
            Ok(key) => key,
            Err(error) => {
                if let Some(making) = making {
                    // The login's own error is the one to tell.
                    let _ = self.keep_pair(making, settings, deadline).await;
                }
                return Err(error);
            }
        };
        Ok(match making {
            Some(making) => (service_key, Some(self.pair(making, settings, deadline).await?)),
            None => (service_key, None),
        })
    }

    /// Makes the next login short: asks for the service's public key, which opens a connection too, and makes a key pair.
    pub(crate) async fn prepare_login(&self, wanted: Result<KeyRequest>) -> Result<()> {
        let wanted = wanted?;
        let operation = wanted.request.operation.name;
        // To its end, as a login: others wait for the key that it asks for, and its caller may stop polling.
        let work = |session: Self, attempts: Arc<AttemptLog>| async move {
            let prepared = session.prepare(&wanted, &attempts).await;
            prepared.map_err(|error| error.operation_unless_named(operation))
        };
        self.call_to_completion(operation, work).await
    }

    async fn prepare(&self, wanted: &KeyRequest, attempts: &AttemptLog) -> Result<()> {
        if self.settings.dry_run {
            return Err(dry_run::error(&wanted.request, &self.core.base_url));
        }
        let (settings, deadline) = (&*self.settings, self.deadline());
        let making = self.begin_pair();
        let asked = self.ask_for_key(wanted, settings, deadline, Some(attempts), true).await;
        let kept = self.keep_pair(making, settings, deadline).await;
        asked.and(kept)
    }

    /// Keeps a key pair that no login has used, also where the service's key could not be had.
    async fn keep_pair(&self, making: Making, settings: &CallSettings, deadline: Instant) -> Result<()> {
        self.core.login_keys.spare.keep(self.pair(making, settings, deadline).await?);
        Ok(())
    }

    /// Asks the service for its key, or waits for another login that does. Where that fails or takes long, this one asks by
    /// itself: the other's time limit or headers may be why. `in_any_case`: also if the key has become known meanwhile.
    async fn ask_for_key(
        &self,
        wanted: &KeyRequest,
        settings: &CallSettings,
        deadline: Instant,
        made: Option<&AttemptLog>,
        in_any_case: bool,
    ) -> Result<Arc<ServiceKey>> {
        let memory = &self.core.login_keys.memory;
        let begun = Instant::now();
        let leader = match memory.fetches.begin(Goal::Read, deadline) {
            Flight::Leader(leader, _) => {
                // Another login's request may have ended a moment ago.
                if let Some(known) = memory.get(begun).filter(|known| !in_any_case && may_use(wanted, known)) {
                    leader.complete(known.clone());
                    return Ok(known);
                }
                Some(leader)
            }
            Flight::Follower(follower, _) if memory.is_shared() => {
                let patience = deadline.min(after(begun, PATIENCE));
                match self.core.flavour.until(patience, follower.outcome()).await {
                    Ok(Some(key)) if may_use(wanted, &key) => return Ok(key),
                    Ok(_) => None,
                    Err(_) if patience < deadline => None,
                    Err(_) => return Err(settings.late("the service's public key, which another login asked for,")),
                }
            }
            Flight::Follower(..) => None,
        };
        let data = self.send_for_login(&wanted.request, None, settings, deadline, made).await?;
        let key = Arc::new((wanted.read)(&data)?);
        memory.put(key.clone(), begun);
        if let Some(leader) = leader {
            leader.complete(key.clone());
        }
        Ok(key)
    }

    /// Takes the spare key pair, or begins to make one.
    fn begin_pair(&self) -> Making {
        match self.core.login_keys.spare.take() {
            Some(coming) => Making::Spare(coming),
            // By itself, so that its place in the queue is not held by a thread that waits for the network. Without a span: it would
            // keep that of the refresh open, also where the runtime is shut down.
            None => Making::Own(self.core.flavour.spawn_in(tracing::Span::none(), make_pair())),
        }
    }

    async fn pair(&self, making: Making, settings: &CallSettings, deadline: Instant) -> Result<KeyPair> {
        let made = async {
            match making {
                Making::Own(making) => making.join().await?,
                Making::Spare(coming) => match coming.await {
                    Ok(Ok(pair)) => Ok(pair),
                    // Its thread could not make one, or not even begin.
                    Ok(Err(_)) | Err(_) => make_pair().await,
                },
            }
        };
        self.core.flavour.until(deadline, made).await.map_err(|_| settings.late("the login's key"))?
    }
}
