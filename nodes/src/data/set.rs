//! `data.set`: an object with fields of the author's choice.

use masar_engine::{
    Call, Json, Outcome, Output, Pure, StepError, manifest::Example, node::Prepared, value::Parameter,
};
use serde_json::json;

use crate::{
    NodeType,
    declare::{boolean, declare, example, key_value},
    node::invalid,
    prepare::{Faults, keep, prepared},
};

pub(crate) fn node() -> NodeType {
    declare(
        "data.set",
        "pencil-line",
        ["Set fields", "Makes an object with your fields.", "تعيين حقول", "يصنع كائنًا بحقولك."],
    )
    .parameters([
        key_value("values", ["Fields", "Names and values.", "الحقول", "أسماء وقيم."]).required(),
        boolean(
            "keep_input",
            [
                "Keep the input's fields",
                "Yours replace those of the same name.",
                "إبقاء حقول المُدخل",
                "وتحل حقولك محل ما يطابقها اسمًا.",
            ],
        )
        .default(false),
    ])
    .output_fields("values", "keep_input")
    .search(["edit", "map", "variable", "assign", "تعديل", "متغير"])
    .example(Example {
        trigger: json!({"body": {"name": "  نورة  ", "budget": 80000}}),
        port: Some("out".into()),
        output: Some(json!({"name": "نورة", "large": true, "source": "web"})),
        ..example(
            "Cleans a lead",
            json!({"values": {
                "name": {"$expr": "trim(trigger.body.name)"},
                "large": {"$expr": "trigger.body.budget > 50000"},
                "source": "web"
            }}),
        )
    })
    .example(Example {
        input: json!({"id": 7, "status": "new"}),
        port: Some("out".into()),
        output: Some(json!({"id": 7, "status": "seen"})),
        ..example("Changes one field", json!({"values": {"status": "seen"}, "keep_input": true}))
    })
    .pure(Set)
}

struct Set;

/// The parameters taken apart once, so that a call copies none of them.
struct Parts {
    values: Parameter,
    keep_input: Option<Parameter>,
}

impl Pure for Set {
    fn prepare(&self, parameters: &Parameter) -> Result<Prepared, Faults> {
        // Without values the schema has reported it.
        let Some(values) = parameters.get("values") else { return Ok(None) };
        Ok(keep(Parts { values, keep_input: parameters.get("keep_input") }))
    }

    fn run(&self, call: &Call<'_>) -> Outcome {
        set(call).map(Output::out).into()
    }
}

fn set(call: &Call<'_>) -> Result<Json, StepError> {
    let Parts { values, keep_input } = prepared(call)?;
    let Json::Object(values) = values.resolve(call.context)? else {
        return Err(invalid("values", "`values` must be an object: names and values"));
    };
    let keep = match keep_input.as_ref().map(|keep| keep.resolve(call.context)).transpose()? {
        None | Some(Json::Null) => false,
        Some(Json::Bool(keep)) => keep,
        Some(_) => return Err(invalid("keep_input", "`keep_input` must be true or false")),
    };
    let mut fields = match (keep, &*call.context.input) {
        (false, _) | (true, Json::Null) => return Ok(Json::Object(values)),
        (true, Json::Object(input)) => input.clone(),
        (true, _) => {
            let message = "the input is not an object, so its fields cannot be kept; turn `keep_input` off";
            return Err(StepError::new("data.not_an_object", message).permanent());
        }
    };
    fields.extend(values);
    Ok(Json::Object(fields))
}
