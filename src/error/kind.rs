/// What went wrong, for a `match`.
///
/// The predicates of [`Error`](crate::Error) cover the usual questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting of the client is missing or wrong; nothing was sent.
    Configuration,
    /// An argument of the call is wrong; nothing was sent.
    InvalidArgument,
    /// A blocking call was made from inside an async runtime; nothing was sent.
    BlockingInAsync,
    /// The service does not know who calls: wrong password, missing, expired or revoked token (HTTP 401).
    Authentication,
    /// The service knows the caller and refuses (HTTP 403).
    Authorization,
    /// The thing, or the path, does not exist (HTTP 404).
    NotFound,
    /// The service finds the request wrong (HTTP 400).
    Validation,
    /// Something of that name exists already.
    Conflict,
    /// The service asks to slow down (HTTP 429).
    RateLimited,
    /// The service failed (HTTP 5xx).
    Server,
    /// Any other HTTP status that is not a success; redirects are among them, none is followed.
    Api,
    /// Any other code in a successful HTTP response's envelope.
    Business,
    /// A successful response that cannot be decoded: no JSON, JSON of another shape, or an object without any member that
    /// the call's model knows.
    Decode,
    /// The login handshake failed. The error does not say which step, or why: that would help
    /// an eavesdropper.
    Crypto,
    /// No connection to the service, or to the proxy.
    Connect,
    /// The TLS handshake failed: an untrusted certificate, or no TLS on the other side.
    Tls,
    /// The call took longer than its time limit.
    Timeout,
    /// The connection broke after the request was sent, or while the response was read.
    Transport,
    /// The response is larger than the limit, or would take more than 20 times its size in memory once decoded.
    TooLarge,
    /// The token store failed.
    Store,
}

impl ErrorKind {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Configuration => "wrong configuration",
            Self::InvalidArgument => "invalid argument",
            Self::BlockingInAsync => "blocking call inside an async runtime",
            Self::Authentication => "authentication failed",
            Self::Authorization => "not permitted",
            Self::NotFound => "not found",
            Self::Validation => "request refused as invalid",
            Self::Conflict => "exists already",
            Self::RateLimited => "rate limited",
            Self::Server => "the service failed",
            Self::Api => "unexpected response",
            Self::Business => "refused by the service",
            Self::Decode => "the response cannot be decoded",
            Self::Crypto => "the login handshake failed",
            Self::Connect => "no connection",
            Self::Tls => "TLS handshake failed",
            Self::Timeout => "timed out",
            Self::Transport => "the connection broke",
            Self::TooLarge => "the response is too large",
            Self::Store => "the token store failed",
        }
    }

    /// What an HTTP status means, or the code of an envelope that follows HTTP; `None` for a code of its own.
    pub(crate) fn of_status(status: u16) -> Option<Self> {
        match status {
            400 => Some(Self::Validation),
            401 => Some(Self::Authentication),
            403 => Some(Self::Authorization),
            404 => Some(Self::NotFound),
            429 => Some(Self::RateLimited),
            500..=599 => Some(Self::Server),
            _ => None,
        }
    }
}
