//! `crm.update`: fields of a record.

use async_trait::async_trait;
use masar_engine::{Json, Output, StepError};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{entity, entity_field, fields_field, output, parts, record_fields, step_error};
use crate::{
    NodeType, ResolvedCall, Transactional, Tx,
    declare::{count, declare, example, text},
    node::invalid,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    entity: String,
    id: String,
    fields: Json,
    version: Option<i64>,
}

pub(crate) fn node() -> NodeType {
    declare(
        "crm.update",
        "user-pen",
        [
            "Change a record",
            "Changes fields of a record, within the rules of its stages.",
            "تعديل سجل",
            "يعدّل حقول سجل ضمن قواعد مراحله.",
        ],
    )
    .parameters([
        entity_field(),
        text("id", ["Id", "Of the record.", "المعرّف", "معرّف السجل."]).required().not_empty(),
        fields_field([
            "Fields",
            "Those that change; null empties one.",
            "الحقول",
            "ما يتغير منها؛ وnull يفرغ الحقل.",
        ])
        .required(),
        count(
            "version",
            [
                "Only at version",
                "Fails where somebody changed it since; without one the change is made all the same.",
                "عند الإصدار فقط",
                "يفشل إن عدّله أحد بعد ذلك؛ وبدونه يُجرى التعديل على كل حال.",
            ],
        ),
    ])
    .open_output(record_fields())
    .search(["edit", "stage", "status", "move", "مرحلة", "حالة", "تغيير"])
    .example(example(
        "A lead that was called",
        json!({"entity": "lead", "id": {"$expr": "steps.order.id"}, "fields": {"status": "contacted"}}),
    ))
    .transactional(Update)
}

struct Update;

#[async_trait]
impl Transactional for Update {
    async fn run(&self, tx: &mut Tx<'_>, call: &ResolvedCall) -> Result<Output, StepError> {
        let Parameters { entity: name, id, fields, version } = call.parameters()?;
        let entity = entity(&name)?;
        let id = Uuid::parse_str(id.trim())
            .map_err(|_| invalid("id", format!("`{id}` is not the id of a record")))?;
        let (conn, mut change) = parts(tx, call);
        let record = masar_crm_core::update(conn, &mut change, entity, id, &fields, version).await;
        record.map(|record| Output::out(output(&record))).map_err(|error| step_error(&error))
    }
}
