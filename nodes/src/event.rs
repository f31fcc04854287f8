//! Family `event`: telling others that something happened.

use async_trait::async_trait;
use masar_crm_core::outbox::{self, OutboxEvent};
use masar_engine::{Json, Output, StepError};
use serde::Deserialize;
use serde_json::json;

use crate::{
    NodeType, ResolvedCall, Transactional, Tx,
    crm::step_error,
    declare::{any, declare, example, text},
    node::invalid,
};

/// Types that only Masar itself speaks of: others must be able to believe them.
const RESERVED: [&str; 2] = ["crm.", "masar."];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    #[serde(rename = "type")]
    event_type: String,
    subject: Option<String>,
    data: Option<Json>,
}

pub(crate) fn publish() -> NodeType {
    declare(
        "event.publish",
        "megaphone",
        [
            "Publish an event",
            "Tells other workflows and systems that something happened.",
            "نشر حدث",
            "يخبر سير العمل والأنظمة الأخرى بأن شيئًا وقع.",
        ],
    )
    .parameters([
        text(
            "type",
            [
                "Type of event",
                "By which others listen; crm. and masar. are Masar's own.",
                "نوع الحدث",
                "ما ينصت الآخرون إليه؛ وcrm. وmasar. محجوزان لمسار.",
            ],
        )
        .hint("event_type")
        .required()
        .not_empty()
        .sample("shop.order.packed"),
        text("subject", ["Subject", "Whom or what it is about.", "الموضوع", "من أو ما يخصه الحدث."])
            .sample("order/42"),
        any(
            "data",
            [
                "Data",
                "What is known about it; without it this node's input.",
                "البيانات",
                "ما يُعرف عنه؛ وبدونها مُدخل هذه العقدة.",
            ],
        )
        .hint("code"),
    ])
    .output([
        text("id", ["Id", "Of the event.", "المعرّف", "معرّف الحدث."]).required(),
        text("type", ["Type", "Of the event.", "النوع", "نوع الحدث."]).required(),
    ])
    .search(["emit", "notify", "message", "bus", "إشعار", "إعلان"])
    .example(example(
        "An order is packed",
        json!({
            "type": "shop.order.packed",
            "subject": {"$template": "order/{{steps.order.id}}"},
            "data": {"order": {"$expr": "steps.order.id"}}
        }),
    ))
    .transactional(Publish)
}

struct Publish;

#[async_trait]
impl Transactional for Publish {
    async fn run(&self, tx: &mut Tx<'_>, call: &ResolvedCall) -> Result<Output, StepError> {
        let Parameters { event_type, subject, data } = call.parameters()?;
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':');
        if event_type.is_empty() || !event_type.chars().all(fits) {
            return Err(invalid(
                "type",
                format!("`{event_type}` is not a type; write it like shop.order.packed"),
            ));
        }
        if let Some(reserved) = RESERVED.iter().find(|reserved| event_type.starts_with(**reserved)) {
            return Err(invalid(
                "type",
                format!("types with `{reserved}` are Masar's own; choose another beginning"),
            ));
        }
        let event = OutboxEvent {
            id: (tx.ids)(),
            source: format!("/workflows/{}", call.workflow),
            event_type,
            subject,
            time: call.now.0,
            data: data.unwrap_or_else(|| (*call.input).clone()),
            depth: call.depth.saturating_add(1),
        };
        outbox::append(&mut tx.conn, call.workspace, &event).await.map_err(|error| step_error(&error))?;
        Ok(Output::out(json!({"id": event.id.to_string(), "type": event.event_type})))
    }
}
