//! Kinds of arguments that many commands have.

use crate::{
    failure::{Failure, Result},
    prompt,
    reply::Answer,
    secrets,
};
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use iam_sdk::{
    Json, Password,
    digiwin::{OrgRef, TenantRef, UserRef},
};
use serde_json::{Map, Value};
use std::{fs, io::Read as _, path::PathBuf};

/// Reads a user: an id, or `sid:7`.
pub fn user(text: &str) -> Result<UserRef, String> {
    sid(text).map(|sid| sid.map_or_else(|| text.into(), UserRef::Sid))
}

/// Writes a user as [`user`] reads it.
pub fn user_text(user: &UserRef) -> String {
    match user {
        UserRef::Id(id) => id.clone(),
        UserRef::Sid(sid) => format!("sid:{sid}"),
    }
}

/// Reads a tenant: an id, or `sid:7`.
pub fn tenant(text: &str) -> Result<TenantRef, String> {
    sid(text).map(|sid| sid.map_or_else(|| text.into(), TenantRef::sid))
}

/// Reads an organization: a sid, or a uri.
pub fn org(text: &str) -> Result<OrgRef, String> {
    match text.parse() {
        Ok(sid) => Ok(OrgRef::Sid(sid)),
        Err(_) => sid(text).map(|sid| sid.map_or_else(|| text.into(), OrgRef::Sid)),
    }
}

fn sid(text: &str) -> Result<Option<i64>, String> {
    match text.strip_prefix("sid:") {
        Some(number) => number.parse().map(Some).map_err(|_| "a sid is a whole number".to_owned()),
        None => Ok(None),
    }
}

/// A field of an object: `name=text`, or `name:=json`.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub name: String,
    pub value: Value,
}

/// Reads a field.
pub fn field(text: &str) -> Result<Field, String> {
    let (name, value) = text.split_once('=').ok_or("write name=text, or name:=JSON")?;
    let (name, value) = match name.strip_suffix(':') {
        Some(name) => (name, serde_json::from_str(value).map_err(|_| format!("{name}: not valid JSON"))?),
        None => (name, Value::String(value.to_owned())),
    };
    match name {
        "" => Err("the name is missing".to_owned()),
        name => Ok(Field { name: name.to_owned(), value }),
    }
}

/// The fields of what a command writes.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Fields {
    /// Fields: name=text, or name:=JSON for numbers, true, false and so on
    #[arg(value_name = "NAME=VALUE", value_parser = field)]
    pub given: Vec<Field>,
    /// A file with a JSON object to begin with; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Send fields that are not known here, too
    #[arg(long)]
    pub any_field: bool,
}

impl Fields {
    /// Returns the object. What is typed has one of the names `known`, unless any one is wanted; a file is sent as it is.
    pub fn object(&self, known: &[&str]) -> Result<Map<String, Value>> {
        for field in &self.given {
            secrets::check_argument(&field.name)?;
            if !self.any_field && !known.contains(&field.name.as_str()) {
                return Err(Failure::Usage(unknown_field(&field.name, known)));
            }
        }
        let mut object = match &self.input {
            Some(path) => {
                let wrong = || Failure::Usage(format!("{}: not a JSON object", path.display()));
                serde_json::from_slice(&bytes(path)?).map_err(|_| wrong())?
            }
            None => Map::new(),
        };
        object.extend(self.given.iter().map(|field| (field.name.clone(), field.value.clone())));
        match object.is_empty() {
            true => Err(Failure::Usage("there is nothing to write: give NAME=VALUE, or --input".to_owned())),
            false => Ok(object),
        }
    }
}

/// Says that there is no such field, and which one may be meant.
fn unknown_field(name: &str, known: &[&str]) -> String {
    let meant = match nearest(name, known) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("there are {}", known.join(", ")),
    };
    format!("there is no field `{name}`: {meant} --any-field sends it all the same")
}

/// Returns the name that a misspelt one is nearest to, if one is near.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = |name: &str| -> Vec<char> {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let own = plain(name);
    let (distance, found) = known.iter().map(|known| (distance(&own, &plain(known)), *known)).min()?;
    (distance <= own.len() / 3).then_some(found)
}

/// Returns how many characters are to be added, removed or replaced to make one name of the other.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, left) in one.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (column, right) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

/// Refuses a change that changes nothing.
pub fn check_change(values: &[&Option<String>]) -> Result<()> {
    match values.iter().any(|value| value.is_some()) {
        true => Ok(()),
        false => Err(Failure::Usage("there is nothing to change: name what is to be another one".to_owned())),
    }
}

/// Returns what is in a file; `-` is standard input.
pub fn bytes(path: &PathBuf) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = match path.as_os_str() == "-" {
        true => std::io::stdin().lock().read_to_end(&mut bytes).map(drop),
        false => fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).map(drop),
    };
    read.map(|()| bytes).map_err(|error| Failure::input(path, &error))
}

/// Converts fields to the SDK's JSON, by name.
pub fn json_fields(fields: &[Field]) -> impl Iterator<Item = (String, Json)> + '_ {
    fields.iter().map(|field| (field.name.clone(), field.value.clone().into()))
}

/// Where a command takes a secret from that it sends.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct SecretArgument {
    /// Read it from standard input
    #[arg(long = "stdin")]
    stdin: bool,
    /// Read it from a file
    #[arg(long = "file", value_name = "FILE", conflicts_with = "stdin")]
    file: Option<PathBuf>,
}

impl SecretArgument {
    /// Returns the secret; asks for it where neither flag is given.
    pub fn read(&self, what: &str) -> Result<Password> {
        match &self.file {
            Some(path) => secrets::Source::File(path.clone()).read(),
            None if self.stdin => secrets::from_stdin(),
            None if prompt::possible() => prompt::secret(what),
            None => Err(Failure::Usage(format!("{what}: use --stdin or --file; no flag takes a secret"))),
        }
    }
}

