//! Cloudspot's state: people, companies and tokens.

use super::seed::{Company, Grant, Person, Seed};
use crate::emulator::{
    seed_check::{SeedError, not_empty, unique},
    store::{Tokens, random_token},
};
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

pub(super) struct Directory {
    /// Each company's name by its id.
    companies: HashMap<String, String>,
    applications: HashSet<String>,
    people: HashMap<String, Person>,
    /// The application of each license token, by user name.
    tokens: Tokens<String, String>,
    /// User name and company, by impersonation token.
    impersonations: HashMap<String, (String, String)>,
}

impl Directory {
    /// Creates a directory with the seed's contents.
    ///
    /// # Errors
    ///
    /// An empty name, password or duplicate, a company that does not exist, a first person who may use no application.
    pub(super) fn new(seed: Seed, token_lifetime: Duration) -> Result<Self, SeedError> {
        let (mut companies, mut applications, mut people) = (HashMap::new(), HashSet::new(), HashMap::new());
        for Company { id, name } in seed.companies {
            not_empty("a company's id", &id)?;
            not_empty(&format!("the name of company {id}"), &name)?;
            if companies.insert(id.clone(), name).is_some() {
                return Err(SeedError::new(format_args!("two companies have the id {id}")));
            }
        }
        if let Some(first) = seed.people.first().filter(|first| first.grants.is_empty()) {
            let what = format_args!("person {} is the first, whose account tests use", first.username);
            return Err(SeedError::new(format_args!("{what}, and may use no application")));
        }
        for person in seed.people {
            not_empty("a person's user name", &person.username)?;
            let what = format!("person {}", person.username);
            not_empty(&format!("the password of {what}"), person.password.expose_secret())?;
            let mut seen = HashSet::new();
            for Grant { application, company, .. } in &person.grants {
                not_empty(&format!("the id of an application of {what}"), application)?;
                let mistake = format_args!("{what} has {application} in company {company} twice");
                unique(&mut seen, (application, company), mistake)?;
                if !companies.contains_key(company) {
                    return Err(SeedError::new(format_args!("{what}: there is no company {company}")));
                }
                applications.insert(application.clone());
            }
            let username = person.username.clone();
            if people.insert(username.clone(), person).is_some() {
                return Err(SeedError::new(format_args!("two people have the user name {username}")));
            }
        }
        let (tokens, impersonations) = (Tokens::new(token_lifetime), HashMap::new());
        Ok(Self { companies, applications, people, tokens, impersonations })
    }

    pub(super) fn has_application(&self, application: &str) -> bool {
        self.applications.contains(application)
    }

    pub(super) fn person(&self, username: &str) -> Option<&Person> {
        self.people.get(username)
    }

    /// Returns the companies in which a user may use an application.
    fn grants<'a>(&'a self, username: &str, application: &'a str) -> impl Iterator<Item = &'a Grant> {
        let grants = self.person(username).map(|person| &person.grants[..]).unwrap_or_default();
        grants.iter().filter(move |grant| grant.application == application)
    }

    pub(super) fn permissions(&self, username: &str, application: &str) -> Value {
        let to_json = |grant: &Grant| {
            let name = self.companies.get(&grant.company);
            json!({"company_id": grant.company, "company_name": name, "permissions": slugs(grant)})
        };
        self.grants(username, application).map(to_json).collect()
    }

    pub(super) fn slugs<'a>(&'a self, username: &str, company: &str, application: &'a str) -> Option<Vec<&'a str>> {
        self.grants(username, application).find(|grant| grant.company == company).map(slugs)
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
        let token = random_token();
        self.tokens.insert(token.clone(), username.to_owned(), application.to_owned());
        token
    }

    /// Returns the user of a token in this application.
    pub(super) fn user_of(&self, token: &str, application: &str) -> Option<&str> {
        let (username, of) = self.tokens.get(token)?;
        (of == application).then_some(username.as_str())
    }

    pub(super) fn revoke(&mut self, username: &str) {
        self.tokens.revoke(&username.to_owned(), |_| true);
    }

    pub(super) fn expire_tokens(&mut self) {
        self.tokens.expire();
    }

    pub(super) fn impersonate(&mut self, username: &str, company: &str) -> Option<String> {
        self.person(username)?;
        self.companies.get(company)?;
        let token = random_token();
        self.impersonations.insert(token.clone(), (username.to_owned(), company.to_owned()));
        Some(token)
    }

    pub(super) fn impersonation(&self, token: &str) -> Option<(String, String)> {
        self.impersonations.get(token).cloned()
    }
}

/// Returns a grant's permissions: `use_app`, which each grant has, and the others.
fn slugs(grant: &Grant) -> Vec<&str> {
    std::iter::once("use_app").chain(grant.permissions.iter().map(String::as_str)).collect()
}
