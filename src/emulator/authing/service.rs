//! The service, as a test sees it.

use super::{
    seed::Account,
    settings::{ErrorStyle, Settings},
    state::{
        error_response::ErrorResponse,
        password::{PoolKey, Received},
        pool::Pool,
        signing::SigningKeys,
        value::new_id,
    },
};
use crate::emulator::{Emulator, EmulatorBuilder, lock::lock};
use crate::{Password, UserToken};
use http::HeaderMap;
use serde_json::{Value, json};
use std::{
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, OnceLock},
};

/// The form of error responses, in the language that the request asks for.
#[derive(Clone, Copy)]
pub(super) enum Spelling {
    Code { english: bool },
    ApiCode { english: bool },
}

impl Spelling {
    pub(super) fn json(self, error: &ErrorResponse) -> Value {
        match self {
            Self::Code { english } => json!({"code": error.code, "message": error.message(english), "data": null}),
            Self::ApiCode { english } => json!({
                "uniqueId": new_id(), "statusCode": 499, "apiCode": error.code.to_string(),
                "message": error.message(english), "data": null,
            }),
        }
    }
}

/// The sender of a request, according to its headers.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) is_manager: bool,
    pub(super) spelling: Spelling,
}

/// The Authing management service of an [`Emulator`].
pub struct Authing {
    account: Account,
    key: Arc<PoolKey>,
    signing_keys: SigningKeys,
    style: ErrorStyle,
    /// Where the emulator listens.
    base_url: OnceLock<String>,
    pool: Mutex<Pool>,
}

impl Authing {
    pub(super) fn new(account: Account, style: ErrorStyle, key: Arc<PoolKey>, pool: Pool) -> Self {
        let (signing_keys, base_url) = Default::default();
        Self { account, key, signing_keys, style, base_url, pool: Mutex::new(pool) }
    }

    pub(super) fn set_base_url(&self, url: &str) {
        // The emulator listens in one place.
        let _ = self.base_url.set(url.to_owned());
    }

    pub(super) fn base_url(&self) -> &str {
        self.base_url.get().map(String::as_str).unwrap_or_default()
    }

    pub(super) fn signing_keys(&self) -> &SigningKeys {
        &self.signing_keys
    }

    /// Returns the user pool's id and secret.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Returns the pool's own public key, 2048 bits, as PEM. The first call generates it.
    ///
    /// # Errors
    ///
    /// An error if no RSA key can be generated.
    pub fn public_key_pem(&self) -> io::Result<String> {
        self.key.public_pem()
    }

    /// Returns a user's password, if the client encrypted it with the pool's own key.
    pub fn password_of(&self, user_id: &str) -> Option<Password> {
        match self.pool().users.get(user_id)?.received_password()? {
            Received::Decrypted(password) => Some(password.clone()),
            Received::Undecryptable => None,
        }
    }

    /// Returns the ids of the users, in the order in which they were created.
    pub fn user_ids(&self) -> Vec<String> {
        self.pool().users.iter().map(|user| user.id().to_owned()).collect()
    }

    /// Signs a user in, as an application's login page would; `None` if there is no such user.
    pub fn sign_in(&self, user_id: &str, app_id: Option<&str>) -> Option<UserToken> {
        self.pool().sign_in(user_id, app_id).ok().map(|(token, _)| token.into())
    }

    /// Expires every management token, as the passing of time would.
    pub fn expire_tokens(&self) {
        self.pool().managers.expire_tokens();
    }

    /// Returns the management tokens that were issued, expired ones included.
    pub fn management_tokens(&self) -> Vec<UserToken> {
        self.pool().managers.tokens().map(UserToken::from).collect()
    }

    /// Returns the mails that were sent, as address and scene.
    pub fn mail(&self) -> Vec<(String, String)> {
        self.pool().mail.clone()
    }

    pub(super) fn pool(&self) -> MutexGuard<'_, Pool> {
        lock(&self.pool)
    }

    pub(super) fn caller(&self, headers: &HeaderMap) -> Caller {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let token = header("authorization").strip_prefix("Bearer ");
        let is_manager =
            token.is_some_and(|token| self.pool().managers.is_manager(header("x-authing-userpool-id"), token));
        let english = header("x-authing-lang").starts_with("en");
        let spelling = match self.style {
            ErrorStyle::Code => Spelling::Code { english },
            ErrorStyle::ApiCode => Spelling::ApiCode { english },
        };
        Caller { is_manager, spelling }
    }
}

impl fmt::Debug for Authing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authing").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Emulator {
    /// Returns the emulated Authing: its account, and methods that inspect or change its state.
    pub fn authing(&self) -> &Authing {
        &self.services.authing
    }
}

impl EmulatorBuilder {
    /// Sets Authing's seed (users, organizations and so on), or its settings with a seed.
    pub fn authing(mut self, settings: impl Into<Settings>) -> Self {
        self.settings.authing = settings.into();
        self
    }
}