/// Where a command takes the password from that it gives a user; none is given otherwise.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct NewPassword {
    /// Read the user's password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Read the user's password from a file
    #[arg(long, value_name = "FILE", conflicts_with = "password_stdin")]
    password_file: Option<PathBuf>,
    /// Ask for the user's password
    #[arg(long, conflicts_with_all = ["password_stdin", "password_file"])]
    password_prompt: bool,
}

impl NewPassword {
    /// Returns the password, if one is to be given.
    pub fn read(&self) -> Result<Option<Password>> {
        match &self.password_file {
            Some(path) => secrets::Source::File(path.clone()).read().map(Some),
            None if self.password_stdin => secrets::from_stdin().map(Some),
            None if self.password_prompt => prompt::secret("The user's password").map(Some),
            None => Ok(None),
        }
    }
}

/// Reads one of these texts, which help and completions list.
pub fn one_of<T: From<String> + Clone + Send + Sync + 'static>(
    names: &'static [&'static str],
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(names).map(T::from)
}

/// Whether the exit code of a question tells its answer.
#[derive(Args, Clone, Copy, Debug)]
#[group(skip)]
pub struct ExitCode {
    /// Exit with 1 if the answer is false
    #[arg(long)]
    exit_code: bool,
}

impl ExitCode {
    /// Makes the answer of what a call returned.
    pub fn of<E>(self, answer: Result<bool, E>) -> Result<Answer, E> {
        answer.map(|yes| Answer::new(yes, self.exit_code))
    }
}

/// How many items of a list that comes at once a command shows.
#[derive(Args, Clone, Copy, Debug)]
#[group(skip)]
pub struct Limit {
    /// Show this many at the most; all by default
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

impl Limit {
    /// Shortens a list.
    pub fn of<T, E>(self, list: Result<Vec<T>, E>) -> Result<Vec<T>, E> {
        list.map(|mut list| {
            list.truncate(self.limit.unwrap_or(usize::MAX));
            list
        })
    }
}

/// How much of a list that comes in pages a command shows.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Paging {
    /// Show this many at the most; all by default
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// How many to fetch at once
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = page_size)]
    pub page_size: usize,
}

fn page_size(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|size| (1..=1000).contains(size)).ok_or("a whole number from 1 to 1000".to_owned())
}

impl Paging {
    /// Ends a list where the limit is.
    pub fn of<I: Iterator>(&self, items: I) -> std::iter::Take<I> {
        items.take(self.limit.unwrap_or(usize::MAX))
    }

    /// Returns the size of the pages: no larger than what is shown.
    pub fn size(&self) -> usize {
        self.limit.map_or(self.page_size, |limit| self.page_size.min(limit.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_texts_or_json() {
        let read = |text: &str| field(text).map(|field| (field.name, field.value));
        assert_eq!(read("a=7"), Ok(("a".to_owned(), json!("7"))));
        assert_eq!(read("a:=7"), Ok(("a".to_owned(), json!(7))));
        assert_eq!(read("a=b=c"), Ok(("a".to_owned(), json!("b=c"))));
        assert_eq!(read("a:={\"b\": null}"), Ok(("a".to_owned(), json!({"b": null}))));
        assert_eq!(read("a="), Ok(("a".to_owned(), json!(""))));
        for wrong in ["a", "=b", ":=1", "a:=canary"] {
            assert!(read(wrong).is_err_and(|error| !error.contains("canary")), "{wrong}");
        }
    }

    #[test]
    fn a_field_that_is_not_known_is_refused_with_the_nearest_one() {
        let known = ["username", "email", "externalId", "name"];
        for (name, expected) in [
            ("usrname", Some("username")),
            ("userName", Some("username")),
            ("external_id", Some("externalId")),
            ("emial", None),
            ("mail", Some("email")),
            ("x", None),
        ] {
            assert_eq!(nearest(name, &known), expected, "{name}");
        }
        let fields = |text: &str, any_field| Fields { given: vec![field(text).unwrap()], input: None, any_field };
        let refused = fields("usrname=x", false).object(&known).unwrap_err().to_string();
        assert!(refused.contains("did you mean `username`?") && refused.contains("--any-field"), "{refused}");
        let listed = fields("q=x", false).object(&known).unwrap_err().to_string();
        assert!(listed.contains("there are username, email, externalId, name"), "{listed}");
        assert_eq!(fields("usrname=x", true).object(&known).unwrap()["usrname"], "x");
        assert_eq!(fields("name=x", false).object(&known).unwrap()["name"], "x");
        // Not even so.
        assert!(fields("password=x", true).object(&known).is_err());
    }

    #[test]
    fn things_are_named_by_id_or_by_sid() {
        assert_eq!(user("bob"), Ok(UserRef::Id("bob".to_owned())));
        assert_eq!(user("1000"), Ok(UserRef::Id("1000".to_owned())), "an id can be digits alone");
        assert_eq!(user("sid:1000"), Ok(UserRef::Sid(1000)));
        assert_eq!(org("12"), Ok(OrgRef::Sid(12)));
        assert_eq!(org("drn:iam:org:default:hq"), Ok(OrgRef::Uri("drn:iam:org:default:hq".to_owned())));
        assert_eq!(tenant("sid:5"), Ok(TenantRef::sid(5)));
        assert!(user("sid:x").is_err());
    }

    #[test]
    fn a_page_is_no_larger_than_what_is_shown() {
        let size = |limit, page_size| Paging { limit, page_size }.size();
        assert_eq!([size(None, 50), size(Some(3), 50), size(Some(100), 50), size(Some(0), 50)], [50, 3, 50, 1]);
    }
}
