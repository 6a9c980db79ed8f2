//! Settings: each from a flag, else from the environment, else from the profile, and where its value came from.

use crate::failure::{Failure, Result};
use clap::Args;
use std::{collections::BTreeMap, ffi::OsString, fmt, path::PathBuf};

/// A setting of the command line.
#[derive(Debug)]
pub struct Setting {
    /// Its name in a profile.
    pub name: &'static str,
    /// Its flag, if it has one.
    pub flag: Option<&'static str>,
    /// Its variable in the environment.
    pub variable: &'static str,
    /// What it says, for `iam help environment`.
    pub help: &'static str,
}

const fn setting(
    name: &'static str,
    flag: Option<&'static str>,
    variable: &'static str,
    help: &'static str,
) -> Setting {
    Setting { name, flag, variable, help }
}

/// Every setting that is no secret.
pub static SETTINGS: [Setting; 15] = [
    setting("service", None, "IAM_SERVICE", "digiwin, authing or license"),
    setting("base_url", Some("--base-url"), "IAM_BASE_URL", "where the service is"),
    setting("user", Some("--user"), "IAM_USER", "who logs in: an id, a mail address or a phone number"),
    setting("tenant", Some("--tenant"), "IAM_TENANT", "the tenant to log in to (digiwin)"),
    setting("login", None, "IAM_LOGIN", "how to log in: password, ad or internal (digiwin)"),
    setting("user_pool", Some("--user-pool"), "IAM_USER_POOL", "the id of the user pool (authing)"),
    setting("application", Some("--application"), "IAM_APPLICATION", "the id of the application (license)"),
    setting("timeout", Some("--timeout"), "IAM_TIMEOUT", "how many seconds a request may take; 30 by default"),
    setting("ca_file", Some("--ca-file"), "IAM_CA_FILE", "certificates of your own authority, a PEM file"),
    setting("output", Some("--output"), "IAM_OUTPUT", "how results are shown: table, plain, json, jsonl or csv"),
    setting(
        "app_token_file",
        Some("--app-token-file"),
        "IAM_APP_TOKEN_FILE",
        "a file with the application's token (digiwin)",
    ),
    setting("app_token_command", None, "IAM_APP_TOKEN_COMMAND", "a command that prints the application's token"),
    setting("password_file", Some("--password-file"), "IAM_PASSWORD_FILE", "a file with the password"),
    setting("credential_command", None, "IAM_CREDENTIAL_COMMAND", "a command that prints the password"),
    setting("store_key", None, "IAM_STORE_KEY", "what seals the tokens at rest: keyring, file or passphrase"),
];

