//! The file with the profiles, whose comments and order stay as they are.

use crate::{
    failure::{Failure, Result},
    paths,
    service::Service,
    settings,
};
use std::{collections::BTreeMap, fs, io, path::PathBuf};
use toml_edit::{DocumentMut, Item, Table, TableLike, value};

/// The profiles of a file:
///
/// ```toml
/// profile = "work"     # where nothing else says which
/// authing = "pool"     # the same, for one service
///
/// [profiles.work]
/// service = "digiwin"
/// base_url = "https://iam.example.com"
/// user = "ann"
/// ```
pub struct Profiles {
    path: PathBuf,
    document: DocumentMut,
}

impl Profiles {
    /// Reads the file; one that is not there has no profiles.
    pub fn read() -> Result<Self> {
        let path = paths::config()?;
        // Reading a pipe would wait for a writer.
        if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Err(Failure::Usage(format!("{}: it is not a file", path.display())));
        }
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Failure::file(&path, &error)),
        };
        Self::parse(path, &text)
    }

    fn parse(path: PathBuf, text: &str) -> Result<Self> {
        let document = text.parse().map_err(|error: toml_edit::TomlError| {
            // Its own text quotes the line, which can be anything.
            let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            Failure::Usage(format!("{}: line {line}: {}", path.display(), error.message()))
        })?;
        Ok(Self { path, document })
    }

    /// Returns the file that the profiles are in.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Returns the names of the profiles, in order.
    pub fn names(&self) -> Vec<String> {
        let Some(table) = self.table() else { return Vec::new() };
        table.iter().filter(|(_, item)| item.is_table_like()).map(|(name, _)| name.to_owned()).collect()
    }

    fn table(&self) -> Option<&dyn TableLike> {
        self.document.get("profiles")?.as_table_like()
    }

    /// Returns a profile's settings as texts.
    pub fn get(&self, name: &str) -> Option<BTreeMap<String, String>> {
        let profile = self.table()?.get(name)?.as_table_like()?;
        Some(profile.iter().filter_map(|(key, item)| Some((key.to_owned(), text(item)?))).collect())
    }

    /// Returns the keys of a profile that are no settings.
    pub fn unknown_keys(&self, name: &str) -> Vec<String> {
        let Some(profile) = self.table().and_then(|table| table.get(name)?.as_table_like()) else { return Vec::new() };
        profile.iter().filter(|(key, _)| settings::named(key).is_none()).map(|(key, _)| key.to_owned()).collect()
    }

    /// Returns which service a profile is of.
    pub fn service(&self, name: &str) -> Option<Service> {
        self.get(name)?.get("service").and_then(|text| Service::named(text))
    }

    /// Returns the profile that commands of no service use, if the file names one.
    pub fn default(&self) -> Option<String> {
        self.document.get("profile").and_then(Item::as_str).map(str::to_owned)
    }

    /// Returns the profile that the file chooses for a service, or for commands that are of none.
    ///
    /// # Errors
    ///
    /// Several profiles are of the service, and none is chosen.
    pub fn chosen(&self, service: Option<Service>) -> Result<Option<String>> {
        let top = |key: &str| self.document.get(key).and_then(Item::as_str).map(str::to_owned);
        let fits = |name: &String| service.is_none_or(|service| self.service(name) == Some(service));
        let own = service.and_then(|service| top(service.name()));
        if let Some(name) = own.or_else(|| top("profile")).filter(fits) {
            return Ok(Some(name));
        }
        let all: Vec<_> = self.names().into_iter().filter(fits).collect();
        match &all[..] {
            [] => Ok(None),
            [only] => Ok(Some(only.clone())),
            many => Err(Failure::Usage(format!(
                "several profiles fit ({}): name one with --profile, or choose one with `iam profile use`",
                many.join(", ")
            ))),
        }
    }

    /// Chooses a profile for its service, and for commands that are of none.
    pub fn choose(&mut self, name: &str) {
        self.set_top("profile", name);
        if let Some(service) = self.service(name) {
            self.set_top(service.name(), name);
        }
    }

    fn set_top(&mut self, key: &str, name: &str) {
        set(self.document.as_table_mut(), key, name);
    }

    /// Sets a setting of a profile, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// There is no such setting, it would be a secret in clear text, its value is not valid, or the name of the profile is not.
    pub fn set(&mut self, name: &str, key: &str, text: &str) -> Result<()> {
        check_name(name)?;
        check_key(key)?;
        settings::check(key, text)?;
        let profiles = self.document.entry("profiles").or_insert_with(|| {
            let mut table = Table::new();
            // `[profiles.work]` says it all.
            table.set_implicit(true);
            Item::Table(table)
        });
        let wrong = |what: &str| Failure::Usage(format!("{}: `{what}` is not a table", self.path.display()));
        let profiles = profiles.as_table_like_mut().ok_or_else(|| wrong("profiles"))?;
        let profile = profiles.entry(name).or_insert_with(toml_edit::table);
        let profile = profile.as_table_like_mut().ok_or_else(|| wrong(&format!("profiles.{name}")))?;
        set(profile, key, text);
        Ok(())
    }

    /// Removes a setting of a profile; says whether it was there.
    pub fn unset(&mut self, name: &str, key: &str) -> bool {
        let profile = self.document.get_mut("profiles").and_then(|profiles| profiles.get_mut(name));
        profile.and_then(Item::as_table_like_mut).is_some_and(|profile| profile.remove(key).is_some())
    }

    /// Removes a profile, and what chooses it; says whether it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        let there = self.document.get_mut("profiles").and_then(Item::as_table_like_mut);
        let removed = there.is_some_and(|profiles| profiles.remove(name).is_some());
        for key in ["profile", "digiwin", "authing", "license"] {
            if self.document.get(key).and_then(Item::as_str) == Some(name) {
                self.document.remove(key);
            }
        }
        removed
    }

    /// Makes sure that the file can be changed like this, and does not change it.
    pub fn check_update(change: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        // The lock is a file beside it.
        let _lock = paths::lock(&paths::config()?)?;
        change(&mut Self::read()?)
    }

    /// Reads the file, changes it and writes it as a whole, while no other process does the same. What fails changes nothing.
    pub fn update<T>(change: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let path = paths::config()?;
        let _lock = paths::lock(&path)?;
        let mut profiles = Self::read()?;
        let changed = change(&mut profiles)?;
        paths::replace(&path, profiles.document.to_string().as_bytes())?;
        Ok(changed)
    }
}

