use super::*;
use serde_json::json;

/// What tests see: a lead from the web, one step done, inside a loop.
pub(crate) struct Fixture {
    pub(crate) trigger: Json,
}

struct Done;

impl Steps for Done {
    fn output(&self, key: &str) -> Option<Arc<Json>> {
        (key == "check").then(|| Arc::new(json!({"total": 3, "items": [{"name": "Sofa", "price": 1250.5}, {"name": "Desk", "price": 800}]})))
    }
}

pub(crate) fn lead() -> Json {
    json!({"body": {"name": "نورة العتيبي", "phone": "0501234567", "city": "Riyadh", "budget": 75000, "source": "web", "message": "كم السعر؟", "empty": null},
        "list": [1, 2, 3], "deep": {"a": {"b": [{"c": "x"}]}}})
}

impl Fixture {
    pub(crate) fn lead() -> Self {
        Self { trigger: lead() }
    }

    pub(crate) fn of(trigger: Json) -> Self {
        Self { trigger }
    }

    pub(crate) fn context(&self) -> Context<'static> {
        Context {
            trigger: Arc::new(self.trigger.clone()),
            event: Arc::new(json!({"id": "e1", "type": "lead.created", "source": "/hooks/main/leads"})),
            input: Arc::new(json!({"total": 12.5})),
            item: Some(Arc::new(json!({"name": "Sofa", "price": 1250}))),
            index: Some(1),
            vars: Arc::new(json!({"vat": 15, "company": "شركة المسار"})),
            run: Arc::new(json!({"id": "r1", "workflow": "w1", "version": 1, "test": false})),
            now: Timestamp(1_795_593_600_000_000),
            time_zone: "Asia/Riyadh",
            steps: &Done,
        }
    }
}

#[test]
fn a_parameter_is_what_it_says() {
    let fixture = Fixture::lead();
    let context = fixture.context();
    let parameter = Parameter::compile(&json!({
        "title": {"$template": "Lead {{trigger.body.city}}"},
        "score": {"$expr": "trigger.body.budget / 1000"},
        "tags": ["web", {"$expr": "trigger.body.source"}],
        "plain": {"a": [1, {"b": "{{not a template}}"}]},
        "raw": {"$literal": {"$gt": 5}},
    }))
    .unwrap();
    assert_eq!(
        parameter.resolve(&context).unwrap(),
        json!({"title": "Lead Riyadh", "score": 75, "tags": ["web", "web"], "plain": {"a": [1, {"b": "{{not a template}}"}]}, "raw": {"$gt": 5}})
    );
    // Where nothing is computed there is nothing but the literal.
    assert!(matches!(parameter.get("plain"), Some(Parameter::Literal(_))));
    assert!(
        matches!(Parameter::compile(&json!([{"$literal": 1}])).unwrap(), Parameter::Literal(value) if *value == json!([1]))
    );

    let mut seen = Vec::new();
    parameter.visit_references(&mut |path, references| {
        seen.push((path.to_owned(), references.paths[0].join(".")))
    });
    seen.sort();
    let pairs =
        [("score", "trigger.body.budget"), ("tags.1", "trigger.body.source"), ("title", "trigger.body.city")];
    assert_eq!(seen, pairs.map(|(path, reference)| (path.to_owned(), reference.to_owned())));
}

#[test]
fn every_fault_at_once_and_where() {
    let faults = Parameter::compile(&json!({
        "a": {"$expr": "1 +"},
        "b": [1, {"$template": "x\n{{#if"}],
        "c": {"$exp": "1"},
        "d": {"$expr": 5},
        "e": {"$expr": "1", "more": 2},
        "f": {"$template": "x", "escape": "xml"},
    }))
    .unwrap_err();
    let seen: Vec<_> = faults
        .iter()
        .map(|fault| (fault.path.as_str(), fault.error.code.as_str(), fault.error.line))
        .collect();
    assert_eq!(
        seen,
        [
            ("a", "expression.syntax", Some(1)),
            ("b.1", "template.syntax", Some(2)),
            ("c", "parameter.marker", None),
            ("d", "parameter.marker", None),
            ("e", "parameter.marker", None),
            ("f", "parameter.marker", None),
        ]
    );
    assert!(faults[2].error.message.contains("`$expr`"));
}

#[test]
fn an_error_names_the_field() {
    let parameter =
        Parameter::compile(&json!({"fields": [{"score": {"$expr": "trigger.nowhere"}}]})).unwrap();
    let error = parameter.resolve(&Fixture::lead().context()).unwrap_err();
    assert!(error.message.starts_with("`fields.0.score`: "), "{error}");
    assert_eq!(error.code, "value.missing");
}

#[test]
fn html_fields_are_escaped_for_html() {
    let fixture = Fixture::of(json!({"x": "<b>"}));
    let value = json!({"body": {"$template": "{{trigger.x}}"}, "subject": {"$template": "{{trigger.x}}"}, "link": {"$template": "{{trigger.x}}", "escape": "url"}});
    let parameter = Parameter::compile_with(&value, &["body".to_owned()]).unwrap();
    assert_eq!(
        parameter.resolve(&fixture.context()).unwrap(),
        json!({"body": "&lt;b&gt;", "subject": "<b>", "link": "%3Cb%3E"})
    );
}

mod laws {
    use super::*;
    use proptest::prelude::*;

