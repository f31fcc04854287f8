//! `trigger.called`: another workflow calls this one with `flow.call`.

use masar_engine::{
    Call, Json, Outcome, Pure, StepError,
    manifest::{Example, Role},
    node::Prepared,
    value::Parameter,
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    NodeType,
    declare::{any, declare, example},
    prepare::{Faults, keep, literal},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Called {
    #[serde(default)]
    input: Option<Json>,
}

pub(crate) fn node() -> NodeType {
    let schema =
        json!({"type": "object", "required": ["phone"], "properties": {"phone": {"type": "string"}}});
    declare(
        "trigger.called",
        "corner-down-right",
        [
            "Called by a workflow",
            "Starts when another workflow calls this one.",
            "استدعاء من سير عمل",
            "يبدأ حين يستدعيه سير عمل آخر.",
        ],
    )
    .role(Role::Trigger)
    .parameters([any(
        "input",
        [
            "Shape of the input",
            "A JSON Schema; a call with another input fails.",
            "شكل المُدخل",
            "مخطط JSON؛ ويفشل الاستدعاء بمُدخل لا يوافقه.",
        ],
    )
    .hint("code")])
    .passes_input()
    .search(["sub-workflow", "function", "reuse", "سير فرعي", "دالة"])
    .example(Example {
        trigger: json!({"phone": "+966501234567"}),
        input: json!({"phone": "+966501234567"}),
        port: Some("out".into()),
        output: Some(json!({"phone": "+966501234567"})),
        ..example("Wants a phone number", json!({ "input": schema }))
    })
    .example(Example {
        trigger: json!({"name": "نورة"}),
        input: json!({"name": "نورة"}),
        error: Some("called.input".into()),
        ..example("Refuses an input without it", json!({ "input": schema }))
    })
    .pure(Trigger)
}

struct Trigger;

impl Pure for Trigger {
    fn prepare(&self, parameters: &Parameter) -> Result<Prepared, Faults> {
        let Some(Called { input: Some(schema) }) = literal(parameters, &[])? else { return Ok(None) };
        match jsonschema::validator_for(&schema) {
            Ok(validator) => Ok(keep(validator)),
            Err(error) => Err(vec![("input".to_owned(), format!("this is not a JSON Schema: {error}"))]),
        }
    }

    fn run(&self, call: &Call<'_>) -> Outcome {
        let validator =
            call.prepared.as_ref().and_then(|prepared| prepared.downcast_ref::<jsonschema::Validator>());
        let fault = validator.and_then(|validator| validator.iter_errors(&call.context.input).next());
        match fault {
            None => super::pass(),
            Some(fault) => {
                let place = fault.instance_path().to_string();
                let place = if place.is_empty() { String::new() } else { format!(" at {place}") };
                Outcome::Failed(
                    StepError::new(
                        "called.input",
                        format!("the caller's input does not fit{place}: {fault}"),
                    )
                    .permanent(),
                )
            }
        }
    }
}
