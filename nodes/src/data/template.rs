//! `data.template`: text with fields filled in.

use masar_engine::{
    Call, Json, Outcome, Output, Pure, StepError,
    manifest::Example,
    node::Prepared,
    value::{Escape, Parameter, References, Template},
};
use serde_json::json;

use crate::{
    NodeType,
    declare::{choice, declare, example, text},
    node::invalid,
    prepare::{Faults, keep},
};

pub(crate) fn node() -> NodeType {
    declare(
        "data.template",
        "file-text",
        ["Text from a template", "Fills fields into a text.", "نص من قالب", "يملأ الحقول في نص."],
    )
    .parameters([
        text(
            "template",
            [
                "Template",
                "Handlebars: {{trigger.body.name}}, {{#if …}}, {{#each …}}.",
                "القالب",
                "بصيغة Handlebars: {{trigger.body.name}} و{{#if …}} و{{#each …}}.",
            ],
        )
        .hint("template")
        .required(),
        choice(
            "escape",
            [
                ["text", "Plain text", "نص عادي"],
                ["html", "HTML", "HTML"],
                ["url", "Part of an address", "جزء من عنوان"],
                ["json", "Inside a JSON text", "داخل نص JSON"],
            ],
            ["Filled into", "What the fields must not break out of.", "يُملأ في", "ما لا يجوز للحقول أن تكسره."],
        )
        .default("text"),
    ])
    .output([text("text", ["Text", "What it gave.", "النص", "الناتج."]).required()])
    .search(["handlebars", "message", "compose", "قالب", "رسالة", "صياغة"])
    .example(Example {
        trigger: json!({"name": "نورة", "items": ["قهوة", "تمر"]}),
        port: Some("out".into()),
        output: Some(json!({"text": "مرحبًا نورة: قهوة، تمر، "})),
        ..example(
            "Greets and lists",
            json!({"template": "مرحبًا {{trigger.name}}: {{#each trigger.items}}{{this}}، {{/each}}"}),
        )
    })
    .example(Example {
        trigger: json!({"name": "<script>"}),
        port: Some("out".into()),
        output: Some(json!({"text": "<b>&lt;script&gt;</b>"})),
        ..example("Into HTML", json!({"template": "<b>{{trigger.name}}</b>", "escape": "html"}))
    })
    .example(Example {
        trigger: json!({}),
        error: Some("value.missing".into()),
        ..example("A field that is not there is an error", json!({"template": "{{trigger.name}}"}))
    })
    .pure(TemplateNode)
}

struct TemplateNode;

impl Pure for TemplateNode {
    fn prepare(&self, parameters: &Parameter) -> Result<Prepared, Faults> {
        let (template, escape) = (parameters.get("template"), parameters.get("escape"));
        let escape = match escape.as_ref().and_then(Parameter::as_literal).and_then(Json::as_str) {
            None | Some("text") => Escape::Text,
            Some("html") => Escape::Html,
            Some("url") => Escape::Url,
            Some("json") => Escape::Json,
            // The schema has reported it.
            Some(_) => return Ok(None),
        };
        // A `$template` is compiled with the parameters already and escapes as it says itself.
        let Some(source) = template.as_ref().and_then(Parameter::as_literal).and_then(Json::as_str) else {
            return Ok(None);
        };
        Template::compile(source, escape)
            .map(keep)
            .map_err(|error| vec![super::rhai::fault("template", &error)])
    }

    fn visit_references(&self, prepared: &Prepared, visit: &mut dyn FnMut(&str, &References)) {
        let template = prepared.as_ref().and_then(|prepared| prepared.downcast_ref::<Template>());
        if let Some(template) = template {
            visit("template", template.references());
        }
    }

    fn run(&self, call: &Call<'_>) -> Outcome {
        let render = || -> Result<Json, StepError> {
            let template = call.prepared.as_ref().and_then(|prepared| prepared.downcast_ref::<Template>());
            match template {
                Some(template) => Ok(template.render(call.context)?.into()),
                None => match call.parameter("template")? {
                    text @ Json::String(_) => Ok(text),
                    _ => Err(invalid("template", "the template must give text")),
                },
            }
        };
        render().map(|text| Output::out(json!({ "text": text }))).into()
    }
}
