//! TLS as a client: which authorities are trusted, and by whose cryptography.

use std::sync::Arc;

use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

/// The authorities that the operating system trusts, a company's own included, or those in the file that `SSL_CERT_FILE` names.
#[must_use]
pub fn authorities() -> Vec<Certificate<'static>> {
    let found = rustls_native_certs::load_native_certs();
    found.certs.iter().map(|one| Certificate::from_der(one.as_ref()).to_owned()).collect()
}

/// What TLS has against the other side; a handshake hands it over as an error of the connection.
#[must_use]
pub fn refusal(error: &ureq::Error) -> Option<&rustls::Error> {
    match error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref(),
        _ => None,
    }
}

/// Trusts these authorities and nobody else: without any, no connection is made.
#[must_use]
pub fn trusting(authorities: Vec<Certificate<'static>>) -> TlsConfig {
    TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::Specific(Arc::new(authorities)))
        .build()
}
