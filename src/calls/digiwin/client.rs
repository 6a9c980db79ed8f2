use super::{Call, Identity, Orgs, Session, Tenants, Users, client_methods, options_method};
use crate::{
    Result,
    digiwin::{self, Credentials},
    secret::AppToken,
};

/// Builds a [`Client`].
pub type ClientBuilder = digiwin::ClientBuilder<Client>;

/// A client of Digiwin IAM.
///
/// Cheap to clone; clones share the connections and the session. To serve many users, create one session per user with
/// [`with_session`](Self::with_session); to call with a token that a request brought, use [`with_token`](Self::with_token).
#[derive(Clone, Debug)]
pub struct Client {
    session: Session,
}

impl Client {
    /// Begins a client of the service at `base_url`, for the application that `app_token` names.
    pub fn builder(base_url: impl Into<String>, app_token: impl Into<AppToken>) -> ClientBuilder {
        ClientBuilder::new(base_url.into(), app_token.into())
    }

    client_methods!(sessions: digiwin::login_method, "identity().login");
    client_methods!();
    options_method!();
    client_methods!(request: digiwin::REQUEST);

    /// Prepares the next login of any session of this client: it then takes two requests and does not wait for a key pair.
    ///
    /// Asks for the service's public key, which opens a connection, and meanwhile makes the key pair of the next login. It sends the app
    /// token and nothing secret of a user, and neither needs nor changes a session's token. A connection that is not used is closed
    /// after a while, and the blocking client uses it for a login within 250 ms only; the key is remembered as long as the builder's
    /// [`login_key_lifetime`](ClientBuilder::login_key_lifetime) says, the key pair as long as the client lives.
    ///
    /// # Errors
    ///
    /// Those of `identity().get_public_key()`, such as [`Application`](crate::ErrorKind::Application) for a wrong app token, and
    /// [`Crypto`](crate::ErrorKind::Crypto) where the service's key cannot be read. A login is no worse off for them: it asks again.
    pub fn prepare_login(&self) -> Call<()> {
        self.session.prepare_login(digiwin::identity::login_keys(None))
    }

    /// Returns the calls that log users in and out, and switch tenants.
    pub fn identity(&self) -> Identity {
        Identity { session: self.session.clone() }
    }

    /// Returns the calls about users.
    pub fn users(&self) -> Users {
        Users { session: self.session.clone() }
    }

    /// Returns the calls about tenants and their applications.
    pub fn tenants(&self) -> Tenants {
        Tenants { session: self.session.clone() }
    }

    /// Returns the calls about organizations, which need a token in a tenant.
    pub fn orgs(&self) -> Orgs {
        Orgs { session: self.session.clone() }
    }
}

impl ClientBuilder {
    /// Builds the client. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration), naming the setting that is wrong.
    pub fn build(self) -> Result<Client> {
        Ok(Client { session: Session::new(self.prepare()?)? })
    }
}
