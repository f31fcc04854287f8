//! The envelope of what happened: CloudEvents 1.0 (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md>).
//! Where events come from and travel is the runtime's business.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Json;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// With `source`, names the event: the same pair twice is the same event.
    pub id: String,
    /// Who says so, a URI reference, e.g. `/hooks/main/leads`.
    pub source: String,
    /// What kind of thing happened, e.g. `crm.lead.created`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Whom or what it is about, e.g. `lead/0199…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When it happened, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// What is known about it; expressions see this as `trigger`.
    #[serde(default)]
    pub data: Arc<Json>,
}

impl Event {
    /// The envelope without the data, as expressions see it under `event`.
    pub fn envelope(&self) -> Json {
        let mut map = serde_json::Map::new();
        map.insert("id".into(), self.id.clone().into());
        map.insert("source".into(), self.source.clone().into());
        map.insert("type".into(), self.event_type.clone().into());
        map.insert("subject".into(), self.subject.clone().into());
        map.insert("time".into(), self.time.clone().into());
        Json::Object(map)
    }
}
