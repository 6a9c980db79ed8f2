//! How a session gets a token by itself: steps without I/O, which the pipeline sequences.

use super::{decode::Data, request::Request, session::ActiveToken};
use crate::{ErrorKind, Result, credentials::Credentials, token_store::StoredToken};

/// Where a session's tokens come from.
pub(crate) trait Renewal: Send + Sync {
    /// With what it logs in, if that is the user's to say.
    fn credentials(&self) -> Option<&Credentials> {
        None
    }

    /// The request that exchanges a valid token for another, where the service has one.
    fn refresh(&self) -> Option<Result<Request>> {
        None
    }

    /// The token in the answer to it, in place of `previous`.
    fn refreshed(&self, answer: &Data, _previous: &ActiveToken) -> Result<StoredToken> {
        Err(answer.error(ErrorKind::Decode))
    }

    /// A way to a token from nothing, with these credentials, in this tenant if one is named.
    fn login(&self, credentials: Option<Credentials>, tenant: Option<&str>) -> Box<dyn Login>;
}

/// A login under way.
pub(crate) trait Login: Send {
    /// What comes next, after this answer; at the beginning there is none. It may take CPU time.
    fn next(&mut self, answer: Option<Data>) -> Result<Step>;
}

/// What there is to do.
pub(crate) enum Step {
    /// Send this, with a token that is not the session's yet if there is one.
    Ask(Request, Option<StoredToken>),
    Done(StoredToken),
}

/// A login of one request.
pub(crate) struct OneRequest {
    pub(crate) request: Option<Result<Request>>,
    pub(crate) read: fn(&Data) -> Result<StoredToken>,
}

impl Login for OneRequest {
    fn next(&mut self, answer: Option<Data>) -> Result<Step> {
        match (answer, self.request.take()) {
            (Some(answer), _) => (self.read)(&answer).map(Step::Done),
            (None, Some(request)) => Ok(Step::Ask(request?, None)),
            (None, None) => Err(crate::Error::configuration("credentials: of no use here")),
        }
    }
}
