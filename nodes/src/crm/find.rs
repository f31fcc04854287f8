//! `crm.find`: records by fields or words.

use async_trait::async_trait;
use masar_engine::{Json, Output, StepError};
use serde::Deserialize;
use serde_json::{Map, json};
use uuid::Uuid;

use super::{entities, entity, entity_field, step_error};
use crate::{
    NodeType, ResolvedCall, Transactional, Tx,
    declare::{any, count, declare, example, integer, key_value, list, text},
    node::invalid,
};

/// What one step may bring in.
const MOST: u32 = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    entity: String,
    #[serde(default)]
    fields: Map<String, Json>,
    text: Option<String>,
    #[serde(default = "fifty")]
    limit: u32,
    before: Option<String>,
}

fn fifty() -> u32 {
    50
}

pub(crate) fn node() -> NodeType {
    declare(
        "crm.find",
        "user-search",
        [
            "Find records",
            "Finds records by their fields or by words, newest first.",
            "البحث عن سجلات",
            "يجد السجلات بحقولها أو بكلمات، الأحدث أولًا.",
        ],
    )
    .parameters([
        entity_field(),
        key_value(
            "fields",
            ["Fields", "That must have these values.", "الحقول", "التي يجب أن تحمل هذه القيم."],
        )
        .with("x-entities", entities()),
        text(
            "text",
            [
                "Words",
                "That must all be in it, however they are written.",
                "كلمات",
                "يجب أن ترد كلها مهما اختلفت كتابتها.",
            ],
        ),
        integer("limit", 1, MOST.into(), ["Most", "How many at most.", "الحد", "كم سجلًا على الأكثر."])
            .default(50),
        text(
            "before",
            [
                "After the page that ended with",
                "Id of the last record of the page before.",
                "بعد الصفحة المنتهية بـ",
                "معرّف آخر سجل في الصفحة السابقة.",
            ],
        ),
    ])
    .output([
        list("records", ["Records", "Newest first.", "السجلات", "الأحدث أولًا."]).required(),
        count("count", ["Count", "How many there are here.", "العدد", "كم منها هنا."]).required(),
        any("first", ["First", "The newest, or null.", "الأول", "الأحدث، أو null."]),
    ])
    .search(["search", "lookup", "query", "list", "بحث", "قائمة", "عميل"])
    .example(example(
        "Open tickets of a customer",
        json!({"entity": "ticket", "fields": {"contact": {"$expr": "steps.order.id"}, "status": "open"}}),
    ))
    .example(example(
        "By name, however it is written",
        json!({"entity": "contact", "text": "احمد الهاشمي", "limit": 5}),
    ))
    .transactional(Find)
}

struct Find;

#[async_trait]
impl Transactional for Find {
    async fn run(&self, tx: &mut Tx<'_>, call: &ResolvedCall) -> Result<Output, StepError> {
        let parameters: Parameters = call.parameters()?;
        let entity = entity(&parameters.entity)?;
        let before = parameters.before.as_deref().map(|id| {
            Uuid::parse_str(id.trim())
                .map_err(|_| invalid("before", format!("`{id}` is not the id of a record")))
        });
        let query = masar_crm_core::Query {
            equal: parameters.fields,
            text: parameters.text.filter(|text| !text.trim().is_empty()),
            before: before.transpose()?,
            limit: parameters.limit.clamp(1, MOST),
        };
        let found = masar_crm_core::find(&mut tx.conn, call.workspace, entity, &query).await;
        let records: Vec<Json> =
            found.map_err(|error| step_error(&error))?.iter().map(super::output).collect();
        let first = records.first().cloned();
        Ok(Output::out(json!({"count": records.len(), "first": first, "records": records})))
    }
}
