//! A login, step by step: the handshake, and the switch to a tenant where one is needed.

use super::{
    AuthoredUser, ChangedToken, InternalLoginOptions, LoginAdOptions, LoginOptions, TenantRef,
    identity::{self, PublicKey, RefreshedToken, WrappedAesKey},
};
use crate::{
    Error, ErrorKind, Password, Result,
    credentials::{Credentials, PasswordLogin, Way},
    crypto::Offer,
    protocol::{
        decode::Data,
        login::{Input, Login, LoginMethod, Source, Step},
        request::Request,
        token::TokenResponse,
    },
    token_store::StoredToken,
};

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

/// `GET publickey`, `POST aeskey`, `POST login`; then a tenant switch, if the token must be in a tenant that it is not in.
pub(crate) struct Handshake {
    user: String,
    password: Password,
    last: LastRequest,
    switch_to: Option<String>,
    stage: Stage,
}

enum Stage {
    Begin,
    PublicKey,
    AesKey(Box<Offer>),
    Login,
    Switch(StoredToken, Box<Data>),
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

    fn last_request(&self, offer: Offer, response: &Data) -> Result<Request> {
        let sealed = offer.accept(&response.decode::<WrappedAesKey>()?.encrypt_aes_key)?.seal(&self.password)?;
        let request = match &self.last {
            LastRequest::Login(options) => identity::login(&self.user, &sealed, options),
            LastRequest::Directory(options) => identity::login_ad(&self.user, &sealed, options),
            LastRequest::Internal(tenant, options) => identity::internal_login(tenant, &self.user, &sealed, options),
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
        matches!(self.stage, Stage::PublicKey | Stage::AesKey(_))
    }

    fn next(&mut self, input: Input) -> Result<Step> {
        let out_of_turn = || Error::new(ErrorKind::Crypto);
        let Some(response) = input.response else {
            self.check()?;
            self.stage = Stage::PublicKey;
            return Ok(Step::Send { request: identity::get_public_key()?, token: None, generate_key: true });
        };
        match std::mem::replace(&mut self.stage, Stage::Begin) {
            Stage::Begin => Err(out_of_turn()),
            Stage::PublicKey => {
                let key = input.key.ok_or_else(out_of_turn)?;
                let offer = key.offer(&response.decode::<PublicKey>()?.public_key)?;
                let request = identity::get_aes_key(offer.wrapped_key())?;
                self.stage = Stage::AesKey(Box::new(offer));
                Ok(Step::send(request))
            }
            Stage::AesKey(offer) => {
                let request = self.last_request(*offer, &response)?;
                self.stage = Stage::Login;
                Ok(Step::send(request))
            }
            Stage::Login => {
                let token = response.decode::<AuthoredUser>()?.to_stored_token(None)?;
                match &self.switch_to {
                    Some(tenant) if token.tenant.as_ref() != Some(tenant) => {
                        let request = identity::refresh_token_with_tenant(&TenantRef::id(tenant))?;
                        self.stage = Stage::Switch(token.clone(), Box::new(response));
                        Ok(Step::Send { request, token: Some(token), generate_key: false })
                    }
                    _ => Ok(Step::Done(token, response)),
                }
            }
            Stage::Switch(token, login) => {
                let switched = response.decode::<ChangedToken>()?.to_stored_token(Some(&token))?;
                Ok(Step::Done(StoredToken { tenant: self.switch_to.take(), ..switched }, *login))
            }
        }
    }
}
