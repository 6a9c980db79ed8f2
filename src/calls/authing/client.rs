use super::{FLAVOUR, Groups, Orgs, Session, Users, maybe_async};
use crate::{
    Json, Password, Result, UserToken,
    authing::{self, EmailScene, ManagementToken, PasswordCheck, PasswordKey, TokenStatus, UserPool},
    config::{Settings, settings_methods},
};
use serde::Serialize;
use std::sync::Arc;

/// A client of Authing's management API, for one user pool.
///
/// Cheap to clone; clones share the connections and the management token. The token is fetched with the pool's secret by the
/// first call that needs it, once for all that wait; it is renewed an hour before it ends, or a tenth of its life if that is
/// shorter, and once after the service has refused it. Which codes mean what is in [`authing`](crate::authing).
#[derive(Clone, Debug)]
pub struct ManagementClient {
    session: Session,
    key: Arc<PasswordKey>,
}

impl ManagementClient {
    /// A client for this user pool.
    pub fn builder(user_pool_id: impl Into<String>, secret: impl Into<Password>) -> ManagementClientBuilder {
        ManagementClientBuilder {
            settings: Settings::new(authing::PUBLIC_SERVICE.to_owned()),
            user_pool_id: user_pool_id.into(),
            secret: secret.into(),
            public_key_pem: authing::DEFAULT_PUBLIC_KEY_PEM.to_owned(),
            app_id: None,
            language: None,
        }
    }

    /// Creates a client that calls with this management token instead of fetching one: in no token store, never refreshed. An
    /// empty token, or one that cannot stand in a header, is [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub fn with_token(&self, token: impl Into<UserToken>) -> Result<Self> {
        Ok(Self { session: self.session.with_token(token.into())?, key: self.key.clone() })
    }

    /// Users: their data, roles, groups, policies, departments and sign-ins.
    pub fn users(&self) -> Users {
        Users { session: self.session.clone(), key: self.key.clone() }
    }

    /// Organizations: their nodes and members.
    pub fn orgs(&self) -> Orgs {
        Orgs { session: self.session.clone() }
    }

    /// Groups and their members.
    pub fn groups(&self) -> Groups {
        Groups { session: self.session.clone() }
    }
}

#[maybe_async]
impl ManagementClient {
    /// Whether a user's token is valid, and whose it is: query `checkLoginStatus`, sent without the management token.
    ///
    /// An invalid token is no error: [`status`](TokenStatus::status) says so.
    pub async fn check_login_status(&self, token: impl Into<UserToken>) -> Result<TokenStatus> {
        self.session.call(authing::check_login_status(&token.into())?).await
    }

    /// Whether a password fits the pool's rules: `POST /api/v2/password/check`. The service takes it unencrypted.
    pub async fn is_password_valid(&self, password: impl Into<Password>) -> Result<PasswordCheck> {
        self.session.call_with(authing::is_password_valid(&password.into())?, authing::password_check).await
    }

    /// Sends a mail: mutation `sendEmail`, sent without the management token.
    pub async fn send_email(&self, email: &str, scene: EmailScene) -> Result<()> {
        self.session.call_with(authing::send_email(email, scene)?, authing::check_status).await
    }

    /// Sends any other GraphQL operation, with the same headers, token, errors and limits, and returns the value of its first
    /// root field.
    ///
    /// It is sent again after a failure that leaves open whether the service has seen it only if the document is certain to
    /// hold queries and fragments alone. Put what users say into `variables`, never into the document.
    pub async fn graphql(&self, document: &str, variables: &(impl Serialize + Sync)) -> Result<Json> {
        self.session.call(authing::graphql(document, variables)?).await
    }

    /// The pool's settings: query `userpool`.
    pub async fn userpool_detail(&self) -> Result<UserPool> {
        self.session.call_with(authing::userpool_detail()?, authing::non_null).await
    }
}

/// Builds a [`ManagementClient`].
#[derive(Clone, Debug)]
pub struct ManagementClientBuilder {
    settings: Settings,
    user_pool_id: String,
    secret: Password,
    public_key_pem: String,
    app_id: Option<String>,
    language: Option<String>,
}

impl ManagementClientBuilder {
    settings_methods!();

    /// Where the service is. Default: [`PUBLIC_SERVICE`](crate::authing::PUBLIC_SERVICE).
    pub fn host(mut self, url: impl Into<String>) -> Self {
        self.settings.base_url = url.into();
        self
    }

    /// The public key, as PEM, under which users' passwords are encrypted. Default:
    /// [`DEFAULT_PUBLIC_KEY_PEM`](crate::authing::DEFAULT_PUBLIC_KEY_PEM).
    pub fn public_key_pem(mut self, pem: impl Into<String>) -> Self {
        self.public_key_pem = pem.into();
        self
    }

    /// Says which application calls (`x-authing-app-id`). Default: none.
    pub fn app_id(mut self, id: impl Into<String>) -> Self {
        self.app_id = Some(id.into());
        self
    }

    /// The language of the service's messages (`x-authing-lang`), such as `zh-CN` or `en-US`. Default: the service's.
    pub fn lang(mut self, language: impl Into<String>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// Builds it. No request is sent.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration), which names the setting.
    pub fn build(self) -> Result<ManagementClient> {
        authing::check(&self.user_pool_id, &self.secret)?;
        let key = Arc::new(PasswordKey::from_pem(&self.public_key_pem)?);
        let (app_id, language) = (self.app_id.as_deref(), self.language.as_deref());
        let headers = authing::headers(&self.settings, &self.user_pool_id, app_id, language)?;
        let token = ManagementToken { user_pool_id: self.user_pool_id, secret: self.secret };
        // Who has another secret for the same pool does not get this one's token out of a shared store.
        let application = format!("{} {}", token.user_pool_id, token.secret.expose_secret());
        let method = Some(Arc::new(token) as _);
        let session =
            Session::new(FLAVOUR, "authing", &authing::DIALECT, &application, self.settings, headers, method)?;
        Ok(ManagementClient { session, key })
    }
}
