//! The keys that tokens are checked with.

use super::{
    algorithm::{Algorithm, Family},
    invalid_token::InvalidToken,
    secret::Secret,
};
use crate::{Error, ErrorKind, Result};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, crypto::aws_lc::DEFAULT_PROVIDER};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{borrow::Cow, sync::Arc};

/// The most keys that a set may have.
const MAX_KEYS: usize = 100;
/// How many keys of one id a token is tried with.
const MAX_SAME_ID: usize = 4;
/// The sizes of RSA keys that are used, in bits: shorter ones are weak, and longer ones take long.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A key, and what it may be used with.
pub(super) struct Key {
    id: Option<String>,
    /// The one algorithm that the key is for, where its issuer says so.
    algorithm: Option<Algorithm>,
    family: Family,
    key: DecodingKey,
}

impl Key {
    fn fits(&self, algorithm: Algorithm) -> bool {
        self.family == algorithm.family() && self.algorithm.is_none_or(|own| own == algorithm)
    }

    /// Returns whether the signature is the message's, by this key. A key of another kind makes no signature right.
    pub(super) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &Vec<u8>) -> bool {
        // Not the process's default provider: that one panics where another crate has enabled another one as well.
        self.fits(algorithm)
            && (DEFAULT_PROVIDER.verifier_factory)(&algorithm.implementation(), &self.key)
                .is_ok_and(|verifier| verifier.verify(message, signature).is_ok())
    }
}

/// The keys that a token can be signed with: one, unless the issuer has several keys of one id.
pub(super) struct Candidates {
    first: Arc<Key>,
    others: Vec<Arc<Key>>,
}

impl Candidates {
    /// Returns whether the signature is the message's, by one of the keys.
    pub(super) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &Vec<u8>) -> bool {
        std::iter::once(&self.first).chain(&self.others).any(|key| key.verify(algorithm, message, signature))
    }
}

/// What is known of the key that a token is signed with.
pub(super) enum Found {
    Keys(Candidates),
    Unknown,
    /// The token names none, and there are several.
    Several,
}

impl Found {
    pub(super) fn candidates(self) -> Result<Candidates, InvalidToken> {
        match self {
            Self::Keys(keys) => Ok(keys),
            Self::Several => Err(InvalidToken::AmbiguousKey),
            Self::Unknown => Err(InvalidToken::UnknownKey),
        }
    }
}

/// The keys of an issuer.
pub(crate) struct KeySet(Vec<Arc<Key>>);

/// The members of a JWK that are used (RFC 7517, RFC 7518, RFC 8037).
#[derive(Deserialize)]
struct Jwk<'a> {
    #[serde(borrow)]
    kty: Cow<'a, str>,
    kid: Option<String>,
    #[serde(borrow)]
    alg: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "use")]
    purpose: Option<Cow<'a, str>>,
    key_ops: Option<Vec<String>>,
    #[serde(borrow)]
    crv: Option<Cow<'a, str>>,
    #[serde(borrow)]
    n: Option<Cow<'a, str>>,
    #[serde(borrow)]
    e: Option<Cow<'a, str>>,
    #[serde(borrow)]
    x: Option<Cow<'a, str>>,
    #[serde(borrow)]
    y: Option<Cow<'a, str>>,
}

impl KeySet {
    /// Returns the set with a secret as its only key.
    pub(super) fn of_secret(secret: &Secret) -> Self {
        let key = DecodingKey::from_secret(secret.expose_secret().as_bytes());
        Self(vec![Arc::new(Key { id: None, algorithm: None, family: Family::Hmac, key })])
    }

    /// Reads a JWKS. Keys that cannot be used are passed over, as RFC 7517 demands; where none is left, the set is refused.
    pub(super) fn parse(text: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Jwks<'a> {
            #[serde(borrow)]
            keys: Vec<&'a RawValue>,
        }

