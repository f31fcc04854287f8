//! Credentials at rest: each sealed under a data key of its own, which is wrapped under a master
//! key. A row names its master key; workspace, id, layout and that name are associated data, so that
//! neither rows nor keys can be swapped. A new master key is taken into use by wrapping the data keys
//! anew (`masar secrets rotate`); meanwhile the vault opens rows of either.

use std::{collections::BTreeMap, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use masar_engine::WorkspaceId;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::private_file;
use crate::clock::secret_bytes;

/// Layout of a sealed row, its first byte: then the id of its master key, the nonce of the wrapped
/// data key, that key, the nonce of the fields, the fields.
const LAYOUT: u8 = 2;
/// The first layout named no master key. It is still read, and written anew by a rotation.
const FIRST_LAYOUT: u8 = 1;
const NONCE: usize = 24;
const WRAPPED: usize = 32 + 16;
const KEY_ID: usize = 8;

/// A master key with the name by which rows call it: a digest that tells nothing of it.
struct Master {
    id: [u8; KEY_ID],
    cipher: XChaCha20Poly1305,
}

/// The master keys: the first seals and opens, the others only open.
pub struct Vault {
    masters: Vec<Master>,
}

/// Why a credential cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Its master key is not here.
    #[error(
        "the credential was sealed under master key {0}, which is not here: give that key back, or set the credential anew"
    )]
    OtherKey(String),
    /// Another row, or altered bytes.
    #[error(
        "the credential cannot be opened: it was sealed under another master key, or its row was altered; set it anew"
    )]
    Sealed,
    /// The key is not a key.
    #[error("{0}")]
    Key(String),
}

/// What stands in front of a wrapped data key.
struct Parts<'a> {
    layout: u8,
    key_id: Option<&'a [u8]>,
    key_nonce: &'a [u8],
    wrapped: &'a [u8],
    /// Nonce and fields.
    rest: &'a [u8],
}

fn parts(row: &[u8]) -> Option<Parts<'_>> {
    let (&layout, rest) = row.split_first()?;
    let (key_id, rest) = match layout {
        LAYOUT => rest.split_at_checked(KEY_ID).map(|(id, rest)| (Some(id), rest))?,
        FIRST_LAYOUT => (None, rest),
        _ => return None,
    };
    let (key_nonce, rest) = rest.split_at_checked(NONCE)?;
    let (wrapped, rest) = rest.split_at_checked(WRAPPED)?;
    Some(Parts { layout, key_id, key_nonce, wrapped, rest })
}

/// A new master key as text.
pub(crate) fn new_key() -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(Zeroizing::new(secret_bytes::<32>())))
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
        let cipher =
            XChaCha20Poly1305::new_from_slice(&bytes).map_err(|error| VaultError::Key(error.to_string()))?;
        let digest = Sha256::new().chain_update(b"masar master key id").chain_update(&*bytes).finalize();
        let mut id = [0; KEY_ID];
        id.copy_from_slice(&digest[..KEY_ID]);
        Ok(Self { masters: vec![Master { id, cipher }] })
    }

    /// Opens also what was sealed under this one's keys.
    pub fn opening_also(mut self, other: Self) -> Self {
        self.masters.extend(other.masters);
        self
    }

    /// With the key in this file; none where it is missing.
    pub fn read(file: &Path) -> anyhow::Result<Option<Self>> {
        use anyhow::Context as _;
        private_file::read(file)?
            .map(|text| Self::with_key(&Zeroizing::new(text)))
            .transpose()
            .with_context(|| format!("{} holds no key: restore it from a backup", file.display()))
    }

    /// Makes a key and keeps it in this file, mode 0600.
    pub fn make(file: &Path) -> anyhow::Result<Self> {
        let text = new_key();
        private_file::write(file, &text)?;
        Ok(Self::with_key(&text)?)
    }

    /// Puts the key of one file in the place of another's.
    pub(crate) fn replace(from: &Path, to: &Path) -> std::io::Result<()> {
        private_file::rename(from, to)
    }

    /// The name of the key that seals, as in rows and messages.
    pub fn key_name(&self) -> String {
        self.masters.first().map(|master| crate::dispatch::hex(&master.id)).unwrap_or_default()
    }

    /// Whether the row is under the key that seals.
    pub fn is_current(&self, row: &[u8]) -> bool {
        let id = parts(row).and_then(|parts| parts.key_id);
        self.masters.first().is_some_and(|master| id == Some(&master.id[..]))
    }

    /// Seals a credential's fields.
    pub fn seal(
        &self,
        workspace: WorkspaceId,
        id: Uuid,
        fields: &BTreeMap<String, String>,
    ) -> Result<Vec<u8>, VaultError> {
        let key = Zeroizing::new(secret_bytes::<32>());
        let nonce = secret_bytes::<NONCE>();
        let plain =
            Zeroizing::new(serde_json::to_vec(fields).map_err(|error| VaultError::Key(error.to_string()))?);
        let data = XChaCha20Poly1305::new_from_slice(&*key).map_err(|_| VaultError::Sealed)?;
        let aad = associated(workspace, id, LAYOUT);
        let sealed = data
            .encrypt(XNonce::from_slice(&nonce), Payload { msg: &plain, aad: &aad })
            .map_err(|_| VaultError::Sealed)?;
        self.wrap(workspace, id, &*key, &[&nonce[..], &sealed].concat())
    }

    /// The row of a data key and what is sealed under it.
    fn wrap(&self, workspace: WorkspaceId, id: Uuid, key: &[u8], rest: &[u8]) -> Result<Vec<u8>, VaultError> {
        let master = self.masters.first().ok_or(VaultError::Sealed)?;
        let nonce = secret_bytes::<NONCE>();
        let aad = [&associated(workspace, id, LAYOUT)[..], &master.id].concat();
        let wrapped = master
            .cipher
            .encrypt(XNonce::from_slice(&nonce), Payload { msg: key, aad: &aad })
            .map_err(|_| VaultError::Sealed)?;
        Ok([&[LAYOUT][..], &master.id, &nonce, &wrapped, rest].concat())
    }

    fn data_key(
        &self,
        workspace: WorkspaceId,
        id: Uuid,
        parts: &Parts<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let open = |master: &Master, aad: &[u8]| {
            let payload = Payload { msg: parts.wrapped, aad };
            master.cipher.decrypt(XNonce::from_slice(parts.key_nonce), payload).ok().map(Zeroizing::new)
        };
        let aad = associated(workspace, id, parts.layout);
        let Some(key_id) = parts.key_id else {
            return self.masters.iter().find_map(|master| open(master, &aad)).ok_or(VaultError::Sealed);
        };
        let master = self.masters.iter().find(|master| master.id == key_id);
        let master = master.ok_or_else(|| VaultError::OtherKey(crate::dispatch::hex(key_id)))?;
        open(master, &[&aad[..], key_id].concat()).ok_or(VaultError::Sealed)
    }

    /// Opens a credential's fields.
    pub fn unseal(
        &self,
        workspace: WorkspaceId,
        id: Uuid,
        row: &[u8],
    ) -> Result<BTreeMap<String, String>, VaultError> {
        let parts = parts(row).ok_or(VaultError::Sealed)?;
        let key = self.data_key(workspace, id, &parts)?;
        let (nonce, sealed) = parts.rest.split_at_checked(NONCE).ok_or(VaultError::Sealed)?;
        let data = XChaCha20Poly1305::new_from_slice(&key).map_err(|_| VaultError::Sealed)?;
        let aad = associated(workspace, id, parts.layout);
        let plain = data
            .decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad: &aad })
            .map_err(|_| VaultError::Sealed)?;
        serde_json::from_slice(&Zeroizing::new(plain)).map_err(|_| VaultError::Sealed)
    }

    /// The same row with its data key wrapped under the key that seals.
    pub fn rewrap(&self, workspace: WorkspaceId, id: Uuid, row: &[u8]) -> Result<Vec<u8>, VaultError> {
        let parts = parts(row).ok_or(VaultError::Sealed)?;
        if parts.layout == FIRST_LAYOUT {
            // Its fields are bound to the old layout too.
            return self.seal(workspace, id, &self.unseal(workspace, id, row)?);
        }
        let key = self.data_key(workspace, id, &parts)?;
        self.wrap(workspace, id, &key, parts.rest)
    }
}

