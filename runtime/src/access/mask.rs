//! Secrets in what leaves: any known secret value is replaced wherever it turns up, in the log,
//! in errors, in the journal.

use std::sync::{Arc, PoisonError, RwLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use masar_engine::Json;

/// What stands in for a secret.
pub const DOTS: &str = "•••";

/// Shorter values are not masked: they would turn up everywhere.
const LEAST: usize = 6;

/// The secret values that this process has seen.
#[derive(Debug, Default)]
pub struct Mask {
    values: RwLock<Arc<Vec<String>>>,
}

impl Mask {
    /// From now on hides this value, and its base64 form.
    pub fn hide(&self, value: &str) {
        if value.len() < LEAST {
            return;
        }
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        if values.iter().any(|known| known == value) {
            return;
        }
        let mut more = (**values).clone();
        more.push(value.to_owned());
        more.push(STANDARD.encode(value));
        // The longest first, so that no part of one is left when another is inside it.
        more.sort_by_key(|value| std::cmp::Reverse(value.len()));
        *values = Arc::new(more);
    }

    fn known(&self) -> Arc<Vec<String>> {
        self.values.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `text` without secrets.
    pub fn text(&self, text: &str) -> String {
        self.known().iter().fold(text.to_owned(), |text, value| {
            if text.contains(value.as_str()) { text.replace(value.as_str(), DOTS) } else { text }
        })
    }

    /// `value` without secrets, in keys and texts at any depth.
    pub fn json(&self, value: &Json) -> Json {
        if self.known().is_empty() {
            return value.clone();
        }
        match value {
            Json::String(text) => Json::String(self.text(text)),
            Json::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Json::Object(fields) => {
                Json::Object(fields.iter().map(|(name, value)| (self.text(name), self.json(value))).collect())
            }
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_hidden_at_any_depth_and_in_base64() {
        let mask = Mask::default();
        mask.hide("s3cret-pass");
        mask.hide("abc");
        let value = json!({"auth": ["Bearer s3cret-pass", {"basic": STANDARD.encode("s3cret-pass")}], "plain": "abc"});
        assert_eq!(mask.json(&value), json!({"auth": ["Bearer •••", {"basic": "•••"}], "plain": "abc"}));
    }
}
