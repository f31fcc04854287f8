//! `flow.loop`: its body again and again, within bounds.

use masar_engine::{
    Call, Json, Outcome, Pure, StepError,
    manifest::Role,
    node::{LoopBounds, Prepared},
    value::Parameter,
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    NodeType,
    declare::{any, boolean, count, declare, duration, example, integer, text},
    moment,
    prepare::{Faults, resolved},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    max_rounds: Option<u32>,
    #[serde(rename = "for")]
    lasting: Option<Json>,
    until: Option<Json>,
}

pub(crate) fn node() -> NodeType {
    declare(
        "flow.loop",
        "repeat",
        [
            "Loop",
            "Runs what hangs on `body` again whenever an edge comes back to `again`, within bounds.",
            "حلقة",
            "يعيد ما يتصل بمخرج body كلما عاد سهم إلى again، ضمن حدود.",
        ],
    )
    .role(Role::Loop)
    .parameters([
        integer(
            "max_rounds",
            1,
            1_000_000,
            [
                "Most rounds",
                "A bound is mandatory: this or a time.",
                "أقصى عدد دورات",
                "الحد إلزامي: هذا أو وقت.",
            ],
        ),
        duration(
            "for",
            ["No longer than", "From the first round on.", "لمدة لا تتجاوز", "ابتداءً من الدورة الأولى."],
        ),
        text(
            "until",
            ["Not after", "No new round after this moment.", "ليس بعد", "لا دورة جديدة بعد هذه اللحظة."],
        )
        .sample("2026-12-31T23:59:00+03:00"),
    ])
    .ports(["body", "done"])
    .output([
        count("rounds", ["Rounds", "How many there were.", "الدورات", "كم كان عددها."]).required(),
        any("result", ["Result", "Of the last round.", "النتيجة", "نتيجة آخر دورة."]),
        boolean("exhausted", ["Exhausted", "Whether the bound ended it.", "بلغ الحد", "هل أنهاه الحد."])
            .required(),
    ])
    .search(["repeat", "while", "poll", "تكرار", "إعادة", "استطلاع"])
    .example(example("Asks at most ten times, for an hour", json!({"max_rounds": 10, "for": "1h"})))
    .pure(Loop)
}

struct Loop;

impl Pure for Loop {
    fn prepare(&self, parameters: &Parameter) -> Result<Prepared, Faults> {
        let given =
            |name: &str| parameters.get(name).is_some_and(|value| value.as_literal() != Some(&Json::Null));
        if !["max_rounds", "for", "until"].into_iter().any(given) {
            return Err(vec![(
                "max_rounds".to_owned(),
                "a loop needs a bound: `max_rounds`, `for` or `until`".to_owned(),
            )]);
        }
        super::wait::check_durations(parameters, &["for"])
    }

    fn run(&self, call: &Call<'_>) -> Outcome {
        match bounds(call) {
            Ok(bounds) => Outcome::Loop(bounds),
            Err(error) => Outcome::Failed(error),
        }
    }
}

fn bounds(call: &Call<'_>) -> Result<LoopBounds, StepError> {
    let parameters: Parameters = resolved(call)?;
    let lasting = parameters.lasting.map(|value| moment::after(call, &value, "for")).transpose()?;
    let until = parameters.until.map(|value| moment::at(call, &value, "until")).transpose()?;
    let until = match (lasting, until) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    if until.is_none() && parameters.max_rounds.is_none() {
        let message = "`max_rounds`, `for` and `until` are all empty; a loop needs a bound";
        return Err(StepError::new("loop.unbounded", message).permanent());
    }
    Ok(LoopBounds { max_rounds: parameters.max_rounds.unwrap_or(u32::MAX).max(1), until })
}