        let wrong = |what: &str| Error::new(ErrorKind::Decode).detail(format!("the key set (JWKS): {what}"));
        let Jwks { keys } = serde_json::from_slice(text).map_err(|_| wrong("no JSON object with a list `keys`"))?;
        if keys.len() > MAX_KEYS {
            let detail = format!("the key set (JWKS): {} keys, and at most {MAX_KEYS} are read", keys.len());
            return Err(Error::new(ErrorKind::TooLarge).detail(detail));
        }
        let keys: Vec<_> = keys.into_iter().filter_map(|key| read(serde_json::from_str(key.get()).ok()?)).collect();
        match keys.is_empty() {
            true => Err(wrong("no key in it can be used for signatures")),
            false => Ok(Self(keys.into_iter().map(Arc::new).collect())),
        }
    }

    /// Finds the key that a token names. A token that names none is checked with the only key that fits.
    ///
    /// The ids of a set should be distinct (RFC 7517, 4.5), and need not be: of several keys of this id, the first few that fit count.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Found {
        // A secret has no name, whatever the tokens call it.
        let is_named = |key: &Key| key.family == Family::Hmac || id.is_none() || key.id.as_deref() == id;
        let mut fitting = self.0.iter().filter(|key| key.fits(algorithm) && is_named(key));
        let Some(first) = fitting.next().cloned() else { return Found::Unknown };
        let others: Vec<_> = fitting.take(MAX_SAME_ID - 1).cloned().collect();
        match id {
            None if !others.is_empty() => Found::Several,
            _ => Found::Keys(Candidates { first, others }),
        }
    }
}

/// Takes a JWK over, unless it is none for signatures or cannot be used. A secret is none: what is published is no secret.
fn read(jwk: Jwk<'_>) -> Option<Key> {
    if jwk.purpose.is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    if jwk.key_ops.is_some_and(|operations| !operations.iter().any(|operation| operation == "verify")) {
        return None;
    }
    let algorithm = match jwk.alg {
        // One that this crate does not know makes it a key for something else.
        Some(name) => Some(Algorithm::from_name(&name)?),
        None => None,
    };
    let (family, key) = match (&*jwk.kty, jwk.crv.as_deref()) {
        ("RSA", _) => {
            let (n, e) = (jwk.n?, jwk.e?);
            let bits = bits(&BASE64_URL_SAFE_NO_PAD.decode(&*n).ok()?);
            let key = RSA_BITS.contains(&bits).then(|| DecodingKey::from_rsa_components(&n, &e).ok())??;
            (Family::Rsa, key)
        }
        ("EC", Some("P-256")) => (Family::P256, DecodingKey::from_ec_components(&jwk.x?, &jwk.y?).ok()?),
        ("EC", Some("P-384")) => (Family::P384, DecodingKey::from_ec_components(&jwk.x?, &jwk.y?).ok()?),
        ("OKP", Some("Ed25519")) => (Family::Ed25519, DecodingKey::from_ed_components(&jwk.x?).ok()?),
        _ => return None,
    };
    let fits = algorithm.is_none_or(|algorithm| algorithm.family() == family);
    fits.then_some(Key { id: jwk.kid, algorithm, family, key })
}

