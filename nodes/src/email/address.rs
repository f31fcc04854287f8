//! Addresses as people write them: `name@host`, `Name <name@host>`, several with commas between.

use lettre::{Address, message::Mailbox};
use masar_engine::{Json, StepError};

use crate::node::invalid;

/// One address.
pub(super) fn mailbox(text: &str, path: &str) -> Result<Mailbox, StepError> {
    let text = text.trim();
    let (name, address) = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"').trim(), address),
        None => ("", text),
    };
    let address: Address = address.trim().parse().map_err(|error| {
        invalid(path, format!("`{text}` in `{path}` is not a mail address ({error}); write noura@example.sa or نورة <noura@example.sa>"))
    })?;
    if name.contains(['\r', '\n']) {
        return Err(invalid(path, format!("the name in `{path}` has a line break")));
    }
    Ok(Mailbox::new((!name.is_empty()).then(|| name.replace("\\\"", "\"")), address))
}

/// Any number of addresses: text with commas, or a list of texts.
pub(super) fn mailboxes(value: &Json, path: &str) -> Result<Vec<Mailbox>, StepError> {
    match value {
        Json::Null => Ok(Vec::new()),
        Json::String(text) => split(text)
            .into_iter()
            .filter(|part| !part.trim().is_empty())
            .map(|part| mailbox(part, path))
            .collect(),
        Json::Array(items) => {
            let mut all = Vec::with_capacity(items.len());
            for item in items {
                if !item.is_string() {
                    return Err(invalid(path, format!("`{path}` must be a list of texts")));
                }
                all.extend(mailboxes(item, path)?);
            }
            Ok(all)
        }
        _ => Err(invalid(path, format!("`{path}` must be text or a list of texts"))),
    }
}

/// At commas (also the Arabic one) and semicolons outside of quotes.
fn split(text: &str) -> Vec<&str> {
    let mut quoted = false;
    text.split(|c| {
        quoted ^= c == '"';
        !quoted && matches!(c, ',' | ';' | '،')
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let read = |value: Json| -> Vec<(Option<String>, String)> {
            let all = mailboxes(&value, "to").unwrap();
            all.into_iter().map(|mailbox| (mailbox.name, mailbox.email.to_string())).collect()
        };
        let noura = (Some("نورة القحطاني".to_owned()), "noura@example.sa".to_owned());
        assert_eq!(read("نورة القحطاني <noura@example.sa>".into()), std::slice::from_ref(&noura));
        assert_eq!(
            read("\"Ali, Sales\" <ali@example.sa>، نورة القحطاني <noura@example.sa>;".into()),
            [(Some("Ali, Sales".to_owned()), "ali@example.sa".to_owned()), noura]
        );
        assert_eq!(read(serde_json::json!(["a@b.sa", "c@d.sa"])).len(), 2);
        for wrong in ["noura", "a@b.sa <", "a@b.sa\r\nBcc: x@y.z", "x <a@b.sa> y"] {
            let error = mailboxes(&wrong.into(), "to").unwrap_err();
            assert_eq!(error.code, "parameter.invalid", "{wrong}");
        }
    }
}
