//! A login, step by step: the handshake, and the switch to a tenant where one is needed.

use super::{
    AuthoredUser, ChangedToken, InternalLoginOptions, LoginAdOptions, LoginOptions, TenantRef,
    identity::{self, RefreshedToken, WrappedAesKey},
};
use crate::{
    Error, ErrorKind, Password, Result,
    credentials::{Credentials, PasswordLogin, Way},
    crypto::{KeyPair, Offer, SealedPassword, ServiceKey},
    protocol::{
        decode::Data,
        login::{Input, Login, LoginMethod, Source, Step},
        request::Request,
        token::TokenResponse,
    },
    token_store::StoredToken,
};
use std::sync::Arc;

/// A session that logs in with credentials.
pub(crate) struct CredentialLogin(pub(crate) Credentials);

impl LoginMethod for CredentialLogin {
    fn source(&self) -> Source<'_> {
        Source::Credentials(&self.0)
    }

    fn refresh(&self) -> Option<Result<Request>> {
        Some(identity::refresh_user_token())
    }

    fn refreshed(&self, response: &Data, previous: &StoredToken) -> Result<StoredToken> {
        response.decode::<RefreshedToken>()?.to_stored_token(Some(previous))
    }

    fn log_in(&self, login: PasswordLogin, tenant: Option<&str>, switch_to: Option<&str>) -> Result<Box<dyn Login>> {
        let PasswordLogin { way, user, password } = login;
        let wanted = switch_to.or(tenant);
        let last = match way {
            Way::Password => LastRequest::Login(wanted.into_iter().fold(LoginOptions::new(), LoginOptions::tenant_id)),
            Way::Directory => {
                LastRequest::Directory(wanted.into_iter().fold(LoginAdOptions::new(), LoginAdOptions::tenant_id))
            }
            // Internal users are of their own tenant; into another one they are switched afterwards.
            Way::Internal => LastRequest::Internal(tenant.unwrap_or_default().to_owned(), InternalLoginOptions::new()),
        };
        let handshake = Handshake::new(&user, password, last);
        Ok(Box::new(Handshake { switch_to: switch_to.map(str::to_owned), ..handshake }))
    }
}

/// What the handshake ends in.
pub(crate) enum LastRequest {
    Login(LoginOptions),
    Directory(LoginAdOptions),
    /// The tenant's id comes first.
    Internal(String, InternalLoginOptions),
}

/// `GET publickey` unless the key is remembered, `POST aeskey`, `POST login`; then a tenant switch, if the token must be in a
/// tenant that it is not in.
///
/// The password is encrypted with the AES key alone, which the service chooses after it has read the client's public key: a
/// service that has another key than the one remembered cannot read it, so that the change is noticed before the password is
/// sent. A service that still accepts an earlier key cannot be told from one that has no other.
pub(crate) struct Handshake {
    user: String,
    password: Password,
    last: LastRequest,
    switch_to: Option<String>,
    stage: Stage,
}

enum Stage {
    Begin,
    Keys,
    AesKey(Box<Exchange>),
    OtherKey(Box<Refused>),
    Login,
    Switch(StoredToken, Box<Data>),
}

/// The request for the AES key, under way.
struct Exchange {
    offer: Offer,
    service_key: Arc<ServiceKey>,
    /// Whether the service's key was asked for again, after the first exchange failed.
    is_second: bool,
}

/// An exchange that failed, perhaps because the service has another key now.
struct Refused {
    pair: KeyPair,
    service_key: Arc<ServiceKey>,
    error: Error,
}

/// Returns whether the exchange of the AES key may have failed because the service has another key than the client knows. The
/// protocol does not say how a service responds then: it refuses the request in some way, or sends what cannot be opened.
fn may_have_another_key(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Validation | ErrorKind::Business | ErrorKind::Api | ErrorKind::Decode | ErrorKind::Crypto => true,
        // A gateway's 502, 503 and 504 say nothing about the request.
        ErrorKind::Server => !error.is_retryable(),
        _ => false,
    }
}

impl Handshake {
    pub(crate) fn new(user: &str, password: Password, last: LastRequest) -> Self {
        Self { user: user.to_owned(), password, last, switch_to: None, stage: Stage::Begin }
    }

    /// Refuses a login that cannot succeed before anything is sent.
    fn check(&self) -> Result<()> {
        let tenant = match &self.last {
            LastRequest::Internal(tenant, _) => tenant.as_str(),
            LastRequest::Login(_) | LastRequest::Directory(_) => "-",
        };
        for (what, text) in
            [("user id", self.user.as_str()), ("password", self.password.expose_secret()), ("tenant id", tenant)]
        {
            if text.is_empty() {
                return Err(Error::argument(format!("{what}: it is empty")));
            }
        }
        Ok(())
    }

    /// Offers the client's public key to the service.
    fn exchange(&mut self, pair: KeyPair, service_key: Arc<ServiceKey>, is_second: bool) -> Result<Step> {
        let offer = pair.offer(&service_key)?;
        let request = identity::get_aes_key(offer.wrapped_key())?;
        self.stage = Stage::AesKey(Box::new(Exchange { offer, service_key, is_second }));
        Ok(Step::send(request))
    }