/// The length of a number, in bits.
fn bits(number: &[u8]) -> usize {
    let digits = number.iter().skip_while(|byte| **byte == 0);
    let (length, first) = (digits.clone().count(), digits.clone().next());
    first.map_or(0, |first| length * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::EncodingKey;
    use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
    use rsa::{RsaPrivateKey, pkcs1::EncodeRsaPrivateKey as _, traits::PublicKeyParts as _};
    use serde_json::{Value, json};

    fn rsa(bits: usize) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(vec![0xFF; bits / 8])
    }

    fn set(keys: Value) -> Result<KeySet> {
        KeySet::parse(json!({"keys": keys}).to_string().as_bytes())
    }

    fn found(set: &KeySet, id: Option<&str>, algorithm: Algorithm) -> &'static str {
        match set.find(id, algorithm) {
            Found::Keys(Candidates { others, .. }) if others.is_empty() => "key",
            Found::Keys(_) => "keys",
            Found::Unknown => "unknown",
            Found::Several => "several",
        }
    }

    #[test]
    fn keys_that_cannot_be_used_are_passed_over() {
        let good = json!({"kty": "RSA", "kid": "good", "n": rsa(2048), "e": "AQAB"});
        let with = |change: Value| {
            let mut key = good.clone();
            key.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            key
        };
        for (key, used) in [
            (good.clone(), true),
            (with(json!({"use": "sig", "alg": "RS256", "key_ops": ["verify"], "d": "AQAB", "x5c": ["x"]})), true),
            (with(json!({"use": "enc"})), false),
            (with(json!({"key_ops": ["encrypt"]})), false),
            (with(json!({"alg": "HS256"})), false),
            (with(json!({"alg": "RSA-OAEP"})), false),
            (with(json!({"alg": "none"})), false),
            (with(json!({"n": rsa(1024)})), false),
            (with(json!({"n": rsa(16384)})), false),
            (with(json!({"n": "!"})), false),
            (with(json!({"n": 5})), false),
            (with(json!({"e": null})), false),
            (with(json!({"kty": "rsa"})), false),
            (json!({"kty": "oct", "kid": "good", "k": "c2VjcmV0"}), false),
            (json!({"kty": "EC", "crv": "secp256k1", "x": "AQ", "y": "AQ"}), false),
            (json!(7), false),
        ] {
            assert_eq!(set(json!([key])).is_ok(), used, "{key}");
        }
        let mixed = set(json!([{"kty": "new"}, good, null])).unwrap();
        assert_eq!(found(&mixed, Some("good"), Algorithm::RS256), "key");
    }

    #[test]
    fn a_set_that_is_none_says_so() {
        for text in ["", "[]", "{}", r#"{"keys":7}"#, r#"{"keys":[]}"#, "<html>"] {
            assert!(KeySet::parse(text.as_bytes()).err().unwrap().is_decode(), "{text}");
        }
        let many = (0..=MAX_KEYS).map(|_| json!({"kty": "RSA", "n": rsa(2048), "e": "AQAB"})).collect();
        assert!(set(many).err().unwrap().is_too_large());
    }

    #[test]
    fn a_key_is_found_by_its_id_and_kind_alone() {
        let key = |id: &str| json!({"kty": "RSA", "kid": id, "n": rsa(2048), "e": "AQAB"});
        let named = key("a");
        let one = set(json!([named])).unwrap();
        for (id, algorithm, expected) in [
            (Some("a"), Algorithm::RS256, "key"),
            (Some("a"), Algorithm::PS512, "key"),
            (None, Algorithm::RS256, "key"),
            (Some("A"), Algorithm::RS256, "unknown"),
            (Some(""), Algorithm::RS256, "unknown"),
            (Some("../a"), Algorithm::RS256, "unknown"),
            (Some("a"), Algorithm::ES256, "unknown"),
            (Some("a"), Algorithm::HS256, "unknown"),
        ] {
            assert_eq!(found(&one, id, algorithm), expected, "{id:?} {algorithm}");
        }
        let two = set(json!([key("a"), key("b")])).unwrap();
        assert_eq!(found(&two, None, Algorithm::RS256), "several");
        assert_eq!(found(&two, Some("b"), Algorithm::RS256), "key");
        let secret = KeySet::of_secret(&Secret::from("s"));
        assert_eq!(found(&secret, Some("x"), Algorithm::HS256), "key");
        assert_eq!(found(&secret, Some("x"), Algorithm::RS256), "unknown");
    }

    #[test]
    fn keys_of_one_id_are_tried_in_turn_up_to_a_bound() {
        let signers: Vec<_> = (0..=MAX_SAME_ID).map(|_| KeyPair::generate_for(&PKCS_ED25519).unwrap()).collect();
        let jwk = |pair: &KeyPair| json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": BASE64_URL_SAFE_NO_PAD.encode(pair.public_key_raw())});
        let mut keys: Vec<_> = signers.iter().map(jwk).collect();
        // One of another kind is not tried, and takes no place.
        keys.insert(0, json!({"kty": "RSA", "kid": "k", "n": rsa(2048), "e": "AQAB"}));
        keys.insert(0, json!({"kty": "OKP", "crv": "Ed25519", "kid": "other", "x": jwk(&signers[0])["x"]}));
        let set = set(json!(keys)).unwrap();
        let Found::Keys(candidates) = set.find(Some("k"), Algorithm::EdDSA) else { panic!() };
        for (place, pair) in signers.iter().enumerate() {
            let signer = EncodingKey::from_ed_der(&pair.serialize_der());
            let signer = (DEFAULT_PROVIDER.signer_factory)(&jsonwebtoken::Algorithm::EdDSA, &signer).unwrap();
            let signature = signer.try_sign(b"message").unwrap();
            let is_tried = candidates.verify(Algorithm::EdDSA, b"message", &signature);
            assert_eq!(is_tried, place < MAX_SAME_ID, "{place}");
            assert!(!candidates.verify(Algorithm::EdDSA, b"messagf", &signature));
        }
        assert_eq!(found(&set, None, Algorithm::EdDSA), "several");
        assert_eq!(found(&set, Some("k"), Algorithm::RS256), "key");
        assert_eq!(found(&set, Some("k"), Algorithm::EdDSA), "keys");
    }

    /// A key of each kind, as a JWK and as what signs with it.
    fn pairs() -> Vec<(Family, Key, EncodingKey)> {
        let number = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let only = |jwk: Value| {
            let key = serde_json::from_str(&jwk.to_string()).ok().and_then(read);
            key.unwrap_or_else(|| panic!("{jwk}"))
        };
        let mut pairs = Vec::new();
        let rsa = RsaPrivateKey::new(&mut rand::rng(), 2048).unwrap();
        let jwk = json!({"kty": "RSA", "n": number(&rsa.n_bytes()), "e": number(&rsa.e_bytes())});
        let signer = EncodingKey::from_rsa_der(rsa.to_pkcs1_der().unwrap().as_bytes());
        pairs.push((Family::Rsa, only(jwk), signer));
        for (family, curve, generated) in [
            (Family::P256, "P-256", KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)),
            (Family::P384, "P-384", KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384)),
        ] {
            let pair = generated.unwrap();
            let (x, y) = pair.public_key_raw()[1..].split_at((pair.public_key_raw().len() - 1) / 2);
            let jwk = json!({"kty": "EC", "crv": curve, "x": number(x), "y": number(y)});
            pairs.push((family, only(jwk), EncodingKey::from_ec_der(&pair.serialize_der())));
        }
        let pair = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": number(pair.public_key_raw())});
        pairs.push((Family::Ed25519, only(jwk), EncodingKey::from_ed_der(&pair.serialize_der())));
        let secret = "s".repeat(64);
        let KeySet(mut keys) = KeySet::of_secret(&Secret::from(&secret));
        let key = Arc::into_inner(keys.remove(0)).unwrap();
        pairs.push((Family::Hmac, key, EncodingKey::from_secret(secret.as_bytes())));
        pairs
    }

    #[test]
    fn every_algorithm_checks_its_own_signatures_and_no_others() {
        let pairs = pairs();
        for &by in Algorithm::ALL {
            let (_, _, signer) = pairs.iter().find(|(family, ..)| *family == by.family()).unwrap();
            let signer = (DEFAULT_PROVIDER.signer_factory)(&by.implementation(), signer).unwrap();
            let signature = signer.try_sign(b"message").unwrap();
            for (family, key, _) in &pairs {
                for &with in Algorithm::ALL {
                    let is_right = with == by && *family == by.family();
                    assert_eq!(key.verify(with, b"message", &signature), is_right, "{by} {with} {family:?}");
                }
                assert!(!key.verify(by, b"messagf", &signature) && !key.verify(by, b"message", &Vec::new()), "{by}");
            }
        }
    }
}
