//! Cloudspot's state: people, companies and tokens.

use super::seed::{Grant, Person, Seed};
use crate::emulator::after;
use crate::emulator::seed_error::{SeedError, named, unique};
use rand::distr::{Alphanumeric, SampleString};
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

pub(super) struct Directory {
    /// Each company's name by its id.
    companies: HashMap<String, String>,
    applications: HashSet<String>,
    people: HashMap<String, Person>,
    tokens: Tokens,
    /// User name and company, by impersonation token.
    impersonations: HashMap<String, (String, String)>,
}

fn random() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), 40)
}

impl Directory {
    /// Creates a directory with the seed's contents.
    ///
    /// # Errors
    ///
    /// An empty name, one that is there twice, a company that does not exist.
    pub(super) fn new(seed: Seed, token_lifetime: Duration) -> Result<Self, SeedError> {
        let (mut companies, mut applications, mut people) = (HashMap::new(), HashSet::new(), HashMap::new());
        for (id, name) in seed.companies {
            named("a company's id", &id)?;
            named(&format!("the name of company {id}"), &name)?;
            if companies.insert(id.clone(), name).is_some() {
                return Err(SeedError::new(format_args!("company {id} is there twice")));
            }
        }
        for person in seed.people {
            named("a person's user name", &person.username)?;
            let what = format!("person {}", person.username);
            let mut known = HashSet::new();
            for Grant { application, company, .. } in &person.grants {
                named(&format!("the id of an application of {what}"), application)?;
                unique(&mut known, (application, company), format_args!("{what}: {application} in company {company}"))?;
                if !companies.contains_key(company) {
                    return Err(SeedError::new(format_args!("{what}: there is no company {company}")));
                }
                applications.insert(application.clone());
            }
            if people.insert(person.username.clone(), person).is_some() {
                return Err(SeedError::new(format_args!("{what} is there twice")));
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
        self.tokens.open(username, application)
    }

    /// Returns the user of a token in this application.
    pub(super) fn user_of(&self, token: &str, application: &str) -> Option<&str> {
        self.tokens.user_of(token, application)
    }

    pub(super) fn revoke(&mut self, username: &str) {
        self.tokens.revoke(username);
    }

    pub(super) fn expire_tokens(&mut self) {
        self.tokens.expire();
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

/// The license tokens.
struct Tokens {
    lifetime: Duration,
    by_token: HashMap<String, Session>,
    of_user: HashMap<String, Vec<String>>,
}

struct Session {
    username: String,
    application: String,
    expires: Instant,
}

impl Tokens {
    fn new(lifetime: Duration) -> Self {
        Self { lifetime, by_token: HashMap::new(), of_user: HashMap::new() }
    }

    fn open(&mut self, username: &str, application: &str) -> String {
        let (token, expires) = (random(), after(self.lifetime));
        let session = Session { username: username.to_owned(), application: application.to_owned(), expires };
        self.by_token.insert(token.clone(), session);
        self.of_user.entry(username.to_owned()).or_default().push(token.clone());
        token
    }

    fn user_of(&self, token: &str, application: &str) -> Option<&str> {
        let live = self.by_token.get(token).filter(|session| session.expires > Instant::now());
        live.filter(|session| session.application == application).map(|session| session.username.as_str())
    }

    fn revoke(&mut self, username: &str) {
        for token in self.of_user.remove(username).into_iter().flatten() {
            self.by_token.remove(&token);
        }
    }

    fn expire(&mut self) {
        let now = Instant::now();
        self.by_token.values_mut().for_each(|session| session.expires = now);
    }
}
