//! A token's outer form: three parts of base64url, the first of them a header.

use super::{
    header::{Header, media_type},
    invalid_token::InvalidToken,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use std::borrow::Cow;

/// The longest token that is looked at, in bytes.
pub(super) const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// A token that was taken apart. Nothing of it is true yet.
#[derive(Debug)]
pub(super) struct Compact<'a> {
    pub(super) algorithm: String,
    pub(super) key_id: Option<String>,
    /// The media type (`typ`), in lower case and without `application/`.
    pub(super) token_type: Option<String>,
    /// What the signature is of.
    pub(super) message: &'a [u8],
    pub(super) signature: Vec<u8>,
    payload: &'a str,
}

impl<'a> Compact<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, InvalidToken> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(InvalidToken::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(InvalidToken::NotThreeParts)?;
        let (header, payload) = message.split_once('.').ok_or(InvalidToken::NotThreeParts)?;
        if payload.contains('.') {
            return Err(InvalidToken::NotThreeParts);
        }
        let signature = decode(signature)?;
        let header = decode(header)?;
        let header = Header::read(&header)?;
        let (algorithm, key_id) = (header.algorithm.into_owned(), header.key_id.map(Cow::into_owned));
        let token_type = header.token_type.map(|typ| media_type(&typ));
        Ok(Self { algorithm, key_id, token_type, message: message.as_bytes(), signature, payload })
    }

    /// Returns the claims as JSON. To be called once the signature was checked.
    pub(super) fn payload(&self) -> Result<Vec<u8>, InvalidToken> {
        decode(self.payload)
    }
}

/// Decodes base64url without padding. One text decodes to a value: what has bits to spare is refused.
fn decode(text: &str) -> Result<Vec<u8>, InvalidToken> {
    BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidToken::NotThreeParts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(text)
    }

    #[test]
    fn a_token_has_three_parts_of_base64url() {
        let header = encoded(r#"{"alg":"RS256"}"#);
        for token in [
            "",
            ".",
            "..",
            "...",
            "a",
            "a.b",
            &format!("{header}.e30"),
            &format!("{header}.e30.AA.AA"),
            &format!("{header}.e30.AA."),
            &format!("{header}.e30.AA=="),
            &format!("{header}.e30.A+"),
            &format!("{header}.e30.AB"),
            &format!("{header}.e30. AA"),
            &format!("{header}\n.e30.AA"),
            &format!("{header}.e30.ä"),
        ] {
            let found = Compact::parse(token).map(drop);
            assert!(matches!(found, Err(InvalidToken::NotThreeParts | InvalidToken::Header)), "{token}: {found:?}");
        }
        let long = format!("{header}.{}.AA", "e".repeat(MAX_TOKEN_BYTES));
        assert_eq!(Compact::parse(&long).map(drop), Err(InvalidToken::TooLong));
    }
}
