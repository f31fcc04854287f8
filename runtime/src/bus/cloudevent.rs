//! Events as AMQP messages: the CloudEvents 1.0 AMQP binding with headers in the place of
//! application properties (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/amqp-protocol-binding.md>).
//! Masar writes the binary mode and reads both. Called by both directions of [`super::rabbitmq`].

use std::{collections::BTreeMap, sync::Arc};

use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable, LongString, ShortString},
};
use masar_engine::{Event, Json};

use crate::store::OutboxRow;

/// Longest value of `id`, `source` and `type`, bytes; as on the API.
const LONGEST: usize = 512;
/// AMQP's short strings, routing keys among them, have at most so many bytes (AMQP 0-9-1, 4.2.5.3).
const SHORT: usize = 255;
/// Prefix of an attribute; the second is for clients that cannot write a colon.
const PREFIXES: [&str; 2] = ["cloudEvents:", "cloudEvents_"];
/// The attribute that says how many runs led to an event; an extension of ours.
const DEPTH: &str = "masardepth";

/// An event out of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The event.
    pub event: Event,
    /// How many runs led to it.
    pub depth: i32,
}

/// Why a message is no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Malformed {
    /// Stable code.
    pub code: &'static str,
    /// What is wrong and what is expected.
    pub message: String,
}

fn malformed(code: &'static str, message: impl Into<String>) -> Malformed {
    Malformed { code, message: message.into() }
}

/// Bounds on what is read.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Largest body, bytes.
    pub body: usize,
    /// Deepest nesting of JSON.
    pub depth: usize,
}

