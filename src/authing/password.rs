//! Passwords of users, on their way to the service.

use crate::{Error, ErrorKind, Password, Result, crypto::os_rng};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use rsa::{Pkcs1v15Encrypt, RsaPublicKey, pkcs1::DecodeRsaPublicKey as _, pkcs8::DecodePublicKey as _};

/// The vendor's public default key, for pools without one of their own.
pub const DEFAULT_PUBLIC_KEY_PEM: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC4xKeUgQ+Aoz7TLfAfs9+paePb
5KIofVthEopwrXFkp8OCeocaTHt9ICjTT2QeJh6cZaDaArfZ873GPUn00eOIZ7Ae
+TiA2BKHbCvloW3w5Lnqm70iSsUi5Fmu9/2+68GZRH9L7Mlh8cFksCicW2Y2W2uM
GKl64GDcIq3au+aqJQIDAQAB
-----END PUBLIC KEY-----
";

/// A pool's public key.
#[derive(Clone, Debug)]
pub(crate) struct PasswordKey(RsaPublicKey);

impl PasswordKey {
    /// SPKI or PKCS#1, as PEM; lines may be indented.
    pub(crate) fn from_pem(pem: &str) -> Result<Self> {
        let pem: String =
            pem.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect();
        let key = RsaPublicKey::from_public_key_pem(&pem).or_else(|_| RsaPublicKey::from_pkcs1_pem(&pem));
        key.map(Self).map_err(|_| Error::configuration("public key: not an RSA public key as PEM"))
    }

    /// PKCS#1 v1.5, in base64.
    pub(crate) fn seal(&self, password: &Password) -> Result<String> {
        if password.expose_secret().is_empty() {
            return Err(Error::argument("password: it is empty"));
        }
        let sealed = self.0.encrypt(&mut os_rng(), Pkcs1v15Encrypt, password.expose_secret().as_bytes());
        let sealed = sealed.map_err(|error| match error {
            rsa::Error::MessageTooLong => Error::argument("the password is longer than the public key can take"),
            _ => Error::new(ErrorKind::Crypto),
        })?;
        Ok(BASE64_STANDARD.encode(sealed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rsa::{
        RsaPrivateKey,
        pkcs8::{EncodePublicKey as _, LineEnding},
    };

    #[test]
    fn only_the_private_key_opens_it() {
        let private = RsaPrivateKey::new(&mut rand::rng(), 1024).unwrap();
        let pem = private.to_public_key().to_public_key_pem(LineEnding::LF).unwrap();
        let indented = pem.replace('\n', "\n    ");
        let key = PasswordKey::from_pem(&indented).unwrap();
        let sealed = BASE64_STANDARD.decode(key.seal(&"päss-密码".into()).unwrap()).unwrap();
        assert_eq!(private.decrypt(Pkcs1v15Encrypt, &sealed).unwrap(), "päss-密码".as_bytes());
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let key = PasswordKey::from_pem(DEFAULT_PUBLIC_KEY_PEM).unwrap();
        let long = key.seal(&"x".repeat(118).into()).unwrap_err();
        assert_eq!(long.kind(), ErrorKind::InvalidArgument);
        assert!(key.seal(&"x".repeat(117).into()).is_ok());
        assert!(
            PasswordKey::from_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")
                .unwrap_err()
                .is_configuration()
        );
    }
}
