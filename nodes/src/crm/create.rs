//! `crm.create`: a new record.

use async_trait::async_trait;
use masar_engine::{Json, Output, StepError, manifest::Example};
use serde::Deserialize;
use serde_json::json;

use super::{entity, entity_field, fields_field, output, parts, record_fields, step_error};
use crate::{
    NodeType, ResolvedCall, Transactional, Tx,
    declare::{declare, example},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    entity: String,
    fields: Json,
}

pub(crate) fn node() -> NodeType {
    declare(
        "crm.create",
        "user-plus",
        [
            "Create a record",
            "Makes a contact, lead, deal, ticket, task or note.",
            "إنشاء سجل",
            "ينشئ جهة اتصال أو عميلًا محتملًا أو صفقة أو تذكرة أو مهمة أو ملاحظة.",
        ],
    )
    .parameters([
        entity_field(),
        fields_field([
            "Fields",
            "Names and values; phone numbers and addresses are brought into one form.",
            "الحقول",
            "أسماء وقيم؛ وتُوحّد أرقام الهاتف والعناوين.",
        ])
        .required(),
    ])
    .open_output(record_fields())
    .search(["new", "add", "insert", "lead", "ticket", "جديد", "إضافة", "عميل", "تذكرة"])
    .example(Example {
        trigger: json!({"body": {"name": "نورة القحطاني", "phone": "0501234567", "budget": 80000}}),
        ..example(
            "A lead from a web form",
            json!({
                "entity": "lead",
                "fields": {
                    "title": {"$template": "طلب من {{trigger.body.name}}"},
                    "name": {"$expr": "trigger.body.name"},
                    "phone": {"$expr": "trigger.body.phone"},
                    "budget": {"$expr": "trigger.body.budget"},
                    "source": "web"
                }
            }),
        )
    })
    .transactional(Create)
}

struct Create;

#[async_trait]
impl Transactional for Create {
    async fn run(&self, tx: &mut Tx<'_>, call: &ResolvedCall) -> Result<Output, StepError> {
        let Parameters { entity: name, fields } = call.parameters()?;
        let entity = entity(&name)?;
        let (conn, mut change) = parts(tx, call);
        let record = masar_crm_core::create(conn, &mut change, entity, &fields).await;
        record.map(|record| Output::out(output(&record))).map_err(|error| step_error(&error))
    }
}
