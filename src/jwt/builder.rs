//! What a verifier is built from.

use super::{
    algorithm::Algorithm,
    checker::{Checker, VerificationKeys},
    documents::{Location, MAX_DOCUMENT_BYTES},
    freshness::Ages,
    header::media_type,
    key_set::KeySet,
    key_source::{KeySource, Source},
    remote::{Fetcher, RemoteKeys},
    rules::{Accepted, Rules},
    userinfo::has_userinfo,
};
use crate::{Error, Result, clock::Clock, config::Settings, transport::runtime::Flavour};
use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

/// Clocks that NTP sets never differ more than this. A longer leeway would in effect ignore the expiry.
const MAX_LEEWAY: Duration = Duration::from_secs(10 * 60);

/// Builds a verifier, `V`: of one flavour or the other.
///
/// The issuer and the audience must be set, or left out by name ([`any_issuer`](Self::any_issuer),
/// [`any_audience`](Self::any_audience)).
pub struct VerifierBuilder<V> {
    source: KeySource,
    issuer: Option<Accepted>,
    audience: Option<Accepted>,
    token_types: Option<Vec<String>>,
    algorithms: Option<Vec<Algorithm>>,
    leeway: Duration,
    ages: Ages,
    clock: Clock,
    settings: Settings,
    verifier: PhantomData<fn() -> V>,
}

impl<V> VerifierBuilder<V> {
    pub(crate) fn new(source: KeySource) -> Self {
        let mut settings = Settings::new(String::new());
        settings.timeout = Duration::from_secs(10);
        settings.connect_timeout = Duration::from_secs(5);
        settings.max_response_bytes = MAX_DOCUMENT_BYTES;
        let ages = Ages {
            refresh_after: Duration::from_secs(60 * 60),
            keep_for: Duration::from_secs(24 * 60 * 60),
            unknown_key_interval: Duration::from_secs(30),
        };
        Self {
            source,
            issuer: None,
            audience: None,
            token_types: None,
            algorithms: None,
            leeway: Duration::from_secs(30),
            ages,
            clock: Clock::default(),
            settings,
            verifier: PhantomData,
        }
    }

