//! `flow.approval`: a person decides.

use masar_engine::{
    Call, Json, Outcome, Pure, StepError,
    node::{Prepared, Wait},
    value::Parameter,
};
use serde::Deserialize;
use serde_json::json;

use super::wait::check_durations;
use crate::{
    NodeType,
    declare::{any, declare, duration, example, text},
    moment,
    prepare::{Faults, resolved},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    title: String,
    #[serde(default)]
    context: Json,
    assignee: Option<String>,
    deadline: Option<Json>,
    remind: Option<Json>,
}

pub(crate) fn node() -> NodeType {
    declare(
        "flow.approval",
        "stamp",
        [
            "Approval",
            "Waits until a person approves or rejects. The event masar.approval.requested carries the link to send them.",
            "موافقة",
            "ينتظر حتى يوافق شخص أو يرفض. ويحمل الحدث masar.approval.requested الرابط الذي يُرسل إليه.",
        ],
    )
    .parameters([
        text("title", ["Question", "What the person reads first.", "السؤال", "أول ما يقرؤه الشخص."])
            .hint("template")
            .required()
            .not_empty(),
        any("context", ["To look at", "What the person needs to decide.", "للاطلاع", "ما يحتاجه الشخص ليقرر."])
            .hint("key_value"),
        text("assignee", ["Who decides", "A name or address.", "صاحب القرار", "اسم أو عنوان."]),
        any(
            "deadline",
            [
                "Until",
                "A duration (2d) or a moment; then it leaves by `expired`.",
                "حتى",
                "مدة (2d) أو لحظة؛ ثم يخرج من expired.",
            ],
        )
        .hint("duration"),
        duration(
            "remind",
            ["Remind after", "Once, if nobody has decided.", "التذكير بعد", "مرة واحدة إن لم يُتخذ قرار."],
        ),
    ])
    .ports(["approved", "rejected", "expired"])
    .search(["review", "human", "confirm", "مراجعة", "اعتماد", "تأكيد"])
    .example(example(
        "A discount beyond the usual",
        json!({
            "title": {"$template": "خصم {{trigger.discount}}٪ للعميل {{trigger.customer}}؟"},
            "context": {"total": {"$expr": "trigger.total"}},
            "assignee": "manager@example.sa",
            "deadline": "2d",
            "remind": "1d"
        }),
    ))
    .pure(Approval)
}

struct Approval;

impl Pure for Approval {
    fn prepare(&self, parameters: &Parameter) -> Result<Prepared, Faults> {
        check_durations(parameters, &["remind"])
    }

    fn run(&self, call: &Call<'_>) -> Outcome {
        match wait(call) {
            Ok(wait) => Outcome::Wait(wait),
            Err(error) => Outcome::Failed(error),
        }
    }
}

fn wait(call: &Call<'_>) -> Result<Wait, StepError> {
    let parameters: Parameters = resolved(call)?;
    let deadline =
        parameters.deadline.map(|value| moment::after_or_at(call, &value, "deadline")).transpose()?;
    let remind_at = parameters.remind.map(|value| moment::after(call, &value, "remind")).transpose()?;
    Ok(Wait::Approval {
        title: parameters.title,
        context: parameters.context,
        assignee: parameters.assignee,
        deadline,
        // Nobody needs to be reminded of what has expired.
        remind_at: remind_at.filter(|remind| deadline.is_none_or(|deadline| *remind < deadline)),
    })
}
