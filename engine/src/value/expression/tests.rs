use super::*;
use crate::value::tests::Fixture;
use serde_json::json;

fn eval(source: &str) -> Result<Json, ValueError> {
    let fixture = Fixture::lead();
    Expression::compile(source)?.evaluate(&fixture.context())
}

fn fails(source: &str) -> ValueError {
    match eval(source) {
        Ok(value) => panic!("`{source}` gave {value}"),
        Err(error) => error,
    }
}

#[test]
fn plain_paths_are_native() {
    for (source, value) in [
        ("trigger.body.budget", json!(75000)),
        (" steps.check.items[0].name ", json!("Sofa")),
        ("steps.check.items[1]", json!({"name": "Desk", "price": 800})),
        ("trigger.deep[\"a\"].b[0]", json!({"c": "x"})),
        ("event.type", json!("lead.created")),
        ("index", json!(1)),
        ("item.price", json!(1250)),
        ("now", json!("2026-11-25T08:00:00Z")),
        ("trigger.body.empty", json!(null)),
    ] {
        let expression = Expression::compile(source).unwrap();
        assert!(expression.as_path().is_some(), "{source}");
        assert_eq!(eval(source).unwrap(), value, "{source}");
    }
}

#[test]
fn a_choice_gives_natively_what_rhai_gives() {
    let fixture = Fixture::lead();
    let context = fixture.context();
    for source in [
        "trigger.body.budget ?? 1",
        "trigger.body.nothing ?? \"web\"",
        "trigger.body.empty ?? trigger.body.nothing ?? true",
        "trigger.nothing ?? trigger.body.empty",
        "(steps.skipped ?? steps.check).items[1].price",
        " ( trigger.nothing ?? steps.check ) ",
        "trigger.body.nothing ?? -7",
        // Errors are Rhai's.
        "trigger.nothing ?? steps.skipped",
        "(steps.skipped ?? steps.check).nothing",
        "(trigger.nothing ?? trigger.body.empty).x",
    ] {
        let expression = Expression::compile(source).unwrap();
        let Kind::Script { choice: Some(_), ast, inputs, .. } = &expression.kind else { panic!("{source}") };
        assert_eq!(expression.evaluate(&context), expression.run(ast, inputs, &context), "{source}");
    }
    for source in
        ["trigger.a ?? 1.5", "trigger.a ?? b()", "(trigger.a ?? 1).b", "trigger.a ?? \"a\\n\"", "1 ?? 2"]
    {
        assert!(Choice::parse(source).is_none_or(|choice| choice.evaluate(&context).is_none()), "{source}");
    }
}

#[test]
fn scripts() {
    for (source, value) in [
        (
            "min(100, round(trigger.body.budget/1000) + if trigger.body.source == \"web\" {10} else {0})",
            json!(85),
        ),
        ("trigger.body.city in [\"Riyadh\", \"Jeddah\"]", json!(true)),
        ("trigger.body.missing ?? \"x\"", json!("x")),
        ("trigger.body.empty ?? 7", json!(7)),
        ("steps.never.total ?? 0", json!(0)),
        ("has(trigger.body.name) && !has(trigger.body.nam)", json!(true)),
        ("trigger.body.get(\"a.b\", 5)", json!(5)),
        ("trigger.deep.get(\"a.b.0.c\")", json!("x")),
        ("steps.check.items.map(|item| item.price * 2)", json!([2501, 1600])),
        ("steps.check.items.filter(|i| i.price > 1000)", json!([{"name": "Sofa", "price": 1250.5}])),
        ("steps.check.items.reduce(|s, i| s + i.price, 0.0)", json!(2050.5)),
        ("let s = 0; for x in trigger.list { s += x } s", json!(6)),
        ("`${trigger.body.name}: ${trigger.body.budget}`", json!("نورة العتيبي: 75000")),
        ("#{a: trigger.body, b: trigger.list.len()}.a.city", json!("Riyadh")),
        ("trigger.body == trigger.body && trigger.body.keys().len() == 7", json!(true)),
        ("\"city\" in trigger.body", json!(true)),
        ("parse_decimal(\"0.1\") + parse_decimal(\"0.2\")", json!(0.3)),
        ("parse_decimal(\"12345678901234567.89\")", json!("12345678901234567.89")),
        ("if trigger.body.budget > 1 { \"yes\" } else { trigger.body.not_there }", json!("yes")),
        ("trigger.body.name.len()", json!(12)),
        ("vars.vat * 1.0 / 100", json!(0.15)),
        ("merge(trigger.body, #{city: \"Jeddah\"}).city", json!("Jeddah")),
        (
            "steps.check",
            json!({"total": 3, "items": [{"name": "Sofa", "price": 1250.5}, {"name": "Desk", "price": 800}]}),
        ),
        ("[index, item.name]", json!([1, "Sofa"])),
        ("trim(\"  a \") + upper(trigger.body.city)", json!("aRIYADH")),
    ] {
        assert_eq!(eval(source).map_err(|error| format!("{error:?}")), Ok(value), "{source}");
    }
}

