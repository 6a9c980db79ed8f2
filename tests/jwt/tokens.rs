//! Which tokens are accepted. The keys are at hand.

use super::{
    Verifier, maybe_async,
    signer::{
        AUDIENCE, Clock, KEY, claims, encoded, header, hs256, jwks, key, message, other_key, rs256, rs256_signature,
    },
    test,
};
use crate::support::{observed::Observed, spans::Spans, vocabulary::check_vocabulary};
use iam_sdk::jwt::{Algorithm, KeySource};
use rsa::{
    pkcs8::{EncodePublicKey as _, LineEnding},
    traits::PublicKeyParts as _,
};
use serde_json::{Value, json};
use std::time::Duration;

const ISSUER: &str = "https://shop.example/oidc";
const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn verifier() -> Verifier {
    let builder = Verifier::builder(KeySource::fixed(jwks(&[KEY]).to_string()));
    builder.issuer(ISSUER).audience(AUDIENCE).build().unwrap()
}

fn with_secret() -> Verifier {
    Verifier::builder(KeySource::secret(SECRET)).issuer(ISSUER).audience(AUDIENCE).build().unwrap()
}

fn changed(name: &str, value: Value) -> String {
    let mut claims = claims(ISSUER);
    claims[name] = value;
    claims.to_string()
}

fn with_header(change: Value) -> String {
    let mut header = header(KEY);
    header.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    rs256(key(), &header, &claims(ISSUER).to_string())
}

fn with_header_text(header: &str) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims(ISSUER).to_string()));
    format!("{message}.{}", rs256_signature(key(), &message))
}

