//! `crm.find`: looks records up.

use async_trait::async_trait;
use masar_crm_core::Query;
use masar_engine::{Json, Output, StepError};
use serde_json::json;

use super::{entity, entity_field, refused, shown};
use crate::{
    NodeType, ResolvedCall, Transactional, Tx,
    declare::{declare, field_of, integer, key_value, list, text},
};

pub(crate) fn node() -> NodeType {
    declare("crm.find", "search", ["Find records", "Looks CRM records up, newest first.", "بحث عن سجلات", "يبحث في سجلات العملاء، الأحدث أولًا."])
        .parameters([
            entity_field().required(),
            key_value("equal", ["Fields", "Names and the values that they must have.", "الحقول", "أسماء الحقول والقيم المطلوبة."]),
            text("text", ["Words", "All must be in it; Arabic spellings count as one.", "كلمات", "يجب أن ترد كلها؛ وتُعد صور الحروف العربية واحدة."]),
            integer("limit", 1, 500, ["At most", "How many records.", "الحد الأعلى", "عدد السجلات."]).default(50),
        ])
        .output([
            field_of("count", "integer", ["Count", "How many were found.", "العدد", "عدد ما وُجد."]),
            list("records", ["Records", "What was found.", "السجلات", "ما وُجد."]),
        ])
        .search(["search", "lookup", "query", "بحث", "استعلام"])
        .transactional(Find)
}

struct Find;

#[async_trait]
impl Transactional for Find {
    async fn run(&self, tx: &mut Tx<'_>, call: &ResolvedCall) -> Result<Output, StepError> {
        let entity = entity(&call.parameters)?;
        let query = Query {
            equal: call.parameters.get("equal").and_then(Json::as_object).cloned().unwrap_or_default(),
            text: call.parameters.get("text").and_then(Json::as_str).map(str::to_owned),
            before: None,
            limit: call.parameters.get("limit").and_then(Json::as_u64).and_then(|limit| u32::try_from(limit).ok()).unwrap_or(50),
        };
        let records = masar_crm_core::find(&mut tx.conn, call.workspace, entity, &query).await.map_err(refused)?;
        let records: Vec<Json> = records.iter().map(shown).collect();
        Ok(Output::out(json!({"count": records.len(), "records": records})))
    }
}
