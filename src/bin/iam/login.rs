//! `iam login`: logs in once, and keeps what later runs need, sealed.

use crate::{
    command::Global,
    context::{Connect as _, Context, named_profile},
    failure::{Failure, Result},
    profiles::Profiles,
    prompt, secrets,
    service::Service,
    settings::Flags,
    store::{FirstUse, Store},
};
use clap::{Args, ValueEnum};
use iam_sdk::{
    ErrorKind, Password, UserToken,
    blocking::{Client, authing::ManagementClient, cloudspot::LicenseClient},
    digiwin,
    token_store::StoredToken,
};
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  iam login digiwin --base-url https://iam.example.com --user ann\n  \
    iam login authing --user-pool 59f8… --profile pool\n  \
    iam login license --application app-1 --user ann@example.com --password-stdin < password.txt\n  \
    iam login --profile work\n\nNo flag takes a secret: `iam help environment` says where else they come from.")]
pub struct Login {
    /// The service; without it the profile's
    service: Option<Service>,
    /// How to log in (digiwin)
    #[arg(long, value_enum, value_name = "METHOD")]
    method: Option<Method>,
    /// Read the password from standard input (authing: the pool's secret)
    #[arg(long)]
    password_stdin: bool,
    /// Read the password from a file
    #[arg(long, value_name = "FILE", conflicts_with = "password_stdin")]
    password_file: Option<PathBuf>,
    /// Read the application's token from a file (digiwin)
    #[arg(long, value_name = "FILE")]
    app_token_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// With a user id and a password
    Password,
    /// With Digiwin's Active Directory
    Ad,
    /// As an internal user of a tenant
    Internal,
    /// With a code that was sent to the user's phone; for this login alone
    Code,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Ad => "ad",
            Self::Internal => "internal",
            Self::Code => "code",
        }
    }
}

impl Login {
    pub fn run(self, global: &Global) -> Result<()> {
        let mut inputs = LoginInputs::new(&self, global.flags.clone())?;
        let service = inputs.service;
        inputs.ask_missing()?;
        let LoginInputs { flags, profile, method, .. } = inputs;

        let mut context = Context::of_profile(flags, Some(service), Profiles::read()?, Some(profile.clone()))?;
        // Before a password is asked for, so that a login is never lost afterwards.
        Profiles::check_update(|profiles| profiles.set(&profile, "service", service.name()))?;
        let store = Store::open(&context.settings, FirstUse::Decide)?;
        let store = store.ok_or_else(|| Failure::Other("there is no place for the tokens".to_owned()))?;
        store.check()?;
        context.set_store(store.clone());
        if let Some(reason) = &store.no_keyring {
            crate::say!("The keyring cannot be used ({reason}); the tokens are sealed under a key in {}.", store.key);
        }
        let can_ask = prompt::possible();
        let mut to_keep = Vec::new();
        if service == Service::Digiwin {
            let (app_token, keep) = self.app_token(&context, can_ask)?;
            context.given_app_token = Some(app_token.clone());
            to_keep.extend(keep.then(|| (context.sealed("app_token"), app_token)));
        }
        let secret = self.secret(&context, service, method, can_ask)?;
        // A pool's secret is what every later run needs; a user's password is not kept.
        let keep = service == Service::Authing && context.source(service, "password").is_none();
        to_keep.extend(keep.then(|| (context.sealed("password"), secret.clone())));
        context.given_password = Some(secret);
        context.given_login = Some(method.name());

        match service {
            Service::Digiwin => digiwin_login(&context, method)?,
            Service::Authing => ManagementClient::connect(&context)?.log_in()?,
            Service::License => {
                let logged_in = LicenseClient::connect(&context)?.log_in();
                logged_in.map_err(|error| with_hint(error.into(), &context))?;
            }
        }
        for (sealed, text) in to_keep {
            store.keep(&sealed, &text)?;
        }
        keep_profile(&context, service, method, &store)?;
        crate::say!(
            "Logged in: profile `{profile}` ({service}). The tokens in {} are sealed under a key in {}.",
            store.directory.display(),
            store.key
        );
        Ok(())
    }

