//! The token that an answer brings.

use super::{decode::Data, request::Request};
use crate::{Error, ErrorKind, Result, UserToken, token_store::StoredToken};

/// How a session gets a token by itself.
pub(crate) trait Renewal: Send + Sync {
    /// The request that asks for one.
    fn request(&self) -> Result<Request>;

    /// The token in its answer.
    fn token(&self, answer: &Data) -> Result<StoredToken>;
}

/// An answer that ends in a new token. One without a token is an error: taken for a success it would end the session.
pub(crate) trait BringsToken {
    fn stored(&self) -> Result<StoredToken>;
}

/// The first token there is.
pub(crate) fn first<const N: usize>(tokens: [&Option<UserToken>; N]) -> Result<StoredToken> {
    let mut given = tokens.into_iter().flatten().filter(|token| !token.expose_secret().is_empty());
    match given.next() {
        Some(token) => Ok(StoredToken::new(token.clone())),
        None => Err(Error::new(ErrorKind::Decode).http_status(200).detail("the answer brings no token")),
    }
}
