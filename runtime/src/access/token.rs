//! The access token of the API until users exist: made at the first start, kept beside the data
//! with mode 0600, shown once.

use std::{
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use rand::RngCore as _;
use subtle::ConstantTimeEq as _;

/// The API's bearer token.
pub struct Token(String);

impl Token {
    /// Reads the token file, or makes one. The flag tells whether it was made now.
    pub fn open(file: &Path) -> anyhow::Result<(Self, bool)> {
        match std::fs::read_to_string(file) {
            Ok(text) => {
                check_mode(file)?;
                let text = text.trim().to_owned();
                anyhow::ensure!(
                    text.len() >= 32,
                    "{} holds no token: remove it, and a new one is made at the next start",
                    file.display()
                );
                Ok((Self(text), false))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut bytes = [0; 32];
                rand::rng().fill_bytes(&mut bytes);
                let text = format!("masar_{}", crate::dispatch::hex(&bytes));
                let mut out =
                    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
                out.write_all(text.as_bytes())?;
                out.sync_all()?;
                Ok((Self(text), true))
            }
            Err(error) => Err(anyhow::anyhow!("{} cannot be read: {error}", file.display())),
        }
    }

    /// Whether this is the token; takes the same time whatever was given.
    pub fn matches(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }

    /// The token itself, for showing it once and for the command line.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Refuses a secret file that others can read.
pub(crate) fn check_mode(file: &Path) -> anyhow::Result<()> {
    let mode = std::fs::metadata(file)?.permissions().mode() & 0o777;
    anyhow::ensure!(
        mode & 0o077 == 0,
        "{} can be read by others (mode {mode:o}): chmod 600 {0}",
        file.display()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("api-token");
        let (token, new) = Token::open(&file).unwrap();
        assert!(new && token.matches(token.reveal()) && !token.matches("masar_0"));
        let (again, new) = Token::open(&file).unwrap();
        assert!(!new && again.reveal() == token.reveal());
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = Token::open(&file).err().unwrap().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }
}
