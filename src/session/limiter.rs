//! The limit of logins, so that a wrong password does not lock an account.

use crate::{
    Error, ErrorKind, Result,
    crypto::SecretDigest,
    token_store::{COUNTED_FOR, LoginAttempt, LoginAttempts},
};
use std::time::{Duration, SystemTime};

/// The most logins within [`COUNTED_FOR`] that did not help.
const MOST: usize = 3;

/// The reason for a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The session had no token, or an expired one.
    Missing,
    /// The service refused the token.
    Refused,
    /// The program asked for it, perhaps with a password that was just typed: the limit does not refuse it, and counts it if it fails.
    Requested,
}

/// The recent logins of a session. It outlives the session's handles.
#[derive(Debug, Default)]
pub(crate) struct LoginLimiter {
    attempts: Vec<Attempt>,
    /// Attempts that are still noted in the store, but no longer count.
    forgiven: Vec<LoginAttempt>,
    /// The error of the last login.
    failure: Option<Error>,
    /// Whether the limit has refused a login since the last one that it permitted.
    refuses: bool,
}

#[derive(Debug)]
struct Attempt {
    login: LoginAttempt,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The service refused the login, or a refused token caused it. It counts in all processes.
    Counted,
    /// The login brought a token with which no call has succeeded yet. It counts until one does.
    Unserved,
}

impl LoginLimiter {
    /// Fails if the limit permits no further login with this secret. `shared` are the attempts that are noted in the store.
    pub(crate) fn may_log_in(&mut self, shared: &LoginAttempts, secret: Option<&str>, now: SystemTime) -> Result<()> {
        self.attempts.retain(|attempt| attempt.login.counts(now));
        self.forgiven.retain(|attempt| attempt.counts(now));
        let own = self.attempts.iter().map(|attempt| &attempt.login);
        let counted = own.chain(self.others(shared, now)).filter(|attempt| is_with(attempt, secret));
        let mut ages: Vec<Duration> =
            counted.map(|attempt| now.duration_since(attempt.at).unwrap_or_default()).collect();
        if ages.len() < MOST {
            return Ok(());
        }
        // The next one may be made once so many have become too old that fewer than the most are left.
        ages.sort_unstable();
        let wait = COUNTED_FOR.saturating_sub(ages[MOST - 1]);
        let (within, left) = (COUNTED_FOR.as_secs(), wait.as_secs_f64().ceil());
        let detail = format!("{MOST} logins within {within} s did not help; check the credentials, or wait {left} s");
        let error = Error::new(ErrorKind::LoginLimited).detail(detail).wait(Some(wait));
        Err(match self.failure.clone() {
            Some(last) => error.source(last),
            None => error,
        })
    }

    /// Notes a login, and returns whether it counts in other processes too. A failed login counts if the service refused it; one
    /// that failed with a server error or a rate limit does not.
    pub(crate) fn logged_in(
        &mut self,
        cause: Cause,
        secret: Option<SecretDigest>,
        failure: Option<&Error>,
        now: SystemTime,
    ) -> bool {
        let refusal =
            failure.filter(|error| error.status().is_some() && !error.is_server() && !error.is_rate_limited());
        self.failure = refusal.cloned();
        self.refuses = false;
        let kind = match (failure, refusal, cause) {
            (Some(_), None, _) => return false,
            (_, Some(_), _) | (None, None, Cause::Refused) => Kind::Counted,
            (None, None, Cause::Missing | Cause::Requested) => Kind::Unserved,
        };
        // Stores keep milliseconds: what comes back from one is to be recognised.
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let at = now - Duration::from_nanos(u64::from(since.subsec_nanos() % 1_000_000));
        self.attempts.push(Attempt { login: LoginAttempt { at, secret }, kind });
        kind == Kind::Counted
    }

    /// Returns whether the limit refuses a login for the first time since one was made.
    pub(crate) fn is_first_refusal(&mut self) -> bool {
        !std::mem::replace(&mut self.refuses, true)
    }

    /// Notes that a call succeeded with the token of the last login.
    pub(crate) fn served(&mut self) {
        let served = self.attempts.extract_if(.., |attempt| attempt.kind == Kind::Unserved);
        self.forgiven.extend(served.map(|attempt| attempt.login));
    }

    /// Returns the attempts of other processes in the store.
    fn others<'a>(&'a self, shared: &'a LoginAttempts, now: SystemTime) -> impl Iterator<Item = &'a LoginAttempt> {
        let is_own = |other: &LoginAttempt| {
            self.attempts.iter().map(|attempt| &attempt.login).chain(&self.forgiven).any(|own| own == other)
        };
        shared.0.iter().filter(move |other| other.counts(now) && !is_own(other))
    }

    /// Notes that the refusal that caused the last login was not about the token: the login counts only until a call succeeds.
    pub(crate) fn was_in_vain(&mut self) {
        if let Some(last) = self.attempts.last_mut() {
            last.kind = Kind::Unserved;
        }
    }

    /// Returns the attempts that count in all processes: this one's and the others'.
    pub(crate) fn to_share(&self, shared: &LoginAttempts, now: SystemTime) -> LoginAttempts {
        let own = self.attempts.iter().filter(|attempt| attempt.kind == Kind::Counted).map(|attempt| &attempt.login);
        LoginAttempts(own.chain(self.others(shared, now)).cloned().collect())
    }