/// Tokens that an attacker makes or that are for another service, each with the reason of its refusal.
fn hostile() -> Vec<(&'static str, String, &'static str)> {
    let good = claims(ISSUER).to_string();
    let signed = |claims: &str| rs256(key(), &header(KEY), claims);
    let token = signed(&good);
    let (unsigned, signature) = token.rsplit_once('.').unwrap();
    let (head, payload) = unsigned.split_once('.').unwrap();
    let mut flipped = signature.to_owned();
    flipped.replace_range(10..11, if &signature[10..11] == "A" { "B" } else { "A" });
    let now = claims(ISSUER)["iat"].as_u64().unwrap();
    let pem = key().to_public_key().to_public_key_pem(LineEnding::LF).unwrap();
    let der = key().to_public_key().to_public_key_der().unwrap().into_vec();
    let as_secret = json!({"alg": "HS256", "kid": KEY});
    let own_key = json!({"jwk": jwks(&["mine"])["keys"][0], "kid": "mine", "jku": "https://evil.example/k"});
    let none = |alg: &str| message(&json!({"alg": alg, "kid": KEY}), &good);
    let expired = changed("exp", json!(now - 31));
    let twice = format!(r#"{{"aud":"someone else",{}"#, &good[1..]);
    let escaped = format!(r#"{{"{}":"someone else",{}"#, r"\u0061ud", &good[1..]);
    vec![
        ("another key's signature", rs256(other_key(), &header(KEY), &good), "signature is wrong"),
        ("a bit of the signature", format!("{unsigned}.{flipped}"), "signature is wrong"),
        ("half of the signature", format!("{unsigned}.{}", &signature[..100]), "signature is wrong"),
        ("no signature", format!("{unsigned}."), "signature is wrong"),
        (
            "other claims",
            format!("{head}.{}.{signature}", encoded(changed("sub", json!("root")))),
            "signature is wrong",
        ),
        ("alg none", format!("{}.", none("none")), "algorithm"),
        ("alg None", format!("{}.", none("None")), "algorithm"),
        ("alg none, signed", format!("{}.{signature}", none("none")), "algorithm"),
        ("no alg", format!("{}.", message(&json!({"kid": KEY}), &good)), "header"),
        ("HS256 with the public key as PEM", hs256(pem.as_bytes(), &as_secret, &good), "algorithm"),
        ("HS256 with the public key as DER", hs256(&der, &as_secret, &good), "algorithm"),
        ("HS256 with no secret", hs256(b"", &as_secret, &good), "algorithm"),
        ("PS256 for RS256", with_header(json!({"alg": "PS256"})), "algorithm"),
        (
            "a key of its own",
            rs256(
                other_key(),
                &{
                    let mut h = header(KEY);
                    h.as_object_mut().unwrap().extend(own_key.as_object().unwrap().clone());
                    h
                },
                &good,
            ),
            "does not publish",
        ),
        ("kid with a path", with_header(json!({"kid": "../../key-1"})), "does not publish"),
        ("kid with SQL", with_header(json!({"kid": "x' UNION SELECT 'key-1"})), "does not publish"),
        ("kid of a file", with_header(json!({"kid": "/dev/null"})), "does not publish"),
        ("kid with a zero byte", with_header(json!({"kid": "key-1\0"})), "does not publish"),
        ("empty kid", with_header(json!({"kid": ""})), "does not publish"),
        ("kid that is a number", with_header(json!({"kid": 1})), "header"),
        ("crit", with_header(json!({"crit": ["exp"]})), "crit"),
        ("crit that is null", with_header(json!({"crit": null})), "crit"),
        ("an empty crit", with_header(json!({"crit": []})), "crit"),
        ("b64", with_header(json!({"b64": false})), "b64"),
        ("b64 that is true", with_header(json!({"b64": true})), "b64"),
        ("compressed", with_header(json!({"zip": "DEF"})), "zip"),
        ("encrypted", with_header(json!({"enc": "A256GCM"})), "enc"),
        ("a header that is an array", rs256(key(), &json!(["RS256", KEY, "JWT", null, null]), &good), "header"),
        ("a header in an array", rs256(key(), &json!([header(KEY)]), &good), "header"),
        ("a header member twice", with_header_text(r#"{"alg":"RS256","kid":"key-1","kid":"key-1"}"#), "twice"),
        ("any header member twice", with_header_text(r#"{"alg":"RS256","kid":"key-1","x":1,"x":1}"#), "twice"),
        ("a token inside", with_header(json!({"cty": "JWT"})), "cty"),
        ("a token inside, by its media type", with_header(json!({"cty": "application/jwt"})), "cty"),
        ("a logout token", with_header(json!({"typ": "logout+jwt"})), "typ"),
        ("a logout token, by its media type", with_header(json!({"typ": "application/Logout+JWT"})), "typ"),
        (
            "a logout token without a type",
            signed(&changed("events", json!({"http://schemas.openid.net/event/backchannel-logout": {}}))),
            "events",
        ),
        ("a security event", with_header(json!({"typ": "secevent+jwt"})), "typ"),
        ("a proof of possession", with_header(json!({"typ": "dpop+jwt"})), "typ"),
        ("an empty type", with_header(json!({"typ": ""})), "typ"),
        ("a type that is a list", with_header(json!({"typ": ["JWT"]})), "header"),
        ("expired", signed(&expired), "expired"),
        ("not yet valid", signed(&changed("nbf", json!(now + 3600))), "not valid yet"),
        ("another issuer", signed(&claims("https://evil.example").to_string()), "issuer"),
        ("an issuer that begins so", signed(&claims("https://shop.example/oidc.evil").to_string()), "issuer"),
        ("no issuer", signed(&changed("iss", Value::Null)), "issuer"),
        ("issuers", signed(&changed("iss", json!([ISSUER]))), "claims cannot be read"),
        ("another audience", signed(&changed("aud", json!("warehouse"))), "audience"),
        ("other audiences", signed(&changed("aud", json!(["warehouse", "shop2"]))), "audience"),
        ("no audience", signed(&changed("aud", Value::Null)), "audience"),
        ("no expiry", signed(&changed("exp", Value::Null)), "no expiry"),
        ("expiry as text", signed(&changed("exp", json!("99999999999"))), "claims cannot be read"),
        ("expiry beyond all times", signed(&changed("exp", json!(1e300))), "claims cannot be read"),
        ("huge", signed(&changed("sub", json!("x".repeat(8192)))), "8 KiB"),
        ("a claim twice", signed(&twice), "twice"),
        ("a claim twice, once escaped", signed(&escaped), "twice"),
        ("no claims", signed("[]"), "claims cannot be read"),
        ("no JSON", signed("{"), "claims cannot be read"),
        ("deep JSON", signed(&"[".repeat(4000)), "claims cannot be read"),
        ("two parts", unsigned.to_owned(), "three parts"),
        ("four parts", format!("{token}.AA"), "three parts"),
        ("five parts", format!("{token}.AA.AA"), "three parts"),
        ("three dots", "...".to_owned(), "three parts"),
        ("two dots", "..".to_owned(), "header"),
        ("nothing", String::new(), "three parts"),
        ("Bearer", format!("Bearer {token}"), "three parts"),
        ("padding", format!("{token}=="), "three parts"),
        (
            "plain base64",
            format!("{head}.{payload}.{}", signature.replace(['-', '_'], "+")),
            if signature.contains(['-', '_']) { "three parts" } else { "" },
        ),
        ("a line feed", format!("{token}\n"), "three parts"),
        ("a zero byte", format!("{head}.{payload}\0.{signature}"), "signature is wrong"),
        ("no ASCII", format!("é{token}"), "three parts"),
    ]
}

#[maybe_async]
#[test]
async fn hostile_tokens_are_refused_and_the_text_says_why() {
    let (verifier, mut refused) = (verifier(), 0);
    for (name, token, said) in hostile() {
        // Base64 of this signature may have no character in which the two alphabets differ.
        if said.is_empty() {
            continue;
        }
        let error = verifier.verify(token.clone()).await.expect_err(name);
        assert!(error.is_authentication() && error.to_string().contains(said), "{name}: {error}");
        assert_eq!((error.operation(), error.was_sent()), (Some("jwt.verify"), false), "{name}");
        assert!(token.len() < 20 || !format!("{error:#?}").contains(&token), "{name}");
        let checked = verifier.check(token).await.unwrap();
        assert!(checked.is_none(), "{name}");
        refused += 1;
    }
    assert!(refused >= 50, "{refused}");
}

#[maybe_async]
#[test]
async fn a_good_token_has_its_claims() {
    let verifier = verifier();
    let token = rs256(key(), &header(KEY), &changed("scope", json!("openid profile")));
    let claims = verifier.verify(token.clone()).await.unwrap();
    assert_eq!((claims.sub.as_deref(), claims.iss.as_deref()), (Some("ann"), Some(ISSUER)));
    assert!(claims.has_scope("profile") && claims.expires_at().is_some());
    let checked = verifier.check(token).await.unwrap();
    assert_eq!(checked, Some(claims));
    // One key fits, so that a token need not name it. Headers that say nothing about the check do not matter.
    for header in [json!({"alg": "RS256"}), json!({"alg": "RS256", "kid": KEY, "typ": "at+jwt", "x5t": "x", "x": [1]})]
    {
        let checked = verifier.check(rs256(key(), &header, &self::claims(ISSUER).to_string())).await.unwrap();
        assert!(checked.is_some(), "{header}");
    }
    let several = rs256(key(), &header(KEY), &changed("aud", json!(["warehouse", AUDIENCE])));
    let checked = verifier.check(several).await.unwrap();
    assert!(checked.is_some());
}

#[maybe_async]
#[test]
async fn a_type_that_is_set_is_demanded() {
    let builder = Verifier::builder(KeySource::fixed(jwks(&[KEY]).to_string())).issuer(ISSUER).audience(AUDIENCE);
    let verifier = builder.token_type("application/at+jwt").token_type("Own+JWT").build().unwrap();
    for (header, is_accepted) in [
        (json!({"alg": "RS256", "kid": KEY}), false),
        (json!({"alg": "RS256", "kid": KEY, "typ": "JWT"}), false),
        (json!({"alg": "RS256", "kid": KEY, "typ": "at+jwt"}), true),
        (json!({"alg": "RS256", "kid": KEY, "typ": "application/AT+JWT"}), true),
        (json!({"alg": "RS256", "kid": KEY, "typ": "own+jwt"}), true),
        (json!({"alg": "RS256", "kid": KEY, "typ": "logout+jwt"}), false),
    ] {
        let checked = verifier.check(rs256(key(), &header, &claims(ISSUER).to_string())).await.unwrap();
        assert_eq!(checked.is_some(), is_accepted, "{header}");
    }
}

#[maybe_async]
#[test]
async fn a_secret_checks_its_own_signatures_and_no_others() {
    let (verifier, good) = (with_secret(), claims(ISSUER).to_string());
    let plain = json!({"alg": "HS256"});
    let accepted = verifier.check(hs256(SECRET.as_bytes(), &plain, &good)).await.unwrap();
    assert!(accepted.is_some());
    let named = verifier.check(hs256(SECRET.as_bytes(), &json!({"alg": "HS256", "kid": "any"}), &good)).await.unwrap();
    assert!(named.is_some());
    for (name, token) in [
        ("another secret", hs256(b"another secret", &plain, &good)),
        ("the issuer's key", rs256(key(), &header(KEY), &good)),
        ("HS384 in name", hs256(SECRET.as_bytes(), &json!({"alg": "HS384"}), &good)),
        ("none", format!("{}.", message(&json!({"alg": "none"}), &good))),
        ("expired", hs256(SECRET.as_bytes(), &plain, &changed("exp", json!(1)))),
    ] {
        let checked = verifier.check(token).await.unwrap();
        assert!(checked.is_none(), "{name}");
    }
}

#[maybe_async]
#[test]
async fn what_a_key_is_for_counts() {
    let mut set = jwks(&[KEY]);
    set["keys"][0]["alg"] = json!("RS512");
    let builder = Verifier::builder(KeySource::fixed(set.to_string())).issuer(ISSUER).audience(AUDIENCE);
    let verifier = builder.algorithms([Algorithm::RS256, Algorithm::RS512]).build().unwrap();
    let error = verifier.verify(rs256(key(), &header(KEY), &claims(ISSUER).to_string())).await.unwrap_err();
    assert!(error.to_string().contains("does not publish"), "{error}");
    let two = jwks(&["a", "b"]).to_string();
    let verifier = Verifier::builder(KeySource::fixed(two)).issuer(ISSUER).audience(AUDIENCE).build().unwrap();
    let unnamed = rs256(key(), &json!({"alg": "RS256"}), &claims(ISSUER).to_string());
    let error = verifier.verify(unnamed).await.unwrap_err();
    assert!(error.is_authentication() && error.to_string().contains("which of the issuer's keys"), "{error}");
}

#[maybe_async]
#[test]
async fn issuer_and_audience_are_left_out_by_name_alone() {
    let builder = Verifier::builder(KeySource::fixed(jwks(&[KEY]).to_string()));
    let verifier = builder.any_issuer().any_audience().build().unwrap();
    let signed = |claims: &str| rs256(key(), &header(KEY), claims);
    let expiry = &claims(ISSUER)["exp"];
    let bare = verifier.check(signed(&json!({"exp": expiry}).to_string())).await.unwrap();
    assert!(bare.is_some());
    let unlimited = verifier.check(signed("{}")).await.unwrap();
    assert!(unlimited.is_none(), "a token without an expiry is never accepted");
}

#[maybe_async]
#[test]
async fn a_clock_may_be_wrong_by_the_leeway_and_no_more() {
    for leeway in [0, 30, 600] {
        let clock = Clock::stopped();
        let time = clock.clone();
        let builder = Verifier::builder(KeySource::fixed(jwks(&[KEY]).to_string())).issuer(ISSUER).audience(AUDIENCE);
        let verifier = builder.leeway(Duration::from_secs(leeway)).clock(move || time.now()).build().unwrap();
        let now = clock.seconds();
        let signed = |times: Value| {
            let mut claims = claims(ISSUER);
            claims.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
            rs256(key(), &header(KEY), &claims.to_string())
        };
        for (times, expected) in [
            (json!({"exp": now + 1}), None),
            (json!({"exp": now - leeway}), Some("has expired")),
            (json!({"exp": now - leeway + 1}), None),
            (json!({"exp": now + 9, "nbf": now + leeway}), None),
            (json!({"exp": now + 9, "nbf": now + leeway + 1}), Some("not valid yet")),
        ] {
            let error = verifier.verify(signed(times.clone())).await.err().map(|error| error.to_string());
            assert_eq!(error.is_some(), expected.is_some(), "{leeway} {times} {error:?}");
            assert!(error.is_none_or(|error| error.contains(expected.unwrap())), "{leeway} {times}");
        }
        // Time goes on, and the token's end comes.
        let token = signed(json!({"exp": now + 10}));
        clock.ahead(9 + leeway);
        let last = verifier.check(token.clone()).await.unwrap();
        clock.ahead(1);
        let late = verifier.check(token).await.unwrap();
        assert!(last.is_some() && late.is_none(), "{leeway}");
    }
}

#[maybe_async]
#[test]
async fn every_check_is_told_to_the_observer_with_its_reason() {
    let observed = Observed::default();
    let builder = Verifier::builder(KeySource::fixed(jwks(&[KEY]).to_string())).issuer(ISSUER).audience(AUDIENCE);
    let verifier = builder.observer(observed.clone()).build().unwrap();
    let (spans, signed) = (Spans::start(), |claims: &str| rs256(key(), &header(KEY), claims));
    let tokens = [
        (signed(&claims(ISSUER).to_string()), None),
        (signed(&changed("exp", json!(1))), Some("expired")),
        (signed(&changed("aud", json!("warehouse"))), Some("audience")),
        (signed(&claims("https://evil.example").to_string()), Some("issuer")),
        (rs256(key(), &header("other"), &claims(ISSUER).to_string()), Some("unknown_key")),
        (rs256(other_key(), &header(KEY), &claims(ISSUER).to_string()), Some("signature")),
        (with_header(json!({"alg": "none"})), Some("algorithm")),
        ("x".to_owned(), Some("not_three_parts")),
    ];
    for (token, _) in &tokens {
        let verified = verifier.verify(token.as_str()).await.is_ok();
        let checked = verifier.check(token.as_str()).await.unwrap();
        assert_eq!(verified, checked.is_some());
    }
    let told = observed.notes().verifications;
    let expected: Vec<_> = tokens
        .iter()
        .flat_map(|(_, reason)| [*reason; 2])
        .map(|reason| (if reason.is_some() { "invalid" } else { "ok" }, reason, None, false))
        .collect();
    let told: Vec<_> = told.iter().map(|told| (told.result, told.reason, told.error, told.cancelled)).collect();
    assert_eq!(told, expected);
    let trace = spans.trace();
    check_vocabulary(&trace);
    let logged: Vec<_> = trace.events.iter().map(|event| Some(event.fields["iam.jwt.reason"].as_str())).collect();
    let expected: Vec<_> = expected.iter().map(|(_, reason, ..)| *reason).filter(Option::is_some).collect();
    assert_eq!((logged, trace.loud().len()), (expected, 0));
}

#[maybe_async]
#[test]
async fn keys_of_one_id_are_all_tried() {
    let mut set = jwks(&[KEY]);
    let (n, e) = (encoded(other_key().n_bytes()), encoded(other_key().e_bytes()));
    set["keys"].as_array_mut().unwrap().insert(0, json!({"kty": "RSA", "kid": KEY, "n": n, "e": e}));
    let builder = Verifier::builder(KeySource::fixed(set.to_string())).issuer(ISSUER).audience(AUDIENCE);
    let (verifier, claims) = (builder.build().unwrap(), claims(ISSUER).to_string());
    for key in [key(), other_key()] {
        let checked = verifier.check(rs256(key, &header(KEY), &claims)).await.unwrap();
        assert!(checked.is_some());
    }
    let nobodys = verifier.check(format!("{}.{}", message(&header(KEY), &claims), encoded([1; 256]))).await.unwrap();
    assert!(nobodys.is_none());
}
