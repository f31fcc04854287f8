//! A run can be taken up from any point of its journal, and its journal cannot be altered unseen.

use std::sync::Arc;

use masar_engine::{
    Outcome, Output, Plan, RunId,
    run::{Chain, Command, Machine, Record, RunStatus},
};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use crate::house::{Hand, plan};

/// A workflow with branches, joins, loops in loops, a race and calls that can fail.
fn rich() -> Arc<Plan> {
    plan(
        &[
            ("start", "trigger", json!({})),
            ("check", "if", json!({"when": {"$expr": "trigger.hot"}})),
            ("left", "call", json!({})),
            ("right", "call", json!({"@retry": {"maxAttempts": 2, "delayMs": 10}})),
            ("join", "set", json!({"value": {"$expr": "trigger.items.len()"}})),
            (
                "each",
                "each",
                json!({"items": {"$expr": "trigger.items"}, "parallel": 2, "on_error": "collect"}),
            ),
            ("work", "call", json!({})),
            ("poll", "loop", json!({"max": 3})),
            ("ask", "crm", json!({})),
            ("again", "if", json!({"when": {"$expr": "steps.ask.more"}})),
            ("end", "set", json!({"value": {"$expr": "steps.each.results"}})),
        ],
        &[
            "start -> check",
            "check.true -> left",
            "check.false -> right",
            "start -> each",
            "left -> join",
            "right -> join",
            "right.error -> join",
            "each.body -> work",
            "work -> poll",
            "poll.body -> ask",
            "ask -> again",
            "again.true -> poll.again",
            "join -> end",
            "each.done -> end",
        ],
    )
}

/// The world: a step's outcome follows from its name and attempt, never from the order of calls.
fn outcome(name: &str, attempt: u16, seed: u64) -> Outcome {
    let mut hash = seed ^ u64::from(attempt).wrapping_mul(0x9e37_79b9);
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    match (hash >> 7) % 5 {
        0 => Outcome::Failed(masar_engine::StepError::new("test.failed", "by the seed")),
        n => Outcome::Done(Output::out(json!({"more": n % 2 == 0, "n": n}))),
    }
}

/// Carries a run to its end, choosing among what is open by `picks`.
fn carry(hand: &mut Hand, seed: u64, mut picks: u64) {
    hand.drive();
    for _ in 0..500 {
        let open: Vec<Command> = hand
            .open
            .iter()
            .filter(|command| matches!(command, Command::Execute { .. } | Command::SetTimer { .. }))
            .cloned()
            .collect();
        if open.is_empty() || hand.status() != RunStatus::Running {
            break;
        }
        let command = open[(picks % open.len() as u64) as usize].clone();
        picks = picks.rotate_right(7).wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        match command {
            Command::SetTimer { .. } => hand.timer(),
            Command::Execute { step, attempt } => {
                let name = hand.machine.step_ref(&step).to_string();
                hand.finish(&name, outcome(&name, attempt, seed));
            }
            _ => {}
        }
    }
}

/// What came of every step: port and value, or error.
fn results(hand: &Hand) -> Vec<String> {
    let mut found: Vec<String> = hand
        .records
        .iter()
        .filter_map(|record| match record {
            Record::Done { step, port, value, .. } => Some(format!("{step}>{port}={value:?}")),
            Record::Failed { step, attempt, error, .. } => Some(format!("{step}#{attempt}!{}", error.code)),
            Record::Ended { status, .. } => Some(format!("ended {status:?}")),
            _ => None,
        })
        .collect();
    found.sort();
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_order_in_which_parallel_steps_finish_does_not_show(seed: u64, one: u64, other: u64, hot: bool, count in 0usize..5) {
        let plan = rich();
        let data = json!({"hot": hot, "items": (0..count).collect::<Vec<_>>()});
        let (mut a, mut b) = (Hand::start(&plan, data.clone()), Hand::start(&plan, data));
        carry(&mut a, seed, one);
        carry(&mut b, seed, other);
        prop_assert_ne!(a.status(), RunStatus::Running, "every run ends");
        prop_assert_eq!(a.status(), b.status());
        if a.status() == RunStatus::Succeeded {
            prop_assert_eq!(results(&a), results(&b));
            prop_assert_eq!(a.machine.result(), b.machine.result());
        }
    }

    #[test]
    fn a_run_taken_up_at_any_record_ends_as_if_nothing_had_happened(seed: u64, picks: u64, hot: bool, count in 0usize..4) {
        let plan = rich();
        let mut whole = Hand::start(&plan, json!({"hot": hot, "items": (0..count).collect::<Vec<_>>()}));
        carry(&mut whole, seed, picks);
        let runs = whole.records.iter().filter(|record| matches!(record, Record::Done { .. })).count();
        for cut in 1..=whole.records.len() {
            let mut again = whole.crash(&plan, cut);
            let written = again.records.len();
            carry(&mut again, seed, picks);
            prop_assert_eq!(again.status(), whole.status(), "cut at {}", cut);
            if whole.status() == RunStatus::Succeeded {
                prop_assert_eq!(results(&again), results(&whole), "cut at {}", cut);
                prop_assert_eq!(again.records.iter().filter(|record| matches!(record, Record::Done { .. })).count(), runs, "no step is done twice");
            }
            prop_assert!(again.records.len() >= written);
        }
        let replayed = Machine::replay(plan, &whole.event, whole.records.clone()).unwrap();
        prop_assert_eq!(replayed.view(), whole.machine.view());
        prop_assert_eq!(replayed.next_sequence(), whole.machine.next_sequence());
        prop_assert_eq!(replayed.activity(), whole.machine.activity());
    }
}

#[test]
fn records_survive_the_journal_and_any_change_breaks_the_chain() {
    let plan = rich();
    let mut hand = Hand::start(&plan, json!({"hot": true, "items": [1, 2]}));
    carry(&mut hand, 3, 1);
    let lines: Vec<Vec<u8>> = hand.records.iter().map(|record| serde_json::to_vec(record).unwrap()).collect();
    for (line, record) in lines.iter().zip(&hand.records) {
        assert_eq!(&serde_json::from_slice::<Record>(line).unwrap(), record);
    }
    let run = RunId(Uuid::from_u128(7));
    let head = |lines: &[Vec<u8>]| {
        let mut chain = Chain::of_run(run);
        for line in lines {
            chain.append(line);
        }
        chain.head()
    };
    let intact = head(&lines);
    for place in 0..lines.len() {
        let mut flipped = lines.clone();
        flipped[place][3] ^= 1;
        let mut removed = lines.clone();
        removed.remove(place);
        let mut swapped = lines.clone();
        swapped.swap(place, (place + 1) % lines.len());
        assert!(
            head(&flipped) != intact && head(&removed) != intact && head(&swapped) != intact,
            "record {place}"
        );
    }
}