    /// Returns whether no attempt counts any more.
    pub(crate) fn is_idle(&self, now: SystemTime) -> bool {
        !self.attempts.iter().any(|attempt| attempt.login.counts(now))
    }
}

/// Returns whether a login was made with this secret. A changed password may be tried at once.
fn is_with(attempt: &LoginAttempt, secret: Option<&str>) -> bool {
    match (&attempt.secret, secret) {
        (Some(digest), Some(secret)) => digest.matches(secret),
        (None, None) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Outcome {
        Issued,
        Refused,
        Down,
    }
    use Outcome::{Down, Issued, Refused};

    fn note(
        limiter: &mut LoginLimiter,
        cause: Cause,
        outcome: &Outcome,
        secret: Option<&str>,
        now: SystemTime,
    ) -> bool {
        let failure = match outcome {
            Issued => None,
            Refused => Some(Error::new(ErrorKind::Authentication).http_status(401)),
            Down => Some(Error::new(ErrorKind::Server).http_status(503)),
        };
        limiter.logged_in(cause, secret.map(SecretDigest::new), failure.as_ref(), now)
    }

    #[test]
    fn what_counts() {
        use Cause::{Missing, Refused as ByRefusal};
        // The logins, whether a call was served after each, and whether a fourth one is allowed.
        type Row<'a> = (&'a [(Cause, Outcome)], bool, bool);
        let table: [Row<'_>; 8] = [
            (&[(Missing, Refused), (Missing, Refused)], false, true),
            (&[(Missing, Refused), (Missing, Refused), (Missing, Refused)], false, false),
            (&[(Missing, Down), (Missing, Down), (Missing, Down), (Missing, Down)], false, true),
            (&[(Missing, Issued), (Missing, Issued), (Missing, Issued)], true, true),
            (&[(Missing, Issued), (Missing, Issued), (Missing, Issued)], false, false),
            (&[(ByRefusal, Issued), (ByRefusal, Issued), (ByRefusal, Issued)], true, false),
            (&[(ByRefusal, Down), (ByRefusal, Issued), (Missing, Issued), (Missing, Refused)], true, true),
            (&[(ByRefusal, Issued), (Missing, Refused), (Missing, Refused), (Missing, Issued)], true, false),
        ];
        let now = SystemTime::now();
        let none = LoginAttempts::default();
        for (at, (logins, served, allowed)) in table.iter().enumerate() {
            let mut limiter = LoginLimiter::default();
            for (cause, outcome) in *logins {
                note(&mut limiter, *cause, outcome, None, now);
                if *served {
                    limiter.served();
                }
            }
            assert_eq!(limiter.may_log_in(&none, None, now).is_ok(), *allowed, "row {at}");
            assert!(limiter.may_log_in(&none, None, now + COUNTED_FOR).is_ok(), "row {at}, a minute later");
            assert!(limiter.is_idle(now + COUNTED_FOR));
        }
    }

    #[test]
    fn a_login_in_vain_counts_until_a_call_is_served() {
        let now = SystemTime::now();
        let mut limiter = LoginLimiter::default();
        for _ in 0..MOST {
            assert!(limiter.may_log_in(&LoginAttempts::default(), None, now).is_ok());
            note(&mut limiter, Cause::Refused, &Issued, None, now);
            limiter.was_in_vain();
        }
        assert!(limiter.may_log_in(&LoginAttempts::default(), None, now).is_err());
        let noted = LoginAttempts(limiter.attempts.iter().map(|attempt| attempt.login.clone()).collect());
        limiter.served();
        assert!(limiter.may_log_in(&noted, None, now).is_ok(), "whatever the store has of it");
        assert!(limiter.to_share(&noted, now).0.is_empty());
    }

    #[test]
    fn another_secret_is_counted_by_itself_and_other_processes_count_too() {
        let now = SystemTime::now();
        let mut limiters = [LoginLimiter::default(), LoginLimiter::default()];
        let mut shared = LoginAttempts::default();
        for at in [0, 1, 0] {
            let limiter = &mut limiters[at];
            assert!(limiter.may_log_in(&shared, Some("wrong"), now).is_ok());
            assert!(note(limiter, Cause::Missing, &Refused, Some("wrong"), now));
            shared = LoginAttempts::from_json(&limiter.to_share(&shared, now).to_json()).unwrap();
        }
        assert_eq!(shared.0.len(), 3);
        for limiter in limiters.iter_mut().chain([&mut LoginLimiter::default()]) {
            let error = limiter.may_log_in(&shared, Some("wrong"), now).unwrap_err();
            assert!(error.is_login_limited() && error.to_string().contains("3 logins within 60 s"), "{error}");
            assert!(error.retry_after().is_some_and(|wait| wait > Duration::from_secs(59)), "{error:?}");
            assert!(limiter.may_log_in(&shared, Some("right"), now).is_ok());
            assert!(limiter.may_log_in(&shared, Some("wrong"), now + Duration::from_secs(60)).is_ok());
        }
    }
}