    /// Accepts tokens of this issuer (`iss`), compared as it stands. Several calls accept several.
    ///
    /// Two issuers can give two users the same subject: with several issuers, identify users by
    /// [`Claims::global_subject`](super::Claims::global_subject), not by `sub`.
    ///
    /// Default: the issuer of [`KeySource::discovery`]. For other sources of keys the issuer must be set.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(and(self.issuer, issuer.into()));
        self
    }

    /// Accepts tokens of any issuer that has one of the keys, and tokens without an issuer.
    ///
    /// Identify users by [`Claims::global_subject`](super::Claims::global_subject) then.
    pub fn any_issuer(mut self) -> Self {
        self.issuer = Some(Accepted::Any);
        self
    }

    /// Accepts tokens for this audience (`aud`), compared as it stands. Several calls accept several.
    ///
    /// A token for another application must not be used here, even if the same issuer signed it: building fails without an audience.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(and(self.audience, audience.into()));
        self
    }

    /// Accepts tokens for any audience, and tokens without an audience. Every application of the issuer can then use its
    /// users' tokens here.
    pub fn any_audience(mut self) -> Self {
        self.audience = Some(Accepted::Any);
        self
    }

    /// Accepts tokens of this type (`typ`) and no others, such as `at+jwt` for access tokens. Several calls accept several types.
    ///
    /// Case does not matter, and `application/` may be left out. Default: `JWT`, `at+jwt`, and tokens without a type. Other types are
    /// refused, such as the `logout+jwt` of OpenID Connect: issuers sign them with the same keys and for the same audience.
    pub fn token_type(mut self, token_type: impl AsRef<str>) -> Self {
        self.token_types.get_or_insert_default().push(media_type(token_type.as_ref()));
        self
    }

    /// Accepts these algorithms and no others, whatever a token says. Default: `RS256`; `HS256` for a secret.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = Some(algorithms.into_iter().collect());
        self
    }

    /// Sets how far the clocks of issuer and service may differ. Default: 30 s; 10 minutes at most.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Sets the age from which keys are fetched anew, while those at hand are used. Default: an hour.
    pub fn refresh_after(mut self, age: Duration) -> Self {
        self.ages.refresh_after = age;
        self
    }

    /// Sets how long keys are used while new ones cannot be fetched. Default: a day after they were fetched.
    pub fn keep_for(mut self, age: Duration) -> Self {
        self.ages.keep_for = age;
        self
    }

    /// Sets the least time between two fetches for tokens that name an unknown key. Default: 30 s.
    ///
    /// Anybody can name keys that do not exist, and each such token would otherwise make a request to the issuer. During the interval
    /// tokens with an unknown key are refused, and no error is reported: strangers can cause neither load nor errors of this server.
    /// If the issuer signs with a new key at once, strangers can thereby delay its tokens by the interval at most. Issuers that publish
    /// a key before they sign with it are not affected: the keys are refreshed anyway.
    pub fn unknown_key_interval(mut self, interval: Duration) -> Self {
        self.ages.unknown_key_interval = interval;
        self
    }

    /// Sets the clock, for tests: a [`Clock`], or a closure that returns the time. Default: the system's.
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    crate::config::connection_methods! {
        /// Sets the longest that fetching keys may take, with all attempts, and that a token waits for them. Default: 10 s.
        fn timeout;
        /// Sets the longest that connecting may take. Default: 5 s.
        fn connect_timeout;
        fn retry;
        /// Permits to fetch keys over plain http, where an attacker on the network can replace them and sign any token.
        fn allow_http;
    }

    pub(crate) fn prepare(mut self, flavour: Flavour) -> Result<Checker> {
        let KeySource(source) = self.source;
        if let (Source::Discovery(issuer), None) = (&source, &self.issuer) {
            self.issuer = Some(Accepted::OneOf(vec![issuer.clone()]));
        }
        let rules = Rules {
            issuer: named("issuer", self.issuer)?,
            audience: named("audience", self.audience)?,
            token_types: self.token_types,
            leeway: self.leeway,
        };
        if rules.token_types.iter().flatten().any(String::is_empty) {
            return Err(Error::configuration("token_type: it is empty"));
        }
        if let Accepted::OneOf(issuers) = &rules.issuer
            && issuers.iter().any(|issuer| has_userinfo(issuer))
        {
            return Err(Error::configuration("issuer: it must not hold a user name or password"));
        }
        if self.leeway > MAX_LEEWAY {
            return Err(Error::configuration("leeway: more than 10 minutes"));
        }
        check_ages(self.ages)?;
        self.settings.check_limits()?;
        let algorithms = algorithms(&source, self.algorithms)?;
        let observing = self.settings.observing.clone();
        let remote =
            |fetcher| VerificationKeys::Remote(Arc::new(RemoteKeys::new(fetcher, self.ages, self.clock.clone())));
        let keys = match source {
            Source::Secret(secret) => VerificationKeys::Fixed(KeySet::of_secret(&secret)),
            Source::Fixed(jwks) => {
                VerificationKeys::Fixed(KeySet::parse(&jwks).map_err(|error| unusable("key set", &error))?)
            }
            Source::Url(url) => {
                let location = Location::parse(&url);
                let location = location.map_err(|what| Error::configuration(format!("URL of the keys: {what}")))?;
                let fetcher = Fetcher::of_url(flavour, self.settings, location);
                remote(fetcher.map_err(|error| unusable("URL of the keys", &error))?)
            }
            Source::Discovery(issuer) => {
                let fetcher = Fetcher::of_issuer(flavour, self.settings, issuer);
                remote(fetcher.map_err(|error| unusable("issuer", &error))?)
            }
        };
        Ok(Checker { keys, algorithms, rules, clock: self.clock, observing })
    }
}

