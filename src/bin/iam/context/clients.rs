//! The clients that commands call, made from the settings.

use super::{Context, missing};
use crate::{
    failure::{Failure, Result},
    service::Service,
};
use iam_sdk::{
    CallOptions, UserToken,
    authing::{self, PUBLIC_SERVICE as AUTHING},
    blocking::{Client, authing::ManagementClient, cloudspot::LicenseClient},
    cloudspot::{self, PUBLIC_SERVICE as LICENSE},
    digiwin::{self, TenantId},
};
use std::{fs, time::Duration};

/// Gives a builder what all services' builders have.
macro_rules! set {
    ($context:expr, $builder:expr) => {{
        let mut builder = $builder.user_agent(concat!("iam/", env!("CARGO_PKG_VERSION")));
        if let Some(seconds) = $context.settings.get("timeout") {
            let seconds = seconds.parse::<u64>().ok().filter(|seconds| *seconds > 0);
            let seconds = seconds.ok_or_else(|| $context.invalid("timeout", "a number of seconds above 0"))?;
            builder = builder.timeout(Duration::from_secs(seconds));
        }
        if let Some(path) = $context.settings.get("ca_file") {
            let certificates = fs::read(&path).map_err(|error| Failure::input(path.as_ref(), &error))?;
            builder = builder.add_root_certificate(certificates);
        }
        if let Some(store) = $context.store()? {
            builder = builder.shared_token_store(store.tokens);
        }
        builder
    }};
}

impl Context {
    /// Makes a client of Digiwin.
    fn digiwin(&self) -> Result<Client> {
        let builder = Client::builder(self.required("base_url")?, self.app_token()?.expose_secret());
        let client = set!(self, builder).build()?;
        if let Some(token) = self.own_token() {
            return Ok(client.with_token(token)?);
        }
        let (user, tenant) = (self.settings.get("user").unwrap_or_default(), self.settings.get("tenant"));
        let way = self.given_login.map(str::to_owned).or_else(|| self.settings.get("login")).unwrap_or_default();
        let password = self.password(Service::Digiwin)?;
        let (name, of_internal) = (user.clone(), tenant.clone().unwrap_or_default());
        let credentials = digiwin::Credentials::from_fn(name, move || {
            // First: without a password it does not matter who logs in.
            let password = password()?;
            match (user.as_str(), way.as_str()) {
                ("", _) => Err(missing("user")),
                (user, "ad") => Ok(digiwin::Credentials::active_directory(user, password)),
                (user, "internal") => Ok(digiwin::Credentials::internal(TenantId(&of_internal), user, password)),
                (user, "" | "password") => Ok(digiwin::Credentials::password(user, password)),
                _ => Err(Failure::Usage("login: neither `password` nor `ad` nor `internal`".to_owned())),
            }
        });
        let credentials = tenant.into_iter().fold(credentials, digiwin::Credentials::tenant_id);
        Ok(client.with_session_as(self.profile(), credentials))
    }

    /// Makes a client of Authing.
    fn authing(&self) -> Result<ManagementClient> {
        let pool = self.required("user_pool")?;
        let (password, own) = (self.password(Service::Authing)?, pool.clone());
        let credentials = authing::Credentials::from_fn(self.profile(), move || {
            Ok::<_, Failure>(authing::Credentials::secret(own.as_str(), password()?))
        });
        let builder = ManagementClient::builder(pool, "").credentials(credentials);
        let builder = builder.base_url(self.settings.get("base_url").unwrap_or_else(|| AUTHING.to_owned()));
        let client = set!(self, builder).build()?;
        match self.own_token() {
            Some(token) => Ok(client.with_token(token)?),
            None => Ok(client),
        }
    }

    /// Makes a client of Cloudspot License.
    fn license(&self) -> Result<LicenseClient> {
        let builder = LicenseClient::builder(self.required("application")?);
        let builder = builder.base_url(self.settings.get("base_url").unwrap_or_else(|| LICENSE.to_owned()));
        let client = set!(self, builder).build()?;
        if let Some(token) = self.own_token() {
            return Ok(client.with_token(token)?);
        }
        let (password, user) = (self.password(Service::License)?, self.settings.get("user").unwrap_or_default());
        let credentials = cloudspot::Credentials::from_fn(user.clone(), move || {
            let password = password()?;
            match user.as_str() {
                "" => Err(missing("user")),
                user => Ok(cloudspot::Credentials::password(user, password)),
            }
        });
        Ok(client.with_session_as(self.profile(), credentials))
    }
}

/// A client of any service.
pub trait Connect: Sized {
    /// The service.
    const SERVICE: Service;

    /// Makes the client.
    fn connect(context: &Context) -> Result<Self>;

    /// Returns a copy whose calls show their requests in place of sending them.
    fn dry(&self) -> iam_sdk::Result<Self>;

    /// Forgets the session's token.
    fn clear_token(&self) -> iam_sdk::Result<()>;

    /// Returns the session's token after a call, so that it is one that works.
    fn working_token(&self) -> iam_sdk::Result<Option<UserToken>>;

    /// Asks the service who is logged in, and returns that in words.
    fn who(&self) -> iam_sdk::Result<String>;
}

macro_rules! connect {
    ($($client:ty: $service:ident $connect:ident |$c:ident| $who:expr;)+) => {$(
        impl Connect for $client {
            const SERVICE: Service = Service::$service;

            fn connect(context: &Context) -> Result<Self> {
                context.$connect()
            }

            fn dry(&self) -> iam_sdk::Result<Self> {
                self.with_options(CallOptions::new().dry_run(true))
            }

            fn clear_token(&self) -> iam_sdk::Result<()> {
                self.set_current_token(None)
            }

            fn working_token(&self) -> iam_sdk::Result<Option<UserToken>> {
                self.who()?;
                self.current_token()
            }

            fn who(&self) -> iam_sdk::Result<String> {
                let $c = self;
                let parts: [Option<String>; 2] = $who;
                Ok(parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
            }
        }
    )+};
}

connect! {
    Client: Digiwin digiwin |c| {
        let token = c.identity().analyze_token()?;
        [token.user_id, token.tenant_id.map(|id| format!("tenant {id}"))]
    };
    ManagementClient: Authing authing |c| {
        let pool = c.userpool_detail()?;
        [pool.name.map(|name| format!("user pool {name}")), None]
    };
    LicenseClient: License license |c| [c.get_user()?.email, None];
}
