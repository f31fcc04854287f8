//! Expressions, templates, conditions and scripts tried on given data: what the editor shows under
//! a field while somebody types. Starts nothing and keeps nothing.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use masar_engine::{
    Timestamp,
    value::{Condition, Context, Escape, Expression, Steps, Template, ValueError},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use super::{Body, Problem, Shared};
use crate::execute::deadline;

/// Sources of one request: more than a form has fields.
const MOST_SOURCES: usize = 200;
/// About so many bytes of a value are told; the rest is for the data panes.
const SHOWN: usize = 16 * 1024;
/// Evaluations at a time: people type while workflows run, and the workflows go first.
static TURNS: Semaphore = Semaphore::const_new(2);

/// Something to evaluate.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Source {
    /// What stands in `$expr`.
    Expr {
        /// The expression.
        source: String,
    },
    /// What stands in `$template`.
    Template {
        /// The template.
        source: String,
        /// `text`, `html`, `url` or `json`; absent is `text`.
        #[serde(default)]
        escape: Option<String>,
    },
    /// What `flow.if` and the filters of triggers hold.
    Condition {
        /// The rows.
        #[schema(value_type = Object)]
        condition: Value,
    },
    /// The script of `data.rhai`.
    Script {
        /// The script.
        source: String,
    },
}

/// What the sources see. A root that is absent is `null`; a step that is absent has not run.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Scope {
    /// The event's data.
    #[schema(value_type = Object)]
    trigger: Value,
    /// The event's envelope.
    #[schema(value_type = Object)]
    event: Value,
    /// What came over the edge.
    #[schema(value_type = Object)]
    input: Value,
    /// The item of the innermost loop; absent outside of loops.
    #[schema(value_type = Object)]
    item: Option<Value>,
    /// Its index, from 0.
    index: Option<u64>,
    /// Outputs of earlier steps by node key.
    #[schema(value_type = Object)]
    steps: BTreeMap<String, Value>,
    /// Absent takes the workspace's variables.
    #[schema(value_type = Object)]
    vars: Option<Value>,
    /// Absent takes a test run's.
    #[schema(value_type = Object)]
    run: Option<Value>,
    /// Of dates, an IANA name; absent takes the workspace's.
    time_zone: Option<String>,
}

/// What to evaluate, on what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Evaluate {
    /// At most 200.
    sources: Vec<Source>,
    /// Absent only compiles.
    #[serde(default)]
    scope: Option<Scope>,
}

/// What one source gave: a value, an error, or neither where it was only compiled.
#[derive(Serialize, ToSchema, Default)]
pub(super) struct Evaluated {
    /// The value; a large one is cut short.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    value: Option<Value>,
    /// Whether the value was cut short.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    shortened: bool,
    /// Why a condition does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
    /// Why there is no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Fault>,
}

/// Why a source has no value.
#[derive(Serialize, ToSchema)]
pub(super) struct Fault {
    /// Stable code, e.g. `value.missing`.
    code: String,
    /// Whether it cannot be read at all; otherwise it is the data that does not fit.
    compile: bool,
    /// What is wrong and how to mend it.
    message: String,
    /// Dotted path inside a condition, e.g. `all.0`.
    #[serde(skip_serializing_if = "String::is_empty")]
    field: String,
    /// Line in the source, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// Column, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    /// The offending text.
    #[serde(skip_serializing_if = "Option::is_none")]
    fragment: Option<String>,
}

impl Fault {
    fn new(error: ValueError, compile: bool, field: String) -> Self {
        let ValueError { code, message, line, column, fragment } = error;
        Self { code, compile, message, field, line, column, fragment }
    }
}

impl From<Fault> for Evaluated {
    fn from(fault: Fault) -> Self {
        Self { error: Some(fault), ..Self::default() }
    }
}

