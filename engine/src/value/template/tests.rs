use super::*;
use crate::value::tests::Fixture;
use serde_json::json;

fn render(source: &str) -> Result<String, ValueError> {
    Template::compile(source, Escape::Text)?.render(&Fixture::lead().context())
}

#[test]
fn both_ways_give_the_same() {
    let fixture = Fixture::of(
        json!({"body": {"name": "<نورة> & \"co\"", "n": 1.5, "whole": 75000, "yes": true, "none": null, "list": ["a", 1], "object": {"a": 1}, "7": "seven"}}),
    );
    let context = fixture.context();
    for source in [
        "plain",
        "Dear {{trigger.body.name}},\n{{{trigger.body.name}}} {{& trigger.body.name}}",
        "{{trigger.body.n}} {{trigger.body.whole}} {{trigger.body.yes}}[{{trigger.body.none}}]",
        "{{trigger.body.list.0}} {{trigger.body.list.[1]}} {{trigger.body.7}} {{steps.check.items.0.name}}",
        "{{upper trigger.body.name}} {{{upper (replace trigger.body.name \"&\" \"+\")}}}",
        "{{default trigger.body.missing \"x\"}} {{join trigger.body.list \"; \"}} {{json trigger.body.object}}",
        "a {{!-- gone --}} b {{~trigger.body.yes~}}   c \\{{trigger.body.yes}}",
        "{{trigger.body.missing}}",
        "x\n  {{trigger.body.object}}",
        "{{trigger.body.list}}",
        "{{steps.never.x}}",
        "{{upper trigger.body.missing}}",
        "{{upper trigger.body.n}}",
        "{{now}} {{index}} {{item.name}} {{run.id}}",
    ] {
        for (_, escape) in Escape::ALL {
            let native = Template::compile_as(source, escape, true).unwrap();
            let handlebars = Template::compile_as(source, escape, false).unwrap();
            assert!(matches!(native.body, Body::Pieces(_)), "{source}");
            assert_eq!(native.render(&context), handlebars.render(&context), "{source}");
        }
    }
}

#[test]
fn blocks() {
    for (source, text) in [
        ("{{#if trigger.body.city}}yes{{else}}no{{/if}}", "yes"),
        ("{{#if trigger.body.nothing}}yes{{else}}no{{/if}}", "no"),
        ("{{#unless steps.never.ran}}no{{/unless}}", "no"),
        (
            "{{#each steps.check.items}}{{@index}}:{{name}}={{this.price}} {{/each}}",
            "0:Sofa=1250.5 1:Desk=800 ",
        ),
        (
            "{{#each steps.check.items}}{{@root.trigger.body.city}} {{../trigger.body.city}};{{/each}}",
            "Riyadh Riyadh;Riyadh Riyadh;",
        ),
        ("{{#each steps.check.items as |line|}}{{line.name}},{{/each}}", "Sofa,Desk,"),
        ("{{#with trigger.body}}{{city}} {{phone}}{{/with}}", "Riyadh 0501234567"),
        (
            "{{#if (gt trigger.body.budget 50000)}}hot{{else if (gt trigger.body.budget 10)}}warm{{/if}}",
            "hot",
        ),
        ("{{#if (eq (upper trigger.body.city) \"RIYADH\")}}ok{{/if}}", "ok"),
        ("{{#each trigger.list}}{{this}}{{#unless @last}}, {{/unless}}{{/each}}", "1, 2, 3"),
        ("{{#if (and (has trigger.body.city) (not (has trigger.x)))}}ok{{/if}}", "ok"),
    ] {
        assert_eq!(render(source).map_err(|error| format!("{error:?}")), Ok(text.to_owned()), "{source}");
    }
}

