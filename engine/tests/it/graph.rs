//! What a graph means.

use masar_engine::{
    Join, Outcome, StepError,
    run::{Decision, RunStatus, StepRef, Verdict},
};
use serde_json::json;

use crate::house::{Hand, flow, plan};

#[test]
fn a_run_starts_at_the_trigger_that_fired_and_rules_the_others_out() {
    let plan = plan(
        &[
            ("start", "trigger", json!({})),
            ("other", "trigger", json!({})),
            ("a", "pass", json!({})),
            ("b", "pass", json!({})),
            ("join", "pass", json!({})),
        ],
        &["start -> a", "other -> b", "a -> join", "b -> join"],
    );
    let hand = Hand::start(&plan, json!({"x": 1}));
    assert_eq!(hand.story(), ["start", "a", "join"]);
    assert_eq!(hand.status(), RunStatus::Succeeded);
    assert_eq!(**hand.machine.result().unwrap(), json!({"x": 1}), "a single arrival is the input as it is");
}

#[test]
fn a_join_waits_for_what_can_still_arrive_and_names_several_inputs_by_key() {
    let plan = plan(
        &[
            ("start", "trigger", json!({})),
            ("a", "call", json!({})),
            ("b", "call", json!({})),
            ("join", "pass", json!({})),
        ],
        &["start -> a", "start -> b", "a -> join", "b -> join"],
    );
    let mut hand = Hand::start(&plan, json!(null));
    assert_eq!(hand.asked(), ["a", "b"], "fan-out is parallel");
    hand.done("b", json!("from b"));
    let waiting = hand.machine.view().into_iter().find(|view| view.node == "join").unwrap();
    assert_eq!(waiting.waits_for, ["a"]);
    hand.done("a", json!("from a"));
    assert_eq!(**hand.machine.result().unwrap(), json!({"a": "from a", "b": "from b"}));
}

#[test]
fn paths_not_taken_are_ruled_out_and_that_spreads() {
    let plan = plan(
        &[
            ("start", "trigger", json!({})),
            ("check", "if", json!({"when": {"$expr": "trigger.hot"}})),
            ("yes", "pass", json!({})),
            ("no", "pass", json!({})),
            ("no2", "pass", json!({})),
            ("join", "pass", json!({})),
        ],
        &[
            "start -> check",
            "check.true -> yes",
            "check.false -> no",
            "no -> no2",
            "yes -> join",
            "no2 -> join",
        ],
    );
    assert_eq!(Hand::start(&plan, json!({"hot": true})).story(), ["start", "check>true", "yes", "join"]);
    assert_eq!(
        Hand::start(&plan, json!({"hot": false})).story(),
        ["start", "check>false", "no", "no2", "join"]
    );
}

#[test]
fn races_take_the_first_arrivals_and_drop_the_rest() {
    for (join, wanted) in [(json!("first"), 1), (json!({"atLeast": 2}), 2)] {
        let plan = plan(
            &[
                ("start", "trigger", json!({})),
                ("a", "call", json!({})),
                ("b", "call", json!({})),
                ("c", "call", json!({})),
                ("race", "set", json!({"@join": join, "value": "ran"})),
                ("after", "pass", json!({})),
            ],
            &[
                "start -> a",
                "start -> b",
                "start -> c",
                "a -> race",
                "b -> race",
                "c -> race",
                "race -> after",
            ],
        );
        let mut hand = Hand::start(&plan, json!(null));
        for (count, step) in ["c", "a", "b"].into_iter().enumerate() {
            assert_eq!(hand.story().contains(&"race".to_owned()), count >= wanted);
            hand.done(step, json!(step));
        }
        assert_eq!(hand.story().iter().filter(|step| *step == "race").count(), 1, "it runs once");
        assert_eq!(hand.status(), RunStatus::Succeeded);
    }
    assert_eq!(flow(&[], &[]).nodes.len(), 0);
    assert_eq!(Join::default(), Join::All);
}

