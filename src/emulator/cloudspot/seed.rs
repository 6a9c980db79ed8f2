//! Cloudspot's initial companies and people.

use crate::{Password, Pin};

/// Credentials that work against the emulator.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Account {
    /// The application's id.
    pub application: String,
    /// The name of a user of the application.
    pub username: String,
    /// The user's password.
    pub password: Password,
    /// The id of a company in which the user may use the application.
    pub company_id: String,
}

/// Cloudspot's initial companies, people and permissions.
///
/// The default has 3 companies, 4 people and 2 applications.
#[derive(Clone, Debug)]
pub struct Seed {
    /// The id and the name of each.
    pub(super) companies: Vec<(String, String)>,
    pub(super) people: Vec<Person>,
}

impl Seed {
    /// Creates a seed without companies and people.
    pub fn new() -> Self {
        Self { companies: Vec::new(), people: Vec::new() }
    }

    /// Adds a company.
    pub fn company(mut self, id: impl Into<String>, name: impl Into<String>) -> Self {
        self.companies.push((id.into(), name.into()));
        self
    }

    /// Adds a person. The first one becomes the [`Account`], in the first of their applications and companies.
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
        let person = |username: &str, first: &str, last: &str| {
            Person::new(username, format!("{first}-pä$$-1")).name(first, last).pin("4711")
        };
        Self::new()
            .company("c1", "Bakkerij Peeters")
            .company("c2", "Café Métropole")
            .company("c/3 ü", "Hof & Höfe GmbH")
            .person(
                person("els@cloudspot.example", "Els", "Peeters")
                    .may("pos", "c1", &["manage_users", "refund"])
                    .may("pos", "c/3 ü", &[])
                    .may("kitchen", "c1", &["close_orders"]),
            )
            .person(person("jan@cloudspot.example", "Jan", "De Smet").may("pos", "c1", &[]).may(
                "pos",
                "c2",
                &["refund"],
            ))
            .person(person("zoë@cloudspot.example", "Zoë", "Lambert").may("kitchen", "c2", &[]))
            .person(person("nobody@cloudspot.example", "No", "Body"))
    }
}

#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) application: String,
    pub(super) company: String,
    pub(super) slugs: Vec<String>,
}

/// A person who can log in.
#[derive(Clone, Debug)]
pub struct Person {
    pub(super) username: String,
    pub(super) password: Password,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) pin: Option<Pin>,
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
        let slugs = ["use_app"].iter().chain(slugs).map(|slug| (*slug).to_owned()).collect();
        self.grants.push(Grant { application: application.into(), company: company.into(), slugs });
        self
    }
}
