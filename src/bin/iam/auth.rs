//! `iam auth`: what the command line would use, where it comes from, and whether it works.

use crate::{
    command::Global,
    context::{Connect, Context, named_profile, own_token, variable_of},
    failure::{Failure, Result, code},
    output::value::Value,
    profiles::Profiles,
    reply,
    service::Service,
    session,
    settings::SETTINGS,
};
use clap::Subcommand;
use iam_sdk::blocking::{Client, authing::ManagementClient, cloudspot::LicenseClient};

#[derive(Debug, Subcommand)]
pub enum Auth {
    /// Show each profile's settings with where they come from, who is logged in, and test it with one call
    #[command(
        after_help = "Secrets from the environment count for the default profile alone. Exits with 4 if any profile fails.\n\nExamples:\n  iam auth status\n  \
        iam auth status --profile work -o json --jq '.[].logged_in'"
    )]
    Status {
        /// Make no call
        #[arg(long)]
        offline: bool,
    },
    /// Print the session's token, for other programs
    #[command(after_help = "Examples:\n  IAM_TOKEN=$(iam auth token) iam digiwin token show")]
    Token,
}

impl Auth {
    pub fn run(self, global: &Global) -> Result<()> {
        match self {
            Self::Status { offline } => status(global, offline),
            Self::Token => token(global),
        }
    }
}

fn token(global: &Global) -> Result<()> {
    let context = Context::new(global.flags.clone(), None)?;
    let token = match context.service()? {
        Service::Digiwin => Client::connect(&context)?.working_token(),
        Service::Authing => ManagementClient::connect(&context)?.working_token(),
        Service::License => LicenseClient::connect(&context)?.working_token(),
    }?;
    session::show(global, &context, reply::token(move || Ok(token)))
}

/// What is known of a profile.
struct Status {
    context: Context,
    service: Option<Service>,
    settings: Vec<(&'static str, String, String)>,
    store: Result<Option<(String, String)>, Failure>,
    /// Who is logged in, as a call tells; `None` where none was made.
    who: Option<Result<String, Failure>>,
    /// Whether commands use it where nothing else says which.
    is_default: bool,
    /// What the profile says that is no setting.
    unknown: Vec<String>,
}

fn status(global: &Global, offline: bool) -> Result<()> {
    let profiles = Profiles::read()?;
    let named = named_profile(&global.flags);
    let default = named.clone().or_else(|| profiles.chosen(None).ok().flatten());
    let names = match (named, profiles.names()) {
        (Some(name), _) => vec![Some(name)],
        (None, names) if names.is_empty() => vec![None],
        (None, names) => names.into_iter().map(Some).collect(),
    };
    let mut all = Vec::new();
    for name in names {
        let mut flags = global.flags.clone();
        let is_default = name == default;
        flags.profile = name;
        let mut context = Context::new(flags, None)?;
        context.chooses_key = false;
        // They are for the profile that commands use, and would be wrong for the others, or betrayed to them.
        context.secrets_from_environment = is_default;
        all.push(Status::of(context, is_default, offline));
    }
    let failed = all.iter().any(|status| matches!(status.who, Some(Err(_))) || status.store.is_err());
    let people = global.output.jq.is_none() && global.output.fields.is_none();
    let context = Context::of_profile(global.flags.clone(), None, profiles, None)?;
    let mut output = global.output(&context)?;
    if people && output.is_for_people() {
        for status in &all {
            output.text(&status.text())?;
        }
    } else {
        let rows = all.iter().map(Status::value).collect();
        output.show(reply::rows(move || Ok(rows)), false)?;
    }
    match failed {
        true => Err(Failure::AlreadyReported(code::AUTHENTICATION)),
        false => Ok(()),
    }
}

impl Status {
    fn of(context: Context, is_default: bool, offline: bool) -> Self {
        let set = SETTINGS.iter().filter_map(|setting| {
            let (value, origin) = context.settings.find(setting.name)?;
            // A command line can hold anything.
            let value = if setting.name.ends_with("_command") { "(a command)".to_owned() } else { value };
            Some((setting.name, value, origin.to_string()))
        });
        let mut settings: Vec<_> = set.collect();
        let store = context
            .store()
            .map(|store| store.map(|store| (store.directory.display().to_string(), store.key.to_string())));
        for what in ["app_token", "password"] {
            settings.extend(context.origin_of(what).map(|origin| (what, "(secret)".to_owned(), origin)));
        }
        let who = match (context.service, offline) {
            (_, true) => None,
            (None, _) => Some(context.service().map(|_| String::new())),
            (Some(service), _) => Some(session::who(&context, service)),
        };
        let unknown = context.settings.profile().map(|name| context.profiles.unknown_keys(name)).unwrap_or_default();
        Self { service: context.service, settings, store, who, is_default, unknown, context }
    }

