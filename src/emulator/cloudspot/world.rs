//! Cloudspot's state.

use super::seed::{Grant, Person, Seed};
use rand::distr::{Alphanumeric, SampleString};
use serde_json::{Value, json};
use std::collections::HashMap;

pub(super) struct World {
    companies: HashMap<String, String>,
    people: Vec<Person>,
    /// User name and application, by license token.
    tokens: HashMap<String, (String, String)>,
    /// User name and company, by impersonation token.
    impersonations: HashMap<String, (String, String)>,
}

fn random() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), 40)
}

impl World {
    pub(super) fn new(seed: Seed) -> Self {
        let companies = seed.companies.into_iter().collect();
        Self { companies, people: seed.people, tokens: HashMap::new(), impersonations: HashMap::new() }
    }

    pub(super) fn has_application(&self, application: &str) -> bool {
        self.people.iter().flat_map(|person| &person.grants).any(|grant| grant.application == application)
    }

    pub(super) fn person(&self, username: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.username == username)
    }

    /// Returns the companies in which a user may use an application.
    fn grants<'a>(&'a self, username: &str, application: &'a str) -> impl Iterator<Item = &'a Grant> {
        let grants = self.person(username).map(|person| &person.grants[..]).unwrap_or_default();
        grants.iter().filter(move |grant| grant.application == application)
    }

    pub(super) fn permissions(&self, username: &str, application: &str) -> Value {
        let shown = |grant: &Grant| {
            let name = self.companies.get(&grant.company);
            json!({"company_id": grant.company, "company_name": name, "permissions": grant.slugs})
        };
        self.grants(username, application).map(shown).collect()
    }

    pub(super) fn slugs<'a>(&'a self, username: &str, company: &str, application: &'a str) -> Option<&'a [String]> {
        self.grants(username, application).find(|grant| grant.company == company).map(|grant| &grant.slugs[..])
    }

    pub(super) fn profile(&self, username: &str) -> Value {
        let Some(person) = self.person(username) else { return Value::Null };
        json!({
            "first_name": person.first_name, "last_name": person.last_name, "email": person.username,
            "pin": person.pin.as_ref().map(|pin| pin.expose_secret()),
        })
    }

    pub(super) fn company(&self, id: &str) -> Value {
        json!({"company_id": id, "company_name": self.companies.get(id)})
    }

    pub(super) fn sign_in(&mut self, username: &str, application: &str) -> String {
        let token = random();
        self.tokens.insert(token.clone(), (username.to_owned(), application.to_owned()));
        token
    }

    /// Returns the user of a token in this application.
    pub(super) fn user_of(&self, token: &str, application: &str) -> Option<&str> {
        let (username, of) = self.tokens.get(token)?;
        (of == application).then_some(username)
    }

    pub(super) fn revoke(&mut self, username: &str) {
        self.tokens.retain(|_, (of, _)| of != username);
    }

    pub(super) fn impersonate(&mut self, username: &str, company: &str) -> Option<String> {
        self.person(username)?;
        self.companies.get(company)?;
        let token = random();
        self.impersonations.insert(token.clone(), (username.to_owned(), company.to_owned()));
        Some(token)
    }

    pub(super) fn impersonation(&self, token: &str) -> Option<(String, String)> {
        self.impersonations.get(token).cloned()
    }
}