    /// Returns the application's token, and whether it is to be kept: what comes from a file or a command will come again.
    fn app_token(&self, context: &Context, can_ask: bool) -> Result<(Password, bool)> {
        if let Some(path) = &self.app_token_file {
            return Ok((secrets::Source::File(path.clone()).read()?, true));
        }
        match context.source(Service::Digiwin, "app_token") {
            Some(source) => Ok((source.read()?, matches!(source, secrets::Source::Variable(_)))),
            None => match context.app_token() {
                Ok(kept) => Ok((kept, false)),
                Err(Failure::NotLoggedIn(_)) if can_ask => Ok((prompt::secret("The application's token")?, true)),
                Err(Failure::NotLoggedIn(_)) => Err(Failure::Usage(
                    "there is no application token: use --app-token-file, or set IAM_APP_TOKEN".to_owned(),
                )),
                // A new key of the store leaves an entry that nobody can open: a login replaces it.
                Err(Failure::Call(error)) if error.kind() == ErrorKind::Store && can_ask => {
                    Ok((prompt::secret("The application's token")?, true))
                }
                Err(other) => Err(other),
            },
        }
    }

    fn secret(&self, context: &Context, service: Service, method: Method, can_ask: bool) -> Result<Password> {
        if let Some(path) = &self.password_file {
            return secrets::Source::File(path.clone()).read();
        }
        if self.password_stdin {
            return secrets::from_stdin();
        }
        if let Some(source) = context.source(service, "password").filter(|_| method != Method::Code) {
            return source.read();
        }
        let user = context.settings.get("user").unwrap_or_default();
        let question = match (service, method) {
            (Service::Authing, _) => "The user pool's secret".to_owned(),
            (_, Method::Code) => format!("The code that was sent to {user}"),
            _ => format!("Password of {user}"),
        };
        match can_ask {
            true => prompt::secret(&question),
            false => Err(Failure::Usage(
                "there is no password: use --password-stdin or --password-file, or see `iam help environment`"
                    .to_owned(),
            )),
        }
    }
}

/// What is known before a password is asked for.
struct LoginInputs {
    service: Service,
    profile: String,
    method: Method,
    flags: Flags,
    can_ask: bool,
    known: Context,
}

impl LoginInputs {
    fn new(login: &Login, flags: Flags) -> Result<Self> {
        let profiles = Profiles::read()?;
        let named = named_profile(&flags);
        let chosen = match &named {
            Some(name) => Some(name.clone()),
            None => profiles.chosen(login.service)?,
        };
        let known = Context::of_profile(flags.clone(), login.service, profiles, chosen.clone())?;
        if named.is_none() {
            refuse_to_rewrite(&known)?;
        }
        let service = match known.service {
            Some(service) => service,
            None => ask_service(named.as_deref())?,
        };
        let stored = known.settings.get("login");
        let of_profile = || stored.as_deref().and_then(|name| Method::from_str(name, true).ok());
        Ok(Self {
            profile: chosen.unwrap_or_else(|| service.name().to_owned()),
            method: login.method.or_else(of_profile).unwrap_or(Method::Password),
            can_ask: prompt::possible(),
            service,
            flags,
            known,
        })
    }

