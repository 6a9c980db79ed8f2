//! The keys of a login: the service's public key, and a key pair of the login's own.

use super::{
    Session,
    flight::{Flight, Goal},
    key_fetch::{Fetched, Wait, may_use, wait},
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

/// How long a login waits for a key that another one has asked for, before it or one of those that wait as well asks again, and for
/// a key pair that another one has begun to make: that may hang, or nobody may be driving it.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

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
    /// One that another login or preparation began. `until`: how long to wait for it.
    Spare {
        coming: ComingPair,
        until: Instant,
    },
    Own(JoinHandle<Result<KeyPair>>),
}

/// Returns how long to wait from now on for what another login does.
fn patience(deadline: Instant) -> Instant {
    deadline.min(after(Instant::now(), PATIENCE))
}

async fn make_pair() -> Result<KeyPair> {
    Workers::cpu().run(KeyPair::generate).await?
}

impl Session {
    /// Returns the service's public key, and a key pair if one is wanted: made while the service responds.
    pub(super) async fn keys_for(
        &self,
        wanted: &KeyRequest,
        settings: &Arc<CallSettings>,
        deadline: Instant,
        made: Option<&AttemptLog>,
    ) -> Result<(Arc<ServiceKey>, Option<KeyPair>)> {
        let making = wanted.with_pair.then(|| self.begin_pair(deadline));
        if let Some(refused) = &wanted.refused {
            self.core.login_keys.forget(refused);
        }
        let service_key = match self.service_key(wanted, settings, deadline, made, false).await {
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
        let (settings, deadline) = (&self.settings, self.deadline());
        // A login that comes meanwhile uses it, and many preparations at once make one.
        let begin = || self.core.login_keys.spare.begin(|task| task.make_in(self.core.flavour));
        let (mut pair, patience) = (begin(), patience(deadline));
        let asked = self.service_key(wanted, settings, deadline, Some(attempts), true).await;
        let made = async {
            match self.core.flavour.until(patience, pair.made()).await {
                Ok(Ok(())) => Ok(()),
                // Another preparation's runtime was to make it, which is gone or is not driven.
                Ok(Err(_)) | Err(_) => begin().made().await,
            }
        };
        let made = self.core.flavour.until(deadline, made).await;
        asked.and(made.unwrap_or_else(|_| Err(settings.late("the login's key"))))
    }

    /// Keeps a key pair that no login has used, also where the service's key could not be had.
    async fn keep_pair(&self, making: Making, settings: &CallSettings, deadline: Instant) -> Result<()> {
        self.core.login_keys.spare.keep(self.pair(making, settings, deadline).await?);
        Ok(())
    }

    /// Returns the key that is known, or asks the service for it; where another login does, this one waits for that. Of all that
    /// wait, one asks again where the request takes long. `in_any_case`: also if a key is known.
    async fn service_key(
        &self,
        wanted: &KeyRequest,
        settings: &Arc<CallSettings>,
        deadline: Instant,
        made: Option<&AttemptLog>,
        in_any_case: bool,
    ) -> Result<Arc<ServiceKey>> {
        let memory = &self.core.login_keys.memory;
        if !memory.is_shared() {
            return self.ask_for_key(wanted, settings, deadline, made).await;
        }
        let known = || memory.get(Instant::now()).filter(|known| !in_any_case && may_use(wanted, known));
        let mut is_later = false;
        loop {
            // Before the memory is read: it tells of a key that comes after that.
            let changes = memory.changes();
            if let Some(known) = known() {
                return Ok(known);
            }
            let patience = patience(deadline);
            let follower = match memory.fetches.begin(Goal::Read, patience) {
                Flight::Leader(leader, _) => {
                    let result = match known() {
                        Some(known) => Ok(known),
                        None => self.ask_for_key(wanted, settings, deadline, made).await,
                    };
                    leader.complete(Fetched { result: result.clone(), settings: settings.clone() });
                    return result;
                }
                Flight::Follower(follower, _) => follower,
            };
            // A caller that asks in any case waits for this request alone: between the key's arrival and the request's end it would ask again.
            let changes = (!in_any_case).then_some(changes);
            match self.core.flavour.until(patience, wait(follower, changes)).await {
                Ok(Wait::Ended(Some(fetched))) if fetched.is_shared_with(wanted, settings, is_later) => {
                    return fetched.result;
                }
                Ok(Wait::Changed) => continue,
                Ok(Wait::Ended(_)) => {}
                Err(_) if patience < deadline => {}
                Err(_) => return Err(settings.late("the service's public key, which another login asked for,")),
            }
            // That request has ended, or the next one takes its place.
            is_later = true;
        }
    }

    /// Asks the service for its key.
    async fn ask_for_key(
        &self,
        wanted: &KeyRequest,
        settings: &CallSettings,
        deadline: Instant,
        made: Option<&AttemptLog>,
    ) -> Result<Arc<ServiceKey>> {
        let begun = Instant::now();
        let data = self.send_for_login(&wanted.request, None, settings, deadline, made).await?;
        let key = Arc::new((wanted.read)(&data)?);
        self.core.login_keys.memory.put(key.clone(), begun);
        Ok(key)
    }

    /// Takes the spare key pair, or begins to make one.
    fn begin_pair(&self, deadline: Instant) -> Making {
        match self.core.login_keys.spare.take() {
            Some(coming) => Making::Spare { coming, until: patience(deadline) },
            // By itself, so that its place in the queue is not held by a thread that waits for the network. Without a span: it would
            // keep that of the refresh open, also where the runtime is shut down.
            None => Making::Own(self.core.flavour.spawn_in(tracing::Span::none(), make_pair())),
        }
    }

    async fn pair(&self, making: Making, settings: &CallSettings, deadline: Instant) -> Result<KeyPair> {
        let made = async {
            match making {
                Making::Own(making) => making.join().await?,
                Making::Spare { coming, until } => match self.core.flavour.until(until, coming).await {
                    Ok(Ok(Ok(pair))) => Ok(pair),
                    // Its thread could not make one, or has not even begun.
                    Ok(Ok(Err(_)) | Err(_)) | Err(_) => make_pair().await,
                },
            }
        };
        self.core.flavour.until(deadline, made).await.map_err(|_| settings.late("the login's key"))?
    }
}