/// Evaluates expressions, templates, conditions and scripts on given data, or only compiles them. Answers in the order of the sources.
#[utoipa::path(post, path = "/api/v1/evaluate", tag = "catalogue", request_body = Evaluate, responses((status = 200, body = [Evaluated]), (status = 422, body = Problem)))]
pub(super) async fn evaluate(
    State(app): State<Shared>,
    Body(request): Body<Evaluate>,
) -> Result<Json<Vec<Evaluated>>, Problem> {
    if request.sources.len() > MOST_SOURCES {
        return Err(Problem::new("invalid", format!("at most {MOST_SOURCES} sources at a time")));
    }
    let now = app.core.clock.now();
    let vars = app.core.vars();
    let zone = app.core.config.workspace.time_zone.clone();
    let turn = TURNS.acquire().await.map_err(|error| Problem::new("internal", error.to_string()))?;
    let work = move || deadline::bounded(|| all(request, now, &vars, &zone));
    let answer = tokio::task::spawn_blocking(work).await;
    drop(turn);
    answer.map(Json).map_err(|error| Problem::new("internal", error.to_string()))
}

struct Given(BTreeMap<String, Arc<Value>>);

impl Steps for Given {
    fn output(&self, key: &str) -> Option<Arc<Value>> {
        self.0.get(key).cloned()
    }
}

fn all(request: Evaluate, now: Timestamp, vars: &Arc<Value>, zone: &str) -> Vec<Evaluated> {
    let Some(scope) = request.scope else {
        return request.sources.iter().map(|source| one(source, None)).collect();
    };
    let steps = Given(scope.steps.into_iter().map(|(key, value)| (key, Arc::new(value))).collect());
    let run = scope
        .run
        .unwrap_or_else(|| serde_json::json!({"id": "", "workflow": "", "version": 0, "test": true}));
    let context = Context {
        trigger: Arc::new(scope.trigger),
        event: Arc::new(scope.event),
        input: Arc::new(scope.input),
        item: scope.item.map(Arc::new),
        index: scope.index,
        vars: scope.vars.map_or_else(|| vars.clone(), Arc::new),
        run: Arc::new(run),
        now,
        time_zone: scope.time_zone.as_deref().unwrap_or(zone),
        steps: &steps,
    };
    request.sources.iter().map(|source| one(source, Some(&context))).collect()
}

fn one(source: &Source, context: Option<&Context<'_>>) -> Evaluated {
    let compiled = match source {
        Source::Expr { source } | Source::Script { source } => Expression::compile(source)
            .map(Compiled::Expression)
            .map_err(|error| Fault::new(error, true, String::new())),
        Source::Template { source, escape } => {
            let escape = escape.as_deref().map_or(Ok(Escape::Text), Escape::named);
            escape
                .and_then(|escape| Template::compile(source, escape))
                .map(Compiled::Template)
                .map_err(|error| Fault::new(error, true, String::new()))
        }
        Source::Condition { condition } => {
            Condition::compile(condition).map(Compiled::Condition).map_err(|faults| {
                let first = faults.into_iter().next();
                let (path, error) = first.map_or_else(
                    || (String::new(), ValueError::new("condition.shape", "the condition cannot be read")),
                    |fault| (fault.path, fault.error),
                );
                Fault::new(error, true, path)
            })
        }
    };
    let (compiled, context) = match (compiled, context) {
        (Err(fault), _) => return fault.into(),
        (Ok(_), None) => return Evaluated::default(),
        (Ok(compiled), Some(context)) => (compiled, context),
    };
    match compiled.value(context) {
        Ok((value, because)) => {
            let mut left = SHOWN;
            let shown = shorten(&value, &mut left);
            Evaluated { shortened: shown != value, value: Some(shown), because, error: None }
        }
        Err(error) => Fault::new(error, false, String::new()).into(),
    }
}

enum Compiled {
    Expression(Expression),
    Template(Template),
    Condition(Condition),
}

impl Compiled {
    /// The value, and why where it is a condition that does not hold.
    fn value(&self, context: &Context<'_>) -> Result<(Value, Option<String>), ValueError> {
        match self {
            Self::Expression(expression) => expression.evaluate(context).map(|value| (value, None)),
            Self::Template(template) => template.render(context).map(|text| (Value::String(text), None)),
            Self::Condition(condition) => {
                let because = condition.explain(context)?;
                Ok((Value::Bool(because.is_none()), because))
            }
        }
    }
}

