//! `data.rhai`: a value from a short script, without any way to the outside.

use masar_engine::{
    Call, Json, Outcome, Output, Pure, StepError,
    manifest::Example,
    node::Prepared,
    value::{Expression, Parameter, References, ValueError},
};
use serde_json::json;

use crate::{
    NodeType,
    declare::{declare, example, text},
    prepare::{Faults, keep},
};

pub(crate) fn node() -> NodeType {
    declare(
        "data.rhai",
        "code",
        [
            "Script",
            "Computes a value with a short Rhai script.",
            "نص برمجي",
            "يحسب قيمة بنص قصير بلغة Rhai.",
        ],
    )
    .parameters([text(
        "script",
        [
            "Script",
            "Sees trigger, event, steps, input, item, index, vars, run and now; its last value is the output.",
            "النص",
            "يرى trigger وevent وsteps وinput وitem وindex وvars وrun وnow؛ وآخر قيمة فيه هي الناتج.",
        ],
    )
    .hint("code")
    .required()
    .not_empty()])
    .search(["code", "function", "javascript", "python", "transform", "برمجة", "كود", "تحويل"])
    .example(Example {
        input: json!({"prices": [100, 250, 50]}),
        port: Some("out".into()),
        output: Some(json!({"total": 400, "many": true})),
        ..example(
            "Adds prices up",
            json!({"script": "let total = 0;\nfor price in input.prices {\n    total += price;\n}\n#{ total: total, many: input.prices.len() > 2 }"}),
        )
    })
    .example(Example {
        input: json!({}),
        error: Some("expression.limit".into()),
        ..example("A script that does not end is stopped", json!({"script": "loop { }"}))
    })
    .pure(Script)
}

struct Script;

impl Pure for Script {
    fn prepare(&self, parameters: &Parameter) -> Result<Prepared, Faults> {
        let script = parameters.get("script");
        // An `$expr` is compiled with the parameters already.
        let Some(source) = script.as_ref().and_then(Parameter::as_literal).and_then(Json::as_str) else {
            return Ok(None);
        };
        if source.is_empty() {
            return Ok(None);
        }
        Expression::compile(source).map(keep).map_err(|error| vec![fault("script", &error)])
    }

    fn visit_references(&self, prepared: &Prepared, visit: &mut dyn FnMut(&str, &References)) {
        let script = prepared.as_ref().and_then(|prepared| prepared.downcast_ref::<Expression>());
        if let Some(script) = script {
            visit("script", script.references());
        }
    }

    fn run(&self, call: &Call<'_>) -> Outcome {
        let compute = || -> Result<Json, StepError> {
            match call.prepared.as_ref().and_then(|prepared| prepared.downcast_ref::<Expression>()) {
                Some(script) => Ok(script.evaluate(call.context)?),
                None => call.parameter("script"),
            }
        };
        compute().map(Output::out).into()
    }
}

/// A fault with its line and column in the text.
pub(super) fn fault(path: &str, error: &ValueError) -> (String, String) {
    let place = match (error.line, error.column) {
        (Some(line), Some(column)) => format!("line {line}, column {column}: "),
        (Some(line), None) => format!("line {line}: "),
        _ => String::new(),
    };
    (path.to_owned(), format!("{place}{}", error.message))
}
