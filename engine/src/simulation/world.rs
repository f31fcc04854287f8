//! The world outside a run. What it answers follows from the seed, the step and the attempt, never
//! from the order of the questions, so a run that was disturbed must end like one that was not.

use serde_json::json;

use super::chance::hash;
use crate::{Json, Outcome, Output, StepError, node::Wait};

/// What a wait ends by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Event,
    Approved,
    Rejected,
    Timer,
}

/// What a transactional or external node of this type answers.
pub(super) fn answer(seed: u64, node_type: &str, step: &str, attempt: u16) -> Outcome {
    let drawn = hash(step, seed);
    // A payment that failed once and then went through would make a person's second try differ from
    // the first: it fails always or never. The others may need up to three tries.
    let failures = match drawn % 16 {
        0 => u16::MAX,
        1..=4 if node_type != "pay" => u16::try_from(drawn % 3).unwrap_or(0) + 1,
        _ => 0,
    };
    if attempt <= failures {
        return Outcome::Failed(StepError::new("world.refused", "by the seed"));
    }
    Outcome::Done(Output::out(value(seed, step)))
}

/// What a successful call gives.
pub(super) fn value(seed: u64, step: &str) -> Json {
    json!({"of": step, "n": hash(step, seed) >> 8 & 0xff})
}

/// How a wait of this step ends.
pub(super) fn ending(seed: u64, step: &str, wait: &Wait) -> Ending {
    match (wait, hash(step, seed) >> 5 & 3) {
        (Wait::Event { .. }, 0..2) => Ending::Event,
        (Wait::Approval { .. }, 0..2) => Ending::Approved,
        (Wait::Approval { .. }, 2) => Ending::Rejected,
        _ => Ending::Timer,
    }
}
