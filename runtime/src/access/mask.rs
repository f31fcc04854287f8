//! Secrets in what leaves: any known secret value is replaced wherever it turns up, in the log,
//! in errors, in the journal.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use masar_engine::Json;

/// What stands in for a secret.
pub const DOTS: &str = "•••";

/// Shorter values are not masked: they would turn up everywhere.
const LEAST: usize = 6;

/// The secret values that this process has seen, each in every form in which it may turn up.
#[derive(Debug, Default)]
pub struct Mask {
    values: RwLock<Arc<Vec<String>>>,
}

impl Mask {
    /// From now on hides this value, and its base64, URL-encoded and JSON-escaped forms.
    pub fn hide(&self, value: &str) {
        if value.len() < LEAST {
            return;
        }
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        if values.iter().any(|known| known == value) {
            return;
        }
        let mut more = (**values).clone();
        more.extend(forms(value));
        // The longest first, so that no part of one is left when another is inside it.
        more.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        more.dedup();
        *values = Arc::new(more);
    }

    /// From now on hides a name and password as HTTP's Basic scheme sends them (RFC 7617), even
    /// where the password alone is too short to be looked for.
    pub fn hide_pair(&self, user: &str, password: &str) {
        self.hide(&format!("{user}:{password}"));
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
            // A secret of digits may come back as a number.
            Json::Number(number) if self.known().iter().any(|value| *value == number.to_string()) => {
                DOTS.into()
            }
            other => other.clone(),
        }
    }
}

/// A value as it may be written by whoever sends or reports it.
fn forms(value: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([value.to_owned()]);
    // Without padding, in both alphabets: what is left of a padded one is at most `==`.
    found.extend([STANDARD_NO_PAD.encode(value), URL_SAFE_NO_PAD.encode(value)]);
    found.insert(STANDARD.encode(value));
    // RFC 3986 leaves some signs unwritten that a form's encoding (and many a library) writes.
    let percent = |plain: &[u8]| -> String {
        let byte = |byte: u8| match byte {
            b if b.is_ascii_alphanumeric() || plain.contains(&b) => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        };
        value.bytes().map(byte).collect()
    };
    for text in [percent(b"-._~"), percent(b"-._*"), percent(b"-._~!$&'()*+,;=:@"), percent(b"-._!~*'()")] {
        found.extend([text.replace("%20", "+"), lower_escapes(&text), text]);
    }
    // With and without what is not ASCII escaped.
    if let Ok(quoted) = serde_json::to_string(value) {
        let inner = quoted[1..quoted.len() - 1].to_owned();
        let ascii = |c: char| match c {
            c if c.is_ascii() => c.to_string(),
            c => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        };
        found.extend([inner.chars().map(ascii).collect(), inner.replace('/', "\\/"), inner]);
    }
    found
}

/// `%2F` as `%2f`.
fn lower_escapes(text: &str) -> String {
    let mut left = 0;
    let lower = |c: char| {
        let inside = left > 0;
        left = if c == '%' { 2 } else { left.max(1) - 1 };
        if inside { c.to_ascii_lowercase() } else { c }
    };
    text.chars().map(lower).collect()
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

    #[test]
    fn a_secret_is_known_in_every_form_in_which_it_is_sent_or_reported() {
        let mask = Mask::default();
        mask.hide("pä/s\"w+rd 1");
        mask.hide_pair("sara", "1234");
        for text in [
            "pä/s\"w+rd 1",
            r#"{"password":"pä/s\"w+rd 1"}"#,
            r#"{"password":"p\u00e4/s\"w+rd 1"}"#,
            "https://x/?p=p%C3%A4%2Fs%22w%2Brd%201&q=2",
            "p=p%c3%a4%2fs%22w%2brd%201",
            "p=p%C3%A4%2Fs%22w%2Brd+1",
            "Authorization: Basic c2FyYToxMjM0",
            "https://sara:1234@example.com/",
            "https://x/?auth=sara%3A1234",
            &STANDARD.encode("pä/s\"w+rd 1"),
            &URL_SAFE_NO_PAD.encode("pä/s\"w+rd 1"),
        ] {
            let shown = mask.text(text);
            let kept = ["p%", "pä", "u00e4", "w+rd", "1234", "c2FyYTox", "cMOkL3MidytyZCAx"];
            assert!(shown.contains(DOTS) && !kept.iter().any(|part| shown.contains(part)), "{text}: {shown}");
        }
        mask.hide("48151623");
        assert_eq!(mask.json(&json!([48151623, 42])), json!(["•••", 42]));
    }
}
