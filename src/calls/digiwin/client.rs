use super::{Identity, Orgs, Pipeline, Tenants, Users, maybe_async};
use crate::{
    Method, Result,
    config::{Settings, settings_methods},
    digiwin::{self, RequestOptions},
    secret::AppToken,
};
use serde_json::Value;

/// A client of Digiwin IAM.
///
/// Cheap to clone; clones share the connections and the session. Who serves many users takes one
/// [`with_session`](Self::with_session) a user.
#[derive(Clone, Debug)]
pub struct Client {
    pipeline: Pipeline,
}

impl Client {
    /// A client of the service at `base_url`, for the application that `app_token` names.
    pub fn builder(base_url: impl Into<String>, app_token: impl Into<AppToken>) -> ClientBuilder {
        ClientBuilder { settings: Settings::new(base_url.into()), app_token: app_token.into() }
    }

    /// A session of its own over the same connections, named by `key`: say, your user's id. No other session sees its token.
    /// The same key gives the same session, also in another process if they share a token store.
    pub fn with_session(&self, key: impl AsRef<str>) -> Self {
        Self { pipeline: self.pipeline.with_session(key.as_ref()) }
    }

    /// Logins, tokens and tenant switches.
    pub fn identity(&self) -> Identity {
        Identity::new(self.pipeline.clone())
    }

    /// Users.
    pub fn users(&self) -> Users {
        Users::new(self.pipeline.clone())
    }

    /// Tenants and their applications.
    pub fn tenants(&self) -> Tenants {
        Tenants::new(self.pipeline.clone())
    }

    /// Organizations; all calls need a token in a tenant.
    pub fn orgs(&self) -> Orgs {
        Orgs::new(self.pipeline.clone())
    }
}

#[maybe_async]
impl Client {
    /// A call that this crate has no method for, with the same headers, session, errors and limits. Gives the answer's data,
    /// taken out of its envelope; `null` where there is none.
    ///
    /// `path` stands below the base URL and can hold a query (`/api/iam/v2/user/simple?x=1`).
    pub async fn request(&self, method: Method, path: &str) -> Result<Value> {
        self.request_with(method, path, RequestOptions::new()).await
    }

    /// [`request`](Self::request) with a body or query parameters.
    pub async fn request_with(&self, method: Method, path: &str, options: RequestOptions) -> Result<Value> {
        self.pipeline.call(digiwin::raw_request(method, path, options)?).await
    }
}

/// Builds a [`Client`].
#[derive(Clone, Debug)]
pub struct ClientBuilder {
    settings: Settings,
    app_token: AppToken,
}

impl ClientBuilder {
    settings_methods!();

    /// The client.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration), naming the setting that is wrong.
    pub fn build(self) -> Result<Client> {
        let headers = digiwin::headers(&self.settings, &self.app_token)?;
        let application = self.app_token.expose_secret();
        let pipeline = Pipeline::new("digiwin", &digiwin::DIALECT, application, self.settings, headers, None)?;
        Ok(Client { pipeline })
    }
}