#[test]
fn an_error_port_takes_a_failure_up_and_without_one_the_run_fails() {
    let handled = plan(
        &[
            ("start", "trigger", json!({})),
            ("risky", "fail", json!({})),
            ("next", "pass", json!({})),
            ("mend", "set", json!({"value": {"$expr": "input.code"}})),
        ],
        &["start -> risky", "risky -> next", "risky.error -> mend"],
    );
    let hand = Hand::start(&handled, json!(null));
    assert_eq!(hand.story(), ["start", "risky!", "mend"]);
    assert_eq!(**hand.machine.result().unwrap(), json!("test.failed"));
    let unhandled = plan(
        &[("start", "trigger", json!({})), ("risky", "fail", json!({})), ("side", "call", json!({}))],
        &["start -> side", "start -> risky"],
    );
    let hand = Hand::start(&unhandled, json!(null));
    assert_eq!(hand.status(), RunStatus::Failed);
    assert!(hand.asked().is_empty(), "what was under way is cancelled");
    let aborted = plan(
        &[("start", "trigger", json!({})), ("end", "abort", json!({})), ("mend", "pass", json!({}))],
        &["start -> end", "end.error -> mend"],
    );
    assert_eq!(
        Hand::start(&aborted, json!(null)).status(),
        RunStatus::Failed,
        "flow.fail ends the run whatever hangs on error"
    );
}

#[test]
fn for_each_runs_its_body_per_item_and_keeps_the_order() {
    let plan = plan(
        &[
            ("start", "trigger", json!({})),
            ("each", "each", json!({"items": {"$expr": "trigger.items"}, "parallel": 2})),
            ("work", "call", json!({"value": {"$expr": "item"}})),
            ("mark", "set", json!({"value": {"$template": "{{index}}:{{steps.work}}"}})),
            ("after", "pass", json!({})),
        ],
        &["start -> each", "each.body -> work", "work -> mark", "each.done -> after"],
    );
    let mut hand = Hand::start(&plan, json!({"items": ["x", "y", "z"]}));
    assert_eq!(hand.asked(), ["each[0].work", "each[1].work"], "two at a time");
    hand.done("each[1].work", json!("Y"));
    assert_eq!(hand.asked(), ["each[0].work", "each[2].work"]);
    hand.done("each[2].work", json!("Z"));
    hand.done("each[0].work", json!("X"));
    assert_eq!(**hand.machine.result().unwrap(), json!({"count": 3, "results": ["0:X", "1:Y", "2:Z"]}));
    let empty = Hand::start(&plan, json!({"items": []}));
    assert_eq!(**empty.machine.result().unwrap(), json!({"count": 0, "results": []}));
    let wrong = Hand::start(&plan, json!({"items": "x"}));
    assert_eq!(wrong.machine.error().unwrap().1.code, "for_each.not_a_list");
}

#[test]
fn a_failed_item_stops_or_is_passed_over_or_collected() {
    let make = |policy: &str| {
        plan(
            &[
                ("start", "trigger", json!({})),
                ("each", "each", json!({"items": [false, true, false], "on_error": policy})),
                ("risky", "fail", json!({"when": {"$expr": "item"}})),
                ("mark", "set", json!({"value": "ok"})),
                ("mend", "pass", json!({})),
            ][..if policy == "stop" { 5 } else { 4 }],
            if policy == "stop" {
                &["start -> each", "each.body -> risky", "risky -> mark", "each.error -> mend"]
            } else {
                &["start -> each", "each.body -> risky", "risky -> mark"]
            },
        )
    };
    let continued = Hand::start(&make("continue"), json!(null));
    assert_eq!(**continued.machine.result().unwrap(), json!({"count": 3, "results": ["ok", null, "ok"]}));
    let collected = Hand::start(&make("collect"), json!(null));
    let result = collected.machine.result().unwrap();
    assert_eq!(
        (result["errors"][0]["index"].clone(), result["errors"][0]["error"]["code"].clone()),
        (json!(1), json!("test.failed"))
    );
    let stopped = Hand::start(&make("stop"), json!(null));
    assert_eq!(stopped.story().last().unwrap(), "mend", "the loop's own error port takes it up");
    assert_eq!(stopped.status(), RunStatus::Succeeded);
}

