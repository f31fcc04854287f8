<<<<<<< HEAD
//! `crm.find_or_create`: the record with this phone or e-mail, or a new one; never two.

use async_trait::async_trait;
use masar_engine::{Json, Output, StepError};

use super::{change, entity, entity_field, found, record_output, refused};
use crate::{
    NodeType, ResolvedCall, Transactional, Tx,
    declare::{choice, declare, key_value},
};

=======
//! `crm.find_or_create`: the record with this phone number or address, made where there is none. Two
//! runs that ask at the same time get the same contact.

use async_trait::async_trait;
use masar_engine::{Json, Output, StepError, manifest::Example};
use serde::Deserialize;
use serde_json::json;

use super::{entity, fields_field, output, parts, step_error};
use crate::{
    NodeType, ResolvedCall, Transactional, Tx,
    declare::{any, boolean, choice, declare, example},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    #[serde(default = "contact")]
    entity: String,
    by: String,
    fields: Json,
    #[serde(default)]
    update: bool,
}

fn contact() -> String {
    "contact".to_owned()
}

>>>>>>> nodes
pub(crate) fn node() -> NodeType {
    declare(
        "crm.find_or_create",
        "user-check",
<<<<<<< HEAD
        ["Find or create record", "Takes the record with this phone or e-mail, or makes it; never two.", "إيجاد سجل أو إنشاؤه", "يأخذ السجل ذا الهاتف أو البريد، أو ينشئه؛ ولا يتكرر أبدًا."],
    )
    .parameters([
        entity_field().default("contact"),
        choice("by", [["phone", "Phone", "الهاتف"], ["email", "E-mail", "البريد"]], ["Found by", "What makes it the same.", "يُعرف بـ", "ما يجعله السجل نفسه."]).default("phone"),
        key_value("fields", ["Fields", "Names and values of a new record.", "الحقول", "أسماء حقول السجل الجديد وقيمها."]).required(),
    ])
    .output(record_output())
    .search(["upsert", "deduplicate", "contact", "تكرار", "جهة اتصال"])
=======
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
        .required(),
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
    .output([
        any("record", ["Record", "Found or made.", "السجل", "الموجود أو المُنشأ."]).required(),
        boolean("created", ["New", "Whether it was made just now.", "جديد", "هل أُنشئ الآن."]).required(),
    ])
    .search(["upsert", "dedupe", "customer", "تكرار", "عميل", "زبون"])
    .example(Example {
        trigger: json!({"from": "0501234567", "name": "نورة"}),
        ..example(
            "Who wrote this message",
            json!({"by": "phone", "fields": {"phone": {"$expr": "trigger.from"}, "name": {"$expr": "trigger.name"}}}),
        )
    })
>>>>>>> nodes
    .transactional(FindOrCreate)
}

struct FindOrCreate;

#[async_trait]
impl Transactional for FindOrCreate {
    async fn run(&self, tx: &mut Tx<'_>, call: &ResolvedCall) -> Result<Output, StepError> {
<<<<<<< HEAD
        let mut parameters = call.parameters.clone();
        if let Some(object) = parameters.as_object_mut() {
            object.entry("entity").or_insert_with(|| "contact".into());
        }
        let entity = entity(&parameters)?;
        let by = parameters.get("by").and_then(Json::as_str).unwrap_or("phone");
        let fields = parameters.get("fields").unwrap_or(&Json::Null);
        let (record, new) = masar_crm_core::find_or_create(&mut tx.conn, &mut change(call, tx.ids), entity, by, fields).await.map_err(refused)?;
        Ok(Output::out(found(&record, new)))
=======
        let Parameters { entity: name, by, fields, update } = call.parameters()?;
        let entity = entity(&name)?;
        let (conn, mut change) = parts(tx, call);
        let found = masar_crm_core::find_or_create(conn, &mut change, entity, &by, &fields).await;
        let (mut record, created) = found.map_err(|error| step_error(&error))?;
        if update && !created {
            let changed = masar_crm_core::update(conn, &mut change, entity, record.id, &fields, None).await;
            record = changed.map_err(|error| step_error(&error))?;
        }
        Ok(Output::out(json!({"record": output(&record), "created": created})))
>>>>>>> nodes
    }
}
