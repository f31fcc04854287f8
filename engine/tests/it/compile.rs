//! Every problem at once, each with its place and a way to mend it.

use masar_engine::{compile, workflow};
use serde_json::json;

use crate::house::{TestCatalogue, flow};

fn problems(nodes: &[(&str, &str, serde_json::Value)], edges: &[&str]) -> Vec<String> {
    match compile(&flow(nodes, edges), &TestCatalogue) {
        Ok((_, warnings)) => warnings.iter().map(ToString::to_string).collect(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn faults_of_nodes_parameters_and_edges_come_together() {
    let found = problems(
        &[
            ("start", "trigger", json!({})),
            ("start", "pass", json!({})),
            ("2nd", "pass", json!({})),
            ("typo", "pas", json!({})),
            ("each", "each", json!({"on_error": "colect", "paralel": 2})),
            ("bad", "set", json!({"value": {"$expr": "1 +"}, "@retry": {"maxAttempts": 0}})),
        ],
        &["start -> typo", "start.oups -> each", "each.done -> nowhere", "start -> 2nd", "2nd -> start"],
    );
    let text = found.join("\n");
    for part in [
        "[node.id_twice]",
        "[node.key_twice] node start, key: two nodes have the key \"start\"",
        "[node.key_invalid] node 2nd",
        "[node.type_unknown] node typo, type: the node type \"pas\" is not installed - did you mean \"pass\"?",
        "[parameter.missing] node each, items: \"items\" is missing and has no default",
        "[parameter.invalid] node each, on_error: colect is not possible here; possible are stop, continue, collect - did you mean \"collect\"?",
        "[parameter.unknown] node each, paralel: each has no parameter \"paralel\" - did you mean \"parallel\"?",
        "[expression.invalid] node bad, value (line 1",
        "[node.setting_invalid] node bad, retry.maxAttempts",
        "[edge.port_unknown] edge e1",
        "[edge.end_unknown] edge e2, target: there is no node with the id \"nowhere\"",
    ] {
        assert!(text.contains(part), "{part}\nis not in\n{text}");
    }
}

#[test]
fn cycles_need_a_loop_and_its_body_cannot_be_left() {
    let cycle = problems(
        &[("start", "trigger", json!({})), ("a", "pass", json!({})), ("b", "pass", json!({}))],
        &["start -> a", "a -> b", "b -> a"],
    );
    assert_eq!(
        cycle,
        [
            "[graph.cycle] node a: these nodes lead back to themselves: a, b - repeat with a flow.loop: put the nodes behind its body port and lead back to its input again"
        ]
    );
    let left = problems(
        &[
            ("start", "trigger", json!({})),
            ("each", "each", json!({"items": []})),
            ("in", "pass", json!({})),
            ("out", "pass", json!({})),
        ],
        &["start -> each", "each.body -> in", "in -> out", "each.done -> out"],
    );
    assert_eq!(
        left,
        [
            "[graph.region_left] edge e2, target: this edge leaves the body of each for out - lead to out from the done port of each instead"
        ]
    );
    let again = problems(
        &[
            ("start", "trigger", json!({})),
            ("poll", "loop", json!({})),
            ("in", "pass", json!({})),
            ("far", "pass", json!({})),
        ],
        &["start -> poll", "poll.body -> in", "start -> far", "far -> poll.again"],
    );
    assert_eq!(
        again,
        [
            "[graph.again_from_outside] edge e3, target: far does not lie in the body of poll - only nodes behind the loop's body port may lead back to again"
        ]
    );
    let lonely = problems(&[("start", "trigger", json!({})), ("alone", "pass", json!({}))], &[]);
    assert!(lonely[0].starts_with("[node.unreachable] node alone"), "{lonely:?}");
    assert!(problems(&[("a", "pass", json!({}))], &[])[0].starts_with("[workflow.no_trigger]"));
}

#[test]
fn references_reach_only_what_has_run_before_and_what_can_be_seen() {
    let expr = |text: &str| json!({"value": {"$expr": text}});
    let found = problems(
        &[
            ("start", "trigger", json!({})),
            ("first", "set", expr("steps.frist.x")),
            ("second", "set", expr("steps.third")),
            ("third", "set", expr("steps.third.x + item")),
            ("each", "each", json!({"items": []})),
            ("inside", "set", expr("steps.first.x + item.y")),
            ("after", "set", expr("steps.inside")),
        ],
        &[
            "start -> first",
            "first -> second",
            "second -> third",
            "third -> each",
            "each.body -> inside",
            "each.done -> after",
        ],
    );
    let text = found.join("\n");
    for part in [
        "[reference.unknown] node first, value: there is no node with the key \"frist\" - did you mean steps.first?",
        "[reference.not_before] node second, value: third cannot have run before second",
        "[reference.not_before] node third, value: a node cannot read its own output",
        "[reference.no_loop] node third, value: \"item\" exists only inside the body of a loop",
        "[reference.inside_loop] node after, value: inside runs inside the body of each, once per round, and has no single output out here - read the collected results: steps.each.results",
    ] {
        assert!(text.contains(part), "{part}\nis not in\n{text}");
    }
    assert_eq!(found.len(), 5, "{text}");
}

#[test]
fn files_of_other_ages() {
    let newer = workflow::parse(r#"{"format": 99, "name": "x"}"#).unwrap_err().to_string();
    assert!(newer.starts_with("this file has format 99"), "{newer}");
    let shape =
        workflow::parse(r#"{"name": "x", "nodes": [{"id": "a", "key": "a"}]}"#).unwrap_err().to_string();
    assert!(shape.contains("nodes[0]") && shape.contains("type"), "{shape}");
    let text = workflow::parse("{\"name\": ").unwrap_err().to_string();
    assert!(text.contains("line 1"), "{text}");
    assert_eq!(workflow::parse(r#"{"name": "old"}"#).unwrap().format, workflow::FORMAT);
}

#[test]
fn ten_thousand_nodes_compile() {
    let keys: Vec<String> = (0..10_000).map(|at| format!("n{at}")).collect();
    let mut nodes = vec![("start", "trigger", json!({}))];
    nodes.extend(keys.iter().map(|key| (key.as_str(), "pass", json!({}))));
    let mut edges = vec!["start -> n0".to_owned()];
    edges.extend(keys.windows(2).map(|pair| format!("{} -> {}", pair[0], pair[1])));
    let edges: Vec<&str> = edges.iter().map(String::as_str).collect();
    assert!(problems(&nodes, &edges).is_empty());
}
