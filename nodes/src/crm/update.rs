//! `crm.update`: changes a record.

use async_trait::async_trait;
use masar_engine::{Json, Output, StepError};

use super::{change, entity, entity_field, id, record_output, refused, shown};
use crate::{
    NodeType, ResolvedCall, Transactional, Tx,
    declare::{count, declare, key_value, text},
};

pub(crate) fn node() -> NodeType {
    declare("crm.update", "user-pen", ["Update record", "Changes fields of a CRM record, exactly once.", "تحديث سجل", "يغير حقول سجل مرة واحدة بالضبط."])
        .parameters([
            entity_field().required(),
            text("id", ["Id", "Of the record to change.", "المعرف", "معرف السجل المراد تغييره."]).required(),
            key_value("fields", ["Fields", "What to change; null empties a field.", "الحقول", "ما يتغير؛ وnull يفرغ الحقل."]).required(),
            count("version", ["Expected version", "Refused when another one is current.", "النسخة المتوقعة", "يُرفض التغيير إن كانت غيرها الحالية."]),
        ])
        .output(record_output())
        .search(["set owner", "stage", "status", "assign", "مرحلة", "حالة", "تعيين"])
        .transactional(Update)
}

struct Update;

#[async_trait]
impl Transactional for Update {
    async fn run(&self, tx: &mut Tx<'_>, call: &ResolvedCall) -> Result<Output, StepError> {
        let (entity, id) = (entity(&call.parameters)?, id(&call.parameters)?);
        let fields = call.parameters.get("fields").unwrap_or(&Json::Null);
        let expected = call.parameters.get("version").and_then(Json::as_i64);
        let record = masar_crm_core::update(&mut tx.conn, &mut change(call, tx.ids), entity, id, fields, expected).await.map_err(refused)?;
        Ok(Output::out(shown(&record)))
    }
}