/// Returns the setting of this name.
pub fn named(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// Refuses variables of this command that are not text: they would count as not set.
pub fn check_environment() -> Result<()> {
    let is_wrong = |(name, value): &(OsString, OsString)| {
        name.to_str().is_some_and(|name| name.starts_with("IAM_")) && value.to_str().is_none()
    };
    match std::env::vars_os().find(is_wrong) {
        None => Ok(()),
        Some((name, _)) => Err(Failure::Usage(format!("{}: the value is not valid UTF-8", name.to_string_lossy()))),
    }
}

/// Refuses a value that would only fail later.
pub fn check(name: &str, value: &str) -> Result<()> {
    let one_of = match name {
        "service" => &["digiwin", "authing", "license"][..],
        "login" => &["password", "ad", "internal"],
        "output" => &["table", "plain", "json", "jsonl", "csv"],
        "store_key" => &["keyring", "file", "passphrase"],
        "timeout" => {
            let is_valid = value.parse::<u64>().is_ok_and(|seconds| seconds > 0);
            return is_valid
                .then_some(())
                .ok_or_else(|| Failure::Usage(format!("timeout: `{value}` is not a number of seconds above 0")));
        }
        "base_url" => {
            let is_url =
                ["https://", "http://"].iter().any(|scheme| value.len() > scheme.len() && value.starts_with(scheme));
            return is_url.then_some(()).ok_or_else(|| {
                Failure::Usage(format!("base_url: `{value}` is not a URL such as https://iam.example.com"))
            });
        }
        _ => return Ok(()),
    };
    match one_of.contains(&value) {
        true => Ok(()),
        false => Err(Failure::Usage(format!("{name}: `{value}` is none of {}", one_of.join(", ")))),
    }
}

/// The flags about the service, which every command has.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Connection")]
#[group(skip)]
pub struct Flags {
    /// The profile to use; without it IAM_PROFILE, or the one that `iam profile use` chose
    #[arg(short, long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Where the service is
    #[arg(long, global = true, value_name = "URL")]
    pub base_url: Option<String>,
    /// Who logs in
    #[arg(long, global = true, value_name = "ID")]
    pub user: Option<String>,
    /// The tenant to log in to (digiwin)
    #[arg(long, global = true, value_name = "ID")]
    pub tenant: Option<String>,
    /// The user pool (authing)
    #[arg(long, global = true, value_name = "ID")]
    pub user_pool: Option<String>,
    /// The application (license)
    #[arg(long, global = true, value_name = "ID")]
    pub application: Option<String>,
    /// How many seconds a request may take
    #[arg(long, global = true, value_name = "SECONDS")]
    pub timeout: Option<u64>,
    /// Certificates of your own authority, as PEM
    #[arg(long, global = true, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Ask nothing: fail where something is missing
    #[arg(long, global = true)]
    pub no_input: bool,
    /// Show a line for each request on standard error; twice for all that the SDK logs
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

impl Flags {
    fn value(&self, name: &str) -> Option<String> {
        match name {
            "base_url" => self.base_url.clone(),
            "user" => self.user.clone(),
            "tenant" => self.tenant.clone(),
            "user_pool" => self.user_pool.clone(),
            "application" => self.application.clone(),
            "timeout" => self.timeout.map(|seconds| seconds.to_string()),
            "ca_file" => self.ca_file.as_ref().map(|path| path.display().to_string()),
            _ => None,
        }
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag(&'static str),
    Variable(&'static str),
    Profile(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::Profile(name) => write!(f, "profile {name}"),
        }
    }
}

/// What the settings are: the layers, the first of which counts.
pub struct Settings {
    pub flags: Flags,
    environment: BTreeMap<&'static str, String>,
    /// The name of the profile, and its settings.
    profile: Option<(String, BTreeMap<String, String>)>,
}

impl Settings {
    /// Puts the layers together. `variable` looks a variable up in the environment; an empty one counts as none.
    pub fn new(
        flags: Flags,
        variable: impl Fn(&str) -> Option<String>,
        profile: Option<(String, BTreeMap<String, String>)>,
    ) -> Self {
        let set = |setting: &Setting| {
            let value = variable(setting.variable).filter(|value| !value.is_empty())?;
            Some((setting.name, value))
        };
        Self { flags, environment: SETTINGS.iter().filter_map(set).collect(), profile }
    }

    /// Returns the name of the profile, if there is one.
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_ref().map(|(name, _)| name.as_str())
    }

    /// Returns a setting, and where it came from.
    pub fn find(&self, name: &'static str) -> Option<(String, Origin)> {
        let setting = named(name)?;
        let flag = || Some((self.flags.value(name)?, Origin::Flag(setting.flag?)));
        let variable = || Some((self.environment.get(name)?.clone(), Origin::Variable(setting.variable)));
        let profile = || {
            let (profile, values) = self.profile.as_ref()?;
            Some((values.get(name)?.clone(), Origin::Profile(profile.clone())))
        };
        flag().or_else(variable).or_else(profile)
    }

    /// Returns the name of the setting, of these, that comes from the nearest layer; of two in one layer the first.
    pub fn nearest(&self, names: [&'static str; 2]) -> Option<&'static str> {
        let layer = |name: &&'static str| match self.find(name)?.1 {
            Origin::Flag(_) => Some(0),
            Origin::Variable(_) => Some(1),
            Origin::Profile(_) => Some(2),
        };
        names.into_iter().filter(|name| layer(name).is_some()).min_by_key(layer)
    }

    /// Returns a setting.
    pub fn get(&self, name: &'static str) -> Option<String> {
        self.find(name).map(|(value, _)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(flag: Option<&str>, variable: Option<&str>, profile: Option<&str>) -> Settings {
        let flags = Flags { user: flag.map(str::to_owned), ..Flags::default() };
        let of_profile = profile.map(|user| ("user".to_owned(), user.to_owned()));
        let profile = Some(("work".to_owned(), of_profile.into_iter().collect()));
        Settings::new(flags, |name| variable.filter(|_| name == "IAM_USER").map(str::to_owned), profile)
    }

    #[test]
    fn flag_then_environment_then_profile() {
        let profile = || Origin::Profile("work".to_owned());
        for (flag, variable, profile, expected) in [
            (Some("f"), Some("e"), Some("p"), Some(("f", Origin::Flag("--user")))),
            (None, Some("e"), Some("p"), Some(("e", Origin::Variable("IAM_USER")))),
            (None, Some(""), Some("p"), Some(("p", profile()))),
            (None, None, Some("p"), Some(("p", profile()))),
            (Some("f"), None, None, Some(("f", Origin::Flag("--user")))),
            (None, None, None, None),
        ] {
            let expected = expected.map(|(value, origin)| (value.to_owned(), origin));
            assert_eq!(settings(flag, variable, profile).find("user"), expected);
        }
        assert_eq!(profile().to_string(), "profile work");
    }

    #[test]
    fn of_two_settings_the_nearer_layer_counts() {
        let table = [
            (None, None, None),
            (Some("p"), None, Some("password_file")),
            (Some("p"), Some("e"), Some("credential_command")),
            (None, Some("e"), Some("credential_command")),
        ];
        for (of_profile, variable, expected) in table {
            let values = of_profile.map(|value: &str| ("password_file".to_owned(), value.to_owned()));
            let profile = Some(("work".to_owned(), values.into_iter().collect()));
            let variable = |name: &str| variable.filter(|_| name == "IAM_CREDENTIAL_COMMAND").map(str::to_owned);
            let settings = Settings::new(Flags::default(), variable, profile);
            assert_eq!(settings.nearest(["password_file", "credential_command"]), expected);
        }
    }

    #[test]
    fn what_would_fail_later_is_refused() {
        for (name, valid, wrong) in [
            ("timeout", "5", &["abc", "0", "-1", "1.5", ""][..]),
            ("base_url", "http://127.0.0.1:1", &["nonsense", "ftp://x", "https://"]),
            ("service", "authing", &["okta"]),
            ("user", "anything", &[]),
        ] {
            assert!(check(name, valid).is_ok(), "{name}");
            for wrong in wrong {
                let text = check(name, wrong).unwrap_err().to_string();
                assert!(text.contains(name) && text.contains(wrong), "{text}");
            }
        }
    }

    #[test]
    fn names_and_variables_are_unique_and_agree() {
        let names: std::collections::BTreeSet<_> = SETTINGS.iter().map(|setting| setting.name).collect();
        assert_eq!(names.len(), SETTINGS.len());
        for setting in &SETTINGS {
            assert_eq!(setting.variable, format!("IAM_{}", setting.name.to_uppercase()));
            assert!(setting.flag.is_none_or(|flag| flag == format!("--{}", setting.name.replace('_', "-"))));
        }
    }
}
