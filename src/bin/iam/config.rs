//! `iam profile` and `iam config`: the file with the profiles.

use crate::{
    command::Global,
    context::Context,
    failure::{Failure, Result},
    output::value::Value,
    profiles::Profiles,
    reply,
    service::Service,
    session::show,
    settings,
};
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// Show all profiles
    List,
    /// Choose the profile that commands use
    #[command(after_help = "Examples:\n  iam profile use work")]
    Use {
        /// The profile
        name: String,
    },
    /// Make a profile, or change it
    #[command(
        after_help = "Examples:\n  iam profile set work service=digiwin base_url=https://iam.example.com user=ann\n  \
        iam profile set ci service=authing user_pool=59f8 'credential_command=pass show authing'"
    )]
    Set {
        /// The profile
        name: String,
        /// Settings; `iam help environment` lists them
        #[arg(required = true, value_name = "SETTING=VALUE", value_parser = setting)]
        settings: Vec<(String, String)>,
    },
    /// Remove a profile, and the secrets that are kept for it; `iam logout` first ends its session at the service
    Remove {
        /// The profile
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print where the file with the profiles is
    Path,
    /// Print a setting, wherever it comes from
    Get {
        /// The setting
        setting: String,
    },
    /// Set a setting of the profile
    #[command(after_help = "Examples:\n  iam config set timeout 5 --profile work")]
    Set {
        /// The setting
        setting: String,
        /// Its value
        value: String,
    },
    /// Remove a setting from the profile
    Unset {
        /// The setting
        setting: String,
    },
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write SETTING=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl ProfileCommand {
    pub fn run(self, global: &Global) -> Result<()> {
        match self {
            Self::List => {
                let profiles = Profiles::read()?;
                let rows = profiles.names().iter().map(|name| row(&profiles, name)).collect::<Vec<_>>();
                let context = Context::of_profile(global.flags.clone(), None, profiles, None)?;
                show(global, &context, reply::rows(move || Ok(rows)))
            }
            Self::Use { name } => Profiles::update(|profiles| {
                known(profiles, &name)?;
                profiles.choose(&name);
                Ok(())
            }),
            Self::Set { name, settings } => Profiles::update(|profiles| {
                for (key, value) in &settings {
                    profiles.set(&name, key, value)?;
                }
                profiles.service(&name).map(drop).ok_or_else(|| {
                    Failure::Usage(format!("profile `{name}` needs service=digiwin, authing or license"))
                })
            }),
            Self::Remove { name } => remove(&name),
        }
    }
}

/// Removes a profile, with the secrets that are kept for it.
fn remove(name: &str) -> Result<()> {
    let profiles = Profiles::read()?;
    known(&profiles, name)?;
    let was_default = profiles.default().as_deref() == Some(name);
    Context::of_profile_alone(profiles, name)?.forget_secrets()?;
    Profiles::update(|profiles| {
        profiles.remove(name);
        if was_default {
            match profiles.chosen(None) {
                Ok(Some(next)) => crate::say!("Commands use profile `{next}` now, the only one left."),
                _ => crate::say!("No profile is the default now: choose one with `iam profile use`."),
            }
        }
        Ok(())
    })
}

impl ConfigCommand {
    pub fn run(self, global: &Global) -> Result<()> {
        if let Self::Path = self {
            // Whatever is in the file.
            let context = Context::of_profile(global.flags.clone(), None, Profiles::read()?, None)?;
            let path = context.profiles.path().display().to_string();
            return show(global, &context, reply::value(move || Ok(Value::Text(path))));
        }
        let context = Context::new(global.flags.clone(), None)?;
        let profile = || {
            let named = context.settings.profile().map(str::to_owned);
            named.ok_or_else(|| Failure::Usage("there is no profile; `iam profile set` makes one".to_owned()))
        };
        match self {
            Self::Path => Ok(()),
            Self::Get { setting } => {
                let known = settings::named(&setting);
                let known = known.ok_or_else(|| Failure::Usage(format!("there is no setting `{setting}`")))?;
                let found = context.settings.get(known.name).map_or(Value::Null, Value::Text);
                show(global, &context, reply::value(move || Ok(found)))
            }
            Self::Set { setting, value } => {
                let profile = profile()?;
                Profiles::update(|profiles| profiles.set(&profile, &setting, &value))
            }
            Self::Unset { setting } => {
                let profile = profile()?;
                Profiles::update(|profiles| match profiles.unset(&profile, &setting) {
                    true => Ok(()),
                    false => Err(Failure::Usage(format!("profile `{profile}` has no `{setting}`"))),
                })
            }
        }
    }
}

fn known(profiles: &Profiles, name: &str) -> Result<()> {
    match profiles.get(name) {
        Some(_) => Ok(()),
        None => Err(Failure::Usage(format!("there is no profile `{name}` in {}", profiles.path().display()))),
    }
}

/// Shows a profile: whether it is the default of all commands, and of those of its own service.
fn row(profiles: &Profiles, name: &str) -> Value {
    let of = profiles.get(name).unwrap_or_default();
    let is_chosen = |service: Option<Service>| profiles.chosen(service).ok().flatten().as_deref() == Some(name);
    let of_service = profiles.service(name).is_some_and(|service| is_chosen(Some(service)));
    let mut members = vec![
        ("name".to_owned(), Value::Text(name.to_owned())),
        ("default".to_owned(), Value::Bool(is_chosen(None))),
        ("service_default".to_owned(), Value::Bool(of_service)),
    ];
    for key in ["service", "base_url", "user", "tenant", "user_pool", "application"] {
        members.push((key.to_owned(), of.get(key).map_or(Value::Null, |text| Value::Text(text.clone()))));
    }
    Value::Object(members)
}
