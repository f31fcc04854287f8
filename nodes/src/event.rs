//! `event.publish`: tells others that something happened.

use async_trait::async_trait;
use masar_crm_core::outbox::{self, OutboxEvent};
use masar_engine::{Json, Output, StepError};
use serde_json::json;

use crate::{
    NodeType, ResolvedCall, Transactional, Tx,
    declare::{any, declare, field_of, text},
    node::invalid,
};

pub(crate) fn publish() -> NodeType {
    declare("event.publish", "radio", ["Publish event", "Sends an event, exactly once, to every workflow that listens.", "نشر حدث", "يرسل حدثًا مرة واحدة بالضبط إلى كل سير عمل يستمع إليه."])
        .parameters([
            text("type", ["Type", "What happened, e.g. order.paid.", "النوع", "ما الذي حدث، مثل order.paid."]).required().hint("event_type"),
            text("subject", ["Subject", "What it is about.", "الموضوع", "عمّ هو."]),
            any("data", ["Data", "What is known about it.", "البيانات", "ما يُعرف عنه."]),
        ])
        .output([field_of("id", "string", ["Id", "Of the event.", "المعرف", "معرف الحدث."])])
        .search(["emit", "signal", "notify", "إشارة"])
        .transactional(Publish)
}

struct Publish;

#[async_trait]
impl Transactional for Publish {
    async fn run(&self, tx: &mut Tx<'_>, call: &ResolvedCall) -> Result<Output, StepError> {
        let text = |name: &str| call.parameters.get(name).and_then(Json::as_str).map(str::to_owned);
        let event_type = text("type").filter(|name| !name.is_empty() && name.len() <= 200).ok_or_else(|| invalid("type", "`type` must be a text of 1 to 200 bytes"))?;
        // Masar's own events tell of facts; a workflow cannot make them up.
        if event_type.starts_with("masar.") || event_type.starts_with("crm.") {
            return Err(invalid("type", "types that begin with `masar.` or `crm.` are Masar's own; choose another"));
        }
        let event = OutboxEvent {
            id: (tx.ids)(),
            source: format!("/workflows/{}", call.workflow),
            event_type,
            subject: text("subject"),
            time: call.now.0,
            data: call.parameters.get("data").cloned().unwrap_or_default(),
            depth: call.depth + 1,
        };
        outbox::append(&mut tx.conn, call.workspace, &event).await.map_err(|error| StepError::new(error.code(), error.to_string()))?;
        Ok(Output::out(json!({"id": event.id.to_string()})))
    }
}
