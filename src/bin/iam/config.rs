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
    /// Remove a profile; `iam logout` first ends its session
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
        let mut profiles = Profiles::read()?;
        match self {
            Self::List => {
                let rows = profiles.names().iter().map(|name| row(&profiles, name)).collect::<Vec<_>>();
                let context = Context::of_profile(global.flags.clone(), None, profiles, None)?;
                return show(global, &context, reply::rows(move || Ok(rows)));
            }
            Self::Use { name } => {
                known(&profiles, &name)?;
                profiles.choose(&name);
            }
            Self::Set { name, settings } => {
                for (key, value) in &settings {
                    check(key, value)?;
                    profiles.set(&name, key, value)?;
                }
                if profiles.service(&name).is_none() {
                    return Err(Failure::Usage(format!(
                        "profile `{name}`: it needs service=digiwin, authing or license"
                    )));
                }
            }
            Self::Remove { name } => {
                known(&profiles, &name)?;
                profiles.remove(&name);
            }
        }
        profiles.write()
    }
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
                check(&setting, &value)?;
                let mut profiles = Profiles::read()?;
                profiles.set(&profile()?, &setting, &value)?;
                profiles.write()
            }
            Self::Unset { setting } => {
                let (mut profiles, profile) = (Profiles::read()?, profile()?);
                if !profiles.unset(&profile, &setting) {
                    return Err(Failure::Usage(format!("profile `{profile}` has no `{setting}`")));
                }
                profiles.write()
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

/// Refuses what would only fail later.
fn check(key: &str, value: &str) -> Result<()> {
    let one_of = match key {
        "service" => &["digiwin", "authing", "license"][..],
        "login" => &["password", "ad", "internal"],
        "output" => &["table", "plain", "json", "jsonl", "csv"],
        "store_key" => &["keyring", "file", "passphrase"],
        _ => return Ok(()),
    };
    match one_of.contains(&value) {
        true => Ok(()),
        false => Err(Failure::Usage(format!("{key}: `{value}` is none of {}", one_of.join(", ")))),
    }
}

fn row(profiles: &Profiles, name: &str) -> Value {
    let of = profiles.get(name).unwrap_or_default();
    let is_used = |service: Option<Service>| profiles.chosen(service).ok().flatten().as_deref() == Some(name);
    let used = is_used(None) || profiles.service(name).is_some_and(|service| is_used(Some(service)));
    let mut members = vec![("name".to_owned(), Value::Text(name.to_owned())), ("used".to_owned(), Value::Bool(used))];
    for key in ["service", "base_url", "user", "tenant", "user_pool", "application"] {
        members.push((key.to_owned(), of.get(key).map_or(Value::Null, |text| Value::Text(text.clone()))));
    }
    Value::Object(members)
}
