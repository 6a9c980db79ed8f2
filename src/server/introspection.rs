//! What a service says about a token.

use super::entry::Expiry;
use crate::Error;
use std::time::SystemTime;

/// What a service says about a token: it is active, and for whom, or it is not.
///
/// ```
/// use iam_sdk::{Error, ErrorKind, server::Introspection};
/// use std::time::{Duration, SystemTime};
///
/// let soon = SystemTime::now() + Duration::from_secs(600);
/// let good = Introspection::active("ann".to_owned()).expires_at(soon);
/// assert_eq!(good.identity().unwrap(), "ann");
/// let bad = Introspection::<String>::inactive().reason(Error::new(ErrorKind::Authentication).with_code("revoked"));
/// assert!(bad.identity().is_none());
/// ```
#[derive(Clone, Debug)]
#[must_use = "it is the result"]
pub struct Introspection<I>(Status<I>);

#[derive(Clone, Debug)]
enum Status<I> {
    Active(I, Option<Expiry>),
    Inactive(Option<Error>),
}

impl<I> Introspection<I> {
    /// Creates the introspection of a token that is for this user.
    ///
    /// Without [`expires_at`](Self::expires_at), the guard's TTL alone bounds how long the token is accepted.
    pub fn active(identity: I) -> Self {
        Self(Status::Active(identity, None))
    }

    /// Creates the introspection of a token that is for nobody: it was never issued, was revoked, or has expired.
    pub fn inactive() -> Self {
        Self(Status::Inactive(None))
    }

    /// Sets when the token expires. The guard accepts it no longer than that; a token that has expired already is refused.
    pub fn expires_at(self, at: SystemTime) -> Self {
        self.with_expiry(Expiry { at, is_exact: false })
    }

    /// Sets when the token expires by this server's own clock and rules, so that no skew is to be added.
    #[cfg(feature = "jwt")]
    pub(crate) fn expires_exactly_at(self, at: SystemTime) -> Self {
        self.with_expiry(Expiry { at, is_exact: true })
    }

    fn with_expiry(self, expiry: Expiry) -> Self {
        match self.0 {
            Status::Active(identity, _) => Self(Status::Active(identity, Some(expiry))),
            inactive => Self(inactive),
        }
    }

    /// Sets why the token is not active: [`Rejection::error`](super::Rejection::error) has it, for logs; no response does.
    pub fn reason(self, reason: Error) -> Self {
        match self.0 {
            Status::Inactive(_) => Self(Status::Inactive(Some(reason))),
            active => Self(active),
        }
    }

    /// Returns whom the token is for; `None` if it is not active.
    pub fn identity(&self) -> Option<&I> {
        match &self.0 {
            Status::Active(identity, _) => Some(identity),
            Status::Inactive(_) => None,
        }
    }

    /// Replaces the identity by what `to` makes of it, for an [`Introspect`](super::Introspect) that asks another one.
    pub fn map<J>(self, to: impl FnOnce(I) -> J) -> Introspection<J> {
        Introspection(match self.0 {
            Status::Active(identity, expiry) => Status::Active(to(identity), expiry),
            Status::Inactive(reason) => Status::Inactive(reason),
        })
    }

    /// Returns the identity and the token's expiry, or why the token is not active.
    pub(crate) fn into_result(self) -> Result<(I, Option<Expiry>), Option<Error>> {
        match self.0 {
            Status::Active(identity, expiry) => Ok((identity, expiry)),
            Status::Inactive(reason) => Err(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn an_introspection_keeps_what_it_was_given() {
        let at = SystemTime::UNIX_EPOCH;
        let reason = || Error::new(ErrorKind::Authentication);
        let active = Introspection::active(3).expires_at(at).reason(reason()).map(|n| n + 1);
        let (identity, expiry) = active.into_result().unwrap();
        assert_eq!((identity, expiry), (4, Some(Expiry { at, is_exact: false })));
        let inactive = Introspection::<i32>::inactive().reason(reason()).expires_at(at).map(|n| n + 1);
        assert!(inactive.identity().is_none());
        assert!(inactive.into_result().unwrap_err().unwrap().is_authentication());
        assert!(Introspection::<i32>::inactive().into_result().unwrap_err().is_none());
    }
}