/// The beginning of a value, in its own shape: about `left` bytes of it.
fn shorten(value: &Value, left: &mut usize) -> Value {
    *left = left.saturating_sub(4);
    match value {
        Value::String(text) => {
            let end = text.floor_char_boundary(text.len().min(*left));
            *left -= end;
            Value::String(if end < text.len() { format!("{}…", &text[..end]) } else { text.clone() })
        }
        Value::Array(items) => {
            let mut shown = Vec::new();
            for item in items {
                if *left == 0 {
                    break;
                }
                shown.push(shorten(item, left));
            }
            Value::Array(shown)
        }
        Value::Object(fields) => {
            let mut shown = Map::new();
            for (name, field) in fields {
                if *left == 0 {
                    break;
                }
                *left = left.saturating_sub(name.len());
                shown.insert(name.clone(), shorten(field, left));
            }
            Value::Object(shown)
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn given(request: Value) -> Value {
        let request: Evaluate = serde_json::from_value(request).unwrap();
        let answers =
            all(request, Timestamp(1_795_593_600_000_000), &Arc::new(json!({"vat": 15})), "Asia/Riyadh");
        serde_json::to_value(answers).unwrap()
    }

    #[test]
    fn every_kind_has_its_value_on_the_data_at_hand() {
        let answers = given(json!({
            "sources": [
                {"kind": "expr", "source": "trigger.budget * 2 + vars.vat"},
                {"kind": "template", "source": "مرحبا {{steps.who.name}}"},
                {"kind": "template", "source": "{{steps.who.name}}", "escape": "html"},
                {"kind": "condition", "condition": {"all": [{"value": {"$expr": "trigger.budget"}, "operator": "gt", "to": 50}]}},
                {"kind": "script", "source": "let total = 0;\nfor n in input { total += n }\ntotal"},
            ],
            "scope": {"trigger": {"budget": 40}, "input": [1, 2, 3], "steps": {"who": {"name": "<نورة>"}}},
        }));
        assert_eq!(answers[0]["value"], 95);
        assert_eq!(answers[1]["value"], "مرحبا <نورة>");
        assert_eq!(answers[2]["value"], "&lt;نورة&gt;");
        assert_eq!(answers[3]["value"], false);
        assert!(answers[3]["because"].as_str().is_some_and(|why| why.contains("40")), "{answers}");
        assert_eq!(answers[4]["value"], 6);
    }

    #[test]
    fn a_fault_says_where_it_is_and_whether_the_text_or_the_data_is_to_blame() {
        let sources = json!([
            {"kind": "script", "source": "let a = 1;\nlet b = ;\na"},
            {"kind": "expr", "source": "trigger.body.nmae"},
            {"kind": "template", "source": "{{steps.later.total}}"},
            {"kind": "condition", "condition": {"all": [{"value": 1, "operator": "greater", "to": 2}]}},
        ]);
        let answers = given(json!({"sources": sources, "scope": {"trigger": {"body": {"name": "x"}}}}));
        let error = |index: usize| &answers[index]["error"];
        assert_eq!((&error(0)["line"], &error(0)["compile"]), (&json!(2), &json!(true)));
        assert_eq!((&error(1)["code"], &error(1)["compile"]), (&json!("value.missing"), &json!(false)));
        assert_eq!(error(2)["code"], "value.step_not_run");
        assert_eq!((&error(3)["compile"], &error(3)["field"]), (&json!(true), &json!("all.0")));
        // Without data only what cannot be read is an error.
        let compiled = given(json!({"sources": sources}));
        assert_eq!(compiled[0]["error"]["line"], 2);
        assert_eq!(compiled[1], json!({}));
    }

    #[test]
    fn what_does_not_end_is_stopped_and_what_is_large_is_cut_short() {
        let answers = given(json!({
            "sources": [{"kind": "script", "source": "loop { }"}, {"kind": "expr", "source": "input"}],
            "scope": {"input": (0..50_000).collect::<Vec<_>>()},
        }));
        assert_eq!(answers[0]["error"]["code"], "expression.limit");
        assert_eq!(answers[1]["shortened"], true);
        assert!(answers[1]["value"].as_array().is_some_and(|list| list.len() < 5_000));
    }
}
