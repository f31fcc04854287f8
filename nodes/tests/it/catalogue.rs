//! The catalogue keeps its promises: both languages everywhere, schemas that are schemas, examples
//! that do what they say.

use std::collections::BTreeSet;

use masar_engine::{
    Catalogue as _, Effect, Json, Manifest, Outcome,
    manifest::{OutputShape, Ports, Role},
};
use masar_nodes::{Catalogue, credential};

use crate::pure;

/// Every field of a schema, with its path.
fn fields<'s>(schema: &'s Json, path: &str, visit: &mut dyn FnMut(&str, &'s Json)) {
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        visit(&path, field);
        fields(field, &path, visit);
        fields(&field["items"], &path, visit);
    }
}

fn is_arabic(text: &str) -> bool {
    text.chars().any(|c| ('\u{0600}'..='\u{06FF}').contains(&c))
}

#[test]
fn every_type_speaks_both_languages() {
    let mut wrong = Vec::new();
    for manifest in Catalogue::builtin().manifests() {
        let node_type = &manifest.node_type;
        let texts = &manifest.texts;
        if texts.en.name.is_empty() || texts.en.summary.is_empty() || is_arabic(&texts.en.summary) {
            wrong.push(format!("{node_type}: English"));
        }
        if !is_arabic(&texts.ar.name) || !is_arabic(&texts.ar.summary) {
            wrong.push(format!("{node_type}: Arabic"));
        }
        if manifest.icon.is_empty() || !manifest.search.iter().any(|word| is_arabic(word)) {
            wrong.push(format!("{node_type}: icon or search words"));
        }
        let mut check = |path: &str, field: &Json| {
            let text = |name: &str| field[name].as_str().unwrap_or("").to_owned();
            if text("title").is_empty() || text("description").is_empty() {
                wrong.push(format!("{node_type}{path}: English"));
            }
            // A name like "JSON" is the same in every language; a sentence is not.
            if text("x-ar-title").is_empty() || !is_arabic(&text("x-ar-description")) {
                wrong.push(format!("{node_type}{path}: Arabic"));
            }
            if field.get("enum").is_some_and(|values| {
                values
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|value| field["x-labels"][value.as_str().unwrap()]["ar"].is_null())
            }) {
                wrong.push(format!("{node_type}{path}: labels"));
            }
        };
        fields(&manifest.parameters, "", &mut check);
        if let OutputShape::Schema(schema) = &manifest.output {
            fields(schema, "", &mut check);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn types_are_named_once_and_what_they_declare_fits_together() {
    let catalogue = Catalogue::builtin();
    let mut seen = BTreeSet::new();
    for manifest in catalogue.manifests() {
        let name = &manifest.node_type;
        assert!(seen.insert((name.clone(), manifest.version)), "{name} twice");
        let (family, rest) = name.split_once('.').unwrap();
        assert!(!family.is_empty() && rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
        assert_eq!(family == "trigger", manifest.role == Role::Trigger, "{name}");
        let spec = catalogue.find(name, Some(manifest.version)).unwrap();
        assert_eq!(spec.pure.is_some(), manifest.effect == Effect::Pure, "{name}");
        assert!(!manifest.examples.is_empty(), "{name} has no example");
        if let Ports::Fixed(ports) = &manifest.ports {
            assert!(!ports.contains(&"error".to_owned()), "{name}: `error` is added to every action");
        }
        for used in &manifest.credentials {
            assert!(used.types.iter().all(|kind| credential::find(kind).is_some()), "{name}");
            let pointer = format!("/properties/{}", used.parameter.replace('.', "/properties/"));
            assert_eq!(manifest.parameters.pointer(&pointer).unwrap()["x-field"], "credential", "{name}");
        }
    }
    assert!(catalogue.find("flow.if", Some(99)).is_none() && catalogue.find("flow.iff", None).is_none());
    let names = catalogue.names();
    for expected in
        ["trigger.webhook", "flow.for_each", "data.rhai", "http.request", "email.send", "webhook.respond"]
    {
        assert!(names.contains(&expected.to_owned()), "{expected}");
    }
}

/// Whether an error is at (or below) something computed, whose type is not known yet.
fn is_computed(parameters: &Json, pointer: &str) -> bool {
    let mut at = pointer;
    loop {
        let value = if at.is_empty() { Some(parameters) } else { parameters.pointer(at) };
        if value.is_some_and(|value| value.get("$expr").is_some() || value.get("$template").is_some()) {
            return true;
        }
        match at.rfind('/') {
            Some(end) => at = &at[..end],
            None => return false,
        }
    }
}

#[test]
fn schemas_are_schemas_and_examples_fit_them() {
    for manifest in Catalogue::builtin().manifests() {
        let name = &manifest.node_type;
        assert!(jsonschema::meta::is_valid(&manifest.parameters), "{name}");
        if let OutputShape::Schema(schema) = &manifest.output {
            assert!(jsonschema::meta::is_valid(schema), "{name}");
        }
        let validator = jsonschema::validator_for(&manifest.parameters).unwrap();
        for example in &manifest.examples {
            for error in validator.iter_errors(&example.parameters) {
                let pointer = error.instance_path().to_string();
                assert!(
                    is_computed(&example.parameters, &pointer),
                    "{name}, {}: {pointer}: {error}",
                    example.title
                );
            }
        }
        let defaults = |path: &str, field: &Json| {
            if let Some(default) = field.get("default") {
                assert!(jsonschema::is_valid(field, default), "{name}{path}: default");
            }
        };
        fields(&manifest.parameters, "", &mut { defaults });
    }
}

#[test]
fn pure_examples_do_what_they_say() {
    let catalogue = Catalogue::builtin();
    for manifest in catalogue.manifests().filter(|manifest| manifest.effect == Effect::Pure) {
        let spec = catalogue.find(&manifest.node_type, None).unwrap();
        for example in &manifest.examples {
            let place = format!("{}, {}", manifest.node_type, example.title);
            if example.output.is_none() && example.error.is_none() {
                // Its outcome is no value: it waits, repeats or calls. It must compile all the same.
                masar_engine::value::Parameter::compile(&example.parameters).unwrap();
                continue;
            }
            let outcome = pure::run_spec(&spec, &example.parameters, &example.trigger, &example.input)
                .unwrap_or_else(|faults| panic!("{place}: {faults:?}"));
            let (port, output, error) = match outcome {
                Outcome::Done(output) => {
                    let value = output.value.map_or(example.input.clone(), |value| (*value).clone());
                    (Some(output.port), Some(value), None)
                }
                Outcome::Stop(value) => (None, Some(value), None),
                Outcome::Failed(error) | Outcome::Abort(error) => (None, None, Some(error.code)),
                other => panic!("{place}: {other:?}"),
            };
            assert_eq!((&port, &output, &error), (&example.port, &example.output, &example.error), "{place}");
            check_output(manifest, output.as_ref(), &place);
        }
    }
}

fn check_output(manifest: &Manifest, output: Option<&Json>, place: &str) {
    if let (OutputShape::Schema(schema), Some(output)) = (&manifest.output, output) {
        let validator = jsonschema::validator_for(schema).unwrap();
        let errors: Vec<String> = validator.iter_errors(output).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{place}: {errors:?}");
    }
}

/// A workflow with the example's node behind a trigger, and the step that some examples refer to.
fn workflow(manifest: &Manifest, parameters: &Json) -> masar_engine::Workflow {
    let node = serde_json::json!({"id": "n", "key": "example", "type": manifest.node_type, "parameters": parameters});
    let before = serde_json::json!([
        {"id": "t", "key": "start", "type": "trigger.manual"},
        {"id": "o", "key": "order", "type": "data.set", "parameters": {"values": {"id": 42}}}
    ]);
    let (nodes, edges) = if manifest.role == Role::Trigger {
        (vec![node], Json::from(Vec::<Json>::new()))
    } else {
        let nodes = before.as_array().unwrap().iter().cloned().chain([node]).collect();
        let edges = serde_json::json!([
            {"id": "e1", "source": "t", "target": "o"},
            {"id": "e2", "source": "o", "target": "n"}
        ]);
        (nodes, edges)
    };
    let whole = serde_json::json!({"format": 1, "name": "example", "nodes": nodes, "edges": edges});
    masar_engine::workflow::parse_value(whole).unwrap()
}

#[test]
fn every_example_compiles_without_a_word() {
    let catalogue = Catalogue::builtin();
    for manifest in catalogue.manifests() {
        for example in &manifest.examples {
            let workflow = workflow(manifest, &example.parameters);
            let problems = match masar_engine::compile::compile(&workflow, &catalogue) {
                Ok((_, warnings)) => warnings,
                Err(problems) => problems,
            };
            assert!(problems.is_empty(), "{}, {}: {problems:#?}", manifest.node_type, example.title);
        }
    }
}
