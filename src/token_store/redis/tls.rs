//! TLS to Redis: rustls, with the platform's trust store and root certificates of the user's own.

use super::RedisStoreError;
use rustls::{
    ClientConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, pem::PemObject as _},
};
use rustls_platform_verifier::Verifier;
use std::sync::Arc;

/// Reads certificates: one or many as PEM, or one as DER.
pub(super) fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, RedisStoreError> {
    let pem: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    match pem {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        // A DER certificate is a sequence with a length of two bytes.
        Ok(_) if bytes.starts_with(&[0x30, 0x82]) => Ok(vec![CertificateDer::from(bytes.to_vec())]),
        _ => Err(RedisStoreError::Certificate),
    }
}

/// Returns the configuration of all connections of a store.
pub(super) fn configuration(roots: &[CertificateDer<'static>]) -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = verifier(roots, provider.clone())?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[cfg(not(target_os = "android"))]
fn verifier(roots: &[CertificateDer<'static>], provider: Arc<CryptoProvider>) -> Result<Verifier, rustls::Error> {
    Verifier::new_with_extra_roots(roots.iter().cloned(), provider)
}

/// Android takes certificates from its own store alone.
#[cfg(target_os = "android")]
fn verifier(_: &[CertificateDer<'static>], provider: Arc<CryptoProvider>) -> Result<Verifier, rustls::Error> {
    Verifier::new(provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_come_as_pem_or_der() {
        let made = rcgen::generate_simple_self_signed(["h".to_owned()]).unwrap().cert;
        assert_eq!(certificates(made.pem().as_bytes()).unwrap(), [made.der().clone()]);
        assert_eq!(certificates((made.pem() + &made.pem()).as_bytes()).unwrap().len(), 2);
        assert_eq!(certificates(made.der()).unwrap(), [made.der().clone()]);
        for wrong in ["", "hello", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----"] {
            assert!(matches!(certificates(wrong.as_bytes()), Err(RedisStoreError::Certificate)), "{wrong}");
        }
    }
}
