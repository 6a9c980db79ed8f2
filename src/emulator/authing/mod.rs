//! The emulator's Authing management service, and its seed.
//!
//! It serves GraphQL at `/graphql/v2` with introspection, and the REST calls. Where the vendor does not document the service's
//! behaviour, the emulator does what the vendor's own tests expect: lists begin with the newest items; a user's authorized resources are those of the
//! namespace `default` where none is named, a group's and a node's those of all; a deleted user goes to the archive.
//!
//! A password encrypted with the vendor's public default key cannot be decrypted here, and is accepted unread. A password
//! encrypted with the pool's own key ([`Authing::public_key_pem`]) is decrypted and checked.

mod access;
mod custom;
mod graphql;
mod groups;
mod orgs;
mod password;
mod policies;
mod pool;
mod refusal;
mod rest;
mod roles;
mod seed;
mod users;
mod value;
mod world;

pub use seed::{Account, Seed};

use crate::{Password, UserToken};
use async_graphql::dynamic::Schema;
use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
};
use graphql::Caller;
use http::{HeaderMap, StatusCode};
use password::{PoolKey, Received};
use refusal::Refusal;
use serde_json::{Value, json};
use std::{
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use world::World;

/// The form of error responses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorStyle {
    /// `{"code", "message", "data"}`, with HTTP status 200.
    #[default]
    Code,
    /// `{"uniqueId", "statusCode", "apiCode", "message", "data"}`, as in newer deployments; REST with HTTP status 4xx.
    ApiCode,
}

/// The form of error responses, in the language that the request asks for.
#[derive(Clone, Copy)]
enum Spelling {
    Code { english: bool },
    ApiCode { english: bool },
}

impl Spelling {
    fn json(self, refusal: &Refusal) -> Value {
        match self {
            Self::Code { english } => json!({"code": refusal.code, "message": refusal.message(english), "data": null}),
            Self::ApiCode { english } => json!({
                "uniqueId": value::new_id(), "statusCode": 499, "apiCode": refusal.code.to_string(),
                "message": refusal.message(english), "data": null,
            }),
        }
    }
}

/// The Authing management service of an [`Emulator`](super::Emulator).
pub struct Authing {
    account: Account,
    key: Arc<PoolKey>,
    style: ErrorStyle,
    world: Mutex<World>,
}

impl Authing {
    pub(super) fn new(seed: &Seed, style: ErrorStyle, token_lifetime: Duration) -> Self {
        let key = Arc::new(PoolKey::default());
        let world = Mutex::new(World::new(seed, token_lifetime, key.clone()));
        Self { account: seed.account(), key, style, world }
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
        match self.world().user(user_id)?.password.clone()? {
            Received::Opened(password) => Some(password),
            Received::Sealed => None,
        }
    }

    /// Signs a user in, as an application's login page would; `None` if there is no such user.
    pub fn sign_in(&self, user_id: &str, app_id: Option<&str>) -> Option<UserToken> {
        self.world().sign_in(user_id, app_id).ok().map(|(token, _, _)| token.into())
    }

    /// Sets the service's clock this many seconds ahead; a negative number sets it back.
    pub fn set_clock_ahead(&self, seconds: i64) {
        self.world().clock_offset = seconds;
    }

    /// Expires every management token, as the passing of time would.
    pub fn expire_tokens(&self) {
        self.world().management_tokens.values_mut().for_each(|expires| *expires = 0);
    }

    /// Returns the management tokens that were issued, expired ones included.
    pub fn management_tokens(&self) -> Vec<UserToken> {
        self.world().management_tokens.keys().map(|token| token.as_str().into()).collect()
    }

    /// Returns the mails that were sent, as address and scene.
    pub fn mail(&self) -> Vec<(String, String)> {
        self.world().mail.clone()
    }

    /// Returns the GraphQL root fields that were requested so far, such as `accessToken` or `users`, in order.
    pub fn operations(&self) -> Vec<String> {
        self.world().operations.clone()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // A handler that panicked has failed its own request; the next ones go on.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn caller(&self, headers: &HeaderMap) -> Caller {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let world = self.world();
        let is_manager = header("x-authing-userpool-id") == world.user_pool_id
            && header("authorization").strip_prefix("Bearer ").is_some_and(|token| world.is_manager(token));
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

pub(super) fn router(authing: Arc<Authing>) -> io::Result<Router> {
    let schema = graphql::schema(authing.clone())?;
    let graphql = Router::new().route("/graphql/v2", post(graphql_v2)).with_state((authing.clone(), schema));
    Ok(graphql.merge(rest::router(authing)))
}

async fn graphql_v2(
    State((authing, schema)): State<(Arc<Authing>, Schema)>,
    headers: HeaderMap,
    body: Result<Json<async_graphql::Request>, axum::extract::rejection::JsonRejection>,
) -> Response {
    match body {
        Ok(Json(request)) => Json(graphql::respond(&schema, request, authing.caller(&headers)).await).into_response(),
        Err(wrong) => (StatusCode::BAD_REQUEST, wrong.body_text()).into_response(),
    }
}