    fn scalar() -> impl Strategy<Value = Json> {
        prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            (-1_000_000_i64..1_000_000).prop_map(|number| json!(number as f64 + 0.25)),
            "[ -~ء-ي<>&\"']{0,12}".prop_map(Json::from),
        ]
    }

    fn tree() -> impl Strategy<Value = Json> {
        scalar().prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                prop::collection::btree_map("[a-d]", inner, 0..4)
                    .prop_map(|map| Json::Object(map.into_iter().collect())),
            ]
        })
    }

    fn path() -> impl Strategy<Value = String> {
        prop::collection::vec(prop_oneof![Just(".a"), Just(".b"), Just(".c"), Just("[0]"), Just("[1]")], 0..4)
            .prop_map(|segments| format!("trigger{}", segments.concat()))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        /// The way around Rhai gives what Rhai gives, values and errors alike.
        #[test]
        fn a_native_path_is_what_rhai_makes_of_it(trigger in tree(), path in path()) {
            let fixture = Fixture::of(trigger);
            let context = fixture.context();
            let native = Expression::compile(&path).unwrap();
            prop_assert!(native.as_path().is_some());
            let script = Expression::compile(&format!("({path})")).unwrap();
            prop_assert!(script.as_path().is_none());
            // A declared name is no context path, so this one reads field by field. Only fields:
            // Rhai's own `[0]` of a text is its first character, of a number its lowest bit.
            let fields = path.replace("[0]", ".d").replace("[1]", ".e");
            let native_fields = Expression::compile(&fields).unwrap();
            let lazy = Expression::compile(&format!("let t = trigger; {}", fields.replacen("trigger", "t", 1))).unwrap();
            match native.evaluate(&context) {
                Ok(value) => {
                    prop_assert_eq!(script.evaluate(&context).unwrap(), value);
                }
                Err(error) => {
                    prop_assert_eq!(script.evaluate(&context).unwrap_err().message, error.message);
                }
            }
            prop_assert_eq!(lazy.evaluate(&context).ok(), native_fields.evaluate(&context).ok());
        }

        /// The way around Handlebars gives what Handlebars gives.
        #[test]
        fn a_native_template_is_what_handlebars_makes_of_it(trigger in tree(), path in path(), text in "[ -Zء-ي\n]{0,12}") {
            let fixture = Fixture::of(trigger);
            let context = fixture.context();
            let path = path.replace("[0]", ".[0]").replace("[1]", ".[1]");
            let flat = Template::compile(&format!("{text}{{{{{path}}}}}{text}"), Escape::Html).unwrap();
            let block = Template::compile(&format!("{text}{{{{#if true}}}}{{{{{path}}}}}{{{{/if}}}}{text}"), Escape::Html).unwrap();
            prop_assert_eq!(flat.render(&context).map_err(|error| error.code), block.render(&context).map_err(|error| error.code));
        }

        /// Nothing that anybody types makes the compilers panic.
        #[test]
        fn any_text_is_read_or_refused(text in "[ -~ء-ي\n]{0,40}") {
            let _ = Expression::compile(&text);
            let _ = Template::compile(&text, Escape::Text);
            let _ = Template::compile(&format!("{{{{{text}}}}}"), Escape::Text);
        }

        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,20}") {
            let once = functions::arabic::fold(&text);
            prop_assert_eq!(functions::arabic::fold(&once), once);
        }
    }
}

/// Prints nanoseconds per evaluation: `cargo test --profile release-lite -p masar-engine -- --ignored --nocapture speed`.
#[test]
#[ignore = "a measurement, not a test"]
fn speed() {
    let fixture = Fixture::lead();
    let context = fixture.context();
    let measure = |name: &str, run: &dyn Fn()| {
        for _ in 0..20_000 {
            run();
        }
        let rounds = 200_000_u32;
        #[expect(clippy::disallowed_methods, reason = "a measurement")]
        let start = std::time::Instant::now();
        for _ in 0..rounds {
            run();
        }
        println!("{name}: {} ns", start.elapsed().as_nanos() / u128::from(rounds));
    };
    let condition = Condition::compile(&json!({"all": [
        {"value": {"$expr": "trigger.body.budget"}, "operator": "gte", "to": 50000},
        {"value": {"$expr": "trigger.body.city"}, "operator": "in", "to": ["Jeddah", "Riyadh", "Dammam"]},
    ]}))
    .unwrap();
    measure("condition", &|| assert!(condition.evaluate(&context).unwrap()));
    let expression = |source: &str| Expression::compile(source).unwrap();
    let path = expression("trigger.body.budget");
    measure("path", &|| drop(path.evaluate(&context).unwrap()));
    let score = expression(
        "min(100, round(trigger.body.budget/1000) + if trigger.body.source == \"web\" {10} else {0})",
    );
    measure("score", &|| drop(score.evaluate(&context).unwrap()));
    let list = expression("steps.check.items.map(|line| line.price)");
    measure("a closure over two items", &|| drop(list.evaluate(&context).unwrap()));
    let template = |source: &str| Template::compile(source, Escape::Text).unwrap();
    let letter = "Dear {{trigger.body.name}}, thank you for your enquiry from {{trigger.body.city}}. Your lead is {{trigger.body.source}} with score {{steps.check.total}}; we will call {{trigger.body.phone}} about your budget of {{trigger.body.budget}} SAR.";
    let flat = template(letter);
    measure("template of 6 fields", &|| drop(flat.render(&context).unwrap()));
    let block = template(&format!("{letter}{{{{#if trigger.body.city}}}}!{{{{/if}}}}"));
    measure("the same with a block", &|| drop(block.render(&context).unwrap()));
}
