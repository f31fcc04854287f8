//! Nodes that work on the CRM, each in the transaction of its own journal record: the change, its
//! event and the line in the log are there together or not at all.

mod create;
mod find;
mod find_or_create;
mod update;

pub(crate) use create::node as create;
pub(crate) use find::node as find;
pub(crate) use find_or_create::node as find_or_create;
pub(crate) use update::node as update;

use masar_crm_core::{Actor, Change, Entity, Error, Record};
use masar_engine::{Json, StepError};
use serde_json::json;
use uuid::Uuid;

use crate::{
    ResolvedCall,
    declare::{Field, any, choice, field_of},
    node::invalid,
};

/// The parameter that names the entity.
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
        ["Entity", "What kind of record.", "الكيان", "نوع السجل."],
    )
    .hint("entity")
}

/// What a record looks like.
fn record_output() -> [Field; 4] {
    [
        field_of("id", "string", ["Id", "Of the record.", "المعرف", "معرف السجل."]),
        field_of("entity", "string", ["Entity", "What it is.", "الكيان", "نوع السجل."]),
        field_of("version", "integer", ["Version", "Counts its changes.", "النسخة", "عدد تغييراته."]),
        any("fields", ["Its fields", "Each at the top level.", "حقوله", "كل حقل في المستوى الأعلى."]),
    ]
}

fn entity(parameters: &Json) -> Result<Entity, StepError> {
    let name = parameters.get("entity").and_then(Json::as_str).unwrap_or_default();
    Entity::parse(name).ok_or_else(|| {
        let names: Vec<&str> = Entity::ALL.iter().map(|entity| entity.name()).collect();
        invalid("entity", format!("`{name}` is not an entity; there are {}", names.join(", ")))
    })
}

fn id(parameters: &Json) -> Result<Uuid, StepError> {
    let text = parameters.get("id").and_then(Json::as_str).unwrap_or_default();
    Uuid::parse_str(text).map_err(|_| invalid("id", format!("`{text}` is not the id of a record")))
}

fn change<'a>(call: &ResolvedCall, ids: &'a mut (dyn FnMut() -> Uuid + Send)) -> Change<'a> {
    let actor = Actor { kind: "run", id: call.run.to_string(), step: Some(call.step.clone()) };
    Change { workspace: call.workspace, now: call.now.0, ids, actor, depth: call.depth }
}

/// A refusal of the CRM in the engine's words. Only what others do at the same time may pass by itself.
fn refused(error: Error) -> StepError {
    let step = StepError::new(error.code(), error.to_string());
    match error {
        Error::Conflict { .. } | Error::Database(_) => step,
        _ => step.permanent(),
    }
}

fn shown(record: &Record) -> Json {
    record.to_json()
}

fn found(record: &Record, created: bool) -> Json {
    let mut shown = record.to_json();
    if let Some(object) = shown.as_object_mut() {
        object.insert("created".into(), json!(created));
    }
    shown
}
