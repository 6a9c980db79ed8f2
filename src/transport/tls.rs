//! The TLS configuration: rustls with the platform's trust store. Reading that store takes milliseconds, so a client does it
//! once and all its connections share the result.

use crate::{Error, Result, config::Settings};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error as TlsError, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use rustls_platform_verifier::Verifier;
use std::sync::Arc;

/// Returns the TLS configuration according to `settings`.
pub(super) fn config(settings: &Settings) -> Result<ClientConfig> {
    let provider = provider();
    let roots = root_certificates(&settings.root_certificates)?;
    if !settings.verify_tls {
        return with_verifier(provider.clone(), Arc::new(Unverified(provider)));
    }
    let verifier = match roots.is_empty() {
        true => Verifier::new(provider.clone()),
        false => Verifier::new_with_extra_roots(roots, provider.clone()),
    };
    let unusable =
        |error: TlsError| Error::configuration("root certificate: the TLS library does not take it").source(error);
    with_verifier(provider, Arc::new(verifier.map_err(unusable)?))
}

/// Returns a configuration that trusts no server.
pub(super) fn without_roots() -> Result<ClientConfig> {
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    Ok(config.map_err(unsupported)?.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

fn provider() -> Arc<CryptoProvider> {
    CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}

fn with_verifier(provider: Arc<CryptoProvider>, verifier: Arc<dyn ServerCertVerifier>) -> Result<ClientConfig> {
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(unsupported)?.dangerous().with_custom_certificate_verifier(verifier);
    Ok(config.with_no_client_auth())
}

fn unsupported(error: TlsError) -> Error {
    Error::configuration("the TLS library's provider supports no TLS version").source(error)
}

fn root_certificates(bundles: &[Vec<u8>]) -> Result<Vec<CertificateDer<'static>>> {
    let mut all = Vec::new();
    for bytes in bundles {
        if !bytes.trim_ascii_start().starts_with(b"-----BEGIN") {
            all.push(CertificateDer::from(bytes.clone()));
            continue;
        }
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
        match found {
            Ok(found) if !found.is_empty() => all.extend(found),
            Ok(_) => return Err(Error::configuration("root certificate: no certificate in the PEM text")),
            Err(_) => return Err(Error::configuration("root certificate: neither PEM nor DER")),
        }
    }
    Ok(all)
}

/// Trusts every certificate, for `verify_tls(false)`. It still checks that the server has the certificate's key.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
