//! `flow.if`: one of two ways.

use masar_engine::{
    Call, Outcome, Output, Pure, StepError, manifest::Example, node::Prepared, value::Parameter,
};
use serde_json::json;

use crate::{
    NodeType,
    declare::{condition, declare, example},
    prepare::{Faults, Test, keep, optional_test, prepared},
};

pub(crate) fn node() -> NodeType {
    let large = json!({"all": [
        {"value": {"$expr": "trigger.body.budget"}, "operator": "gte", "to": 50000},
        {"value": {"$expr": "trigger.body.city"}, "operator": "in", "to": ["الرياض", "Jeddah"], "fold": true}
    ]});
    declare("flow.if", "split", ["If", "Goes one of two ways.", "إذا", "يسلك أحد طريقين."])
        .parameters([condition(
            "condition",
            [
                "Condition",
                "Rows of value, operator and value; all or any of them must hold.",
                "الشرط",
                "صفوف من قيمة وعامل وقيمة؛ يجب أن تتحقق كلها أو أي منها.",
            ],
        )
        .required()])
        .ports(["true", "false"])
        .passes_input()
        .search(["condition", "branch", "filter", "شرط", "تفرع", "تصفية"])
        .example(Example {
            trigger: json!({"body": {"budget": 80000, "city": "الرّياض"}}),
            input: json!({"id": 1}),
            port: Some("true".into()),
            output: Some(json!({"id": 1})),
            ..example("A large budget in one of two cities", json!({ "condition": large }))
        })
        .example(Example {
            trigger: json!({"body": {"budget": 900, "city": "Jeddah"}}),
            input: json!({"id": 2}),
            port: Some("false".into()),
            output: Some(json!({"id": 2})),
            ..example("A small one", json!({ "condition": large }))
        })
        .example(Example {
            trigger: json!({"body": {"city": "Jeddah"}}),
            error: Some("value.missing".into()),
            ..example("A field that is not there is an error, not false", json!({ "condition": large }))
        })
        .pure(If)
}

struct If;

impl Pure for If {
    fn prepare(&self, parameters: &Parameter) -> Result<Prepared, Faults> {
        Ok(optional_test(parameters, "condition")?.and_then(keep))
    }

    fn run(&self, call: &Call<'_>) -> Outcome {
        let holds = || -> Result<bool, StepError> { Ok(prepared::<Test>(call)?.holds(call.context)?) };
        holds().map(|holds| Output::pass(if holds { "true" } else { "false" })).into()
    }
}
