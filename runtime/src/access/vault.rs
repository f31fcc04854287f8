//! Credentials at rest: each sealed under a data key of its own, which is sealed under the master
//! key. Workspace and id are associated data, so that rows cannot be swapped.

use std::{collections::BTreeMap, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use masar_engine::WorkspaceId;
use rand::RngCore as _;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Layout of a sealed row, its first byte.
const LAYOUT: u8 = 1;
const NONCE: usize = 24;
const WRAPPED: usize = 32 + 16;

/// The master key and what it opens.
pub struct Vault {
    master: XChaCha20Poly1305,
}

/// Why a credential cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Another master key, another row, or altered bytes.
    #[error(
        "the credential cannot be opened: it was sealed under another master key, or its row was altered"
    )]
    Sealed,
    /// The key is not a key.
    #[error("{0}")]
    Key(String),
}

impl Vault {
    /// With this master key: base64 of 32 bytes.
    pub fn with_key(text: &str) -> Result<Self, VaultError> {
        let bytes = Zeroizing::new(
            STANDARD
                .decode(text.trim())
                .map_err(|error| VaultError::Key(format!("the master key is not base64: {error}")))?,
        );
        if bytes.len() != 32 {
            return Err(VaultError::Key(format!(
                "the master key has {} bytes, but it takes 32: make one with `openssl rand -base64 32`",
                bytes.len()
            )));
        }
        Ok(Self {
            master: XChaCha20Poly1305::new_from_slice(&bytes)
                .map_err(|error| VaultError::Key(error.to_string()))?,
        })
    }

    /// With the key in this file, which is made (mode 0600) where it is missing.
    pub fn open(file: &Path) -> anyhow::Result<Self> {
        match std::fs::read_to_string(file) {
            Ok(text) => {
                super::token::check_mode(file)?;
                Ok(Self::with_key(&Zeroizing::new(text))?)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut bytes = Zeroizing::new([0; 32]);
                rand::rng().fill_bytes(&mut *bytes);
                let text = Zeroizing::new(STANDARD.encode(*bytes));
                let mut out =
                    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
                out.write_all(text.as_bytes())?;
                out.sync_all()?;
                Ok(Self::with_key(&text)?)
            }
            Err(error) => Err(anyhow::anyhow!("{} cannot be read: {error}", file.display())),
        }
    }

    /// Seals a credential's fields.
    pub fn seal(
        &self,
        workspace: WorkspaceId,
        id: Uuid,
        fields: &BTreeMap<String, String>,
    ) -> Result<Vec<u8>, VaultError> {
        let aad = associated(workspace, id);
        let mut key = Zeroizing::new([0; 32]);
        let (mut key_nonce, mut nonce) = ([0; NONCE], [0; NONCE]);
        rand::rng().fill_bytes(&mut *key);
        rand::rng().fill_bytes(&mut key_nonce);
        rand::rng().fill_bytes(&mut nonce);
        let plain =
            Zeroizing::new(serde_json::to_vec(fields).map_err(|error| VaultError::Key(error.to_string()))?);
        let data = XChaCha20Poly1305::new_from_slice(&*key).map_err(|_| VaultError::Sealed)?;
        let wrapped = self
            .master
            .encrypt(XNonce::from_slice(&key_nonce), Payload { msg: &*key, aad: &aad })
            .map_err(|_| VaultError::Sealed)?;
        let sealed = data
            .encrypt(XNonce::from_slice(&nonce), Payload { msg: &plain, aad: &aad })
            .map_err(|_| VaultError::Sealed)?;
        Ok([&[LAYOUT][..], &key_nonce, &wrapped, &nonce, &sealed].concat())
    }

    /// Opens a credential's fields.
    pub fn unseal(
        &self,
        workspace: WorkspaceId,
        id: Uuid,
        row: &[u8],
    ) -> Result<BTreeMap<String, String>, VaultError> {
        let aad = associated(workspace, id);
        let (layout, rest) = row.split_first().ok_or(VaultError::Sealed)?;
        if *layout != LAYOUT || rest.len() < NONCE + WRAPPED + NONCE {
            return Err(VaultError::Sealed);
        }
        let (key_nonce, rest) = rest.split_at(NONCE);
        let (wrapped, rest) = rest.split_at(WRAPPED);
        let (nonce, sealed) = rest.split_at(NONCE);
        let key = self
            .master
            .decrypt(XNonce::from_slice(key_nonce), Payload { msg: wrapped, aad: &aad })
            .map_err(|_| VaultError::Sealed)?;
        let key = Zeroizing::new(key);
        let data = XChaCha20Poly1305::new_from_slice(&key).map_err(|_| VaultError::Sealed)?;
        let plain = data
            .decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad: &aad })
            .map_err(|_| VaultError::Sealed)?;
        serde_json::from_slice(&Zeroizing::new(plain)).map_err(|_| VaultError::Sealed)
    }
}

fn associated(workspace: WorkspaceId, id: Uuid) -> Vec<u8> {
    [b"masar credential".as_slice(), &workspace.0.to_be_bytes(), id.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_row_under_the_same_key_opens() {
        let vault = Vault::with_key(&STANDARD.encode([7; 32])).unwrap();
        let other = Vault::with_key(&STANDARD.encode([8; 32])).unwrap();
        let (workspace, id) = (WorkspaceId(1), Uuid::from_u128(5));
        let fields = BTreeMap::from([("password".to_owned(), "كلمة السر".to_owned())]);
        let row = vault.seal(workspace, id, &fields).unwrap();
        assert_eq!(vault.unseal(workspace, id, &row).unwrap(), fields);
        assert!(other.unseal(workspace, id, &row).is_err(), "another master key");
        assert!(vault.unseal(WorkspaceId(2), id, &row).is_err(), "another workspace");
        assert!(vault.unseal(workspace, Uuid::from_u128(6), &row).is_err(), "another credential");
        for place in 0..row.len() {
            let mut altered = row.clone();
            altered[place] ^= 1;
            assert!(vault.unseal(workspace, id, &altered).is_err(), "byte {place} altered");
        }
    }
}