    /// Asks for the service's key again, once, where another one may be why the exchange failed.
    fn ask_again(&mut self, exchange: Exchange, error: Error) -> Result<Step> {
        if exchange.is_second || !may_have_another_key(&error) {
            return Err(error);
        }
        let Exchange { offer, service_key, .. } = exchange;
        let step = Step::Keys(identity::login_keys(Some(service_key.clone()))?);
        self.stage = Stage::OtherKey(Box::new(Refused { pair: offer.into_pair(), service_key, error }));
        Ok(step)
    }

    fn last_request(&self, sealed: &SealedPassword) -> Result<Request> {
        let request = match &self.last {
            LastRequest::Login(options) => identity::login(&self.user, sealed, options),
            LastRequest::Directory(options) => identity::login_ad(&self.user, sealed, options),
            LastRequest::Internal(tenant, options) => identity::internal_login(tenant, &self.user, sealed, options),
        };
        // It goes out encrypted, and a service that opens it could echo it.
        Ok(request?.secret(self.password.expose_secret()))
    }
}

impl Login for Handshake {
    fn operation(&self) -> &'static str {
        match self.last {
            LastRequest::Login(_) => identity::LOGIN.name,
            LastRequest::Directory(_) => identity::LOGIN_AD.name,
            LastRequest::Internal(..) => identity::INTERNAL_LOGIN.name,
        }
    }

    fn is_arithmetic(&self) -> bool {
        matches!(self.stage, Stage::Keys | Stage::AesKey(_) | Stage::OtherKey(_))
    }

    fn next(&mut self, input: Input) -> Result<Step> {
        let out_of_turn = || Error::new(ErrorKind::Crypto);
        match (std::mem::replace(&mut self.stage, Stage::Begin), input) {
            (Stage::Begin, Input::Begin) => {
                self.check()?;
                self.stage = Stage::Keys;
                Ok(Step::Keys(identity::login_keys(None)?))
            }
            (Stage::Keys, Input::Keys(key, pair)) => self.exchange(pair.ok_or_else(out_of_turn)?, key, false),
            (Stage::OtherKey(refused), Input::Keys(key, _)) => match key == refused.service_key {
                true => Err(refused.error),
                false => self.exchange(refused.pair, key, true),
            },
            (Stage::AesKey(exchange), Input::Response(response)) => {
                let opened = response.decode::<WrappedAesKey>();
                match opened.and_then(|key| exchange.offer.accept(&key.encrypt_aes_key)) {
                    Ok(cipher) => {
                        let request = self.last_request(&cipher.seal(&self.password)?)?;
                        self.stage = Stage::Login;
                        Ok(Step::send(request))
                    }
                    Err(error) => self.ask_again(*exchange, error),
                }
            }
            (Stage::Login, Input::Response(response)) => {
                let token = response.decode::<AuthoredUser>()?.to_stored_token(None)?;
                match &self.switch_to {
                    Some(tenant) if token.tenant.as_ref() != Some(tenant) => {
                        let request = identity::refresh_token_with_tenant(&TenantRef::id(tenant))?;
                        self.stage = Stage::Switch(token.clone(), Box::new(response));
                        Ok(Step::Send { request, token: Some(token) })
                    }
                    _ => Ok(Step::Done(token, response)),
                }
            }
            (Stage::Switch(token, login), Input::Response(response)) => {
                let switched = response.decode::<ChangedToken>()?.to_stored_token(Some(&token))?;
                Ok(Step::Done(StoredToken { tenant: self.switch_to.take(), ..switched }, *login))
            }
            _ => Err(out_of_turn()),
        }
    }

    fn after_failure(&mut self, error: Error) -> Result<Step> {
        match std::mem::replace(&mut self.stage, Stage::Begin) {
            Stage::AesKey(exchange) => self.ask_again(*exchange, error),
            // Why the key was asked for again says more than why that failed.
            Stage::OtherKey(refused) => Err(refused.error),
            _ => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_asked_for_again_only_where_another_one_may_be_why() {
        let new = Error::new;
        let table = [
            (new(ErrorKind::Validation).http_status(400), true),
            (new(ErrorKind::Server).http_status(500), true),
            (new(ErrorKind::Business).http_status(200).with_code("21009"), true),
            (new(ErrorKind::Api).http_status(422), true),
            (new(ErrorKind::Decode).http_status(200), true),
            (new(ErrorKind::Crypto), true),
            (new(ErrorKind::Server).http_status(503), false),
            (new(ErrorKind::Server).http_status(502), false),
            (new(ErrorKind::RateLimited).http_status(429), false),
            (new(ErrorKind::Application).http_status(401), false),
            (new(ErrorKind::NotFound).http_status(404), false),
            (new(ErrorKind::Timeout).sent(true), false),
            (new(ErrorKind::Transport).sent(true), false),
            (new(ErrorKind::Connect), false),
        ];
        for (error, again) in table {
            assert_eq!(may_have_another_key(&error), again, "{error:?}");
        }
    }
}
