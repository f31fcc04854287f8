//! Files that hold a secret: written whole or not at all, and readable by their owner alone from
//! the first byte. Not here: what is in them. Called by the vault and the access token.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

/// Reads the file; none where it is missing. One that others can read, or that is empty, is refused.
pub(super) fn read(file: &Path) -> anyhow::Result<Option<String>> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => anyhow::bail!("{} cannot be read: {error}", file.display()),
    };
    let mode = fs::metadata(file)?.permissions().mode() & 0o777;
    anyhow::ensure!(
        mode & 0o077 == 0,
        "{} can be read by others (mode {mode:o}): chmod 600 {0}",
        file.display()
    );
    Ok(Some(text))
}

/// Writes the file: first beside it, then by a rename, so that a crash leaves the old one or the new
/// one and never half of one.
pub(super) fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let beside = file.with_extension("part");
    let written = || -> io::Result<()> {
        // Left by a crash; whatever its mode is, it is not written through.
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        out.write_all(text.as_bytes())?;
        out.sync_all()?;
        rename(&beside, file)
    };
    written().map_err(|error| {
        anyhow::anyhow!(
            "{} cannot be written: {error}. Check the space, the owner and the permissions of its folder",
            file.display()
        )
    })
}

/// Renames a file for good: the folder's entry is on the disk when this returns.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    match to.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_file_is_whole_and_private_whatever_a_crash_has_left() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        assert_eq!(read(&file).unwrap(), None);
        // A crash in the middle of an earlier write, at that time readable by all.
        fs::write(file.with_extension("part"), "half a k").unwrap();
        write(&file, "whole").unwrap();
        assert_eq!(read(&file).unwrap().as_deref(), Some("whole"));
        write(&file, "another").unwrap();
        assert_eq!(read(&file).unwrap().as_deref(), Some("another"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(read(&file).unwrap_err().to_string().contains("chmod 600"));
    }
}
