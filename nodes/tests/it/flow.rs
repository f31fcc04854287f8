//! What flow nodes ask the engine to do, and what they refuse at compile time.

use masar_engine::{
    Json, Outcome, StepError,
    node::{CallWorkflow, ForEach, ItemFailure, LoopBounds, Wait},
};
use serde_json::json;

use crate::pure::{NOW, run};

fn outcome(node_type: &str, parameters: Json, input: Json) -> Outcome {
    run(node_type, &parameters, &Json::Null, &input).unwrap()
}

fn faults(node_type: &str, parameters: Json) -> Vec<String> {
    run(node_type, &parameters, &Json::Null, &Json::Null).unwrap_err()
}

fn failure(outcome: Outcome) -> StepError {
    match outcome {
        Outcome::Failed(error) => error,
        other => panic!("{other:?}"),
    }
}

const HOUR: u64 = 3_600_000;

#[test]
fn waits_end_at_a_moment() {
    let wait = |parameters| outcome("flow.wait", parameters, Json::Null);
    let until = |due| Outcome::Wait(Wait::Until { due });
    assert_eq!(wait(json!({"for": "2h 30m"})), until(NOW.plus_millis(HOUR * 5 / 2)));
    assert_eq!(wait(json!({"for": 1_500})), until(NOW.plus_millis(1_500)));
    // Without an offset it is a moment in Riyadh.
    assert_eq!(wait(json!({"until": "2026-11-23T12:00:00"})), until(NOW.plus_millis(HOUR)));
    assert_eq!(wait(json!({"until": {"$expr": "\"2026-11-23T09:00:00Z\""}})), until(NOW.plus_millis(HOUR)));
    assert_eq!(faults("flow.wait", json!({})).len(), 1);
    assert_eq!(faults("flow.wait", json!({"for": "1h", "until": "2026-12-01"})).len(), 1);
    assert!(faults("flow.wait", json!({"for": "soon"}))[0].starts_with("for: \"soon\" is not a duration"));
    assert_eq!(failure(wait(json!({"until": {"$expr": "\"soon\""}}))).code, "parameter.invalid");
}

#[test]
fn an_event_wait_belongs_to_its_run() {
    let parameters = json!({"event_type": "payment.received", "key": {"$expr": "input.id"}, "correlate": "order.id", "timeout": "1h"});
    let waits = outcome("flow.wait_for_event", parameters.clone(), json!({"id": 42}));
    let expected = Wait::Event {
        event_type: "payment.received".into(),
        key: Some("42".into()),
        correlate: Some("order.id".into()),
        deadline: Some(NOW.plus_millis(HOUR)),
    };
    assert_eq!(waits, Outcome::Wait(expected));
    // A key that turns out to be nothing must not match everybody's event.
    assert_eq!(
        failure(outcome("flow.wait_for_event", parameters, json!({"id": null}))).code,
        "parameter.invalid"
    );
}

#[test]
fn an_approval_reminds_only_before_it_expires() {
    let ask = |deadline: &str, remind: &str| {
        let parameters =
            json!({"title": "خصم؟", "context": {"total": 900}, "deadline": deadline, "remind": remind});
        match outcome("flow.approval", parameters, Json::Null) {
            Outcome::Wait(Wait::Approval { title, context, deadline, remind_at, .. }) => {
                assert_eq!((title.as_str(), context), ("خصم؟", json!({"total": 900})));
                (deadline, remind_at)
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(ask("2h", "1h"), (Some(NOW.plus_millis(2 * HOUR)), Some(NOW.plus_millis(HOUR))));
    assert_eq!(ask("2026-11-23T12:00:00", "2h"), (Some(NOW.plus_millis(HOUR)), None));
}

#[test]
fn repetition_is_bounded() {
    let parameters = json!({"items": {"$expr": "input"}, "parallel": 5, "on_error": "collect"});
    let each = ForEach { items: json!([1, 2]).into(), parallel: 5, on_error: ItemFailure::Collect };
    assert_eq!(outcome("flow.for_each", parameters.clone(), json!([1, 2])), Outcome::ForEach(each));
    assert_eq!(failure(outcome("flow.for_each", parameters, json!({"a": 1}))).code, "for_each.not_a_list");

    let bounds = |max_rounds, until| Outcome::Loop(LoopBounds { max_rounds, until });
    assert_eq!(outcome("flow.loop", json!({"max_rounds": 3}), Json::Null), bounds(3, None));
    let timed = outcome("flow.loop", json!({"for": "1h", "until": "2030-01-01"}), Json::Null);
    assert_eq!(timed, bounds(u32::MAX, Some(NOW.plus_millis(HOUR))));
    assert_eq!(faults("flow.loop", json!({})).len(), 1);
    assert_eq!(
        failure(outcome("flow.loop", json!({"until": {"$expr": "()"}}), Json::Null)).code,
        "loop.unbounded"
    );
}

#[test]
fn a_call_takes_the_input_where_none_is_written() {
    let called = outcome("flow.call", json!({"workflow": "Clean customer", "wait": false}), json!({"a": 1}));
    let expected = CallWorkflow { workflow: "Clean customer".into(), input: json!({"a": 1}), wait: false };
    assert_eq!(called, Outcome::Call(expected));
}

#[test]
fn faults_name_their_field_at_compile_time() {
    let condition = json!({"all": [{"value": 1, "operator": "bigger", "to": 2}]});
    assert!(
        faults("flow.if", json!({ "condition": condition }))[0]
            .starts_with("condition.all.0: there is no operator")
    );
    let found = faults(
        "flow.switch",
        json!({"cases": [
            {"port": "a", "condition": condition},
            {"port": "a", "condition": {"all": []}},
            {"port": "error", "condition": {"all": []}}
        ]}),
    );
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(faults("trigger.webhook", json!({"path": {"$expr": "vars.path"}}))[0].starts_with("path: "));
    assert!(
        faults("trigger.message", json!({"keywords": ["("], "mode": "regex"}))[0].starts_with("keywords.0: ")
    );
    assert!(faults("trigger.called", json!({"input": {"type": "objekt"}}))[0].starts_with("input: "));
    assert!(
        faults("trigger.event", json!({"type": "crm.*", "filter": {"some": []}}))[0].starts_with("filter: ")
    );
    assert!(faults("data.rhai", json!({"script": "let a = ;"}))[0].starts_with("script: line 1, column"));
    assert!(faults("data.template", json!({"template": "{{#if a}}"}))[0].starts_with("template: "));
}