    fn text(&self) -> String {
        let service = self.service.map_or("no service", Service::name);
        let default = if self.is_default { ", the default" } else { "" };
        let mut text = format!("{} ({service}){default}\n", self.context.profile());
        for (name, value, origin) in &self.settings {
            text += &format!("  {name:<18} {value}  from {origin}\n");
        }
        for key in &self.unknown {
            text += &format!("  WARNING: `{key}` is not a setting; if it is a secret, it stands there in clear text\n");
        }
        text += &match &self.store {
            Ok(Some((directory, key))) => format!("  {:<18} {directory}, sealed under a key in {key}\n", "tokens"),
            Ok(None) => format!("  {:<18} in memory alone: no profile\n", "tokens"),
            Err(failure) => format!("  {:<18} {failure}\n", "tokens"),
        };
        text += &match &self.who {
            None => "  not tested\n".to_owned(),
            Some(Ok(who)) => format!("  logged in: {who}\n"),
            Some(Err(failure)) => format!("  FAILED: {failure}\n"),
        };
        text
    }

    fn value(&self) -> Value {
        let text = |text: &str| Value::Text(text.to_owned());
        let object = |members: Vec<(&str, Value)>| {
            Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        };
        let settings = self.settings.iter().map(|(name, value, origin)| {
            object(vec![("name", text(name)), ("value", text(value)), ("from", text(origin))])
        });
        let (directory, key) = match &self.store {
            Ok(Some((directory, key))) => (text(directory), text(key)),
            _ => (Value::Null, Value::Null),
        };
        let failure = match (&self.who, &self.store) {
            (Some(Err(failure)), _) | (_, Err(failure)) => Value::of(&failure.json()).unwrap_or_default(),
            _ => Value::Null,
        };
        object(vec![
            ("profile", text(&self.context.profile())),
            ("service", self.service.map_or(Value::Null, |service| text(service.name()))),
            ("settings", Value::List(settings.collect())),
            ("unknown", Value::List(self.unknown.iter().map(|key| text(key)).collect())),
            ("tokens", directory),
            ("key", key),
            ("default", Value::Bool(self.is_default)),
            ("logged_in", self.who.as_ref().map_or(Value::Null, |who| Value::Bool(who.is_ok()))),
            ("who", self.who.as_ref().and_then(|who| who.as_ref().ok()).map_or(Value::Null, |who| text(who))),
            ("error", failure),
        ])
    }
}

impl Context {
    /// Says where a secret comes from, if there is one.
    fn origin_of(&self, what: &'static str) -> Option<String> {
        let service = self.service?;
        if what == "app_token" && service != Service::Digiwin {
            return None;
        }
        if what == "password" && self.secrets_from_environment && own_token().is_some() {
            return Some("IAM_TOKEN, in place of a session".to_owned());
        }
        let kept = || {
            let store = self.store().ok()??;
            store.kept(&self.sealed(what)).ok()?.map(|_| "the sealed store".to_owned())
        };
        match self.source(service, what) {
            Some(crate::secrets::Source::Variable(_)) => Some(variable_of(service, what).to_owned()),
            Some(source) => Some(source.to_string()),
            None => kept(),
        }
    }
}