#[test]
fn loops_nest_and_see_outward() {
    let plan = plan(
        &[
            ("start", "trigger", json!({})),
            ("rows", "each", json!({"items": [[1, 2], [3]]})),
            ("row", "set", json!({"value": {"$expr": "item"}})),
            ("cells", "each", json!({"items": {"$expr": "steps.row"}})),
            ("cell", "set", json!({"value": {"$expr": "item + steps.row.len() * 10"}})),
        ],
        &["start -> rows", "rows.body -> row", "row -> cells", "cells.body -> cell"],
    );
    let hand = Hand::start(&plan, json!(null));
    assert_eq!(
        hand.story().iter().filter(|step| step.contains("cell")).map(String::as_str).collect::<Vec<_>>(),
        [
            "rows[0].cells[0].cell",
            "rows[0].cells[1].cell",
            "rows[0].cells>done",
            "rows[1].cells[0].cell",
            "rows[1].cells>done"
        ]
    );
    assert_eq!(hand.machine.result().unwrap()["results"][0]["results"], json!([21, 22]));
}

#[test]
fn a_loop_goes_round_until_nothing_asks_again_or_its_bound_is_reached() {
    let make = |max: u32| {
        plan(
            &[
                ("start", "trigger", json!({})),
                ("poll", "loop", json!({"max": max})),
                ("count", "set", json!({"value": {"$expr": "item + 1"}})),
                ("more", "if", json!({"when": {"$expr": "steps.count < 3"}})),
                ("after", "pass", json!({})),
            ],
            &[
                "start -> poll",
                "poll.body -> count",
                "count -> more",
                "more.true -> poll.again",
                "poll.done -> after",
            ],
        )
    };
    let hand = Hand::start(&make(10), json!(0));
    assert_eq!(**hand.machine.result().unwrap(), json!({"rounds": 3, "result": 3, "exhausted": false}));
    let bounded = Hand::start(&make(2), json!(0));
    assert_eq!(**bounded.machine.result().unwrap(), json!({"rounds": 2, "result": 2, "exhausted": true}));
}

#[test]
fn a_failed_try_is_repeated_after_growing_pauses_and_not_before_the_other_side_allows() {
    let plan = plan(
        &[
            ("start", "trigger", json!({})),
            ("send", "call", json!({"@retry": {"maxAttempts": 3, "delayMs": 100, "backoff": "fixed"}})),
        ],
        &["start -> send"],
    );
    let mut hand = Hand::start(&plan, json!(null));
    let begun = hand.now;
    let mut busy = StepError::new("http.status", "429");
    busy.retry_after_ms = Some(5000);
    hand.finish("send", Outcome::Failed(busy));
    assert!(hand.asked().is_empty() && hand.status() == RunStatus::Running);
    hand.timer();
    assert_eq!(hand.now, begun.plus_millis(5000));
    hand.fails("send");
    hand.timer();
    assert_eq!(hand.now, begun.plus_millis(5100));
    hand.fails("send");
    assert_eq!(hand.story(), ["start", "send?", "send?", "send!"]);
    assert_eq!(hand.status(), RunStatus::Failed);
    hand.machine.resume_failed("ops", hand.now).unwrap();
    hand.drive();
    hand.done("send", json!(1));
    assert_eq!(hand.status(), RunStatus::Succeeded);
}

#[test]
fn waits_end_by_their_time_an_event_or_a_person_and_only_once() {
    let make = |kind: &str| {
        plan(
            &[
                ("start", "trigger", json!({})),
                ("wait", "wait", json!({"kind": kind})),
                ("a", "pass", json!({})),
            ],
            &["start -> wait", "wait.approved -> a"],
        )
    };
    let mut moment = Hand::start(&make("until"), json!(5));
    moment.timer();
    assert_eq!(moment.story(), ["start", "wait"]);
    let mut event = Hand::start(&make("event"), json!(null));
    let token = event.wait_token();
    event.machine.event_arrived(token, "e9", std::sync::Arc::new(json!({"paid": true})), event.now).unwrap();
    event.drive();
    assert_eq!(**event.machine.result().unwrap(), json!({"paid": true}));
    let mut person = Hand::start(&make("approval"), json!(null));
    let token = person.wait_token();
    person
        .machine
        .approve(token, Verdict { approved: true, by: "sara", via: "api", comment: Some("تمام") }, person.now)
        .unwrap();
    assert!(
        person
            .machine
            .approve(token, Verdict { approved: false, by: "omar", via: "api", comment: None }, person.now)
            .is_err(),
        "the first decision counts"
    );
    person.drive();
    assert_eq!(person.story(), ["start", "wait>approved", "a"]);
    assert!(
        person.open.iter().all(|command| !matches!(command, masar_engine::run::Command::SetTimer { .. })),
        "its deadline is called off"
    );
    let mut late = Hand::start(&make("approval"), json!(null));
    late.timer();
    assert_eq!(late.story(), ["start", "wait>expired"]);
}

