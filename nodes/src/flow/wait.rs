//! `flow.wait`: for a while, or until a moment. A waiting run costs a row and nothing else.

use masar_engine::{
    Call, Json, Outcome, Pure, StepError, Timestamp,
    node::{Prepared, Wait},
    value::Parameter,
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    NodeType,
    declare::{declare, duration, example, text},
    moment,
    node::invalid,
    prepare::{Faults, resolved},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    #[serde(rename = "for")]
    lasting: Option<Json>,
    until: Option<Json>,
}

pub(crate) fn node() -> NodeType {
    declare(
        "flow.wait",
        "hourglass",
        ["Wait", "Goes on after a while, or at a moment.", "انتظار", "يكمل بعد مدة أو عند لحظة محددة."],
    )
    .parameters([
        duration("for", ["For", "90s, 15m, 2h 30m, 3d.", "لمدة", "90s أو 15m أو 2h 30m أو 3d."])
            .sample("2h 30m"),
        text(
            "until",
            [
                "Until",
                "A date or moment; one that has passed does not wait.",
                "حتى",
                "تاريخ أو لحظة؛ وما مضى منها لا انتظار له.",
            ],
        )
        .sample("2026-12-31T08:00:00"),
    ])
    .passes_input()
    .search(["delay", "sleep", "pause", "تأخير", "مهلة"])
    .example(example("Two days later", json!({"for": "2d"})))
    .example(example(
        "On the day of the appointment",
        json!({"until": {"$expr": "trigger.appointment.date"}}),
    ))
    .pure(WaitNode)
}

struct WaitNode;

impl Pure for WaitNode {
    fn prepare(&self, parameters: &Parameter) -> Result<Prepared, Faults> {
        let given =
            |name: &str| parameters.get(name).is_some_and(|value| value.as_literal() != Some(&Json::Null));
        if given("for") == given("until") {
            return Err(vec![("for".to_owned(), "say either `for` or `until`".to_owned())]);
        }
        check_durations(parameters, &["for"])
    }

    fn run(&self, call: &Call<'_>) -> Outcome {
        match due(call) {
            Ok(due) => Outcome::Wait(Wait::Until { due }),
            Err(error) => Outcome::Failed(error),
        }
    }
}

fn due(call: &Call<'_>) -> Result<Timestamp, StepError> {
    let parameters: Parameters = resolved(call)?;
    match (parameters.lasting, parameters.until) {
        (Some(lasting), None) => moment::after(call, &lasting, "for"),
        (None, Some(until)) => moment::at(call, &until, "until"),
        _ => Err(invalid("for", "exactly one of `for` and `until` must have a value")),
    }
}

/// Durations that are written out are checked before anything runs.
pub(super) fn check_durations(parameters: &Parameter, names: &[&str]) -> Result<Prepared, Faults> {
    let fault = |name: &&str| {
        let value = parameters.get(name)?;
        let literal = value.as_literal().filter(|literal| !literal.is_null())?;
        Some(((*name).to_owned(), moment::span(literal).err()?))
    };
    let faults: Faults = names.iter().filter_map(fault).collect();
    if faults.is_empty() { Ok(None) } else { Err(faults) }
}
