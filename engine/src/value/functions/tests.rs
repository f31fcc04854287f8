use super::*;
use crate::value::{Escape, Expression, Template, tests::Fixture};

/// The examples are the documentation and the test.
#[test]
fn every_example_gives_what_it_says() {
    let fixture = Fixture::lead();
    let context = fixture.context();
    let mut wrong = Vec::new();
    for function in registry() {
        assert!(!function.examples.is_empty(), "{} has no example", function.name);
        for example in function.examples {
            let result =
                Expression::compile(example.expression).and_then(|expression| expression.evaluate(&context));
            match result {
                Ok(value) if format!("{value}") == example.result => {}
                other => wrong.push(format!("{} gave {other:?}, not {}", example.expression, example.result)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_is_sound() {
    let mut names: Vec<_> = registry().iter().map(|function| function.name).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "two functions share a name");
    for function in registry() {
        assert!(function.signature.starts_with(function.name), "{}", function.name);
        assert!(!crate::value::ROOTS.contains(&function.name), "{}", function.name);
        assert!(!function.en.is_empty() && !function.ar.is_empty(), "{}", function.name);
    }
}

#[test]
fn functions_are_helpers_too() {
    let fixture = Fixture::lead();
    let context = fixture.context();
    for (source, text) in [
        ("{{phone trigger.body.phone}}", "+966501234567"),
        ("{{format_money trigger.body.budget \"SAR\" \"ar\"}}", "٧٥٬٠٠٠٫٠٠ ر.س"),
        ("{{format_date now \"%H:%M\"}} {{upper (fold \"Ab\")}}", "11:00 AB"),
        ("{{#each steps.check.items}}{{upper name}} {{with_vat price}};{{/each}}", "SOFA 1438.08;DESK 920;"),
        ("{{#if (is_phone trigger.body.phone)}}ok{{/if}}", "ok"),
    ] {
        assert_eq!(
            Template::compile(source, Escape::Text).unwrap().render(&context).as_deref(),
            Ok(text),
            "{source}"
        );
    }
}

#[test]
fn errors_say_which_argument_and_how_it_is_called() {
    let fixture = Fixture::lead();
    let error = Expression::compile("1 +\n upper(trigger.body.budget)")
        .unwrap()
        .evaluate(&fixture.context())
        .unwrap_err();
    assert_eq!((error.code.as_str(), error.line, error.column), ("value.function", Some(2), Some(2)));
    assert!(
        error.message.contains("argument 1 must be text, not a number")
            && error.message.contains("upper(text)"),
        "{error}"
    );
}
