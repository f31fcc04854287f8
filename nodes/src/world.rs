//! What external nodes may reach: the guarded HTTP client, the mailer, the vault of credentials.
//! Made once by the runtime and lent to every external call.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use masar_engine::{Json, StepError};
use zeroize::Zeroizing;

use crate::{email::Mailer, net};

/// What an external node may reach.
pub struct World {
    /// Out by HTTP, past the guard.
    pub http: net::Client,
    /// Out by SMTP, past the same guard.
    pub mail: Mailer,
    /// Where credentials are opened.
    pub vault: Arc<dyn Vault>,
    /// Bounds that no parameter can lift.
    pub limits: Limits,
}

/// Bounds of the installation that no parameter can lift.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of one response, or of all pages of a paged request together.
    pub response_bytes: usize,
    /// Longest time of one request with its redirects, milliseconds.
    pub request_ms: u64,
    /// Pages of a paged request.
    pub pages: u32,
    /// Bytes of a message with its attachments, before encoding.
    pub mail_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { response_bytes: 50 << 20, request_ms: 600_000, pages: 1_000, mail_bytes: 20 << 20 }
    }
}

/// Where credentials are kept.
#[async_trait]
pub trait Vault: Send + Sync {
    /// Opens a credential of the workspace by its name, if its type is one of `accepted_types`.
    ///
    /// # Errors
    /// `credential.missing`, `credential.type`, `credential.sealed`.
    async fn open(
        &self,
        workspace: i64,
        credential: &str,
        accepted_types: &[&str],
    ) -> Result<Opened, StepError>;
}

/// A credential in the hands of a client. Neither printed nor serialised.
pub struct Opened {
    /// Id of the credential, stable over changes of its fields.
    pub id: String,
    /// Its type, e.g. `smtp`.
    pub kind: String,
    /// Its fields, secret or not.
    pub fields: BTreeMap<String, Secret>,
}

impl Opened {
    /// A field that must be there.
    ///
    /// # Errors
    /// `credential.field`: it is missing or empty.
    pub fn need(&self, name: &str) -> Result<&str, StepError> {
        self.get(name).ok_or_else(|| {
            StepError::new(
                "credential.field",
                format!("the credential ({}) has no `{name}`; set it and try again", self.kind),
            )
            .permanent()
        })
    }

    /// A field, where it is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(Secret::expose).filter(|value| !value.is_empty())
    }
}

/// Text that must not be seen. It has no `Debug` and no `Serialize`, and is wiped when dropped.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text, for the one who sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// Values that must not leave in outputs or errors, even where the other side sends them back.
#[derive(Default)]
pub(crate) struct Mask(Vec<Zeroizing<String>>);

/// Shorter values are not masked: they would blot out half a text and protect nothing.
const SHORTEST_MASKED: usize = 4;

impl Mask {
    pub(crate) fn add(&mut self, value: &str) {
        if value.len() >= SHORTEST_MASKED {
            self.0.push(Zeroizing::new(value.to_owned()));
            // The longest first, so that a value that holds another one goes as a whole.
            self.0.sort_by_key(|value| std::cmp::Reverse(value.len()));
        }
    }

    pub(crate) fn text(&self, text: String) -> String {
        self.0.iter().fold(text, |text, secret| {
            if text.contains(&***secret) { text.replace(&***secret, "•••") } else { text }
        })
    }

    pub(crate) fn json(&self, value: &mut Json) {
        if self.0.is_empty() {
            return;
        }
        match value {
            Json::String(text) => *text = self.text(std::mem::take(text)),
            Json::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Json::Object(fields) => fields.values_mut().for_each(|field| self.json(field)),
            _ => {}
        }
    }

    pub(crate) fn error(&self, mut error: StepError) -> StepError {
        error.message = self.text(error.message);
        self.json(&mut error.details);
        error
    }
}