#[test]
fn a_resumed_run_does_not_repeat_what_was_done() {
    let plan = plan(
        &[
            ("start", "trigger", json!({})),
            ("each", "each", json!({"items": [1, 2, 3]})),
            ("crm", "crm", json!({})),
        ],
        &["start -> each", "each.body -> crm"],
    );
    let mut hand = Hand::start(&plan, json!(null));
    hand.done("each[0].crm", json!("first"));
    hand.finish(
        "each[1].crm",
        Outcome::Failed(StepError::new("crm.conflict", "changed meanwhile").permanent()),
    );
    assert_eq!(hand.status(), RunStatus::Failed);
    hand.open.clear();
    hand.machine.resume_failed("ops", hand.now).unwrap();
    hand.drive();
    assert_eq!(hand.asked(), ["each[1].crm"], "the first item stays done");
    hand.done("each[1].crm", json!("second"));
    hand.done("each[2].crm", json!("third"));
    assert_eq!(
        **hand.machine.result().unwrap(),
        json!({"count": 3, "results": ["first", "second", "third"]})
    );
}

#[test]
fn an_unknown_outcome_is_tried_again_with_the_same_key_or_parked_for_a_person() {
    for (kind, parked) in [("call", false), ("pay", true)] {
        let plan = plan(&[("start", "trigger", json!({})), ("out", kind, json!({}))], &["start -> out"]);
        let mut hand = Hand::start(&plan, json!(null));
        let key = hand.intend("out");
        let mut after = hand.crash(&plan, hand.records.len());
        after.drive();
        if parked {
            assert!(after.asked().is_empty());
            assert_eq!(after.machine.activity().doubtful, 1);
            let step = StepRef("out".into());
            after.machine.decide(&step, Decision::TryAgain, "ops", after.now).unwrap();
            after.drive();
        }
        assert_eq!(after.intend("out"), key);
        after.done("out", json!("sent"));
        assert_eq!(after.status(), RunStatus::Succeeded);
    }
}

#[test]
fn stop_ends_the_run_well_and_cancel_ends_it_at_once() {
    let plan = plan(
        &[("start", "trigger", json!({})), ("slow", "call", json!({})), ("end", "stop", json!({}))],
        &["start -> slow", "start -> end"],
    );
    let hand = Hand::start(&plan, json!(null));
    assert_eq!(
        (hand.status(), (**hand.machine.result().unwrap()).clone()),
        (RunStatus::Succeeded, json!("stopped"))
    );
    assert!(hand.asked().is_empty());
    let slow = crate::house::plan(
        &[("start", "trigger", json!({})), ("slow", "call", json!({}))],
        &["start -> slow"],
    );
    let mut hand = Hand::start(&slow, json!(null));
    hand.machine.cancel("ops", hand.now).unwrap();
    hand.drive();
    assert_eq!(hand.status(), RunStatus::Cancelled);
    assert!(hand.machine.cancel("ops", hand.now).is_err());
}

#[test]
fn long_chains_of_skipped_nodes_need_no_stack() {
    let keys: Vec<String> = (0..10_000).map(|at| format!("n{at}")).collect();
    let mut nodes = vec![("start", "trigger", json!({})), ("check", "if", json!({"when": false}))];
    nodes.extend(keys.iter().map(|key| (key.as_str(), "pass", json!({}))));
    let mut edges = vec!["start -> check".to_owned(), "check.true -> n0".to_owned()];
    edges.extend(keys.windows(2).map(|pair| format!("{} -> {}", pair[0], pair[1])));
    let edges: Vec<&str> = edges.iter().map(String::as_str).collect();
    assert_eq!(Hand::start(&plan(&nodes, &edges), json!(null)).status(), RunStatus::Succeeded);
}
