//! Where a request has its token.

use super::rejection::RejectionKind;
use crate::UserToken;
use http::{
    HeaderMap, HeaderName,
    header::{AUTHORIZATION, COOKIE},
};

/// A place of a request that can have a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// `Authorization: Bearer …`
    Bearer,
    Header(HeaderName),
    Cookie(String),
}

/// Returns the request's token; `Ok(None)` if it has none in any of these places.
pub(crate) fn token(
    headers: &HeaderMap,
    sources: &[Source],
    longest: usize,
) -> Result<Option<UserToken>, RejectionKind> {
    let mut found: Option<&str> = None;
    for source in sources {
        let Some(token) = source.find(headers)? else { continue };
        // The same token in two places is two, too: what stands before this server may have checked the other one.
        if found.replace(token).is_some() {
            return Err(RejectionKind::Ambiguous);
        }
    }
    let Some(token) = found else { return Ok(None) };
    // Before anything is computed of it.
    let is_token = !token.is_empty() && token.len() <= longest && token.bytes().all(|byte| byte.is_ascii_graphic());
    if is_token { Ok(Some(token.into())) } else { Err(RejectionKind::InvalidToken) }
}

impl Source {
    fn find<'a>(&self, headers: &'a HeaderMap) -> Result<Option<&'a str>, RejectionKind> {
        match self {
            Self::Bearer => match only(headers, &AUTHORIZATION)? {
                Some(value) => Ok(bearer(value)),
                None => Ok(None),
            },
            Self::Header(name) => Ok(only(headers, name)?.map(str::trim)),
            Self::Cookie(name) => cookie(headers, name),
        }
    }
}

/// Returns the value of a header that may be there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, RejectionKind> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| RejectionKind::InvalidToken),
        _ => Err(RejectionKind::Ambiguous),
    }
}

/// Returns the credentials of the scheme `Bearer`, which can be empty; `None` if the scheme is another one.
fn bearer(value: &str) -> Option<&str> {
    let value = value.trim();
    let (scheme, token) = value.split_once([' ', '\t']).unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, RejectionKind> {
    let mut found = None;
    for header in headers.get_all(COOKIE) {
        // A cookie of somebody else's that is no text does not concern the token.
        for pair in header.as_bytes().split(|byte| *byte == b';') {
            let Some(at) = pair.iter().position(|byte| *byte == b'=') else { continue };
            if pair[..at].trim_ascii() != name.as_bytes() {
                continue;
            }
            let value = pair[at + 1..].trim_ascii();
            let value = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
            let value = str::from_utf8(value).map_err(|_| RejectionKind::InvalidToken)?;
            // Which of two a browser means cannot be told: a page of another host can have set one.
            if found.replace(value).is_some() {
                return Err(RejectionKind::Ambiguous);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{RejectionKind::*, *};

    const OWN: HeaderName = HeaderName::from_static("digi-middleware-auth-user");

    fn read(headers: &[(&'static str, &[u8])]) -> Result<Option<String>, RejectionKind> {
        let sources = [Source::Bearer, Source::Header(OWN), Source::Cookie("session".to_owned())];
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, http::HeaderValue::from_bytes(value).unwrap());
        }
        token(&map, &sources, 10).map(|token| token.map(|token| token.expose_secret().to_owned()))
    }

    #[test]
    fn a_token_is_found_once_or_the_request_is_ambiguous() {
        let found = |text: &str| Ok(Some(text.to_owned()));
        let (auth, own) = ("authorization", "digi-middleware-auth-user");
        type Row<'a> = (&'a [(&'static str, &'a [u8])], Result<Option<String>, RejectionKind>);
        let table: &[Row<'_>] = &[
            (&[], Ok(None)),
            (&[(auth, b"Bearer abc")], found("abc")),
            (&[(auth, b"bEARER   abc ")], found("abc")),
            (&[(auth, b"Bearer\tabc")], found("abc")),
            (&[(auth, b"Basic abc")], Ok(None)),
            (&[(auth, b"Bearerabc")], Ok(None)),
            (&[(auth, b"abc")], Ok(None)),
            (&[(auth, b"Bearer ")], Err(InvalidToken)),
            (&[(auth, b"Bearer")], Err(InvalidToken)),
            (&[(auth, b"Bearer a b")], Err(InvalidToken)),
            (&[(auth, b"Bearer 01234567890")], Err(InvalidToken)),
            (&[(auth, b"Bearer 0123456789")], found("0123456789")),
            (&[(auth, "Bearer ü".as_bytes())], Err(InvalidToken)),
            (&[(auth, b"Bearer a"), (auth, b"Bearer a")], Err(Ambiguous)),
            (&[(auth, b"Bearer a"), (auth, b"Basic b")], Err(Ambiguous)),
            (&[(auth, b"Basic b"), (own, b"a")], found("a")),
            (&[(auth, b"Bearer a"), (own, b"a")], Err(Ambiguous)),
            (&[(own, b"a")], found("a")),
            (&[(own, b"")], Err(InvalidToken)),
            (&[(own, b"a"), (own, b"b")], Err(Ambiguous)),
            (&[("cookie", b"x=1; session=abc; y=2")], found("abc")),
            (&[("cookie", b"x=1"), ("cookie", b"session=\"abc\"")], found("abc")),
            (&[("cookie", b"xsession=abc; session2=b; session")], Ok(None)),
            (&[("cookie", b"session=a; session=b")], Err(Ambiguous)),
            (&[("cookie", b"session=a"), ("cookie", b"session=a")], Err(Ambiguous)),
            (&[("cookie", b"session=a"), (auth, b"Bearer a")], Err(Ambiguous)),
            (&[("cookie", b"session=")], Err(InvalidToken)),
            (&[("cookie", b"other=\xff; session=a")], found("a")),
            (&[("cookie", b"session=\xff")], Err(InvalidToken)),
        ];
        for (headers, expected) in table {
            assert_eq!(read(headers), *expected, "{headers:?}");
        }
    }
}