/// As much of a text as a short string holds.
pub(super) fn short(text: &str) -> ShortString {
    let mut end = text.len().min(SHORT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    ShortString::try_new(&text[..end]).unwrap_or_default()
}

fn long(text: &str) -> AMQPValue {
    AMQPValue::LongString(LongString::from(text))
}

/// Properties, routing key and body of an event on its way out.
pub fn write(row: &OutboxRow) -> (BasicProperties, ShortString, Vec<u8>) {
    let id = row.event_id.to_string();
    let mut headers = FieldTable::default();
    let mut attribute = |name: &str, value: &str| {
        headers.insert(short(&format!("{}{name}", PREFIXES[0])), long(value));
    };
    attribute("specversion", "1.0");
    attribute("id", &id);
    attribute("source", &row.source);
    attribute("type", &row.event_type);
    attribute("time", &row.time.to_rfc3339());
    if let Some(subject) = &row.subject {
        attribute("subject", subject);
    }
    attribute(DEPTH, &row.depth.to_string());
    let properties = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_message_id(short(&id))
        .with_timestamp(u64::try_from(row.time.0 / 1_000_000).unwrap_or_default())
        // Persistent (AMQP 0-9-1, basic.delivery-mode).
        .with_delivery_mode(2)
        .with_headers(headers);
    (properties, short(&row.event_type), row.data.to_string().into_bytes())
}

/// The properties of a message whose content type and headers were kept as text.
pub fn properties(content_type: Option<&str>, headers: &BTreeMap<String, String>) -> BasicProperties {
    let mut table = FieldTable::default();
    for (name, value) in headers {
        table.insert(short(name), long(value));
    }
    let properties = BasicProperties::default().with_headers(table);
    match content_type {
        Some(kind) => properties.with_content_type(short(kind)),
        None => properties,
    }
}

/// The text of a header, where it has one.
pub(super) fn text(value: &AMQPValue) -> Option<String> {
    Some(match value {
        AMQPValue::LongString(text) => String::from_utf8_lossy(text.as_bytes()).into_owned(),
        AMQPValue::ShortString(text) => text.to_string(),
        AMQPValue::ByteArray(bytes) => String::from_utf8_lossy(bytes.as_slice()).into_owned(),
        AMQPValue::Boolean(value) => value.to_string(),
        AMQPValue::ShortShortInt(value) => value.to_string(),
        AMQPValue::ShortInt(value) => value.to_string(),
        AMQPValue::LongInt(value) => value.to_string(),
        AMQPValue::LongLongInt(value) => value.to_string(),
        AMQPValue::LongUInt(value) => value.to_string(),
        AMQPValue::Timestamp(seconds) => {
            i64::try_from(*seconds).ok().and_then(|at| jiff::Timestamp::from_second(at).ok())?.to_string()
        }
        _ => return None,
    })
}

/// Reads a message.
pub fn read(properties: &BasicProperties, body: &[u8], bounds: Bounds) -> Result<Received, Malformed> {
    if body.len() > bounds.body {
        let (size, most) = (body.len(), bounds.body);
        return Err(malformed(
            "bus.too_large",
            format!("the message has {size} bytes, and at most {most} are taken (limits.body)"),
        ));
    }
    let kind =
        properties.content_type().as_ref().map(|kind| kind.as_str().to_ascii_lowercase()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.starts_with("application/cloudevents-batch") {
        return Err(malformed(
            "bus.batch",
            "a batch of events is not taken: send each as a message of its own",
        ));
    }
    if kind == "application/cloudevents+json" || kind == "application/cloudevents" {
        return structured(body, bounds);
    }
    let headers = properties.headers().as_ref().map(FieldTable::inner);
    let attribute = |name: &str| {
        let headers = headers?;
        PREFIXES.iter().find_map(|prefix| headers.get(format!("{prefix}{name}").as_str())).and_then(text)
    };
    if attribute("specversion").is_none() && attribute("id").is_none() && attribute("type").is_none() {
        return Err(malformed(
            "bus.not_an_event",
            "the message is not a CloudEvent: it has neither headers such as cloudEvents:id nor the content type application/cloudevents+json",
        ));
    }
    let data = data(kind, body)?;
    finish(attribute, data, bounds)
}

fn data(kind: &str, body: &[u8]) -> Result<Json, Malformed> {
    if body.is_empty() {
        return Ok(Json::Null);
    }
    if kind.is_empty() || kind == "application/json" || kind == "text/json" || kind.ends_with("+json") {
        return serde_json::from_slice(body)
            .map_err(|error| malformed("bus.invalid_json", format!("the data is not JSON: {error}")));
    }
    match std::str::from_utf8(body) {
        Ok(text) if kind.starts_with("text/") => Ok(Json::String(text.to_owned())),
        _ => Err(malformed(
            "bus.content_type",
            format!("data of the type {kind} is not taken: send application/json, or text in UTF-8"),
        )),
    }
}

/// The whole event as one JSON object (CloudEvents JSON format).
fn structured(body: &[u8], bounds: Bounds) -> Result<Received, Malformed> {
    let mut envelope: serde_json::Map<String, Json> = serde_json::from_slice(body).map_err(|error| {
        malformed("bus.invalid_json", format!("the message is not a JSON object: {error}"))
    })?;
    if envelope.contains_key("data_base64") {
        return Err(malformed("bus.content_type", "data_base64 is not taken: send JSON or text under data"));
    }
    let data = envelope.remove("data").unwrap_or_default();
    let attribute = |name: &str| match envelope.get(name)? {
        Json::String(text) => Some(text.clone()),
        Json::Null => None,
        other => Some(other.to_string()),
    };
    finish(attribute, data, bounds)
}

fn finish(
    attribute: impl Fn(&str) -> Option<String>,
    data: Json,
    bounds: Bounds,
) -> Result<Received, Malformed> {
    let mandatory = |name: &str| {
        attribute(name).filter(|value| (1..=LONGEST).contains(&value.len())).ok_or_else(|| {
            malformed(
                "bus.attribute",
                format!("an event needs a \"{name}\" of 1 to {LONGEST} bytes (CloudEvents 1.0)"),
            )
        })
    };
    let version = mandatory("specversion")?;
    if version != "1.0" {
        return Err(malformed("bus.version", format!("CloudEvents {version} is not known; 1.0 is")));
    }
    if crate::api::deeper(&data, bounds.depth) {
        return Err(malformed(
            "bus.too_deep",
            format!("JSON may be nested {} deep (limits.depth)", bounds.depth),
        ));
    }
    Ok(Received {
        event: Event {
            id: mandatory("id")?,
            source: mandatory("source")?,
            event_type: mandatory("type")?,
            subject: attribute("subject").filter(|subject| !subject.is_empty()),
            time: attribute("time"),
            data: Arc::new(data),
        },
        depth: attribute(DEPTH).and_then(|depth| depth.parse().ok()).unwrap_or(0).max(0),
    })
}

#[cfg(test)]
mod tests {
    use masar_engine::{Timestamp, WorkspaceId};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    const BOUNDS: Bounds = Bounds { body: 1 << 20, depth: 64 };

    fn row(event_type: &str, subject: Option<&str>, data: Json) -> OutboxRow {
        OutboxRow {
            workspace: WorkspaceId::FIRST,
            event_id: Uuid::from_u128(7),
            source: "/crm".into(),
            event_type: event_type.into(),
            subject: subject.map(str::to_owned),
            time: Timestamp(1_763_900_000_123_456),
            data,
            depth: 3,
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        // Types may be longer than a routing key can be, and in any language.
        let long = "حدث.".repeat(60);
        for (event_type, subject, data) in [
            ("crm.contact.created", Some("contact/7"), json!({"name": "نورة", "tags": ["a"], "budget": 1.5})),
            (long.as_str(), None, json!(null)),
            ("a", Some("س"), json!("text")),
            ("b", None, json!([1, true, {}])),
        ] {
            let row = row(event_type, subject, data);
            let (properties, key, body) = write(&row);
            assert!(key.as_str().len() <= SHORT && event_type.starts_with(key.as_str()));
            let Received { event, depth } = read(&properties, &body, BOUNDS).unwrap();
            assert_eq!((event.id, event.source, depth), (row.event_id.to_string(), row.source, row.depth));
            assert_eq!((event.event_type, event.subject), (row.event_type, row.subject));
            assert_eq!((event.time.unwrap(), &*event.data), (row.time.to_rfc3339(), &row.data));
            assert_eq!((properties.delivery_mode(), body), (&Some(2), row.data.to_string().into_bytes()));
        }
    }

    #[test]
    fn attributes_that_are_no_texts_are_read() {
        let mut headers = FieldTable::default();
        for (name, value) in [
            ("cloudEvents:specversion", long("1.0")),
            ("cloudEvents_id", AMQPValue::LongLongInt(17)),
            ("cloudEvents:source", AMQPValue::ShortString("/till".into())),
            ("cloudEvents:type", long("till.opened")),
            ("cloudEvents:time", AMQPValue::Timestamp(1_763_900_000)),
            ("cloudEvents:masardepth", long("-5")),
        ] {
            headers.insert(short(name), value);
        }
        let properties = BasicProperties::default().with_headers(headers);
        let Received { event, depth } = read(&properties, b"", BOUNDS).unwrap();
        assert_eq!((event.id.as_str(), event.source.as_str(), depth), ("17", "/till", 0));
        assert_eq!((event.time.as_deref(), &*event.data), (Some("2025-11-23T12:13:20Z"), &Json::Null));
    }

    #[test]
    fn no_message_at_all_brings_the_reader_down() {
        for kind in
            ["", "application/json", "application/cloudevents+json", "text/plain", "APPLICATION/JSON;x"]
        {
            for body in [&b""[..], b"\xff\xfe", b"[", b"null", b"{}", b"[1]", b"{\"specversion\": {}}"] {
                let properties = BasicProperties::default().with_content_type(short(kind));
                let told = read(&properties, body, BOUNDS).unwrap_err();
                assert!(told.code.starts_with("bus.") && !told.message.is_empty());
            }
        }
    }
}
