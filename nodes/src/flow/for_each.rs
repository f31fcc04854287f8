//! `flow.for_each`: its body once per item.

use masar_engine::{
    Call, Json, Outcome, Pure, StepError,
    manifest::Role,
    node::{ForEach, ItemFailure},
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    NodeType,
    declare::{choice, count, declare, example, integer, list},
    node::read_parameters,
};

#[derive(Deserialize)]
struct Parameters {
    #[serde(default = "one")]
    parallel: u32,
    #[serde(default)]
    on_error: ItemFailure,
}

fn one() -> u32 {
    1
}

pub(crate) fn node() -> NodeType {
    declare(
        "flow.for_each",
        "list-ordered",
        [
            "For each",
            "Runs what hangs on `body` once per item, then goes on with all results.",
            "لكل عنصر",
            "يشغّل ما يتصل بمخرج body مرة لكل عنصر، ثم يكمل بكل النتائج.",
        ],
    )
    .role(Role::ForEach)
    .parameters([
        list(
            "items",
            [
                "Items",
                "The list; each is `item` in the body, its place `index`.",
                "العناصر",
                "القائمة؛ وكل منها item داخل الجسم وموضعه index.",
            ],
        )
        .required(),
        integer(
            "parallel",
            1,
            100,
            ["At the same time", "How many items at once.", "في الوقت نفسه", "كم عنصرًا معًا."],
        )
        .default(1),
        choice(
            "on_error",
            [
                ["stop", "Stop", "التوقف"],
                ["continue", "Go on without it", "المتابعة بدونه"],
                ["collect", "Go on and list the errors", "المتابعة مع جمع الأخطاء"],
            ],
            ["When one fails", "What a failed item does.", "عند فشل عنصر", "ما أثر فشل عنصر واحد."],
        )
        .default("stop"),
    ])
    .ports(["body", "done"])
    .output([
        count("count", ["Count", "How many items there were.", "العدد", "عدد العناصر."]).required(),
        list("results", ["Results", "In the order of the items.", "النتائج", "بترتيب العناصر."]).required(),
        list("errors", ["Errors", "Place and error of each that failed.", "الأخطاء", "موضع كل فاشل وخطؤه."]),
    ])
    .search(["loop", "iterate", "list", "rows", "تكرار", "قائمة", "صفوف"])
    .example(example(
        "Every row of a list, five at a time",
        json!({"items": {"$expr": "input.rows"}, "parallel": 5, "on_error": "collect"}),
    ))
    .pure(Each)
}

struct Each;

impl Pure for Each {
    fn run(&self, call: &Call<'_>) -> Outcome {
        match open(call) {
            Ok(each) => Outcome::ForEach(each),
            Err(error) => Outcome::Failed(error),
        }
    }
}

fn open(call: &Call<'_>) -> Result<ForEach, StepError> {
    let items = call.part("items")?;
    if !items.is_array() {
        let kind = match &*items {
            Json::Object(_) => "an object; `keys(…)` or `values(…)` makes a list of it",
            Json::Null => "null",
            _ => "a single value",
        };
        return Err(
            StepError::new("for_each.not_a_list", format!("`items` must be a list, not {kind}")).permanent()
        );
    }
    // The items may be large, so the rest is read without them.
    let rest = json!({"parallel": call.parameter("parallel")?, "on_error": call.parameter("on_error")?});
    let Parameters { parallel, on_error } = read_parameters(rest)?;
    Ok(ForEach { items, parallel: parallel.clamp(1, 100), on_error })
}
