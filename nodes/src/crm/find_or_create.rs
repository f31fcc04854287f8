//! `crm.find_or_create`: the record with this phone or e-mail, or a new one; never two.

use async_trait::async_trait;
use masar_engine::{Json, Output, StepError};

use super::{change, entity, entity_field, found, record_output, refused};
use crate::{
    NodeType, ResolvedCall, Transactional, Tx,
    declare::{choice, declare, key_value},
};

pub(crate) fn node() -> NodeType {
    declare(
        "crm.find_or_create",
        "user-check",
        ["Find or create record", "Takes the record with this phone or e-mail, or makes it; never two.", "إيجاد سجل أو إنشاؤه", "يأخذ السجل ذا الهاتف أو البريد، أو ينشئه؛ ولا يتكرر أبدًا."],
    )
    .parameters([
        entity_field().default("contact"),
        choice("by", [["phone", "Phone", "الهاتف"], ["email", "E-mail", "البريد"]], ["Found by", "What makes it the same.", "يُعرف بـ", "ما يجعله السجل نفسه."]).default("phone"),
        key_value("fields", ["Fields", "Names and values of a new record.", "الحقول", "أسماء حقول السجل الجديد وقيمها."]).required(),
    ])
    .output(record_output())
    .search(["upsert", "deduplicate", "contact", "تكرار", "جهة اتصال"])
    .transactional(FindOrCreate)
}

struct FindOrCreate;

#[async_trait]
impl Transactional for FindOrCreate {
    async fn run(&self, tx: &mut Tx<'_>, call: &ResolvedCall) -> Result<Output, StepError> {
        let mut parameters = call.parameters.clone();
        if let Some(object) = parameters.as_object_mut() {
            object.entry("entity").or_insert_with(|| "contact".into());
        }
        let entity = entity(&parameters)?;
        let by = parameters.get("by").and_then(Json::as_str).unwrap_or("phone");
        let fields = parameters.get("fields").unwrap_or(&Json::Null);
        let (record, new) = masar_crm_core::find_or_create(&mut tx.conn, &mut change(call, tx.ids), entity, by, fields).await.map_err(refused)?;
        Ok(Output::out(found(&record, new)))
    }
}
