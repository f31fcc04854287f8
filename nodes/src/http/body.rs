//! What is sent: query, headers and body from plain values.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use masar_engine::{Json, StepError};
use reqwest::{
    Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde::Deserialize;
use serde_json::Map;
use sha2::{Digest, Sha256};

use crate::node::invalid;

/// How the body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum BodyType {
    None,
    Json,
    Form,
    Multipart,
    Raw,
}

/// Set by the client alone; a value of the author's would break the message or the guard.
const OWN_HEADERS: [&str; 7] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"];

/// A value as the text that stands in a query, a form or a header; `None` for nothing.
fn plain(value: &Json, path: &str) -> Result<Option<String>, StepError> {
    Ok(match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        Json::Number(_) | Json::Bool(_) => Some(value.to_string()),
        Json::Array(_) | Json::Object(_) => {
            return Err(invalid(path, format!("`{path}` must be text, a number, true or false")));
        }
    })
}

/// Names and values as pairs; a list repeats its name, `null` leaves it out.
fn pairs(values: &Map<String, Json>, path: &str) -> Result<Vec<(String, String)>, StepError> {
    let mut pairs = Vec::with_capacity(values.len());
    for (name, value) in values {
        let path = format!("{path}.{name}");
        let several = match value {
            Json::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        for value in several {
            if let Some(text) = plain(value, &path)? {
                pairs.push((name.clone(), text));
            }
        }
    }
    Ok(pairs)
}

/// The address with its query.
pub(super) fn url(text: &str, query: &Map<String, Json>) -> Result<Url, StepError> {
    let mut url = Url::parse(text.trim()).map_err(|error| {
        invalid(
            "url",
            format!("`{text}` is not an address ({error}); write all of it: https://api.example.com/leads"),
        )
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(
            "url",
            "the address may not hold a password; put it into a credential (http_basic)",
        ));
    }
    let pairs = pairs(query, "query")?;
    if !pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    Ok(url)
}

/// The author's headers.
pub(super) fn headers(values: &Map<String, Json>) -> Result<HeaderMap, StepError> {
    let mut headers = HeaderMap::new();
    for (name, text) in pairs(values, "headers")? {
        let path = format!("headers.{name}");
        let header = HeaderName::from_bytes(name.trim().as_bytes())
            .map_err(|_| invalid(&path, format!("`{name}` is not the name of a header")))?;
        if OWN_HEADERS.contains(&header.as_str()) {
            return Err(invalid(&path, format!("the header `{name}` is set by Masar itself; take it out")));
        }
        let value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
            invalid(&path, format!("the value of the header `{name}` has a line break or control character"))
        })?;
        headers.append(header, value);
    }
    Ok(headers)
}

/// The body, and its type put into the headers where the author gave none.
pub(super) fn body(
    kind: BodyType,
    value: &Json,
    content_type: Option<&str>,
    idempotency_key: &str,
    headers: &mut HeaderMap,
) -> Result<Option<Bytes>, StepError> {
    let (bytes, usual) = match kind {
        BodyType::None => return Ok(None),
        BodyType::Json => (value.to_string().into_bytes(), "application/json".to_owned()),
        BodyType::Form => {
            let Json::Object(fields) = value else {
                return Err(invalid("body", "the body of a form must be an object: names and values"));
            };
            let text = form(&pairs(fields, "body")?);
            (text.into_bytes(), "application/x-www-form-urlencoded".to_owned())
        }
        BodyType::Multipart => {
            // The same over all attempts, so that a repeated request is the same to the byte.
            let digest = Sha256::digest(idempotency_key.as_bytes());
            let boundary: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
            let boundary = format!("masar-{boundary}");
            (multipart(value, &boundary)?, format!("multipart/form-data; boundary={boundary}"))
        }
        BodyType::Raw => match value {
            Json::Object(map) if map.contains_key("base64") => {
                let text = map.get("base64").and_then(Json::as_str).unwrap_or("");
                (decode(text, "body.base64")?, "application/octet-stream".to_owned())
            }
            other => (
                plain(other, "body")?.unwrap_or_default().into_bytes(),
                "text/plain; charset=utf-8".to_owned(),
            ),
        },
    };
    if kind == BodyType::Multipart {
        headers.remove(CONTENT_TYPE);
    }
    if !headers.contains_key(CONTENT_TYPE) {
        let text = content_type.filter(|_| kind == BodyType::Raw).unwrap_or(&usual);
        let value = HeaderValue::from_str(text)
            .map_err(|_| invalid("content_type", format!("`{text}` is not a content type")))?;
        headers.insert(CONTENT_TYPE, value);
    }
    Ok(Some(bytes.into()))
}

fn form(pairs: &[(String, String)]) -> String {
    // The query of an address is written in exactly this form.
    match Url::parse_with_params("http://form/", pairs) {
        Ok(url) => url.query().unwrap_or("").to_owned(),
        Err(_) => String::new(),
    }
}

pub(crate) fn decode(text: &str, path: &str) -> Result<Vec<u8>, StepError> {
    BASE64_STANDARD
        .decode(text.trim())
        .map_err(|error| invalid(path, format!("`{path}` is not base64: {error}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    name: String,
    #[serde(default)]
    value: Json,
    base64: Option<String>,
    filename: Option<String>,
    content_type: Option<String>,
}

/// RFC 7578; names and file names in UTF-8, quotes and line breaks percent-encoded as browsers do.
fn multipart(value: &Json, boundary: &str) -> Result<Vec<u8>, StepError> {
    let parts: Vec<Part> = match value {
        Json::Object(fields) => pairs(fields, "body")?
            .into_iter()
            .map(|(name, text)| Part {
                name,
                value: text.into(),
                base64: None,
                filename: None,
                content_type: None,
            })
            .collect(),
        list => serde_json::from_value(list.clone()).map_err(|error| {
            invalid(
                "body",
                format!(
                    "the parts must be a list of {{name, value or base64, filename, content_type}}: {error}"
                ),
            )
        })?,
    };
    let quoted = |text: &str| text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
    let mut body = Vec::new();
    for (part, index) in parts.iter().zip(0..) {
        let path = format!("body.{index}");
        let bytes = match &part.base64 {
            Some(text) => decode(text, &path)?,
            None => plain(&part.value, &path)?.unwrap_or_default().into_bytes(),
        };
        let mut head =
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", quoted(&part.name));
        if let Some(filename) = &part.filename {
            head.push_str(&format!("; filename=\"{}\"", quoted(filename)));
        }
        let file_type = part.filename.as_ref().map(|_| "application/octet-stream");
        if let Some(content_type) = part.content_type.as_deref().or(file_type) {
            if HeaderValue::from_str(content_type).is_err() {
                return Err(invalid(&path, format!("`{content_type}` is not a content type")));
            }
            head.push_str(&format!("\r\nContent-Type: {content_type}"));
        }
        head.push_str("\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(body)
}
