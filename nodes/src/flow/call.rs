//! `flow.call`: another workflow, as a step of this one.

use masar_engine::{Call, Json, Outcome, Pure, StepError, node::CallWorkflow};
use serde::Deserialize;
use serde_json::json;

use crate::{
    NodeType,
    declare::{any, boolean, declare, example, text},
    prepare::resolved,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    workflow: String,
    input: Option<Json>,
    #[serde(default = "yes")]
    wait: bool,
}

fn yes() -> bool {
    true
}

pub(crate) fn node() -> NodeType {
    declare(
        "flow.call",
        "workflow",
        [
            "Call a workflow",
            "Runs another workflow and takes its result.",
            "استدعاء سير عمل",
            "يشغّل سير عمل آخر ويأخذ نتيجته.",
        ],
    )
    .parameters([
        text(
            "workflow",
            [
                "Workflow",
                "Its name or id; it must begin with the trigger \"Called by a workflow\".",
                "سير العمل",
                "اسمه أو معرّفه؛ ويجب أن يبدأ بمشغّل «استدعاء من سير عمل».",
            ],
        )
        .hint("workflow")
        .required()
        .not_empty(),
        any(
            "input",
            [
                "Input",
                "What it is given; without it this node's own input.",
                "المُدخل",
                "ما يُعطى له؛ وبدونه مُدخل هذه العقدة.",
            ],
        )
        .hint("code"),
        boolean(
            "wait",
            [
                "Wait for its end",
                "Or go on at once, without a result.",
                "انتظار نهايته",
                "أو المتابعة فورًا بلا نتيجة.",
            ],
        )
        .default(true),
    ])
    .search(["sub-workflow", "function", "reuse", "سير فرعي", "دالة"])
    .example(example(
        "Normalises a customer's data",
        json!({"workflow": "Clean customer", "input": {"phone": {"$expr": "trigger.body.phone"}}}),
    ))
    .pure(CallNode)
}

struct CallNode;

impl Pure for CallNode {
    fn run(&self, call: &Call<'_>) -> Outcome {
        let read = || -> Result<CallWorkflow, StepError> {
            let Parameters { workflow, input, wait } = resolved(call)?;
            let input = input.unwrap_or_else(|| (*call.context.input).clone());
            Ok(CallWorkflow { workflow, input, wait })
        };
        match read() {
            Ok(called) => Outcome::Call(called),
            Err(error) => Outcome::Failed(error),
        }
    }
}
