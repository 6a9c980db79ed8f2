//! What callers may do, cached apart from who they are.

use super::{
    Identity, SourceId,
    entry::Times,
    key::{Key, Keys},
    lookup::{Lookup, LookupCache, LookupFailure},
    settings::Settings,
    store::Value,
};
use crate::{Result, transport::runtime::Flavour};
use std::{sync::Arc, time::Duration};

/// What a source is asked about a caller.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Roles(SourceId),
    /// The permissions in this company.
    Permissions(SourceId, Arc<str>),
}

impl Subject {
    /// Returns the key of the decision. It depends on the token: another one of the same user can be worth less, and be refused.
    pub(crate) fn key(&self, keys: &Keys, token: Key, identity: &impl Identity) -> Key {
        let (kind, source, company) = match self {
            Self::Roles(source) => ("roles", source, ""),
            Self::Permissions(source, company) => ("permissions", source, &**company),
        };
        let tenant = identity.tenant_id();
        let has_tenant = if tenant.is_some() { "tenant" } else { "" };
        let source = source.number().to_string();
        keys.about(token, &[kind, &source, identity.user_id(), has_tenant, tenant.unwrap_or_default(), company])
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
        let bounds = settings.bounds(false);
        Self(LookupCache::new(flavour, settings.clock.clone(), settings.timeout, times, &bounds))
    }

    /// Returns the names: from the cache, or what `look_up` brings.
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
        type Client = ();

        fn user_id(&self) -> &str {
            self.0
        }

        fn tenant_id(&self) -> Option<&str> {
            self.1
        }
    }

    #[test]
    fn a_decision_is_of_source_token_user_tenant_and_company() {
        let keys = Keys::new();
        let (token, other_token) = (keys.of(&["token"]), keys.of(&["other"]));
        let (source, other_source) = (SourceId::new(), SourceId::new());
        let roles = || Subject::Roles(source);
        let permissions = |company: &str| Subject::Permissions(source, company.into());
        let all = [
            (In("ann", Some("T1")), roles()),
            (In("ann", Some("T1")), Subject::Roles(other_source)),
            (In("ann", Some("T1")), Subject::Permissions(other_source, "c1".into())),
            (In("ann", Some("T2")), roles()),
            (In("ann", Some("")), roles()),
            (In("ann", None), roles()),
            (In("bob", Some("T1")), roles()),
            (In("annT1", None), roles()),
            (In("ann", Some("T1")), permissions("")),
            (In("ann", Some("T1")), permissions("c1")),
            (In("ann", Some("T1c1")), permissions("")),
            (In("ann", Some("T2")), permissions("c1")),
        ];
        for (n, (identity, subject)) in all.iter().enumerate() {
            for (other, (other_identity, other_subject)) in all.iter().enumerate() {
                let key = subject.key(&keys, token, identity);
                assert_eq!(key == other_subject.key(&keys, token, other_identity), n == other, "{n} {other}");
                assert_ne!(key, other_subject.key(&keys, other_token, other_identity), "{n} {other}");
            }
        }
    }
}
