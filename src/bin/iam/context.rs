//! The clients that commands call, made from the settings.

use crate::{
    failure::{Failure, Result},
    profiles::Profiles,
    secrets::Source,
    service::Service,
    settings::{Flags, Settings},
    store::{FirstUse, Sealed, Store},
};
use iam_sdk::{
    CallOptions, Password,
    authing::{self, PUBLIC_SERVICE as AUTHING},
    blocking::{Client, authing::ManagementClient, cloudspot::LicenseClient},
    cloudspot::{self, PUBLIC_SERVICE as LICENSE},
    digiwin::{self, TenantId},
};
use std::{cell::OnceCell, env, fs, time::Duration};

/// Gives a builder what all services' builders have.
macro_rules! set {
    ($context:expr, $builder:expr) => {{
        let mut builder = $builder.user_agent(concat!("iam/", env!("CARGO_PKG_VERSION")));
        if let Some(seconds) = $context.settings.get("timeout") {
            let seconds = seconds.parse().map_err(|_| Failure::Usage("timeout: no number of seconds".to_owned()))?;
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

/// All that a command knows besides its own arguments.
pub struct Context {
    pub settings: Settings,
    pub profiles: Profiles,
    pub service: Option<Service>,
    /// A password that `iam login` was given.
    pub given_password: Option<Password>,
    /// How to log in, where `iam login` was told.
    pub given_login: Option<&'static str>,
    /// An application's token that `iam login` was given.
    pub given_app_token: Option<Password>,
    /// The store, once it is open: its key may take a keyring's time, or a derivation.
    store: OnceCell<Option<Store>>,
}

impl Context {
    /// Reads the profiles, and finds the one for a service; without a service, the one that is chosen.
    pub fn new(flags: Flags, service: Option<Service>) -> Result<Self> {
        let profiles = Profiles::read()?;
        let named = flags.profile.clone().or_else(|| env::var("IAM_PROFILE").ok().filter(|name| !name.is_empty()));
        let name = match named {
            Some(name) if profiles.get(&name).is_none() => {
                return Err(Failure::Usage(format!(
                    "there is no profile `{name}` in {}; `iam login --profile {name}` makes it",
                    profiles.path().display()
                )));
            }
            Some(name) => Some(name),
            // A profile that does not fit the environment's service is none of its business.
            None => profiles.chosen(service.or_else(|| Service::named(&env::var("IAM_SERVICE").ok()?)))?,
        };
        Self::of_profile(flags, service, profiles, name)
    }

    /// Uses a profile, which need not be there yet.
    pub fn of_profile(
        flags: Flags,
        service: Option<Service>,
        profiles: Profiles,
        name: Option<String>,
    ) -> Result<Self> {
        let profile = name.map(|name| {
            let values = profiles.get(&name).unwrap_or_default();
            (name, values)
        });
        let settings = Settings::new(flags, |name| env::var(name).ok(), profile);
        let own = settings.get("service").and_then(|name| Service::named(&name));
        if let (Some(wanted), Some(own), Some(profile)) = (service, own, settings.profile())
            && wanted != own
        {
            return Err(Failure::Usage(format!("profile `{profile}` is of {own}, and the command of {wanted}")));
        }
        let service = service.or(own);
        Ok(Self {
            settings,
            profiles,
            service,
            given_password: None,
            given_login: None,
            given_app_token: None,
            store: OnceCell::new(),
        })
    }

    /// Returns the name of the profile, or what stands for it where all comes from flags and the environment.
    pub fn profile(&self) -> String {
        self.settings.profile().unwrap_or("default").to_owned()
    }

    /// Returns the service of the profile.
    pub fn service(&self) -> Result<Service> {
        self.service.ok_or_else(|| {
            Failure::Usage(
                "which service? name a profile with --profile, or run `iam login digiwin|authing|license`".to_owned(),
            )
        })
    }

    /// Opens the store, if there is one.
    pub fn store(&self) -> Result<Option<Store>> {
        if let Some(store) = self.store.get() {
            return Ok(store.clone());
        }
        // Whoever has a profile wants to stay logged in.
        let first_use = if self.settings.profile().is_some() { FirstUse::Decide } else { FirstUse::Leave };
        let store = Store::open(&self.settings, first_use)?;
        if let (Some(store), Some(profile)) = (&store, self.settings.profile())
            && self.settings.get("store_key").is_none()
        {
            // Kept, so that a later run does not take another key.
            let mut profiles = Profiles::read()?;
            profiles.set(profile, "store_key", store.key.name())?;
            profiles.write()?;
        }
        Ok(self.store.get_or_init(|| store).clone())
    }

    /// Uses a store that is open.
    pub fn set_store(&mut self, store: Store) {
        self.store = OnceCell::from(Some(store));
    }

    /// Returns a token from the environment, in place of a session's; a login is about the session.
    fn own_token(&self) -> Option<String> {
        own_token().filter(|_| self.given_password.is_none())
    }

    fn required(&self, name: &'static str) -> Result<String> {
        self.settings.get(name).ok_or_else(|| missing(name))
    }

    /// Returns a secret's name in the store.
    pub fn sealed(&self, what: &'static str) -> Sealed {
        let base_url = self.settings.get("base_url").unwrap_or_default();
        Sealed { profile: self.profile(), base_url, what }
    }

    /// Returns where a secret comes from, besides the store: the first place that is set.
    pub fn source(&self, service: Service, what: &'static str) -> Option<Source> {
        let variable = variable_of(service, what);
        if env::var_os(variable).is_some_and(|value| !value.is_empty()) {
            return Some(Source::Variable(variable));
        }
        let (file, command) = match what {
            "app_token" => ("app_token_file", "app_token_command"),
            _ => ("password_file", "credential_command"),
        };
        let file = self.settings.get(file).map(|path| Source::File(path.into()));
        file.or_else(|| self.settings.get(command).map(Source::Command))
    }

    /// Returns the application's token.
    pub fn app_token(&self) -> Result<Password> {
        if let Some(given) = &self.given_app_token {
            return Ok(given.clone());
        }
        if let Some(source) = self.source(Service::Digiwin, "app_token") {
            return source.read();
        }
        let kept = self.store()?.map(|store| store.kept(&self.sealed("app_token"))).transpose()?.flatten();
        kept.ok_or_else(|| {
            Failure::NotLoggedIn("there is no application token: run `iam login`, or set IAM_APP_TOKEN".to_owned())
        })
    }

    /// Returns what finds the password once a login needs it.
    fn password(&self, service: Service) -> Result<impl Fn() -> Result<Password> + Send + Sync + 'static> {
        let (given, source) = (self.given_password.clone(), self.source(service, "password"));
        let (store, sealed, profile) =
            (self.store()?, self.sealed("password"), self.settings.profile().map(str::to_owned));
        Ok(move || {
            if let Some(given) = &given {
                return Ok(given.clone());
            }
            if let Some(source) = &source {
                return source.read();
            }
            let kept = store.as_ref().map(|store| store.kept(&sealed)).transpose()?.flatten();
            kept.ok_or_else(|| {
                let profile = profile.iter().map(|name| format!(" --profile {name}")).collect::<String>();
                Failure::NotLoggedIn(format!("not logged in, or no longer: run `iam login{profile}`"))
            })
        })
    }

    /// Makes a client of Digiwin.
    pub fn digiwin(&self) -> Result<Client> {
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
    pub fn authing(&self) -> Result<ManagementClient> {
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
    pub fn license(&self) -> Result<LicenseClient> {
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

/// Returns the variable that a secret comes from.
pub fn variable_of(service: Service, what: &str) -> &'static str {
    match (what, service) {
        ("app_token", _) => "IAM_APP_TOKEN",
        (_, Service::Authing) => "IAM_USER_POOL_SECRET",
        _ => "IAM_PASSWORD",
    }
}

/// Returns a token from the environment, in place of a session's.
pub fn own_token() -> Option<String> {
    env::var("IAM_TOKEN").ok().filter(|token| !token.is_empty())
}

fn missing(name: &'static str) -> Failure {
    let flag = format!("--{}", name.replace('_', "-"));
    let variable = format!("IAM_{}", name.to_uppercase());
    Failure::Usage(format!("{name} is not known: use {flag} or {variable}, or run `iam login`"))
}

/// A client of any service.
pub trait Connect: Sized {
    /// The service.
    const SERVICE: Service;

    /// Makes the client.
    fn connect(context: &Context) -> Result<Self>;

    /// Returns a copy whose calls show their requests in place of sending them.
    fn dry(&self) -> iam_sdk::Result<Self>;
}

macro_rules! connect {
    ($($client:ty: $service:ident $connect:ident;)+) => {$(
        impl Connect for $client {
            const SERVICE: Service = Service::$service;

            fn connect(context: &Context) -> Result<Self> {
                context.$connect()
            }

            fn dry(&self) -> iam_sdk::Result<Self> {
                self.with_options(CallOptions::new().dry_run(true))
            }
        }
    )+};
}

connect! {
    Client: Digiwin digiwin;
    ManagementClient: Authing authing;
    LicenseClient: License license;
}
