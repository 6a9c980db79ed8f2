//! What callers may do, cached apart from who they are.

use super::{
    Identity,
    entry::Times,
    key::{Key, Keys},
    lookup::{Lookup, LookupCache, LookupFailure},
    settings::Settings,
    store::{Bounds, Value},
};
use crate::{Result, transport::runtime::Flavour};
use std::{sync::Arc, time::Duration};

/// What is asked about a caller.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    Roles,
    /// The permissions in this company.
    Permissions(String),
}

impl Question {
    /// Returns the key of the answer. It depends on the token: another one of the same user can be worth less, and be refused.
    pub(crate) fn key(&self, keys: &Keys, token: Key, identity: &impl Identity) -> Key {
        let (kind, company) = match self {
            Self::Roles => ("roles", ""),
            Self::Permissions(company) => ("permissions", company.as_str()),
        };
        let tenant = identity.tenant_id();
        let has_tenant = if tenant.is_some() { "tenant" } else { "" };
        keys.about(token, &[kind, identity.user_id(), has_tenant, tenant.unwrap_or_default(), company])
    }
}

/// The roles, or the permissions in a company, of a user.
#[derive(Debug)]
pub(crate) struct Grants {
    user: Box<str>,
    names: Arc<[String]>,
}

impl Value for Grants {
    fn user(&self) -> &str {
        &self.user
    }

    fn bytes(&self) -> usize {
        self.user.len() + self.names.iter().map(|name| size_of::<String>() + name.len()).sum::<usize>()
    }
}

#[derive(Debug)]
pub(crate) struct Decisions(LookupCache<Grants>);

impl Decisions {
    /// A decision is never used after its TTL, whatever the guard does about identities.
    pub(crate) fn new(flavour: Flavour, settings: &Settings) -> Self {
        let times = Times { stale_if_error: Duration::ZERO, ..settings.times.clone() };
        let bounds: &Bounds = &settings.bounds;
        Self(LookupCache::new(flavour, settings.clock.clone(), settings.timeout, times, bounds))
    }

    /// Returns the answer: from the cache, or what `look_up` brings.
    pub(crate) async fn get<F>(
        &self,
        key: Key,
        user: &str,
        look_up: impl Fn() -> F,
    ) -> Result<Arc<[String]>, LookupFailure>
    where
        F: Future<Output = Result<Vec<String>>> + Send + 'static,
    {
        let grants = || {
            let (user, names): (Box<str>, _) = (user.into(), look_up());
            async move { Ok(Some((Grants { user, names: names.await?.into() }, None))) }
        };
        match self.0.get(key, grants).await {
            Lookup::Found(grants, _) => Ok(grants.names.clone()),
            // A look-up of these brings names or an error.
            Lookup::Refused(_) => Err(LookupFailure::Lost),
            Lookup::Failed(failure, _) => Err(failure),
        }
    }

    /// Forgets what was decided for a token.
    pub(crate) fn forget_token(&self, token: &Key) {
        self.0.store().forget_token(token);
    }

    pub(crate) fn forget_user(&self, user: &str) {
        self.0.store().forget_user(user);
    }

    pub(crate) fn clear(&self) {
        self.0.store().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone)]
    struct In(&'static str, Option<&'static str>);

    impl Identity for In {
        fn user_id(&self) -> &str {
            self.0
        }

        fn tenant_id(&self) -> Option<&str> {
            self.1
        }
    }

    #[test]
    fn a_decision_is_of_token_user_tenant_and_company() {
        let keys = Keys::new();
        let (token, other_token) = (keys.of(&["token"]), keys.of(&["other"]));
        let permissions = |company: &str| Question::Permissions(company.to_owned());
        let all = [
            (In("ann", Some("T1")), Question::Roles),
            (In("ann", Some("T2")), Question::Roles),
            (In("ann", Some("")), Question::Roles),
            (In("ann", None), Question::Roles),
            (In("bob", Some("T1")), Question::Roles),
            (In("annT1", None), Question::Roles),
            (In("ann", Some("T1")), permissions("")),
            (In("ann", Some("T1")), permissions("c1")),
            (In("ann", Some("T1c1")), permissions("")),
            (In("ann", Some("T2")), permissions("c1")),
        ];
        for (n, (identity, question)) in all.iter().enumerate() {
            for (other, (other_identity, other_question)) in all.iter().enumerate() {
                let key = question.key(&keys, token, identity);
                assert_eq!(key == other_question.key(&keys, token, other_identity), n == other, "{n} {other}");
                assert_ne!(key, other_question.key(&keys, other_token, other_identity), "{n} {other}");
            }
        }
    }
}
