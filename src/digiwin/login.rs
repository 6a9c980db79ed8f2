//! A login by itself: the handshake and what follows it, step by step.

use super::{
    AuthoredUser, ChangedToken, InternalLoginOptions, LoginAdOptions, LoginOptions, TenantRef,
    identity::{self, PublicKey, RefreshedToken, WrappedAesKey},
};
use crate::{
    Error, ErrorKind, Password, Result,
    credentials::{Credentials, Kind},
    crypto::{KeyPair, Offer},
    protocol::{
        decode::Data,
        renewal::{Login, Renewal, Step},
        request::Request,
        session::ActiveToken,
        token::BringsToken,
    },
    token_store::StoredToken,
};

/// A session with credentials.
pub(crate) struct Relogin(pub(crate) Credentials);

impl Renewal for Relogin {
    fn credentials(&self) -> Option<&Credentials> {
        Some(&self.0)
    }

    fn refresh(&self) -> Option<Result<Request>> {
        Some(identity::refresh_user_token())
    }

    fn refreshed(&self, answer: &Data, previous: &ActiveToken) -> Result<StoredToken> {
        answer.decode::<RefreshedToken>()?.stored_after(Some(previous))
    }

    fn login(&self, credentials: Option<Credentials>, tenant: Option<&str>) -> Box<dyn Login> {
        let credentials = credentials.unwrap_or_else(|| self.0.clone());
        Box::new(Handshake { credentials, switched_to: tenant.map(str::to_owned), stage: Stage::Begin })
    }
}

struct Handshake {
    credentials: Credentials,
    /// The tenant that the session was in last.
    switched_to: Option<String>,
    stage: Stage,
}

enum Stage {
    Begin,
    PublicKey,
    AesKey(Box<Offer>),
    Login,
    Switch(StoredToken),
}

impl Handshake {
    fn user_and_password(&self) -> Result<(&str, &Password)> {
        match &self.credentials.kind {
            Kind::Password { user, password }
            | Kind::Directory { user, password }
            | Kind::Internal { user, password } => Ok((user, password)),
            Kind::Token(_) | Kind::Blocking { .. } | Kind::Async { .. } => {
                Err(Error::configuration("credentials: no user and password"))
            }
        }
    }

    fn log_in(&self, offer: Offer, answer: &Data) -> Result<Request> {
        let (user, password) = self.user_and_password()?;
        let sealed = offer.accept(&answer.decode::<WrappedAesKey>()?.encrypt_aes_key)?.seal(password)?;
        let own = self.credentials.tenant.as_deref();
        let wanted = self.switched_to.as_deref().or(own);
        match &self.credentials.kind {
            Kind::Directory { .. } => {
                let options = wanted.into_iter().fold(LoginAdOptions::new(), LoginAdOptions::tenant_id);
                identity::login_ad(user, &sealed, &options)
            }
            // Internal users are of their own tenant; into another one they are switched afterwards.
            Kind::Internal { .. } => {
                identity::internal_login(own.unwrap_or_default(), user, &sealed, &InternalLoginOptions::new())
            }
            _ => {
                let options = wanted.into_iter().fold(LoginOptions::new(), LoginOptions::tenant_id);
                identity::login(user, &sealed, &options)
            }
        }
    }
}

impl Login for Handshake {
    fn next(&mut self, answer: Option<Data>) -> Result<Step> {
        let Some(answer) = answer else {
            self.user_and_password()?;
            self.stage = Stage::PublicKey;
            return Ok(Step::Ask(identity::get_public_key(), None));
        };
        match std::mem::replace(&mut self.stage, Stage::Begin) {
            Stage::Begin => Err(Error::new(ErrorKind::Crypto)),
            Stage::PublicKey => {
                let offer = KeyPair::generate()?.offer(&answer.decode::<PublicKey>()?.public_key)?;
                let request = identity::get_aes_key(offer.wrapped_key())?;
                self.stage = Stage::AesKey(Box::new(offer));
                Ok(Step::Ask(request, None))
            }
            Stage::AesKey(offer) => {
                let request = self.log_in(*offer, &answer)?;
                self.stage = Stage::Login;
                Ok(Step::Ask(request, None))
            }
            Stage::Login => {
                let token = answer.decode::<AuthoredUser>()?.stored()?;
                match &self.switched_to {
                    Some(tenant) if token.tenant.as_ref() != Some(tenant) => {
                        let request = identity::refresh_token_with_tenant(&TenantRef::id(tenant))?;
                        self.stage = Stage::Switch(token.clone());
                        Ok(Step::Ask(request, Some(token)))
                    }
                    _ => Ok(Step::Done(token)),
                }
            }
            Stage::Switch(token) => {
                let switched = answer.decode::<ChangedToken>()?.stored()?;
                // How long it lives is not told: as long as the one that it came from.
                let expires_at = switched.expires_at.or(token.expires_at);
                Ok(Step::Done(StoredToken { expires_at, tenant: self.switched_to.take(), ..switched }))
            }
        }
    }
}
