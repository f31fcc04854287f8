//! `trigger.error`: a run of the workspace failed. A failing error workflow does not start itself.

use masar_engine::{
    Call, Outcome, Pure,
    manifest::{Example, Role},
    node::Prepared,
    value::Parameter,
};
use serde_json::json;

use crate::{
    NodeType,
    declare::{any, condition, count, declare, example, text},
    prepare::{Faults, optional_test},
};

pub(crate) fn node() -> NodeType {
    let failed = json!({
        "workflow": "0199d5f0-0000-7000-8000-000000000001",
        "workflow_name": "New leads",
        "version": 3,
        "run": "0199d5f0-0000-7000-8000-000000000002",
        "step": "notify",
        "error": {"code": "http.status", "message": "api.example.com answered 503 Service Unavailable", "retryable": true},
        "event": {"id": "7", "source": "/hooks/main/leads", "type": "masar.hook"},
        "subject": null
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
    .parameters([condition(
        "filter",
        [
            "Only if",
            "Other failures start nothing, e.g. those of other workflows.",
            "فقط إذا",
            "ما سواها من الإخفاقات لا يبدأ شيئًا، مثل إخفاقات سير عمل آخر.",
        ],
    )])
    .event([
        text("workflow", ["Workflow", "Its id.", "سير العمل", "معرّفه."]).required(),
        text("workflow_name", ["Name", "Of the workflow.", "الاسم", "اسم سير العمل."]).required(),
        count("version", ["Version", "Number of the version that ran.", "الإصدار", "رقم الإصدار الذي شُغّل."]).required(),
        text("run", ["Run", "The failed run.", "التشغيل", "التشغيل الفاشل."]).required(),
        any("step", ["Step", "Where it failed.", "الخطوة", "أين فشل."]),
        any("error", ["Error", "Its code and message.", "الخطأ", "رمزه ورسالته."]).required(),
        any("event", ["Event", "Id, source and type of what had started it.", "الحدث", "معرّف ما بدأه ومصدره ونوعه."]),
        any("subject", ["Subject", "Whom or what it was about.", "الموضوع", "من أو ما كان يخصه."]),
    ])
    .search(["failure", "alert", "exception", "فشل", "تنبيه"])
    .example(Example {
        trigger: failed.clone(),
        input: failed.clone(),
        port: Some("out".into()),
        output: Some(failed),
        ..example(
            "Watches over one workflow",
            json!({"filter": {"all": [{"value": {"$expr": "trigger.workflow_name"}, "operator": "equals", "to": "New leads"}]}}),
        )
    })
    .pure(Trigger)
}

struct Trigger;

impl Pure for Trigger {
    fn prepare(&self, parameters: &Parameter) -> Result<Prepared, Faults> {
        optional_test(parameters, "filter")?;
        Ok(None)
    }

    fn run(&self, _call: &Call<'_>) -> Outcome {
        super::pass()
    }
}
