//! The access token of the API until users exist: made at the first start, kept beside the data
//! with mode 0600, shown once.

use std::path::Path;

use subtle::ConstantTimeEq as _;

use super::private_file;
use crate::clock::secret_bytes;

/// The API's bearer token.
pub struct Token(String);

impl Token {
    /// The token that the settings name.
    pub fn given(text: String) -> Self {
        Self(text)
    }

    /// Reads the token file, or makes one. The flag tells whether it was made now.
    pub fn open(file: &Path) -> anyhow::Result<(Self, bool)> {
        if let Some(text) = private_file::read(file)? {
            let text = text.trim().to_owned();
            anyhow::ensure!(
                text.len() >= 32,
                "{} holds no token: remove it, and a new one is made at the next start",
                file.display()
            );
            return Ok((Self(text), false));
        }
        let text = format!("masar_{}", crate::dispatch::hex(&secret_bytes::<32>()));
        private_file::write(file, &text)?;
        Ok((Self(text), true))
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
    }
}