#[test]
fn errors_name_the_path_and_the_place() {
    let error = fails("trigger.body.budgt");
    assert_eq!(
        (error.code.as_str(), error.line, error.column, error.fragment.as_deref()),
        ("value.missing", Some(1), Some(1), Some("trigger.body.budgt"))
    );
    assert!(error.message.contains("did you mean `budget`?"), "{error}");

    let error = fails("1 +\n  trigger.body.budgt");
    assert_eq!(
        (error.code.as_str(), error.line, error.column, error.fragment.as_deref()),
        ("value.missing", Some(2), Some(3), Some("trigger.body.budgt"))
    );

    let error = fails("steps.check.items.map(|i| i.prize)");
    assert_eq!(error.code, "value.missing");
    assert!(
        error.message.contains("`steps.check.items[0].prize`") && error.message.contains("`price`"),
        "{error}"
    );

    assert_eq!(fails("steps.other.total").code, "value.step_not_run");
    assert_eq!(fails("1 + steps.other.total").code, "value.step_not_run");
    assert_eq!(fails("trigger.body.name.first").code, "value.missing");
    assert_eq!(fails("trigger.list[9]").code, "value.missing");

    let error = fails("1 + trigger.body.name");
    let error2 = fails("trigger.body.empty - 1");
    assert_eq!(error2.code, "value.type", "{error2}");
    assert!(error2.message.contains("default"), "{error2}");
    let _ = error;
}

#[test]
fn mistakes_are_found_when_compiled() {
    for (source, code, line, column) in [
        ("1 +", "expression.syntax", 1, 4),
        ("trigger.a +\n  tigger.b", "expression.unknown_name", 2, 3),
        ("1 + rond(2.5)", "expression.unknown_function", 1, 5),
        ("let k = \"a\"; steps[k]", "expression.dynamic_step", 1, 14),
        ("steps", "expression.dynamic_step", 1, 1),
        ("eval(\"1\")", "expression.syntax", 1, 1),
        ("sleep(1)", "expression.unknown_function", 1, 1),
        ("exit(1)", "expression.unknown_function", 1, 1),
        ("timestamp()", "expression.unknown_function", 1, 1),
        ("import \"x\" as y; 1", "expression.syntax", 1, 1),
        ("", "expression.syntax", 0, 0),
    ] {
        let error = Expression::compile(source).unwrap_err();
        assert_eq!(error.code, code, "{source}: {error}");
        if line > 0 {
            assert_eq!((error.line, error.column), (Some(line), Some(column)), "{source}: {error}");
        }
    }
    assert!(Expression::compile("rond(1)").unwrap_err().message.contains("`round`"));
}

#[test]
fn references_are_known() {
    let expression = Expression::compile("steps.check.total + trigger.body.x ?? steps.check.total").unwrap();
    let paths: Vec<_> = expression.references().paths.iter().map(|path| path.join(".")).collect();
    assert_eq!(paths, ["steps.check.total", "trigger.body.x"]);
}

/// None of these may panic, hang or take the memory.
#[test]
fn hostile_scripts_end() {
    for (source, code) in [
        ("loop {}", "expression.limit"),
        ("let x = 0; while true { x += 1 }", "expression.limit"),
        ("fn f(n) { f(n + 1) } f(0)", "expression.limit"),
        ("let s = \"aaaaaaaa\"; loop { s += s; }", "expression.limit"),
        ("let a = []; loop { a.push(1); }", "expression.limit"),
        ("let m = #{}; let i = 0; loop { m[`k${i}`] = i; i += 1; }", "expression.limit"),
        ("let m = #{a: #{}}; let i = 0; loop { m.a[`k${i}`] = i; i += 1; }", "expression.limit"),
        // Each is within its limit; all together are too much.
        (
            "let m = #{}; let i = 0; while i < 900 { let a = []; a.pad(900, i); m[`k${i}`] = a; i += 1; } m",
            "expression.limit",
        ),
        // Without a stack of its own this one ends the process.
        ("let a = [1]; let i = 0; while i < 10000 { a = [a]; i += 1; } a", "expression.limit"),
        ("let a = [1]; let i = 0; while i < 1000 { a = [a]; i += 1; } throw a", "expression.thrown"),
        ("let l = []; l.pad(1000, 0); l.reduce(|a, x| [a], 0)", "expression.limit"),
        ("let a = []; a.pad(9000, 0); let b = []; b.pad(9000, a); b", "expression.limit"),
        ("let a = []; let i = 0; while i < 40 { a = [a]; i += 1; } a", "expression.limit"),
        (
            "let s = \"x\"; while s.len() < 60000 { s += s; } [s, s, s, s, s, s, s, s, s, s]",
            "expression.limit",
        ),
        ("1 << 99999; 9223372036854775807 + 1", "expression.failed"),
        ("|x| x", "value.type"),
        ("0..3", "value.type"),
        ("0.0 / 0.0", "value.type"),
        ("throw \"no budget\"", "expression.thrown"),
    ] {
        let error = fails(source);
        assert_eq!(error.code, code, "{source}: {error}");
    }
    for open in ["(", "[", "!", "-", "#{a:", "{", "`${"] {
        let error = Expression::compile(&open.repeat(20_000)).unwrap_err();
        assert!(error.code.starts_with("expression."), "{open}: {error}");
    }
    assert_eq!(Expression::compile(&"1+".repeat(40_000)).unwrap_err().code, "expression.limit");
    assert!(Expression::compile(&"1+".repeat(30_000)).is_err());
    for chain in ["1+", "1;", "true&&", "()??", "if false {} else ", "1==", "trigger.a."] {
        // Read or refused: what matters is that the process lives.
        let _ = Expression::compile(&format!("{}1", chain.repeat(60_000 / chain.len())));
    }
    let big = Fixture::of(json!({"list": vec![1; 20_000]}));
    let error = Expression::compile("trigger.list.len() + 1").unwrap().evaluate(&big.context()).unwrap_err();
    assert_eq!(error.code, "expression.limit");
}
