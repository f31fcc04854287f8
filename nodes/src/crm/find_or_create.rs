//! `crm.find_or_create`: the record with this phone number or address, made where there is none. Two
//! runs that ask at the same time get the same contact.

use async_trait::async_trait;
use masar_engine::{Json, Output, StepError, manifest::Example};
use serde::Deserialize;
use serde_json::json;

use super::{entity, fields_field, output, parts, record_fields, step_error};
use crate::{
    NodeType, ResolvedCall, Transactional, Tx,
    declare::{boolean, choice, declare, example},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    #[serde(default = "contact")]
    entity: String,
    #[serde(default = "phone")]
    by: String,
    fields: Json,
    #[serde(default)]
    update: bool,
}

fn contact() -> String {
    "contact".to_owned()
}

fn phone() -> String {
    "phone".to_owned()
}

pub(crate) fn node() -> NodeType {
    let created =
        boolean("created", ["New", "Whether it was made just now.", "جديد", "هل أُنشئ الآن."]).required();
    declare(
        "crm.find_or_create",
        "user-check",
        [
            "Find or create",
            "Finds who has this phone number or address, or makes the record.",
            "إيجاد أو إنشاء",
            "يجد صاحب رقم الهاتف أو العنوان، أو ينشئ السجل.",
        ],
    )
    .parameters([
        choice(
            "entity",
            [["contact", "Contact", "جهة اتصال"], ["lead", "Lead", "عميل محتمل"]],
            ["Kind of record", "What it is.", "نوع السجل", "ما هو."],
        )
        .hint("entity")
        .default("contact"),
        choice(
            "by",
            [["phone", "Phone number", "رقم الهاتف"], ["email", "E-mail address", "البريد"]],
            ["By", "What it is known by; must be among the fields.", "بواسطة", "ما يُعرف به؛ ويجب أن يكون بين الحقول."],
        )
        .default("phone"),
        fields_field([
            "Fields",
            "Of the record, where it is made.",
            "الحقول",
            "حقول السجل عند إنشائه.",
        ])
        .required(),
        boolean(
            "update",
            [
                "Change the one that is found",
                "Brings the fields into it as well.",
                "تعديل الموجود",
                "يضع الحقول فيه أيضًا.",
            ],
        )
        .default(false),
    ])
    .open_output(record_fields().into_iter().chain([created]))
    .search(["upsert", "dedupe", "customer", "تكرار", "عميل", "زبون"])
    .example(Example {
        trigger: json!({"from": "0501234567", "name": "نورة"}),
        ..example(
            "Who wrote this message",
            json!({"by": "phone", "fields": {"phone": {"$expr": "trigger.from"}, "name": {"$expr": "trigger.name"}}}),
        )
    })
    .transactional(FindOrCreate)
}

struct FindOrCreate;

#[async_trait]
impl Transactional for FindOrCreate {
    async fn run(&self, tx: &mut Tx<'_>, call: &ResolvedCall) -> Result<Output, StepError> {
        let Parameters { entity: name, by, fields, update } = call.parameters()?;
        let entity = entity(&name)?;
        let (conn, mut change) = parts(tx, call);
        let found = masar_crm_core::find_or_create(conn, &mut change, entity, &by, &fields).await;
        let (mut record, created) = found.map_err(|error| step_error(&error))?;
        if update && !created {
            let changed = masar_crm_core::update(conn, &mut change, entity, record.id, &fields, None).await;
            record = changed.map_err(|error| step_error(&error))?;
        }
        let mut value = output(&record);
        value["created"] = created.into();
        Ok(Output::out(value))
    }
}