    fn ask_missing(&mut self) -> Result<()> {
        let needed: &[(&'static str, &str)] = match self.service {
            Service::Digiwin => &[("base_url", "Address of the service"), ("user", "User")],
            Service::Authing => &[("user_pool", "Id of the user pool")],
            Service::License => &[("application", "Id of the application"), ("user", "User")],
        };
        for &(name, question) in needed {
            if self.known.settings.get(name).is_some() {
                continue;
            }
            if !self.can_ask {
                return Err(Failure::Usage(format!(
                    "{name} is not known: use --{} or IAM_{}",
                    name.replace('_', "-"),
                    name.to_uppercase()
                )));
            }
            let answer = Some(prompt::text(question)?);
            match name {
                "base_url" => self.flags.base_url = answer,
                "user" => self.flags.user = answer,
                "user_pool" => self.flags.user_pool = answer,
                _ => self.flags.application = answer,
            }
        }
        let tenant = self.known.settings.get("tenant");
        match self.method {
            Method::Internal if tenant.is_none() => {
                Err(Failure::Usage("an internal user logs in to a tenant: use --tenant or IAM_TENANT".to_owned()))
            }
            _ => Ok(()),
        }
    }
}

/// Asks which service a new profile is of.
fn ask_service(profile: Option<&str>) -> Result<Service> {
    let profile = profile.map(|name| format!(" --profile {name}")).unwrap_or_default();
    if !prompt::possible() {
        return Err(Failure::Usage(format!("which service? run `iam login digiwin|authing|license{profile}`")));
    }
    let answer = prompt::text("Service (digiwin, authing or license)")?;
    Service::named(&answer).ok_or_else(|| Failure::Usage(format!("there is no service `{answer}`")))
}

/// Says what an address lacks at which nothing was found.
fn with_hint(failure: Failure, context: &Context) -> Failure {
    match (&failure, context.settings.get("base_url")) {
        (Failure::Call(error), Some(address)) if error.status() == Some(404) && !address.contains("/api/") => {
            crate::say!(
                "iam: the address of Cloudspot License ends in /api/v1: --base-url {}/api/v1?",
                address.trim_end_matches('/')
            );
            failure
        }
        _ => failure,
    }
}

/// Refuses to put other settings into a profile that nobody has named.
fn refuse_to_rewrite(known: &Context) -> Result<()> {
    let (Some(profile), Some(service)) = (known.settings.profile(), known.service) else { return Ok(()) };
    let of_profile = known.profiles.get(profile).unwrap_or_default();
    for &name in settings_of(service) {
        if let (Some(old), Some((new, origin))) = (of_profile.get(name), known.settings.find(name))
            && *old != new
        {
            return Err(Failure::Usage(format!(
                "profile `{profile}` has the {name} `{old}`, and {origin} says `{new}`: change it with --profile {profile}, or name \
                 another profile with --profile NAME"
            )));
        }
    }
    Ok(())
}

fn digiwin_login(context: &Context, method: Method) -> Result<()> {
    let client = Client::connect(context)?;
    if method != Method::Code {
        return Ok(client.log_in()?);
    }
    // A code works once: it logs another session in, whose token becomes this one's.
    let phone = context.settings.get("user").unwrap_or_default();
    let code = context.given_password.clone().unwrap_or_else(|| "".into());
    let once = client.with_session("iam login --method code");
    once.identity().login_verification_code(&phone, code.expose_secret())?;
    let token = once.current_token()?;
    once.set_current_token(None)?;
    let token = token.ok_or_else(|| Failure::Other("the login brought no token".to_owned()))?;
    let credentials = digiwin::Credentials::from_fn(phone, move || {
        Ok::<_, Failure>(digiwin::Credentials::token(StoredToken::new(UserToken::clone(&token))))
    });
    let credentials = context.settings.get("tenant").into_iter().fold(credentials, digiwin::Credentials::tenant_id);
    Ok(client.with_session_as(context.profile(), credentials).log_in()?)
}

/// Returns the settings that a profile of a service has.
fn settings_of(service: Service) -> &'static [&'static str] {
    match service {
        Service::Digiwin => &["base_url", "user", "tenant", "ca_file"],
        Service::Authing => &["base_url", "user_pool", "ca_file"],
        Service::License => &["base_url", "application", "user", "ca_file"],
    }
}

/// Writes what the login was made with into the profile, so that later runs find it there.
fn keep_profile(context: &Context, service: Service, method: Method, store: &Store) -> Result<()> {
    let profile = context.profile();
    let default = Profiles::update(|profiles| {
        let is_first = profiles.names().is_empty();
        profiles.set(&profile, "service", service.name())?;
        for &name in settings_of(service) {
            if let Some(mut value) = context.settings.get(name) {
                if name == "ca_file" {
                    // A later run may be in another folder.
                    let path = std::path::absolute(&value).map_err(|error| Failure::file(value.as_ref(), &error))?;
                    value = path.display().to_string();
                }
                profiles.set(&profile, name, &value)?;
            }
        }
        if matches!(method, Method::Ad | Method::Internal) {
            profiles.set(&profile, "login", method.name())?;
        } else {
            profiles.unset(&profile, "login");
        }
        profiles.set(&profile, "store_key", store.key.name())?;
        if is_first {
            profiles.choose(&profile);
        }
        Ok(profiles.chosen(Some(service)))
    })?;
    if default.ok().flatten().as_deref() != Some(&profile) {
        crate::say!("Commands do not use profile `{profile}` by themselves: `iam profile use {profile}` changes that.");
    }
    Ok(())
}
