use super::{Call, Groups, Orgs, Session, Users, client_methods, options_method};
use crate::{
    Json, Password, Result, UserToken,
    authing::{
        self, Credentials, EmailScene, ManagementToken, PasswordCheck, PasswordKey, Prepared, TokenStatus, UserPool,
        account, documents,
    },
    protocol::decode::Data,
};
use serde::Serialize;
use std::sync::Arc;

/// Builds a [`ManagementClient`].
pub type ManagementClientBuilder = authing::ManagementClientBuilder<ManagementClient>;

/// A client of Authing's management API, for one user pool.
///
/// Cheap to clone; clones share the connections and the management token. The first call that needs the token fetches it with
/// the pool's secret, once for all that wait; it is refreshed an hour before it ends, or a tenth of its lifetime if that is
/// shorter, and once after the service has refused it. The kinds that the service's codes mean are in
/// [`authing`](crate::authing).
#[derive(Clone, Debug)]
pub struct ManagementClient {
    session: Session,
    token: Arc<ManagementToken>,
    key: Arc<PasswordKey>,
}

impl ManagementClient {
    /// Begins a client for this user pool. The secret can be empty if the builder gets
    /// [`credentials`](ManagementClientBuilder::credentials).
    pub fn builder(user_pool_id: impl Into<String>, secret: impl Into<Password>) -> ManagementClientBuilder {
        ManagementClientBuilder::new(user_pool_id.into(), secret.into())
    }

    /// Creates a session over the same connections, named by `key`, with a management token of its own.
    ///
    /// It fetches the token as the client itself does. A key always gives the same session, also in other processes that share the token
    /// store.
    pub fn with_session(&self, key: impl AsRef<str>) -> Self {
        self.with_login(key.as_ref(), self.token.clone())
    }

    /// Creates a session that fetches its management token with `credentials`, named by `key`.
    ///
    /// They are another secret of the pool, as `Credentials::secret(user_pool_id, secret)`, or a provider of secrets or
    /// tokens.
    pub fn with_session_as(&self, key: impl AsRef<str>, credentials: Credentials) -> Self {
        self.with_login(key.as_ref(), Arc::new(self.token.with_credentials(credentials.0)))
    }

    fn with_login(&self, key: &str, token: Arc<ManagementToken>) -> Self {
        let session = self.session.with_session(key, Some(token.clone()));
        Self { session, token, key: self.key.clone() }
    }

    client_methods!(token, key);
    options_method!(token, key);
    client_methods!(request: authing::REQUEST);

    /// Returns the calls about users: their data, roles, groups, policies, departments and sign-ins.
    pub fn users(&self) -> Users {
        Users { session: self.session.clone(), key: self.key.clone() }
    }

    /// Returns the calls about organizations, their nodes and members.
    pub fn orgs(&self) -> Orgs {
        Orgs { session: self.session.clone() }
    }

    #[cfg(feature = "server")]
    #[allow(dead_code, reason = "the blocking client tells no guard whom a token is for")]
    pub(crate) fn user_pool_id(&self) -> &str {
        self.token.user_pool_id()
    }

    /// Returns the calls about groups and their members.
    pub fn groups(&self) -> Groups {
        Groups { session: self.session.clone() }
    }

    /// Returns whether a user's token is valid, and whose it is.
    ///
    /// The management token does not go along. An invalid token is no error:
    /// [`status`](TokenStatus::status) says so.
    #[doc = documents::docs!(CHECK_LOGIN_STATUS)]
    pub fn check_login_status(&self, token: impl Into<UserToken>) -> Call<TokenStatus> {
        self.session.call(authing::check_login_status(&token.into()))
    }

    /// Returns whether a password fits the pool's rules.
    ///
    /// The password goes out unencrypted.
    #[doc = account::docs!(IS_PASSWORD_VALID)]
    pub fn is_password_valid(&self, password: impl Into<Password>) -> Call<PasswordCheck> {
        self.session.call_with(authing::is_password_valid(&password.into()), authing::password_check)
    }

    /// Sends a mail of the service's to an address.
    ///
    /// The management token does not go along.
    #[doc = documents::docs!(SEND_EMAIL)]
    pub fn send_email(&self, email: &str, scene: EmailScene) -> Call<()> {
        self.session.call_with(authing::send_email(email, scene), authing::check_status)
    }

    /// Sends any other GraphQL operation, and returns the response's `data`: an object of the root fields.
    ///
    /// It has the headers, token, errors and limits of all calls. It is sent again after a failure that leaves open whether the
    /// service has seen it only if the document is certain to hold queries and fragments alone. Pass user input in
    /// `variables`, never in the document.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument): `variables` do not serialize to an object or to `null`.
    pub fn graphql(&self, document: &str, variables: &impl Serialize) -> Call<Json> {
        self.session.call(authing::graphql(document, variables))
    }

    /// Returns the pool's settings.
    #[doc = documents::docs!(USERPOOL)]
    pub fn userpool_detail(&self) -> Call<UserPool> {
        self.session.call_with(authing::userpool_detail(), Data::non_null)
    }
}

impl ManagementClientBuilder {
    /// Builds the client. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration), naming the setting that is wrong.
    pub fn build(self) -> Result<ManagementClient> {
        let Prepared { application, settings, token, key } = self.prepare()?;
        Ok(ManagementClient { session: Session::new((application, settings))?, token, key })
    }
}
