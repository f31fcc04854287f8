//! `flow.stop` and `flow.fail`: the run ends here, well or not.

use masar_engine::{Call, Json, Outcome, Pure, StepError, manifest::Example};
use serde::Deserialize;
use serde_json::json;

use crate::{
    NodeType,
    declare::{any, declare, example, text},
    prepare::resolved,
};

pub(crate) fn stop() -> NodeType {
    declare(
        "flow.stop",
        "circle-stop",
        ["Stop", "Ends the whole run, well, with a result.", "إيقاف", "ينهي التشغيل كله بنجاح مع نتيجة."],
    )
    .parameters([any(
        "value",
        [
            "Result",
            "Of the run; without it this node's input.",
            "النتيجة",
            "نتيجة التشغيل؛ وبدونها مُدخل هذه العقدة.",
        ],
    )
    .hint("code")])
    .ports([])
    .search(["end", "return", "exit", "إنهاء", "نهاية"])
    .example(Example {
        input: json!({"id": 7}),
        output: Some(json!({"lead": 7})),
        ..example("With the lead's number", json!({"value": {"lead": {"$expr": "input.id"}}}))
    })
    .pure(Stop)
}

struct Stop;

impl Pure for Stop {
    fn run(&self, call: &Call<'_>) -> Outcome {
        match call.parameter("value") {
            Ok(Json::Null) if call.parameters.get("value").is_none() => {
                Outcome::Stop((*call.context.input).clone())
            }
            Ok(value) => Outcome::Stop(value),
            Err(error) => Outcome::Failed(error),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    #[serde(default = "failed")]
    code: String,
    message: String,
    #[serde(default)]
    details: Json,
}

fn failed() -> String {
    "flow.fail".to_owned()
}

pub(crate) fn fail() -> NodeType {
    declare(
        "flow.fail",
        "circle-x",
        [
            "Fail",
            "Ends the whole run as failed, with an error of your own.",
            "إفشال",
            "ينهي التشغيل كله فاشلًا بخطأ من عندك.",
        ],
    )
    .parameters([
        text("message", ["Message", "What went wrong, for people.", "الرسالة", "ما الخطأ، بلغة الناس."])
            .hint("template")
            .required()
            .not_empty(),
        text("code", ["Code", "For machines; stable.", "الرمز", "للآلات؛ ثابت."]).default("flow.fail").sample("lead.no_phone"),
        any("details", ["Details", "More, for machines.", "التفاصيل", "المزيد للآلات."]).hint("code"),
    ])
    .ports([])
    .search(["error", "abort", "throw", "خطأ", "إلغاء"])
    .example(Example {
        trigger: json!({"name": "نورة"}),
        error: Some("lead.no_phone".into()),
        ..example(
            "A lead without a phone number",
            json!({"code": "lead.no_phone", "message": {"$template": "لا يوجد رقم جوال للعميل {{trigger.name}}"}}),
        )
    })
    .pure(Fail)
}

struct Fail;

impl Pure for Fail {
    fn run(&self, call: &Call<'_>) -> Outcome {
        match resolved::<Failure>(call) {
            Ok(Failure { code, message, details }) => {
                Outcome::Abort(StepError::new(code, message).permanent().with_details(details))
            }
            Err(error) => Outcome::Failed(error),
        }
    }
}
