//! `trigger.error`: a run of the workspace failed.

use masar_engine::{
    Call, Json, Outcome, Pure, StepError,
    manifest::{Example, Role},
    node::Prepared,
    value::Parameter,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    NodeType,
    declare::{any, declare, example, text, texts},
    node::read_parameters,
    prepare::{Faults, literal},
};

/// The parameters of `trigger.error`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorTrigger {
    /// Ids or names of workflows; empty means all but its own.
    #[serde(default)]
    pub workflows: Vec<String>,
}

impl ErrorTrigger {
    /// Reads the parameters as a workflow holds them.
    ///
    /// # Errors
    /// `parameter.invalid` with the field's path.
    pub fn read(parameters: &Json) -> Result<Self, StepError> {
        read_parameters(parameters.clone())
    }
}

pub(crate) fn node() -> NodeType {
    let failed = json!({
        "workflow": {"id": "0199d5f0-0000-7000-8000-000000000001", "name": "New leads"},
        "run": "0199d5f0-0000-7000-8000-000000000002",
        "step": "notify",
        "error": {"code": "http.status", "message": "api.example.com answered 503 Service Unavailable"}
    });
    declare(
        "trigger.error",
        "triangle-alert",
        [
            "Failed run",
            "Starts when a run of another workflow failed.",
            "تشغيل فاشل",
            "يبدأ حين يفشل تشغيل سير عمل آخر.",
        ],
    )
    .role(Role::Trigger)
    .parameters([texts(
        "workflows",
        [
            "Workflows",
            "Only failures of these; all, where none is named.",
            "سير العمل",
            "إخفاقات هذه فقط؛ وكلها إن لم يُحدد شيء.",
        ],
    )
    .hint("workflow")])
    .output([
        any("workflow", ["Workflow", "Its id and name.", "سير العمل", "معرّفه واسمه."]),
        text("run", ["Run", "The failed run.", "التشغيل", "التشغيل الفاشل."]).required(),
        text("step", ["Step", "Where it failed.", "الخطوة", "أين فشل."]),
        any("error", ["Error", "Its code and message.", "الخطأ", "رمزه ورسالته."]),
    ])
    .search(["failure", "alert", "exception", "فشل", "تنبيه"])
    .example(Example {
        trigger: failed.clone(),
        input: failed.clone(),
        port: Some("out".into()),
        output: Some(failed),
        ..example("Watches over every workflow", json!({}))
    })
    .pure(Trigger)
}

struct Trigger;

impl Pure for Trigger {
    fn prepare(&self, parameters: &Parameter) -> Result<Prepared, Faults> {
        literal::<ErrorTrigger>(parameters, &[])?;
        Ok(None)
    }

    fn run(&self, _call: &Call<'_>) -> Outcome {
        super::pass()
    }
}
