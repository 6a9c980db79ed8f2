//! What a command works with: its settings, its profile, its secrets and its store.

mod clients;

pub use clients::Connect;

use crate::{
    failure::{Failure, Result},
    profiles::Profiles,
    secrets::Source,
    service::Service,
    settings::{self, Flags, Origin, Settings},
    store::{FirstUse, Sealed, Store},
};
use iam_sdk::{
    Password,
    blocking::{Client, authing::ManagementClient, cloudspot::LicenseClient},
};
use std::{cell::OnceCell, env, time::Duration};

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
    /// Whether secrets come from the environment: they are for the profile that a command uses, not for every profile that it looks at.
    pub secrets_from_environment: bool,
    /// Whether the command is about the session, for which no token from the environment stands.
    pub is_about_session: bool,
    /// Whether the first use of a store chooses its key, and writes the choice into the profile.
    pub chooses_key: bool,
    /// The store, once it is open: its key may take a keyring's time, or a derivation.
    store: OnceCell<Option<Store>>,
}

impl Context {
    /// Reads the profiles, and finds the one for a service; without a service, the one that is chosen.
    pub fn new(flags: Flags, service: Option<Service>) -> Result<Self> {
        let profiles = Profiles::read()?;
        let name = match named_profile(&flags) {
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
        Self::of_settings(Settings::new(flags, |name| env::var(name).ok(), profile), service, profiles)
    }

    /// Uses what a profile itself says, and nothing from flags or the environment.
    pub fn of_profile_alone(profiles: Profiles, name: &str) -> Result<Self> {
        let profile = (name.to_owned(), profiles.get(name).unwrap_or_default());
        let context = Self::of_settings(Settings::new(Flags::default(), |_| None, Some(profile)), None, profiles)?;
        Ok(Self { secrets_from_environment: false, chooses_key: false, ..context })
    }

    fn of_settings(settings: Settings, service: Option<Service>, profiles: Profiles) -> Result<Self> {
        settings::check_environment()?;
        // What a profile is of does not change with the environment.
        let of_profile = settings.profile().and_then(|name| profiles.service(name));
        let own = of_profile.or_else(|| settings.get("service").and_then(|name| Service::named(&name)));
        if let (Some(wanted), Some(own), Some(profile)) = (service, of_profile, settings.profile())
            && wanted != own
        {
            let fitting: Vec<_> =
                profiles.names().into_iter().filter(|name| profiles.service(name) == Some(wanted)).collect();
            let how = match fitting.is_empty() {
                true => format!("`iam login {wanted} --profile NAME` makes one"),
                false => format!("profiles of {wanted}: {}", fitting.join(", ")),
            };
            return Err(Failure::Usage(format!("profile `{profile}` is of {own}, and the command of {wanted}; {how}")));
        }
        let service = service.or(own);
        Ok(Self {
            settings,
            profiles,
            service,
            given_password: None,
            given_login: None,
            given_app_token: None,
            secrets_from_environment: true,
            is_about_session: false,
            chooses_key: true,
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
        // A profile is made to stay logged in.
        let chooses = self.chooses_key && self.settings.profile().is_some();
        let first_use = if chooses { FirstUse::Decide } else { FirstUse::Leave };
        let is_first = self.settings.get("store_key").is_none();
        let store = match Store::open(&self.settings, first_use) {
            // A home that cannot be written, as in a container: what the environment brings is enough for one run.
            Err(failure) if chooses && is_first => {
                crate::say!("iam: no token is kept: {failure}");
                None
            }
            store => store?,
        };
        if let (true, true, Some(store), Some(profile)) = (chooses, is_first, &store, self.settings.profile()) {
            // Kept, so that a later run does not take another key.
            let kept = Profiles::update(|profiles| profiles.set(profile, "store_key", store.key.name()));
            if let Err(failure) = kept {
                crate::say!(
                    "iam: the profile does not say that the tokens are sealed under a key in {}: {failure}",
                    store.key
                );
            }
        }
        Ok(self.store.get_or_init(|| store).clone())
    }

    /// Uses a store that is open.
    pub fn set_store(&mut self, store: Store) {
        self.store = OnceCell::from(Some(store));
    }

    /// Returns a token from the environment, in place of a session's; a login is about the session.
    fn own_token(&self) -> Option<String> {
        own_token().filter(|_| self.secrets_from_environment && !self.is_about_session && self.given_password.is_none())
    }

    /// Says that a setting's value is not valid, and where it came from.
    fn invalid(&self, name: &'static str, wanted: &str) -> Failure {
        let found = self.settings.find(name).map(|(value, origin)| format!("`{value}` (from {origin}) "));
        Failure::Usage(format!("{name}: {}is not {wanted}", found.unwrap_or_default()))
    }

    /// Forgets what is kept for a profile: its session's token, and its secrets.
    pub fn forget_secrets(&self) -> Result<()> {
        let Some(store) = self.store()? else { return Ok(()) };
        // A client that cannot be made for lack of a setting or a secret has no token either.
        match self.service {
            Some(Service::Digiwin) => Client::connect(self).map(|client| client.set_current_token(None)),
            Some(Service::Authing) => ManagementClient::connect(self).map(|client| client.set_current_token(None)),
            Some(Service::License) => LicenseClient::connect(self).map(|client| client.set_current_token(None)),
            None => Ok(Ok(())),
        }
        .unwrap_or(Ok(()))?;
        store.forget(&self.sealed("password"))?;
        store.forget(&self.sealed("app_token"))
    }

    fn required(&self, name: &'static str) -> Result<String> {
        self.settings.get(name).ok_or_else(|| missing(name))
    }

    /// Returns a secret's name in the store.
    pub fn sealed(&self, what: &'static str) -> Sealed {
        let base_url = self.settings.get("base_url").unwrap_or_default();
        let base_url = base_url.trim_end_matches('/').to_owned();
        Sealed { profile: self.profile(), base_url, what }
    }

    /// Returns where a secret comes from, besides the store: the first place that is set.
    pub fn source(&self, service: Service, what: &'static str) -> Option<Source> {
        let variable = variable_of(service, what);
        if self.secrets_from_environment && env::var_os(variable).is_some_and(|value| !value.is_empty()) {
            return Some(Source::Variable(variable));
        }
        let [file, command] = match what {
            "app_token" => ["app_token_file", "app_token_command"],
            _ => ["password_file", "credential_command"],
        };
        let nearest = self.settings.nearest([file, command])?;
        let value = self.settings.get(nearest)?;
        // The call that needs it waits no longer.
        let limit = self.settings.get("timeout").and_then(|seconds| seconds.parse().ok()).unwrap_or(30);
        let command = |line| Source::Command(line, Duration::from_secs(limit));
        Some(if nearest == file { Source::File(value.into()) } else { command(value) })
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
        let (store, sealed) = (self.store()?, self.sealed("password"));
        let how = self.how_to_log_in();
        Ok(move || {
            if let Some(given) = &given {
                return Ok(given.clone());
            }
            if let Some(source) = &source {
                return source.read();
            }
            let kept = store.as_ref().map(|store| store.kept(&sealed)).transpose()?.flatten();
            kept.ok_or_else(|| Failure::NotLoggedIn(format!("not logged in, or no longer: {how}")))
        })
    }

    /// Says what to do where there is no session.
    fn how_to_log_in(&self) -> String {
        let profile = self.settings.profile().map(|name| format!(" --profile {name}")).unwrap_or_default();
        let mut how = format!("run `iam login{profile}`");
        for name in ["user", "tenant"] {
            // A login of the profile alone would be another one.
            if let Some((value, origin @ (Origin::Flag(_) | Origin::Variable(_)))) = self.settings.find(name) {
                how += &format!("; {origin} asks for the {name} `{value}`, whose session is another one");
            }
        }
        how
    }
}

/// Returns the profile that a flag or the environment names.
pub fn named_profile(flags: &Flags) -> Option<String> {
    flags.profile.clone().or_else(|| env::var("IAM_PROFILE").ok().filter(|name| !name.is_empty()))
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
