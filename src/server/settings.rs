//! The settings of a guard.

use super::{Guard, Introspect, entry::Times, source::Source, store::Bounds};
use crate::{Error, Result, UserToken, clock::Clock, observe::Observing};
use http::{
    HeaderName,
    header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION},
};
use std::{fmt, sync::Arc, time::Duration};

/// The realm of a guard that was given none.
pub(crate) const REALM: &str = "iam";
/// The longest time for which stale results can be used.
const LONGEST_STALE: Duration = Duration::from_secs(5 * 60);

/// How many introspections may be under way where another limit is not set, and how many of a guard that asks nobody.
const IN_FLIGHT: usize = 64;
const IN_FLIGHT_LOCAL: usize = 10_000;

/// Builds a [`Guard`].
#[must_use = "it does nothing until it is built"]
pub struct GuardBuilder<I> {
    pub(super) introspect: I,
    pub(super) settings: Settings,
    mistake: Option<String>,
}

type Precheck = Arc<dyn Fn(&UserToken) -> bool + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) sources: Vec<Source>,
    pub(crate) times: Times,
    pub(crate) bounds: Bounds,
    pub(crate) max_token_bytes: usize,
    pub(crate) timeout: Duration,
    pub(crate) realm: Arc<str>,
    pub(crate) precheck: Option<Precheck>,
    pub(crate) clock: Clock,
    pub(crate) observing: Observing,
}

impl Settings {
    /// Returns the bounds of look-ups that ask another service, or nobody.
    pub(super) fn bounds(&self, is_local: bool) -> Bounds {
        let default = if is_local { IN_FLIGHT_LOCAL } else { IN_FLIGHT };
        Bounds { in_flight: Some(self.bounds.in_flight.unwrap_or(default)), ..self.bounds.clone() }
    }
}

impl<I: Introspect> GuardBuilder<I> {
    pub(super) fn new(introspect: I) -> Self {
        let seconds = Duration::from_secs;
        let settings = Settings {
            sources: Vec::new(),
            times: Times {
                ttl: seconds(30),
                negative_ttl: seconds(5),
                stale_if_error: Duration::ZERO,
                refresh_ahead: false,
                skew: seconds(5),
                retry_stale: seconds(1),
            },
            bounds: Bounds { entries: 10_000, bytes: 64 << 20, in_flight: None },
            max_token_bytes: 8 << 10,
            timeout: seconds(5),
            realm: REALM.into(),
            precheck: None,
            clock: Clock::default(),
            observing: Observing::default(),
        };
        Self { introspect, settings, mistake: None }
    }

    /// Takes the token from `Authorization: Bearer …`. Default, if no other place is set.
    pub fn bearer(self) -> Self {
        self.source(Source::Bearer)
    }

    /// Takes the token from a header of this name, such as `digi-middleware-auth-user`. The value is the token alone: for `Authorization`
    /// there is [`bearer`](Self::bearer), and for `Cookie` [`cookie`](Self::cookie).
    ///
    /// Where a gateway sets the header, it must remove the one that a client sends. A request with a token in more than one place is
    /// [`Ambiguous`](super::RejectionKind::Ambiguous).
    pub fn header(mut self, name: impl AsRef<str>) -> Self {
        let mistake = match HeaderName::try_from(name.as_ref()) {
            Ok(AUTHORIZATION | PROXY_AUTHORIZATION) => {
                "its value begins with the name of a scheme, which is no part of the token; use `bearer()` for `Authorization: Bearer`"
            }
            Ok(COOKIE) => "it has all cookies; name the one with the token with `cookie(name)`",
            Ok(name) => return self.source(Source::Header(name)),
            Err(_) => "this is no header's name",
        };
        self.mistake = Some(format!("header `{}`: {mistake}", name.as_ref()));
        self
    }

