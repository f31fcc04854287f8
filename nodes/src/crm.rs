//! Family `crm`: contacts, leads, deals, tickets, tasks and notes. Their rules are crm-core's; here
//! they become steps, in the transaction of their journal record.

mod create;
mod find;
mod find_or_create;
mod update;

use masar_crm_core::{Actor, Change, Conn, Entity, Error, Kind, Record};
use masar_engine::{Json, StepError};
use serde_json::json;

pub(crate) use create::node as create;
pub(crate) use find::node as find;
pub(crate) use find_or_create::node as find_or_create;
pub(crate) use update::node as update;

use crate::{
    ResolvedCall, Tx,
    declare::{Field, choice, count, key_value, text, texts},
    node::invalid,
};

/// What crm-core asks for: the transaction, and what a change needs beside it.
fn parts<'t, 'c>(tx: &'t mut Tx<'c>, call: &ResolvedCall) -> (&'t mut Conn<'c>, Change<'t>) {
    let change = Change {
        workspace: call.workspace,
        now: call.now.0,
        ids: &mut *tx.ids,
        actor: Actor { kind: "run", id: call.run.to_string(), step: Some(call.step.clone()) },
        depth: call.depth,
    };
    (&mut tx.conn, change)
}

fn entity(name: &str) -> Result<Entity, StepError> {
    Entity::parse(name).ok_or_else(|| {
        let names = Entity::ALL.map(Entity::name).join(", ");
        invalid("entity", format!("there is no entity `{name}`; there are {names}"))
    })
}

/// crm-core's refusal with its code. Only what the database or another writer did may pass by itself.
pub(crate) fn step_error(error: &Error) -> StepError {
    let step = StepError::new(error.code(), error.to_string());
    let details = match error {
        Error::Database(_) => return step,
        Error::Conflict { expected, found } => {
            return step.with_details(json!({"expected": expected, "found": found}));
        }
        Error::InvalidField { field, .. } | Error::UnknownField { field, .. } => json!({ "field": field }),
        Error::MoveNotAllowed { field, from, to, .. } => json!({"field": field, "from": from, "to": to}),
        Error::Duplicate { field, .. } => json!({ "field": field }),
        Error::NotFound { id, .. } | Error::InUse { id, .. } => json!({ "id": id }),
    };
    step.permanent().with_details(details)
}

fn output(record: &Record) -> Json {
    record.to_json()
}

fn entity_field() -> Field {
    choice(
        "entity",
        [
            ["contact", "Contact", "جهة اتصال"],
            ["lead", "Lead", "عميل محتمل"],
            ["deal", "Deal", "صفقة"],
            ["ticket", "Ticket", "تذكرة"],
            ["task", "Task", "مهمة"],
            ["note", "Note", "ملاحظة"],
        ],
        ["Kind of record", "What it is.", "نوع السجل", "ما هو."],
    )
    .hint("entity")
    .required()
}

fn fields_field(said: crate::declare::Said) -> Field {
    key_value("fields", said).with("x-entities", entities())
}

/// The fields of every entity, for the editor's form.
fn entities() -> Json {
    let all = Entity::ALL.into_iter().map(|entity| (entity.name().to_owned(), crm_fields(entity)));
    Json::Object(all.collect())
}

/// The fields that an entity has in every workspace: `name`, `kind`, `required`, `values`.
pub fn crm_fields(entity: Entity) -> Json {
    let fields = entity.fields().iter().map(|field| {
        let (kind, values) = match field.kind {
            Kind::Text => ("text", Json::Null),
            Kind::Integer => ("integer", Json::Null),
            Kind::Money => ("money", Json::Null),
            Kind::Moment => ("moment", Json::Null),
            Kind::Phone => ("phone", Json::Null),
            Kind::Email => ("email", Json::Null),
            Kind::Bool => ("boolean", Json::Null),
            Kind::Reference => ("reference", Json::Null),
            Kind::Choice(values) => ("choice", json!(values)),
        };
        let mut row = json!({"name": field.name, "kind": kind, "required": field.required});
        if !values.is_null() {
            row["values"] = values;
        }
        row
    });
    fields.collect()
}

/// What every record has.
fn record_fields() -> [Field; 8] {
    [
        text("id", ["Id", "Of the record.", "المعرّف", "معرّف السجل."]).required(),
        text("entity", ["Kind of record", "What it is.", "نوع السجل", "ما هو."]).required(),
        count("version", ["Version", "Counts its changes.", "الإصدار", "يعد تغييراته."]).required(),
        text("owner", ["Owner", "Who looks after it.", "المسؤول", "من يتابعه."]).or_null(),
        texts("tags", ["Tags", "Words for finding it.", "الوسوم", "كلمات للعثور عليه."]).or_null(),
        key_value("custom", ["Own fields", "Of this workspace.", "حقول خاصة", "بمساحة العمل هذه."]).or_null(),
        count("created_at", ["Made", "Microseconds since 1970.", "أُنشئ", "ميكروثانية منذ 1970."]).required(),
        count("updated_at", ["Changed", "Microseconds since 1970.", "عُدّل", "ميكروثانية منذ 1970."])
            .required(),
    ]
}