/// Sets a key, and keeps the comments around its value.
fn set(table: &mut dyn TableLike, key: &str, text: &str) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = text.into();
            *old.decor_mut() = decor;
        }
        None => {
            table.insert(key, value(text));
        }
    }
}

/// Refuses names that are a slip, such as a setting in the place of the name.
fn check_name(name: &str) -> Result<()> {
    let is_name = |character: char| character.is_alphanumeric() || ['-', '_', '.', '@'].contains(&character);
    match name.starts_with(char::is_alphanumeric) && name.chars().all(is_name) {
        true => Ok(()),
        false => Err(Failure::Usage(format!(
            "`{name}` is not a name for a profile: use letters, digits and - _ . @, and begin with a letter or a digit"
        ))),
    }
}

fn check_key(key: &str) -> Result<()> {
    if settings::named(key).is_some() {
        return Ok(());
    }
    if ["password", "secret", "token", "app_token"].contains(&key) {
        return Err(Failure::Usage(format!(
            "`{key}` would stand in the file in clear text; use `iam login`, which seals it, or credential_command, \
             password_file, app_token_command or app_token_file"
        )));
    }
    let all: Vec<_> = settings::SETTINGS.iter().map(|setting| setting.name).collect();
    Err(Failure::Usage(format!("there is no setting `{key}`; there are {}", all.join(", "))))
}