    /// Takes the token from a cookie of this name.
    ///
    /// Browsers send cookies also with requests that other sites begin: protect routes that change something against that
    /// (`SameSite`, a CSRF token).
    pub fn cookie(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic() && !b"=;,\"".contains(&byte)) {
            self.mistake =
                Some("cookie: the name is empty, or has a character that a cookie's name cannot have".to_owned());
        }
        self.source(Source::Cookie(name))
    }

    fn source(mut self, source: Source) -> Self {
        // Named twice, it would be ambiguous with itself.
        if !self.settings.sources.contains(&source) {
            self.settings.sources.push(source);
        }
        self
    }

    /// Sets how long an identity is used before the service is asked again. Default: 30 s.
    ///
    /// A token that is revoked is accepted for this long. Where the service says when a token expires, the identity is not used beyond
    /// that. Zero asks the service for each request.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.settings.times.ttl = ttl;
        self
    }

    /// Sets how long a token counts as refused before the service is asked again. Default: 5 s.
    ///
    /// Keep it short: a token that is issued just now may not have reached every node of the service.
    pub fn negative_ttl(mut self, ttl: Duration) -> Self {
        self.settings.times.negative_ttl = ttl;
        self
    }

    /// Sets how long before its expiry a token is no longer taken from the cache, for clocks that differ. Default: 5 s.
    pub fn expiry_skew(mut self, skew: Duration) -> Self {
        self.settings.times.skew = skew;
        self
    }

    /// Asks the service again in the background, in the last fifth of the TTL of an identity that is still used. Default: off.
    pub fn refresh_ahead(mut self, on: bool) -> Self {
        self.settings.times.refresh_ahead = on;
        self
    }

    /// Uses an identity for so long after its TTL if the service cannot tell, at most 5 minutes. Default: zero, which is off.
    ///
    /// Not beyond the token's expiry, and not after the service has refused the token or it was forgotten.
    pub fn stale_if_error(mut self, time: Duration) -> Self {
        self.settings.times.stale_if_error = time;
        self
    }

    /// Sets how many identities the guard keeps, and how many refused tokens. Default: 10,000 each.
    ///
    /// The cache rounds it up by less than one for each of its parts, of which there are a few for each processor.
    pub fn max_entries(mut self, entries: usize) -> Self {
        self.settings.bounds.entries = entries;
        self
    }

    /// Sets how many bytes of memory the identities may take, as far as their types can tell. Default: 64 MiB.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.settings.bounds.bytes = bytes;
        self
    }

    /// Sets how many introspections may be under way. Default: 64, and 10,000 of a guard that asks nobody, such as one of a
    /// `jwt::Verifier`.
    ///
    /// A request that needs another one waits for its turn, within [`timeout`](Self::timeout), and is rejected with 503 after that; at once
    /// if 16 times as many wait.
    pub fn max_in_flight(mut self, introspections: usize) -> Self {
        self.settings.bounds.in_flight = Some(introspections);
        self
    }

    /// Sets how long a token may be. Longer ones are invalid, and no service is asked. Default: 8 KiB.
    pub fn max_token_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_token_bytes = bytes;
        self
    }

    /// Sets how long a request waits for an introspection, which goes on after that. Default: 5 s.
    ///
    /// It also bounds each wait for roles or permissions, and each call of [`Caller::client`](super::Caller::client).
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.settings.timeout = limit;
        self
    }

    /// Sets the realm that `WWW-Authenticate` names. Default: `iam`.
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        let realm = realm.into();
        if !realm.bytes().all(|byte| (b' '..=b'~').contains(&byte) && !b"\"\\".contains(&byte)) {
            self.mistake = Some("realm: it must be ASCII without quotes and backslashes".to_owned());
        }
        self.settings.realm = realm.into();
        self
    }

    /// Sets a check of a token's shape, such as its length or alphabet. A token that fails it is invalid, and no service is asked.
    pub fn precheck(mut self, check: impl Fn(&UserToken) -> bool + Send + Sync + 'static) -> Self {
        self.settings.precheck = Some(Arc::new(check));
        self
    }

    /// Sets the clock that results age by, for tests: a [`Clock`], or a closure that returns the time. Default: the system's.
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.settings.clock = clock.into();
        self
    }

    /// Sets an observer, which gets every check that has ended. Default: none. See [`observe`](crate::observe).
    pub fn observer(mut self, observer: impl crate::observe::Observer + 'static) -> Self {
        self.settings.observing.observer = Some(Arc::new(observer));
        self
    }

    /// Builds the guard. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration), naming the setting that is wrong.
    pub fn build(mut self) -> Result<Guard<I>> {
        let Settings { times, bounds, .. } = &self.settings;
        let mistake = self.mistake.or_else(|| {
            let zero = [
                ("max_entries", bounds.entries == 0),
                ("max_bytes", bounds.bytes == 0),
                ("max_in_flight", bounds.in_flight == Some(0)),
                ("max_token_bytes", self.settings.max_token_bytes == 0),
                ("timeout", self.settings.timeout.is_zero()),
            ];
            let zero =
                zero.into_iter().find(|(_, is_zero)| *is_zero).map(|(name, _)| format!("{name}: it must not be 0"));
            zero.or_else(|| {
                (times.stale_if_error > LONGEST_STALE)
                    .then(|| "stale_if_error: it must be at most 5 minutes".to_owned())
            })
        });
        if let Some(mistake) = mistake {
            return Err(Error::configuration(mistake));
        }
        if self.settings.sources.is_empty() {
            self.settings.sources.push(Source::Bearer);
        }
        Ok(Guard::of(self.introspect, self.settings))
    }
}

impl<I> fmt::Debug for GuardBuilder<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardBuilder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("sources", &self.sources)
            .field("times", &self.times)
            .field("bounds", &self.bounds)
            .field("timeout", &self.timeout)
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_set_counts_for_every_guard() {
        let guard = |builder: GuardBuilder<super::super::Fixed<String>>| builder.settings;
        let none: [(&str, String); 0] = [];
        for (settings, expected) in [
            (guard(Guard::fixed(none.clone())), [64, 10_000]),
            (guard(Guard::fixed(none.clone()).max_in_flight(3)), [3, 3]),
            (guard(Guard::fixed(none).max_in_flight(20_000)), [20_000, 20_000]),
        ] {
            assert_eq!([false, true].map(|is_local| settings.bounds(is_local).in_flight), expected.map(Some));
        }
    }
}
