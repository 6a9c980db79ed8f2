//! How a session gets a token: steps without I/O, which the session sequences.

use super::{decode::Data, request::Request};
use crate::{
    Error, ErrorKind, Result,
    credentials::{Credentials, PasswordLogin},
    crypto::{KeyPair, ServiceKey},
    token_store::StoredToken,
};
use std::sync::Arc;

/// What a session logs in with.
pub(crate) enum Source<'a> {
    /// What the user chose.
    Credentials(&'a Credentials),
    /// What the client was built with.
    Application(&'a PasswordLogin),
}

/// Where a session's tokens come from.
pub(crate) trait LoginMethod: Send + Sync {
    /// What the session logs in with.
    fn source(&self) -> Source<'_>;

    /// What the session logs in with, where the user chose that.
    fn credentials(&self) -> Option<&Credentials> {
        match self.source() {
            Source::Credentials(credentials) => Some(credentials),
            Source::Application(_) => None,
        }
    }

    /// The request that replaces a valid token, where the service has one.
    fn refresh(&self) -> Option<Result<Request>> {
        None
    }

    /// The token in the response to it, in place of `previous`.
    fn refreshed(&self, response: &Data, _previous: &StoredToken) -> Result<StoredToken> {
        Err(response.error(ErrorKind::Decode))
    }

    /// Begins a login into the credentials' own `tenant`, if they name one; where the session's token was in another tenant,
    /// `switch_to`, the new one must be in that.
    fn log_in(&self, login: PasswordLogin, tenant: Option<&str>, switch_to: Option<&str>) -> Result<Box<dyn Login>>;
}

/// A login under way.
pub(crate) trait Login: Send {
    /// What the call is called that ends it.
    fn operation(&self) -> &'static str;

    /// What comes next.
    fn next(&mut self, input: Input) -> Result<Step>;

    /// What comes next after the request of the last step has failed: nothing, as a rule.
    fn after_failure(&mut self, error: Error) -> Result<Step> {
        Err(error)
    }

    /// Whether [`next`](Self::next) takes so long that no executor may wait for it.
    fn is_arithmetic(&self) -> bool {
        false
    }
}

/// What a login goes on with.
pub(crate) enum Input {
    /// Nothing: it begins.
    Begin,
    /// The response to the request of the last step.
    Response(Data),
    /// The service's public key, and the key pair if one was wanted.
    Keys(Arc<ServiceKey>, Option<KeyPair>),
}

/// What a login asks for.
pub(crate) enum Step {
    Send {
        request: Request,
        /// What it is sent with, if that is not the session's token yet.
        token: Option<StoredToken>,
    },
    Keys(KeyRequest),
    /// The token, and the response that brought it.
    Done(StoredToken, Data),
}

/// The keys that a login needs. The session remembers the service's for a while.
pub(crate) struct KeyRequest {
    /// The request for the service's public key, to send where none is remembered.
    pub(crate) request: Request,
    /// Reads the response to it.
    pub(crate) read: fn(&Data) -> Result<ServiceKey>,
    /// A key that the service does not seem to have any more.
    pub(crate) refused: Option<Arc<ServiceKey>>,
    /// Whether the login needs a key pair too.
    pub(crate) with_pair: bool,
}

impl Step {
    pub(crate) fn send(request: Request) -> Self {
        Self::Send { request, token: None }
    }

    /// The request that it takes, in any case or where no key is remembered.
    pub(crate) fn request(&self) -> Option<&Request> {
        match self {
            Self::Send { request, .. } | Self::Keys(KeyRequest { request, .. }) => Some(request),
            Self::Done(..) => None,
        }
    }
}

/// A login of one request.
pub(crate) struct SingleRequestLogin {
    operation: &'static str,
    request: Option<Request>,
    read: fn(&Data) -> Result<StoredToken>,
}

impl SingleRequestLogin {
    pub(crate) fn new(request: Request, read: fn(&Data) -> Result<StoredToken>) -> Box<Self> {
        Box::new(Self { operation: request.operation.name, request: Some(request), read })
    }
}

impl Login for SingleRequestLogin {
    fn operation(&self) -> &'static str {
        self.operation
    }

    fn next(&mut self, input: Input) -> Result<Step> {
        match (input, self.request.take()) {
            (Input::Response(response), _) => Ok(Step::Done((self.read)(&response)?, response)),
            (Input::Begin, Some(request)) => Ok(Step::send(request)),
            _ => Err(Error::new(ErrorKind::Decode).detail("the login ended without a response")),
        }
    }
}
