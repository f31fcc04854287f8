//! What came back: the body by its type, the headers as text, and which statuses are failures.

use base64::{Engine, prelude::BASE64_STANDARD};
use masar_engine::{Json, StepError, Timestamp};
use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER, SET_COOKIE},
};
use serde::Deserialize;
use serde_json::{Map, json};

use crate::{
    net::{Response, host_of},
    node::invalid,
};

/// How the body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ResponseType {
    /// By its content type.
    #[default]
    Auto,
    Json,
    Text,
    Binary,
    None,
}

/// Characters of a failed response's body that are kept with the error.
const EXCERPT: usize = 2_000;
/// No server makes us wait longer than a day.
const MOST_RETRY_AFTER_MS: u64 = 86_400_000;

pub(super) fn body(kind: ResponseType, response: &Response) -> Result<Json, StepError> {
    let content_type = content_type(&response.headers);
    let essence = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let text = || decoded(&response.body, &content_type);
    match kind {
        ResponseType::None => Ok(Json::Null),
        _ if response.body.is_empty() => Ok(Json::Null),
        ResponseType::Json => serde_json::from_str(&text()).map_err(|error| {
            StepError::new(
                "http.body",
                format!("the response of {} is not JSON: {error}", host_of(&response.url)),
            )
            .permanent()
            .with_details(json!({"status": response.status.as_u16(), "body": excerpt(&text())}))
        }),
        ResponseType::Text => Ok(text().into()),
        ResponseType::Binary => Ok(binary(response, &essence)),
        ResponseType::Auto if essence == "application/json" || essence.ends_with("+json") => {
            let text = text();
            // What calls itself JSON and is none is still worth reading.
            Ok(serde_json::from_str(&text).unwrap_or(Json::String(text)))
        }
        ResponseType::Auto if is_text(&essence) => Ok(text().into()),
        ResponseType::Auto if essence.is_empty() => match std::str::from_utf8(&response.body) {
            Ok(text) => Ok(text.into()),
            Err(_) => Ok(binary(response, &essence)),
        },
        ResponseType::Auto => Ok(binary(response, &essence)),
    }
}

fn is_text(essence: &str) -> bool {
    essence.starts_with("text/")
        || essence.ends_with("+xml")
        || matches!(
            essence,
            "application/xml"
                | "application/javascript"
                | "application/x-www-form-urlencoded"
                | "application/x-ndjson"
        )
}

fn binary(response: &Response, essence: &str) -> Json {
    json!({
        "base64": BASE64_STANDARD.encode(&response.body),
        "bytes": response.body.len(),
        "content_type": essence,
    })
}

fn content_type(headers: &HeaderMap) -> String {
    headers
        .get(CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default()
}

/// The text in the charset that the content type names; UTF-8 where it names none. A byte order
/// mark wins, as the WHATWG encoding standard has it.
fn decoded(body: &[u8], content_type: &str) -> String {
    let charset = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_owned())
    });
    let encoding = charset
        .and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()))
        .unwrap_or(encoding_rs::UTF_8);
    encoding.decode(body).0.into_owned()
}

/// Headers by lower-case name; repeated ones joined. Cookies are a session's secret and left out.
pub(super) fn headers(headers: &HeaderMap) -> Json {
    let mut map = Map::new();
    for name in headers.keys().filter(|name| **name != SET_COOKIE) {
        let values: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        map.insert(name.as_str().to_owned(), values.join(", ").into());
    }
    Json::Object(map)
}

/// The address without its query, which may hold a secret.
pub(super) fn shown_url(response: &Response) -> String {
    let mut url = response.url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

/// Which statuses are a success: numbers (`404`) and classes (`"2xx"`).
pub(super) struct Success(Vec<(u16, u16)>);

impl Success {
    pub(super) fn read(entries: &[Json]) -> Result<Self, StepError> {
        let range = |entry: &Json| {
            if let Some(status) = entry.as_u64().and_then(|status| u16::try_from(status).ok()) {
                return Some((status, status));
            }
            let text = entry.as_str()?.trim().to_ascii_lowercase();
            if let Some(class) = text.strip_suffix("xx") {
                let class: u16 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
                return Some((class * 100, class * 100 + 99));
            }
            text.parse().ok().map(|status| (status, status))
        };
        let ranges = entries.iter().map(|entry| {
            range(entry)
                .ok_or_else(|| invalid("success", format!("{entry} is not a status; write 404 or \"2xx\"")))
        });
        Ok(Self(ranges.collect::<Result<_, _>>()?))
    }

    pub(super) fn holds(&self, status: StatusCode) -> bool {
        self.0.iter().any(|(least, most)| (*least..=*most).contains(&status.as_u16()))
    }
}

/// The error of a status that is no success. RFC 9110 §15: 408, 429 and 5xx may pass by themselves.
pub(super) fn failure(response: &Response, now: Timestamp) -> StepError {
    let status = response.status;
    let mut error = StepError::new("http.status", format!("{} answered {status}", host_of(&response.url)));
    error.retryable = status.is_server_error() || matches!(status.as_u16(), 408 | 429);
    error.retry_after_ms =
        response.headers.get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, now));
    error.with_details(json!({
        "status": status.as_u16(),
        "url": shown_url(response),
        "headers": headers(&response.headers),
        "body": excerpt(&decoded(&response.body, &content_type(&response.headers))),
    }))
}

/// `Retry-After`, RFC 9110 §10.2.3: seconds, or a date.
fn retry_after(value: &str, now: Timestamp) -> Option<u64> {
    let value = value.trim();
    let millis = match value.parse::<u64>() {
        Ok(seconds) => seconds.saturating_mul(1000),
        Err(_) => {
            let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
            Timestamp(date.as_microsecond()).micros_since(now) / 1000
        }
    };
    Some(millis.min(MOST_RETRY_AFTER_MS))
}

fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Timestamp("2026-11-23T08:00:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond());
        assert_eq!(retry_after("120", now), Some(120_000));
        assert_eq!(retry_after("Mon, 23 Nov 2026 08:00:30 GMT", now), Some(30_000));
        assert_eq!(retry_after("Mon, 23 Nov 2026 07:00:00 GMT", now), Some(0));
        assert_eq!(retry_after("99999999999999", now), Some(MOST_RETRY_AFTER_MS));
        assert_eq!(retry_after("soon", now), None);
    }

    #[test]
    fn arabic_in_an_old_charset_is_read() {
        // "مرحبا" in windows-1256.
        assert_eq!(decoded(&[0xE3, 0xD1, 0xCD, 0xC8, 0xC7], "text/html; charset=\"windows-1256\""), "مرحبا");
        assert_eq!(decoded("مرحبا".as_bytes(), "text/html"), "مرحبا");
    }
}
