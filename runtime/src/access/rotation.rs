//! Which master keys are in force, and the change to a new one. The change is safe at any moment of a
//! crash: the new key is on the disk before a row is under it, all rows move in one transaction, and
//! until the new key has taken the old one's place the vault opens rows of both. Called at the start
//! and by `masar secrets rotate`.

use std::path::Path;

use anyhow::Context as _;

use super::vault::Vault;
use crate::{config::Config, store::Store};

/// The file with the key of an installation that has none in its settings.
const KEY: &str = "master.key";
/// The key of a change that is under way.
const NEXT: &str = "master.key.next";

/// The master keys of an installation; its first start makes one.
pub async fn open(config: &Config, store: &Store) -> anyhow::Result<Vault> {
    let folder = &config.data.folder;
    let file = Vault::read(&folder.join(KEY))?;
    let mut vault = match (&config.master_key, file) {
        (Some(key), None) => Vault::with_key(key)?,
        // What was sealed before the key came from the settings.
        (Some(key), Some(file)) => Vault::with_key(key)?.opening_also(file),
        (None, Some(file)) => file,
        (None, None) => {
            let sealed = store.sealed().await?.len();
            anyhow::ensure!(
                sealed == 0,
                "{} is missing, and {sealed} credentials are sealed under it: restore it from a backup, or give the key in secrets.master_key",
                folder.join(KEY).display()
            );
            Vault::make(&folder.join(KEY))?
        }
    };
    if let Some(previous) = &config.previous_master_key {
        vault = vault.opening_also(Vault::with_key(previous)?);
    }
    if let Some(next) = Vault::read(&folder.join(NEXT))? {
        tracing::warn!("a change of the master key was interrupted: finish it with `masar secrets rotate`");
        vault = vault.opening_also(next);
    }
    Ok(vault)
}

/// What a change of the master key has done.
#[derive(Debug, PartialEq, Eq)]
pub struct Rotated {
    /// Credentials that were wrapped anew.
    pub moved: usize,
    /// The name of the key that is in force now.
    pub key: String,
}

/// Moves every credential under a new master key: the one of the settings where there is one, else a
/// new one that takes the place of the key file. What was interrupted is finished.
pub async fn rotate(config: &Config, store: &Store) -> anyhow::Result<Rotated> {
    let (file, next) = (config.data.folder.join(KEY), config.data.folder.join(NEXT));
    let old = open(config, store).await?;
    let new = match &config.master_key {
        Some(key) => Vault::with_key(key)?,
        None => match Vault::read(&next)? {
            Some(begun) => begun,
            None => Vault::make(&next)?,
        },
    };
    let vault = new.opening_also(old);
    let mut rows = Vec::new();
    for row in store.sealed().await?.into_iter().filter(|row| !vault.is_current(&row.sealed)) {
        let sealed = vault
            .rewrap(row.workspace, row.id, &row.sealed)
            .with_context(|| format!("credential \"{}\"; nothing was changed", row.name))?;
        rows.push((row.id, sealed));
    }
    let moved = rows.len();
    store.set_sealed(rows).await?;
    if config.master_key.is_none() {
        put_in_place(&next, &file)?;
    }
    Ok(Rotated { moved, key: vault.key_name() })
}

fn put_in_place(next: &Path, file: &Path) -> anyhow::Result<()> {
    Vault::replace(next, file).with_context(|| {
        format!("{} could not take the place of {}: try again", next.display(), file.display())
    })
}
