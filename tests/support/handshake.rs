//! The server's half of the login handshake, for scripted servers.

use super::server::{Request, Response, json};
use aes::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
use base64::{Engine, engine::general_purpose::STANDARD};
use rsa::{
    Pkcs1v15Encrypt, RsaPrivateKey, RsaPublicKey,
    pkcs8::{DecodePublicKey, EncodePublicKey},
    traits::PublicKeyParts,
};
use serde_json::Value;

/// A server whose AES key is always the same, so that nothing needs to be kept.
pub struct Keys(RsaPrivateKey);

const AES_KEY: &[u8] = b"0123456789abcdef";

impl Keys {
    pub fn new() -> Self {
        Self(RsaPrivateKey::new(&mut rand::rng(), 1024).unwrap())
    }

    /// Returns the response to `publickey` and `aeskey`; `None` for anything else.
    pub fn respond(&self, request: &Request) -> Option<Response> {
        self.respond_in_blocks(1, request)
    }

    /// Returns the response to `publickey` and `aeskey`, with the AES key in this many RSA blocks.
    pub fn respond_in_blocks(&self, blocks: usize, request: &Request) -> Option<Response> {
        if request.path.ends_with("/identity/publickey") {
            let key = STANDARD.encode(self.0.to_public_key().to_public_key_der().unwrap());
            return Some(json(serde_json::json!({"publicKey": key})));
        }
        if request.path.ends_with("/identity/aeskey") {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let (client, _) = self.client_key(body["clientEncryptPublicKey"].as_str().unwrap());
            let pieces = AES_KEY.chunks(AES_KEY.len().div_ceil(blocks));
            let wrap = |piece| client.encrypt(&mut rand::rng(), Pkcs1v15Encrypt, piece).unwrap();
            let wrapped: Vec<u8> = pieces.flat_map(wrap).collect();
            return Some(json(serde_json::json!({"encryptAesKey": STANDARD.encode(wrapped)})));
        }
        None
    }

    /// Whether this text was encrypted under this server's key.
    pub fn can_open(&self, wrapped: &str) -> bool {
        let wrapped = STANDARD.decode(wrapped).unwrap();
        // Under another key a block opens to noise.
        let open = |block| self.0.decrypt(Pkcs1v15Encrypt, block).ok();
        let text = wrapped.chunks(self.0.size()).map(open).collect::<Option<Vec<_>>>().unwrap_or_default().concat();
        STANDARD.decode(text).is_ok_and(|der| RsaPublicKey::from_public_key_der(&der).is_ok())
    }

    /// The client's key, and the lengths of the pieces that it came in.
    pub fn client_key(&self, wrapped: &str) -> (RsaPublicKey, Vec<usize>) {
        let wrapped = STANDARD.decode(wrapped).unwrap();
        assert_eq!(wrapped.len() % self.0.size(), 0);
        let open = |block| self.0.decrypt(Pkcs1v15Encrypt, block).unwrap();
        let pieces: Vec<Vec<u8>> = wrapped.chunks(self.0.size()).map(open).collect();
        let der = STANDARD.decode(pieces.concat()).unwrap();
        (RsaPublicKey::from_public_key_der(&der).unwrap(), pieces.iter().map(Vec::len).collect())
    }

    pub fn password(&self, hash: &str) -> String {
        let sealed = STANDARD.decode(hash).unwrap();
        let cipher = cbc::Decryptor::<aes::Aes128>::new_from_slices(AES_KEY, b"ghUb#er57HBh(u%g").unwrap();
        String::from_utf8(cipher.decrypt_padded_vec::<Pkcs7>(&sealed).unwrap()).unwrap()
    }
}
