//! What the compiler knows of outputs, and says where they are read.

use masar_engine::{Json, compile};
use masar_nodes::Catalogue;
use serde_json::json;

/// A line of nodes `(key, type, parameters)`, compiled; every problem as `severity code node field: message - hint`.
fn said(nodes: &[(&str, &str, Json)]) -> Vec<String> {
    let made: Vec<Json> = nodes
        .iter()
        .map(|(key, kind, parameters)| json!({"id": key, "key": key, "type": kind, "parameters": parameters}))
        .collect();
    let edges: Vec<Json> = nodes
        .windows(2)
        .map(|pair| json!({"id": pair[1].0, "source": pair[0].0, "target": pair[1].0}))
        .collect();
    let whole = json!({"format": 1, "name": "types", "nodes": made, "edges": edges});
    let workflow = masar_engine::workflow::parse_value(whole).unwrap();
    let problems = match compile(&workflow, &Catalogue::builtin()) {
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    };
    problems.iter().map(|problem| format!("{:?} {problem}", problem.severity)).collect()
}

fn hook() -> (&'static str, &'static str, Json) {
    ("hook", "trigger.webhook", json!({"path": "x"}))
}

#[test]
fn a_field_that_an_output_does_not_have_is_a_warning_with_the_name_that_was_meant() {
    let fetch = ("fetch", "http.request", json!({"url": "https://example.com"}));
    let set = (
        "made",
        "data.set",
        json!({"values": {"total": {"$expr": "steps.fetch.statsu"}, "name": {"$expr": "trigger.body.anything"}}}),
    );
    assert_eq!(
        said(&[hook(), fetch.clone(), set]),
        [
            "Warning [reference.type] node made, values.total: steps.fetch has no field \"statsu\" - did you mean steps.fetch.status?"
        ]
    );
    let text = ("text", "data.template", json!({"template": "{{trigger.bdy.name}}"}));
    assert_eq!(
        said(&[hook(), text]),
        [
            "Warning [reference.type] node text, template: trigger has no field \"bdy\" - did you mean trigger.body?"
        ]
    );
    // Fields that parameters name are known as well; an object's functions are no fields.
    let made = (
        "made",
        "data.set",
        json!({"values": {"total": 5, "lead": {"name": {"$template": "{{trigger.body.name}}"}}}}),
    );
    let script = ("script", "data.rhai", json!({"script": "steps.made.keys().len() + steps.made.lead.nmae"}));
    assert_eq!(
        said(&[hook(), made.clone(), script]),
        [
            "Warning [reference.type] node script, script: steps.made.lead has no field \"nmae\" - did you mean steps.made.lead.name?"
        ]
    );
    // What is not known is not judged: a body, an input that is kept, a failure that is taken up.
    let kept = ("kept", "data.set", json!({"values": {"more": 1}, "keep_input": true}));
    let reads = (
        "reads",
        "data.set",
        json!({"values": {"a": {"$expr": "steps.kept.total"}, "b": {"$expr": "steps.kept.lead.name"}}}),
    );
    assert_eq!(said(&[hook(), made, kept, reads]), Vec::<String>::new());
}

#[test]
fn a_comparison_that_cannot_work_is_a_warning_at_its_row() {
    let made =
        ("made", "data.set", json!({"values": {"name": {"$template": "{{trigger.body.name}}"}, "total": 5}}));
    let copy = ("copy", "data.set", json!({"values": {"name": {"$expr": "steps.made.name"}}}));
    let rows = json!({"all": [
        {"value": {"$expr": "steps.copy.name"}, "operator": "gt", "to": 5},
        {"value": {"$expr": "steps.made.total"}, "operator": "gt", "to": 5},
        {"value": {"$expr": "trigger.body.total"}, "operator": "gt", "to": 5},
        {"any": [{"value": {"$expr": "steps.made.total"}, "operator": "starts_with", "to": "5"}]}
    ]});
    let check = ("check", "flow.if", json!({"condition": rows}));
    let hint = "choose another operator, or convert the value first";
    assert_eq!(
        said(&[hook(), made, copy, check]),
        [
            format!(
                "Warning [reference.type] node check, condition.all.0.value: steps.copy.name is text, but `gt` compares numbers - {hint}"
            ),
            format!(
                "Warning [reference.type] node check, condition.all.3.any.0.value: steps.made.total is a number, but `starts_with` reads text - {hint}"
            ),
        ]
    );
}

#[test]
fn scripts_and_templates_that_are_written_out_are_checked_like_expressions() {
    let late = ("late", "data.set", json!({"values": {"x": 1}}));
    let script = ("script", "data.rhai", json!({"script": "steps.late.x + steps.lat"}));
    let text = ("text", "data.template", json!({"template": "{{steps.nobody.name}}"}));
    let said = said(&[hook(), script, text, late]);
    assert_eq!(said.len(), 3, "{said:#?}");
    assert!(
        said[0].contains("[reference.not_before] node script, script: late cannot have run before script"),
        "{said:#?}"
    );
    assert!(
        said[1].contains("[reference.unknown] node script, script")
            && said[1].contains("did you mean steps.late?"),
        "{said:#?}"
    );
    assert!(said[2].contains("[reference.unknown] node text, template"), "{said:#?}");
}

#[test]
fn a_script_that_reads_variables_gets_them() {
    for (kind, parameters) in [
        ("data.rhai", json!({"script": "vars.greeting"})),
        ("data.template", json!({"template": "{{vars.greeting}}"})),
    ] {
        let whole = json!({"format": 1, "name": "vars", "nodes": [
            {"id": "a", "key": "a", "type": "trigger.manual", "parameters": {}},
            {"id": "b", "key": "b", "type": kind, "parameters": parameters}
        ], "edges": [{"id": "e", "source": "a", "target": "b"}]});
        let workflow = masar_engine::workflow::parse_value(whole).unwrap();
        let (plan, warnings) = compile(&workflow, &Catalogue::builtin()).unwrap();
        assert!(plan.uses_vars && warnings.is_empty(), "{kind}");
    }
}
