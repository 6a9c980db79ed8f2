//! Cloudspot's initial companies and people.

use crate::{Password, Pin, emulator::seed_check::default_seed};
use serde::Deserialize;

/// The credentials of a seed. They are empty if the seed has no people.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Account {
    /// The application's id.
    pub application: String,
    /// The name of the seed's first person, who may use the application.
    pub username: String,
    /// The user's password.
    pub password: Password,
    /// The id of a company in which the user may use the application.
    pub company_id: String,
}

/// Cloudspot's initial companies, people and permissions.
///
/// The default has 3 companies, 4 people and 2 applications. A seed can be deserialized from JSON of the form that the
/// [guide](crate::guide::testing) shows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    #[serde(default)]
    pub(super) companies: Vec<Company>,
    #[serde(default)]
    pub(super) people: Vec<Person>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Company {
    pub(super) id: String,
    pub(super) name: String,
}

impl Seed {
    /// Creates a seed without companies and people.
    pub fn new() -> Self {
        Self { companies: Vec::new(), people: Vec::new() }
    }

    /// Adds a company.
    pub fn company(mut self, id: impl Into<String>, name: impl Into<String>) -> Self {
        self.companies.push(Company { id: id.into(), name: name.into() });
        self
    }

    /// Adds a person. The first one becomes the [`Account`], in the first of their applications and companies: they must
    /// have one.
    pub fn person(mut self, person: Person) -> Self {
        self.people.push(person);
        self
    }

    pub(super) fn account(&self) -> Account {
        let person = self.people.first();
        let grant = person.and_then(|person| person.grants.first());
        Account {
            application: grant.map(|grant| grant.application.clone()).unwrap_or_default(),
            username: person.map(|person| person.username.clone()).unwrap_or_default(),
            password: person.map_or_else(|| "".into(), |person| person.password.clone()),
            company_id: grant.map(|grant| grant.company.clone()).unwrap_or_default(),
        }
    }
}

impl Default for Seed {
    fn default() -> Self {
        default_seed(include_str!("default_seed.json"))
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grant {
    pub(super) application: String,
    pub(super) company: String,
    /// Beside `use_app`.
    #[serde(default)]
    pub(super) permissions: Vec<String>,
}

/// A person who can log in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    pub(super) username: String,
    pub(super) password: Password,
    #[serde(default)]
    pub(super) first_name: String,
    #[serde(default)]
    pub(super) last_name: String,
    pub(super) pin: Option<Pin>,
    #[serde(default, rename = "may")]
    pub(super) grants: Vec<Grant>,
}

impl Person {
    /// Creates a person without a name and permissions. The user name is also the mail address.
    pub fn new(username: impl Into<String>, password: impl Into<Password>) -> Self {
        let (first_name, last_name, pin, grants) = Default::default();
        Self { username: username.into(), password: password.into(), first_name, last_name, pin, grants }
    }

    /// Sets the first and the last name.
    pub fn name(mut self, first: impl Into<String>, last: impl Into<String>) -> Self {
        (self.first_name, self.last_name) = (first.into(), last.into());
        self
    }

    /// Sets the pin.
    pub fn pin(mut self, pin: impl Into<Pin>) -> Self {
        self.pin = Some(pin.into());
        self
    }

    /// Permits the use of an application in a company (`use_app`), and grants further permissions there.
    pub fn may(mut self, application: impl Into<String>, company: impl Into<String>, slugs: &[&str]) -> Self {
        let permissions = slugs.iter().map(|slug| (*slug).to_owned()).collect();
        self.grants.push(Grant { application: application.into(), company: company.into(), permissions });
        self
    }
}