fn text(item: &Item) -> Option<String> {
    match item.as_value()? {
        toml_edit::Value::String(text) => Some(text.value().clone()),
        toml_edit::Value::Integer(number) => Some(number.value().to_string()),
        toml_edit::Value::Float(number) => Some(number.value().to_string()),
        toml_edit::Value::Boolean(value) => Some(value.value().to_string()),
        // A command and its arguments.
        list @ toml_edit::Value::Array(_) => {
            let items = list.as_array()?.iter().map(|item| item.as_str().map(str::to_owned));
            Some(serde_json::to_string(&items.collect::<Option<Vec<_>>>()?).ok()?)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# ours\nprofile = \"work\" # mostly\n\n[profiles.work]\nservice = \"digiwin\" # ERP\n# who\n\
        user = \"ann\"\ntimeout = 5\n\n[profiles.pool]\nservice = \"authing\"\n\n[profiles.other]\nservice = \"authing\"\n";

    fn profiles(text: &str) -> Result<Profiles> {
        Profiles::parse(PathBuf::from("config.toml"), text)
    }

    #[test]
    fn comments_and_order_stay() {
        let mut profiles = profiles(FILE).unwrap();
        profiles.set("work", "user", "bob").unwrap();
        profiles.set("work", "tenant", "T1").unwrap();
        profiles.set("new", "service", "license").unwrap();
        profiles.choose("new");
        let text = profiles.document.to_string();
        let expected = FILE
            .replace("\"work\" # mostly\n", "\"new\" # mostly\nlicense = \"new\"\n")
            .replace("user = \"ann\"\ntimeout = 5\n", "user = \"bob\"\ntimeout = 5\ntenant = \"T1\"\n");
        assert_eq!(text, format!("{expected}\n[profiles.new]\nservice = \"license\"\n"));
        assert!(profiles.unset("work", "tenant") && !profiles.unset("work", "tenant"));
        assert!(profiles.remove("new") && !profiles.remove("new"));
        assert!(!profiles.document.to_string().contains("new"), "{}", profiles.document);
    }

    #[test]
    fn the_profile_of_a_service_is_chosen() {
        let chosen = |text: &str, service| profiles(text).unwrap().chosen(service);
        assert_eq!(chosen(FILE, None).unwrap().as_deref(), Some("work"));
        assert_eq!(chosen(FILE, Some(Service::Digiwin)).unwrap().as_deref(), Some("work"));
        assert_eq!(chosen(FILE, Some(Service::License)).unwrap(), None);
        let several = chosen(FILE, Some(Service::Authing)).unwrap_err();
        assert!(several.to_string().contains("pool, other"), "{several}");
        let own = format!("authing = \"other\"\n{FILE}");
        assert_eq!(chosen(&own, Some(Service::Authing)).unwrap().as_deref(), Some("other"));
        assert_eq!(chosen("", None).unwrap(), None);
    }

    #[test]
    fn no_secret_stands_in_the_file() {
        let mut profiles = profiles("").unwrap();
        for key in ["password", "secret", "app_token"] {
            assert!(profiles.set("work", key, "x").unwrap_err().to_string().contains("clear text"), "{key}");
        }
        assert!(profiles.set("work", "usr", "x").unwrap_err().to_string().contains("there is no setting `usr`"));
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line_and_never_quoted() {
        let error = profiles("a = 1\nb = canary canary\n").err().unwrap().to_string();
        assert!(error.contains("config.toml: line 2: ") && !error.contains("canary"), "{error}");
        assert_eq!(profiles("profiles = 7").unwrap().names(), Vec::<String>::new());
        let mut odd = profiles("profiles = { a = { service = \"authing\", pasword = 1 } }\n").unwrap();
        assert_eq!((odd.names(), odd.unknown_keys("a")), (vec!["a".to_owned()], vec!["pasword".to_owned()]));
        odd.set("a", "user_pool", "p").unwrap();
        assert_eq!(odd.get("a").unwrap()["user_pool"], "p");
        assert_eq!(profiles("[profiles]\nx = 5\n[profiles.a]\n").unwrap().names(), ["a"]);
    }

    #[test]
    fn values_are_read_as_texts() {
        let profile = profiles("[profiles.p]\ntimeout = 5\ncredential_command = [\"pass\", \"show\"]\n").unwrap();
        let values = profile.get("p").unwrap();
        assert_eq!((values["timeout"].as_str(), values["credential_command"].as_str()), ("5", r#"["pass","show"]"#));
    }
}