fn and(accepted: Option<Accepted>, value: String) -> Accepted {
    match accepted {
        Some(Accepted::OneOf(mut values)) => {
            values.push(value);
            Accepted::OneOf(values)
        }
        _ => Accepted::OneOf(vec![value]),
    }
}

/// Refuses a rule that was forgotten, or whose value is empty: it would check nothing.
fn named(what: &str, accepted: Option<Accepted>) -> Result<Accepted> {
    match accepted {
        None => Err(Error::configuration(format!("{what}: not set; set `{what}`, or `any_{what}` to accept any"))),
        Some(Accepted::OneOf(values)) if values.iter().any(|value| value.trim().is_empty()) => {
            Err(Error::configuration(format!("{what}: it is empty")))
        }
        Some(accepted) => Ok(accepted),
    }
}

fn check_ages(ages: Ages) -> Result<()> {
    for (setting, age) in [
        ("refresh_after", ages.refresh_after),
        ("keep_for", ages.keep_for),
        ("unknown_key_interval", ages.unknown_key_interval),
    ] {
        if age.is_zero() {
            return Err(Error::configuration(format!("{setting}: zero would fetch the keys for every token")));
        }
    }
    match ages.refresh_after > ages.keep_for {
        true => Err(Error::configuration("refresh_after: longer than keep_for")),
        false => Ok(()),
    }
}

/// Returns the accepted algorithms. A verifier takes secrets or public keys, never both: a public key is no secret.
fn algorithms(source: &Source, algorithms: Option<Vec<Algorithm>>) -> Result<Vec<Algorithm>> {
    let (default, secret) = match source {
        Source::Secret(secret) => (Algorithm::HS256, Some(secret)),
        _ => (Algorithm::RS256, None),
    };
    let algorithms = algorithms.unwrap_or_else(|| vec![default]);
    let wrong = |what: String| Err(Error::configuration(format!("algorithms: {what}")));
    if algorithms.is_empty() {
        return wrong("the list is empty".to_owned());
    }
    for algorithm in &algorithms {
        match secret {
            Some(_) if !algorithm.is_symmetric() => {
                return wrong(format!("{algorithm} takes public keys, not a secret"));
            }
            None if algorithm.is_symmetric() => return wrong(format!("{algorithm} takes a secret, not public keys")),
            Some(secret) if !algorithm.takes(secret) => {
                return wrong(format!("the secret is too short for {algorithm} (RFC 7518, 3.2)"));
            }
            _ => {}
        }
    }
    Ok(algorithms)
}

/// Names the setting in the error of something that it leads to.
pub(super) fn unusable(setting: &str, error: &Error) -> Error {
    if error.is_blocking_in_async() {
        return error.clone();
    }
    let text = error.to_string();
    let text = text.strip_prefix("wrong configuration: ").unwrap_or(&text);
    let text = text.strip_prefix("base URL: ").unwrap_or(text);
    Error::configuration(format!("{setting}: {text}"))
}

impl<V> Clone for VerifierBuilder<V> {
    fn clone(&self) -> Self {
        Self {
            source: self.source.clone(),
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            token_types: self.token_types.clone(),
            algorithms: self.algorithms.clone(),
            leeway: self.leeway,
            ages: self.ages,
            clock: self.clock.clone(),
            settings: self.settings.clone(),
            verifier: PhantomData,
        }
    }
}

impl<V> fmt::Debug for VerifierBuilder<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifierBuilder")
            .field("source", &self.source)
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("token_types", &self.token_types)
            .field("algorithms", &self.algorithms)
            .field("leeway", &self.leeway)
            .field("ages", &self.ages)
            .field("timeout", &self.settings.timeout)
            .finish_non_exhaustive()
    }
}