#[test]
fn errors_name_the_path_and_the_place() {
    let error = render("Dear\n  {{trigger.body.nam}}").unwrap_err();
    assert_eq!((error.code.as_str(), error.line, error.column), ("value.missing", Some(2), Some(3)));
    assert!(error.message.contains("did you mean `name`?"), "{error}");

    let error = render("{{#each steps.check.items}}\n{{prize}}{{/each}}").unwrap_err();
    assert_eq!((error.code.as_str(), error.line), ("value.missing", Some(2)), "{error}");
    let error = render("{{#each steps.check.items}}{{trigger.body.city}}{{/each}}").unwrap_err();
    assert!(error.message.contains("@root.trigger.body.city"), "{error}");
    assert_eq!(render("{{#each trigger.missing}}{{/each}}").unwrap_err().code, "value.missing");

    for (source, code, line, column) in [
        ("a\n{{#if x}}", "template.syntax", 2, 1),
        ("{{name}}", "template.unknown_name", 1, 1),
        ("a {{uper trigger.x}}", "template.unknown_function", 1, 3),
        ("{{#each trigger.x}}{{> p}}{{/each}}", "template.refused", 1, 20),
        ("{{#*inline \"a\"}}{{> a}}{{/inline}}{{> a}}", "template.refused", 1, 1),
        ("{{#> a}}{{/a}}", "template.refused", 1, 1),
        ("{{* a}}", "template.refused", 1, 1),
        ("{{#upper trigger.x}}{{/upper}}", "template.refused", 1, 1),
        ("{{pad trigger.x}}", "value.function", 1, 1),
        ("{{trigger.x", "template.syntax", 1, 1),
        ("{{{{raw}}}}{{{{/raw}}}}", "template.refused", 1, 1),
    ] {
        let error = Template::compile(source, Escape::Text).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.line, error.column),
            (code, Some(line), Some(column)),
            "{source}: {error}"
        );
    }
}

#[test]
fn hostile_templates_are_refused_or_end() {
    let nested =
        |count: usize| format!("{}{}", "{{#if trigger.list}}".repeat(count), "{{/if}}".repeat(count));
    assert!(Template::compile(&nested(32), Escape::Text).is_ok());
    assert_eq!(Template::compile(&nested(3000), Escape::Text).unwrap_err().code, "template.limit");
    let chain = format!("{{{{#if trigger.a}}}}{}{{{{/if}}}}", "{{else if trigger.a}}".repeat(2000));
    assert_eq!(Template::compile(&chain, Escape::Text).unwrap_err().code, "template.limit");
    // Ways to hide tags from the scan that Handlebars would see.
    for hide in [
        "\\\\\\{{#if trigger.a}}",
        "{{#if trigger.a}}\\{{{{/if}}",
        "{{trigger.[a\"b]}}{{#if trigger.a}}",
        "{{#if trigger.a}}{{!-- }}{{/if}} --}}",
        "{{#if trigger.a}}{{trigger.['}}{{/if}}]}}",
    ] {
        let error = Template::compile(&hide.repeat(1500), Escape::Text).unwrap_err();
        assert!(error.code.starts_with("template."), "{hide}: {error}");
    }
    for open in ["(upper ", "[", "{\"a\":"] {
        let tag = format!("{{{{upper {}1}}}}", open.repeat(5000));
        assert!(Template::compile(&tag, Escape::Text).unwrap_err().code.starts_with("template."));
    }
    assert_eq!(Template::compile(&"x".repeat(70_000), Escape::Text).unwrap_err().code, "template.limit");

    let big = Fixture::of(json!({"list": vec!["x"; 2000], "long": "y".repeat(200_000)}));
    let each = "{{#each trigger.list}}{{#each @root.trigger.list}}{{#each @root.trigger.list}}{{this}}{{/each}}{{/each}}{{/each}}";
    assert_eq!(
        Template::compile(each, Escape::Text).unwrap().render(&big.context()).unwrap_err().code,
        "template.too_large"
    );
    assert_eq!(
        Template::compile("{{trigger.long}}{{trigger.long}}", Escape::Text)
            .unwrap()
            .render(&big.context())
            .unwrap_err()
            .code,
        "template.too_large"
    );
}

#[test]
fn escaping() {
    let fixture = Fixture::of(json!({"x": "<a href='b'>\"1\"\n"}));
    for (escape, text) in [
        (Escape::Text, "<a href='b'>\"1\"\n"),
        (Escape::Html, "&lt;a href&#x3D;&#x27;b&#x27;&gt;&quot;1&quot;\n"),
        (Escape::Url, "%3Ca%20href%3D%27b%27%3E%221%22%0A"),
        (Escape::Json, "<a href='b'>\\\"1\\\"\\n"),
    ] {
        assert_eq!(
            Template::compile("{{trigger.x}}", escape).unwrap().render(&fixture.context()).unwrap(),
            text
        );
    }
}
