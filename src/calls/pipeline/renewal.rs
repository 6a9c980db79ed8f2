//! How a session gets its tokens by itself.

use super::{Pipeline, maybe_async};
use crate::{
    Error, Result,
    credentials::{Credentials, Kind, Resolved},
    protocol::{
        renewal::{Renewal, Step},
        session::{ActiveToken, Renewing, State, Turn},
    },
    token_store::{StoreLock, StoredToken},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How long to wait before a store's lock is tried again.
const LOCK_PAUSE: Duration = Duration::from_millis(10);

#[maybe_async]
impl Pipeline {
    /// The session's token, renewed ahead of its end where the session can do that.
    pub(super) async fn ready(&self) -> Result<Arc<State>> {
        let state = self.state().await?;
        match &self.renewal {
            Some(_) if state.is_due(Instant::now()) => self.renew(&state, false).await,
            _ => Ok(state),
        }
    }

    /// A token in place of the one in `old`: one for all who ask meanwhile, here and wherever the store is shared, and all
    /// get what comes of it. Who goes away does not end it.
    pub(super) async fn renew(&self, old: &Arc<State>, refused: bool) -> Result<Arc<State>> {
        let seen = self.session.renewals();
        let (own, old) = (self.clone(), old.clone());
        let renewal = async move { own.renew_once(old, refused, seen).await };
        self.shared.transport.finish(renewal).await?
    }

    async fn renew_once(self, old: Arc<State>, refused: bool, seen: u64) -> Result<Arc<State>> {
        let mut renewing = self.shared.transport.lock(&self.session.renewing).await;
        let current = match self.session.turn(&old, refused, seen, &renewing) {
            Turn::Known(outcome) => return outcome,
            Turn::Renew(current) => current,
        };
        let result = self.renew_alone(&current, refused, &mut renewing).await;
        self.session.renewed(&current, refused, &mut renewing, result)
    }

    /// Gets another token, while nobody else who shares the store does.
    async fn renew_alone(&self, current: &State, refused: bool, renewing: &mut Renewing) -> Result<()> {
        let deadline = Instant::now() + self.shared.timeout;
        let lock = self.lock_store(deadline).await?;
        let result = self.renew_locked(current, refused, renewing, deadline).await;
        // Giving it back may ask a network.
        self.shared
            .transport
            .ask_store(&self.shared.store, move |_| {
                drop(lock);
                Ok(())
            })
            .await?;
        result
    }

    async fn lock_store(&self, deadline: Instant) -> Result<StoreLock> {
        let shared = &*self.shared;
        loop {
            let key = self.session.key.clone();
            if let Some(lock) = shared.transport.ask_store(&shared.store, move |store| store.try_lock(&key)).await? {
                return Ok(lock);
            }
            if Instant::now() >= deadline {
                return Err(Error::store("another holder of the session's lock did not give it back in time"));
            }
            shared.transport.sleep(LOCK_PAUSE).await;
        }
    }

    async fn renew_locked(
        &self,
        current: &State,
        refused: bool,
        renewing: &mut Renewing,
        deadline: Instant,
    ) -> Result<()> {
        let shared = &*self.shared;
        let key = self.session.key.clone();
        let stored = match shared.transport.ask_store(&shared.store, move |store| store.get(&key)).await {
            // It was told once; what cannot be read makes way, and the store keeps it aside.
            Err(_) if matches!(*current, State::Unreadable) => None,
            stored => stored?,
        };
        let stored = State::of(shared.dialect, stored)?;
        // Somebody else has been here: what was refused was the token before.
        let is_another = stored.token().is_some_and(|token| current.token().is_none_or(|old| old.token != token.token));
        let (current, refused) = if is_another { (&stored, false) } else { (current, refused) };
        if is_another && !current.is_due(Instant::now()) {
            self.session.state.store(Arc::new(stored));
            return Ok(());
        }
        let exchanged = match (refused, current.valid(Instant::now())) {
            (false, Some(valid)) => self.exchange_token(current, valid, deadline).await,
            _ => None,
        };
        let token = match exchanged {
            Some(Ok(token)) => token,
            Some(Err(error)) if !error.is_authentication() => return Err(error),
            exchanged => {
                renewing.may_log_in(Instant::now())?;
                let tenant = current.token().and_then(|token| token.tenant.clone());
                let result = self.log_in(tenant, deadline).await;
                renewing.logged_in(refused || exchanged.is_some(), result.as_ref().err(), Instant::now());
                result?
            }
        };
        self.set_token(Some(token)).await
    }

    /// Exchanges a token that is still valid, where the service does that.
    async fn exchange_token(
        &self,
        current: &State,
        valid: &ActiveToken,
        deadline: Instant,
    ) -> Option<Result<StoredToken>> {
        let renewal = self.renewal.as_ref()?;
        let request = match renewal.refresh()? {
            Ok(request) => request,
            Err(error) => return Some(Err(error)),
        };
        let answer = self.deliver(&request, current, |data| Ok(data.clone()), deadline).await;
        Some(answer.and_then(|answer| renewal.refreshed(&answer, valid)))
    }

    /// Logs in with the session's credentials.
    async fn log_in(&self, tenant: Option<String>, deadline: Instant) -> Result<StoredToken> {
        let Some(renewal) = self.renewal.clone() else {
            return Err(Error::configuration("the session has no credentials"));
        };
        let transport = &self.shared.transport;
        let credentials = self.resolve(&renewal).await?;
        if let Some(Credentials { kind: Kind::Token(token), .. }) = credentials {
            return Ok(token);
        }
        let mut login = renewal.login(credentials, tenant.as_deref());
        let (mut answer, mut operation) = (None, "login");
        loop {
            let work = transport.start(move || {
                let step = login.next(answer);
                (login, step)
            });
            let (rest, step) = work.join().await?;
            login = rest;
            match step.map_err(|error| error.operation_unless_named(operation))? {
                Step::Done(token) => return Ok(token),
                Step::Ask(request, token) => {
                    operation = request.operation;
                    let state = State::of(self.shared.dialect, token)?;
                    answer = Some(self.deliver(&request, &state, |data| Ok(data.clone()), deadline).await?);
                }
            }
        }
    }

    /// The credentials, or what their provider gives.
    async fn resolve(&self, renewal: &Arc<dyn Renewal>) -> Result<Option<Credentials>> {
        let Some(credentials) = renewal.credentials().cloned() else { return Ok(None) };
        let transport = &self.shared.transport;
        let asked = credentials.clone();
        let resolved = match transport.start(move || asked.resolve()).join().await?? {
            Resolved::Here(credentials) => credentials,
            Resolved::Later(provider) => credentials.provided(transport.wait_for(provider).await?)?,
        };
        Ok(Some(resolved))
    }
}
