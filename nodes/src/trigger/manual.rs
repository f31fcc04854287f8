//! `trigger.manual`: somebody presses a button, or calls the API.

use masar_engine::{
    Call, Outcome, Pure,
    manifest::{Example, Role},
};
use serde_json::json;

use crate::{
    NodeType,
    declare::{any, declare, example},
};

pub(crate) fn node() -> NodeType {
    declare(
        "trigger.manual",
        "mouse-pointer-click",
        [
            "By hand",
            "Starts when somebody presses the button or calls the API.",
            "يدويًا",
            "يبدأ حين يضغط أحد الزر أو تُستدعى الواجهة البرمجية.",
        ],
    )
    .role(Role::Trigger)
    .parameters([any(
        "sample",
        ["Sample data", "What the button offers as data.", "بيانات تجريبية", "ما يعرضه الزر من بيانات."],
    )
    .hint("code")])
    .passes_input()
    .search(["start", "button", "test", "بدء", "زر", "تجربة"])
    .example(Example {
        trigger: json!({"name": "نورة"}),
        input: json!({"name": "نورة"}),
        port: Some("out".into()),
        output: Some(json!({"name": "نورة"})),
        ..example("Hands its data on", json!({"sample": {"name": "نورة"}}))
    })
    .pure(Manual)
}

struct Manual;

impl Pure for Manual {
    fn run(&self, _call: &Call<'_>) -> Outcome {
        super::pass()
    }
}
