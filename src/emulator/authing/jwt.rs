//! Users' tokens, as a test orders them.

use super::{
    service::Authing,
    state::{
        sessions::Session,
        signing::sign_with_secret,
        value::{new_id, unix_now},
    },
};
use crate::{Json, UserToken};
use serde_json::{Map, Value};
use std::{io, time::Duration};

/// A JWT of a user that an application gets: an ID token of OpenID Connect, signed with RS256.
#[derive(Clone, Debug)]
pub struct Jwt {
    user_id: String,
    app_id: String,
    audience: Vec<String>,
    issuer: Option<String>,
    lifetime: Duration,
    is_expired: bool,
    with_secret: bool,
    claims: Vec<(String, Json)>,
}

impl Jwt {
    /// Orders a token for this user in this application, which is its audience. It lives an hour.
    pub fn new(user_id: impl Into<String>, app_id: impl Into<String>) -> Self {
        let app_id = app_id.into();
        Self {
            user_id: user_id.into(),
            audience: vec![app_id.clone()],
            app_id,
            issuer: None,
            lifetime: Duration::from_secs(60 * 60),
            is_expired: false,
            with_secret: false,
            claims: Vec::new(),
        }
    }

    /// Sets the audience (`aud`): one, or several. Default: the application.
    pub fn audience(mut self, audience: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.audience = audience.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the issuer (`iss`). Default: [`Authing::issuer`].
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Sets how long the token lives, in whole seconds. Default: an hour.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Orders a token that expired as long ago as it would have lived.
    pub fn expired(mut self) -> Self {
        self.is_expired = true;
        self
    }

    /// Signs with HS256 and the secret of the user pool.
    pub fn with_secret(mut self) -> Self {
        self.with_secret = true;
        self
    }

    /// Adds a claim, or replaces one that the token would have.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Json>) -> Self {
        self.claims.push((name.into(), value.into()));
        self
    }

    /// Returns the claims, and the session that the token stands for.
    fn claims(self, issuer: &str) -> io::Result<(Map<String, Value>, Session)> {
        const DECADES: u64 = 30 * 365 * 24 * 60 * 60;
        let lifetime = self.lifetime.as_secs().min(DECADES) as i64;
        let issued = unix_now() - if self.is_expired { 2 * lifetime } else { 0 };
        let expires = issued + lifetime;
        let audience = match <[String; 1]>::try_from(self.audience) {
            Ok([audience]) => audience.into(),
            Err(audience) => audience.into(),
        };
        let mut claims = Map::from_iter([
            ("iss".to_owned(), self.issuer.as_deref().unwrap_or(issuer).into()),
            ("sub".to_owned(), self.user_id.as_str().into()),
            ("aud".to_owned(), audience),
            ("iat".to_owned(), issued.into()),
            ("exp".to_owned(), expires.into()),
            ("jti".to_owned(), new_id().into()),
        ]);
        for (name, value) in self.claims {
            claims.insert(name, value.decode().map_err(io::Error::other)?);
        }
        Ok((claims, Session { user_id: self.user_id, app_id: Some(self.app_id), issued, expires }))
    }
}

impl Authing {
    /// Returns the issuer of users' JWTs: `/oidc` below the emulator's base URL.
    ///
    /// Below it are `/.well-known/openid-configuration`, `/.well-known/jwks.json` and `/token/introspection`.
    pub fn issuer(&self) -> String {
        format!("{}/oidc", self.base_url())
    }

    /// Signs a user in, and issues the JWT. `check_login_status` and the introspection know it.
    ///
    /// The first call generates a key.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) if there is no such user; an error if no RSA key can be generated, or if a claim's JSON is
    /// nested too deep.
    pub fn issue_jwt(&self, jwt: Jwt) -> io::Result<UserToken> {
        let with_secret = jwt.with_secret;
        let (claims, session) = jwt.claims(&self.issuer())?;
        if self.pool().users.get(&session.user_id).is_none() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "there is no such user"));
        }
        let token = match with_secret {
            true => sign_with_secret(&self.account().secret, &claims)?,
            false => self.signing_keys().sign(&claims)?,
        };
        let opened = self.pool().sign_in_with(token.clone(), session);
        opened.map_err(|_| io::Error::new(io::ErrorKind::NotFound, "there is no such user"))?;
        Ok(token.into())
    }

    /// Replaces the key that JWTs are signed with. The one before stays in the key set until the next rotation, and so do its tokens
    /// stay good.
    ///
    /// # Errors
    ///
    /// An error if no RSA key can be generated.
    pub fn rotate_keys(&self) -> io::Result<()> {
        self.signing_keys().rotate()
    }

    /// Returns the public keys that JWTs are signed with, as a key set (JWKS).
    ///
    /// # Errors
    ///
    /// An error if no RSA key can be generated.
    pub fn jwks(&self) -> io::Result<String> {
        Ok(self.signing_keys().jwks()?.to_string())
    }
}
