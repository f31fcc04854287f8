//! `flow.switch`: the first of several ways whose condition holds.

use std::collections::HashSet;

use masar_engine::{
    Call, Json, Outcome, Output, Pure, StepError, manifest::Example, node::Prepared, value::Parameter,
};
use serde_json::json;

use crate::{
    NodeType,
    declare::{condition, declare, example, rows, text},
    prepare::{Faults, Test, keep, prepared},
};

const DEFAULT: &str = "default";

pub(crate) fn node() -> NodeType {
    let cases = json!([
        {"port": "riyadh", "condition": {"all": [{"value": {"$expr": "input.city"}, "operator": "equals", "to": "الرياض", "fold": true}]}},
        {"port": "coast", "condition": {"any": [{"value": {"$expr": "input.city"}, "operator": "in", "to": ["جدة", "الدمام"], "fold": true}]}}
    ]);
    declare(
        "flow.switch",
        "route",
        [
            "Switch",
            "Goes the first of several ways whose condition holds.",
            "تحويل",
            "يسلك أول طريق يتحقق شرطه من عدة طرق.",
        ],
    )
    .parameters([rows(
        "cases",
        [
            text("port", ["Way", "Name of the output, unique here.", "الطريق", "اسم المخرج، لا يتكرر هنا."])
                .required()
                .not_empty(),
            condition("condition", ["If", "When it goes this way.", "إذا", "متى يسلك هذا الطريق."])
                .required(),
        ],
        [
            "Cases",
            "Looked at from the top; the first that holds wins.",
            "الحالات",
            "تُفحص من الأعلى، وأول ما يتحقق هو الفائز.",
        ],
    )
    .required()
    .not_empty()])
    .ports_from_list("cases", DEFAULT)
    .passes_input()
    .search(["case", "route", "branch", "حالات", "توجيه"])
    .example(Example {
        input: json!({"city": "جده"}),
        port: Some("coast".into()),
        output: Some(json!({"city": "جده"})),
        ..example("By city", json!({ "cases": cases }))
    })
    .example(Example {
        input: json!({"city": "أبها"}),
        port: Some(DEFAULT.into()),
        output: Some(json!({"city": "أبها"})),
        ..example("None of them", json!({ "cases": cases }))
    })
    .pure(Switch)
}

struct Switch;

impl Pure for Switch {
    fn prepare(&self, parameters: &Parameter) -> Result<Prepared, Faults> {
        let cases: Vec<Parameter> = match parameters.get("cases") {
            Some(Parameter::List(items)) => items,
            Some(Parameter::Literal(value)) => match &*value {
                Json::Array(items) => {
                    items.iter().map(|item| Parameter::Literal(item.clone().into())).collect()
                }
                _ => return Ok(None),
            },
            None => return Ok(None),
            Some(_) => {
                let message = "the cases cannot be computed, for their names are the outputs; write them out";
                return Err(vec![("cases".to_owned(), message.to_owned())]);
            }
        };
        let (mut faults, mut names, mut ways) = (Faults::new(), HashSet::new(), Vec::new());
        for (case, index) in cases.iter().zip(0..) {
            let port_path = format!("cases.{index}.port");
            let port = case.get("port");
            let Some(port) = port.as_ref().and_then(Parameter::as_literal).and_then(Json::as_str) else {
                // A missing name is the schema's to report.
                if port.is_some() {
                    faults.push((port_path, "the name of a way cannot be computed; write it out".to_owned()));
                }
                continue;
            };
            if [DEFAULT, "error"].contains(&port) {
                faults.push((port_path, format!("`{port}` is there already; choose another name")));
            } else if !names.insert(port.to_owned()) {
                faults.push((port_path, format!("two cases are called `{port}`")));
            }
            let Some(condition) = case.get("condition") else { continue };
            match Test::compile(&condition, &format!("cases.{index}.condition")) {
                Ok(test) => ways.push((port.to_owned(), test)),
                Err(found) => faults.extend(found),
            }
        }
        if faults.is_empty() { Ok(keep(ways)) } else { Err(faults) }
    }

    fn run(&self, call: &Call<'_>) -> Outcome {
        choose(call).into()
    }
}

fn choose(call: &Call<'_>) -> Result<Output, StepError> {
    for (port, test) in prepared::<Vec<(String, Test)>>(call)? {
        if test.holds(call.context)? {
            return Ok(Output::pass(port.as_str()));
        }
    }
    Ok(Output::pass(DEFAULT))
}