fn associated(workspace: WorkspaceId, id: Uuid, layout: u8) -> Vec<u8> {
    let layout: &[u8] = if layout == FIRST_LAYOUT { &[] } else { &[layout] };
    [b"masar credential".as_slice(), layout, &workspace.0.to_be_bytes(), id.as_bytes()].concat()
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

    #[test]
    fn a_row_moves_to_a_new_master_key_and_names_the_one_that_is_missing() {
        let key = |byte: u8| Vault::with_key(&STANDARD.encode([byte; 32])).unwrap();
        let (workspace, id) = (WorkspaceId(1), Uuid::from_u128(5));
        let fields = BTreeMap::from([("token".to_owned(), "abc".to_owned())]);
        let old = key(7).seal(workspace, id, &fields).unwrap();
        let both = key(8).opening_also(key(7));
        assert_eq!(both.unseal(workspace, id, &old).unwrap(), fields);
        let new = both.rewrap(workspace, id, &old).unwrap();
        assert!(both.is_current(&new) && !both.is_current(&old));
        assert_eq!(key(8).unseal(workspace, id, &new).unwrap(), fields);
        let error = key(7).unseal(workspace, id, &new).unwrap_err().to_string();
        assert!(error.contains(&key(8).key_name()), "{error}");
        // The name of the key is bound too.
        let mut claims = old.clone();
        claims[1..=KEY_ID].copy_from_slice(&new[1..=KEY_ID]);
        assert!(both.unseal(workspace, id, &claims).is_err());
    }

    #[test]
    fn a_row_of_the_first_layout_opens_and_is_written_anew() {
        let key = [7; 32];
        let (workspace, id) = (WorkspaceId(1), Uuid::from_u128(5));
        let aad = associated(workspace, id, FIRST_LAYOUT);
        let seal = |key: &[u8], nonce: [u8; NONCE], msg: &[u8]| {
            let cipher = XChaCha20Poly1305::new_from_slice(key).unwrap();
            cipher.encrypt(XNonce::from_slice(&nonce), Payload { msg, aad: &aad }).unwrap()
        };
        let fields = br#"{"token":"abc"}"#;
        let row = [
            &[FIRST_LAYOUT][..],
            &[1; NONCE],
            &seal(&key, [1; NONCE], &[9; 32]),
            &[2; NONCE],
            &seal(&[9; 32], [2; NONCE], fields),
        ]
        .concat();
        let vault = Vault::with_key(&STANDARD.encode(key)).unwrap();
        let fields = BTreeMap::from([("token".to_owned(), "abc".to_owned())]);
        assert_eq!(vault.unseal(workspace, id, &row).unwrap(), fields);
        let new = vault.rewrap(workspace, id, &row).unwrap();
        assert_eq!((new[0], vault.unseal(workspace, id, &new).unwrap()), (LAYOUT, fields));
    }
}
