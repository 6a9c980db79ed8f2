//! The file of settings of `iam emulate`: JSON, in which every member may be left out.

use iam_sdk::emulator::{Emulator, EmulatorBuilder, Fault, authing, cloudspot, digiwin};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{fs, num::NonZeroU64, path::Path, time::Duration};

/// The settings of the emulator. What the file leaves out is as by default.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub port: u16,
    pub latency_ms: u64,
    #[serde(deserialize_with = "faults")]
    pub faults: Vec<Fault>,
    pub digiwin: Digiwin,
    pub authing: Authing,
    pub cloudspot: Cloudspot,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Digiwin {
    pub token_lifetime_seconds: Option<NonZeroU64>,
    pub response_style: Option<digiwin::ResponseStyle>,
    seed: Option<digiwin::Seed>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Authing {
    pub token_lifetime_seconds: Option<NonZeroU64>,
    pub error_style: Option<authing::ErrorStyle>,
    seed: Option<authing::Seed>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cloudspot {
    pub token_lifetime_seconds: Option<NonZeroU64>,
    seed: Option<cloudspot::Seed>,
}

fn faults<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Fault>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
}

impl Settings {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// The file's name, and the path inside of it where it is wrong.
    pub fn read(file: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        Self::parse(&text).map_err(|error| format!("{}: {error}", file.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut json = serde_json::Deserializer::from_str(text);
        let settings = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = error.path().to_string();
            format!("at `{path}`: {}", without_value(&error.into_inner().to_string()))
        })?;
        json.end().map_err(|error| error.to_string())?;
        Ok(settings)
    }

    /// Returns the emulator with these settings, but the faults, which are added once it runs.
    pub fn builder(self) -> EmulatorBuilder {
        let lifetime = |seconds: NonZeroU64| Duration::from_secs(seconds.get());
        let Digiwin { token_lifetime_seconds, response_style, seed } = self.digiwin;
        let mut digiwin = seed.map_or_else(digiwin::Settings::new, Into::into);
        digiwin = token_lifetime_seconds.map(lifetime).into_iter().fold(digiwin, digiwin::Settings::token_lifetime);
        digiwin = response_style.into_iter().fold(digiwin, digiwin::Settings::response_style);
        let Authing { token_lifetime_seconds, error_style, seed } = self.authing;
        let mut authing = seed.map_or_else(authing::Settings::new, Into::into);
        authing = token_lifetime_seconds.map(lifetime).into_iter().fold(authing, authing::Settings::token_lifetime);
        authing = error_style.into_iter().fold(authing, authing::Settings::error_style);
        let Cloudspot { token_lifetime_seconds, seed } = self.cloudspot;
        let mut cloudspot = seed.map_or_else(cloudspot::Settings::new, Into::into);
        cloudspot =
            token_lifetime_seconds.map(lifetime).into_iter().fold(cloudspot, cloudspot::Settings::token_lifetime);
        let builder = Emulator::builder().port(self.port).latency(Duration::from_millis(self.latency_ms));
        builder.digiwin(digiwin).authing(authing).cloudspot(cloudspot)
    }
}

/// Takes the value out of an error, which can be a password in the wrong place: "invalid type: integer `7`, expected a string".
fn without_value(error: &str) -> String {
    match error.rsplit_once(", expected ") {
        Some((_, expected)) if error.starts_with("invalid ") => format!("expected {expected}"),
        _ => error.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The guide's example.
    fn example() -> &'static str {
        let guide = include_str!("../../../guide/testing.md");
        let (_, after) = guide.split_once("<!-- settings -->\n```json\n").unwrap();
        after.split_once("```").unwrap().0
    }

    #[test]
    fn the_example_of_the_guide_are_settings() {
        let settings = Settings::parse(example()).unwrap();
        assert_eq!(settings.faults, ["reset-after on=authing.users.create times=1".parse().unwrap()]);
        assert_eq!((settings.port, settings.latency_ms), (0, 20));
        let emulator = settings.builder().start().unwrap();
        assert_eq!(emulator.digiwin().account().user_id, "ann");
        assert_eq!(emulator.authing().account().user_pool_id, "pool");
        assert_eq!(emulator.cloudspot().account().company_id, "c1");
    }

    #[test]
    fn what_is_left_out_is_as_by_default() {
        let emulator = Settings::parse("{}").unwrap().builder().start().unwrap();
        let default = Emulator::start().unwrap();
        assert_eq!(emulator.digiwin().account().user_id, default.digiwin().account().user_id);
    }

    #[test]
    fn an_error_names_the_path() {
        for (from, to, path) in [
            ("\"people\": [{\"id\"", "\"people\": [{\"ID\"", "at `digiwin.seed.people[0].ID`: unknown field"),
            ("\"app_id\": \"app\",", "", "at `digiwin.seed`: missing field `app_id`"),
            ("\"STRING\"", "7", "at `authing.seed.custom_fields[0].type`: expected a string at line"),
            ("\"a-password\"", "[4711]", "at `digiwin.seed.people[0].password`"),
            ("\"people\": [", "\"people\": [\"4711\", ", "at `digiwin.seed.people[0]`: expected struct"),
            ("\"cloudspot\"", "\"cloud\"", "at `cloud`: unknown field `cloud`"),
            ("7200", "0", "at `digiwin.token_lifetime_seconds`: expected a nonzero u64"),
            ("\"mixed\"", "\"none\"", "at `digiwin.response_style`: unknown variant"),
            ("reset-after", "reset-afterwards", "`reset-afterwards` is no fault; the faults are refuse"),
            ("\"latency_ms\": 20", "\"latency_ms\": \"20\"", "at `latency_ms`: expected u64"),
        ] {
            let text = example().replacen(from, to, 1);
            assert_ne!(text, example(), "{from}");
            let error = Settings::parse(&text).err().unwrap_or_else(|| panic!("{to} is taken"));
            assert!(error.contains(path) && !error.contains("4711"), "{error}");
        }
        assert!(Settings::parse("{} {}").err().unwrap().contains("trailing characters"));
        assert!(Settings::read(Path::new("/no/such/file")).err().unwrap().starts_with("/no/such/file: "));
    }
}
