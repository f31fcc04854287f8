//! Types travel: what is known of a node's output before anything runs, followed to where it is
//! read. Reports fields that cannot be there and comparisons that cannot work, as warnings: a
//! sample, a test or a later version may know better. Called by `compile`.

use std::collections::BTreeMap;

use super::{
    DraftNode,
    problem::{Code, Problem, nearest},
    regions::Layout,
};
use crate::{
    Json,
    manifest::{OutputShape, Role},
    plan::{ERROR_PORT, PlanEdge},
    value::Parameter,
};

/// Schemas nested deeper are taken as unknown.
const MAX_DEPTH: usize = 16;

/// What is known of a value.
#[derive(Debug, Clone, PartialEq)]
enum Type {
    Unknown,
    Text,
    Number,
    Boolean,
    List,
    Object {
        fields: BTreeMap<String, Type>,
        /// Whether there may be other fields.
        open: bool,
    },
}

impl Type {
    fn of_schema(schema: &Json, depth: usize) -> Self {
        let kind = match schema.get("type") {
            Some(Json::String(kind)) => kind.as_str(),
            _ => return Self::Unknown,
        };
        match kind {
            "string" => Self::Text,
            "integer" | "number" => Self::Number,
            "boolean" => Self::Boolean,
            "array" => Self::List,
            "object" if depth < MAX_DEPTH => {
                let fields = schema.get("properties").and_then(Json::as_object);
                let fields = fields.into_iter().flatten();
                Self::Object {
                    fields: fields
                        .map(|(name, field)| (name.clone(), Self::of_schema(field, depth + 1)))
                        .collect(),
                    open: schema.get("additionalProperties") != Some(&Json::Bool(false)),
                }
            }
            _ => Self::Unknown,
        }
    }

    fn of_literal(value: &Json) -> Self {
        match value {
            // `null` stands for what comes later.
            Json::Null => Self::Unknown,
            Json::Bool(_) => Self::Boolean,
            Json::Number(_) => Self::Number,
            Json::String(_) => Self::Text,
            Json::Array(_) => Self::List,
            Json::Object(fields) => Self::Object {
                fields: fields.iter().map(|(name, field)| (name.clone(), Self::of_literal(field))).collect(),
                open: false,
            },
        }
    }

    fn words(&self) -> &'static str {
        match self {
            Self::Unknown => "not known",
            Self::Text => "text",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::List => "a list",
            Self::Object { .. } => "an object",
        }
    }
}

/// What a node can read.
struct Scope<'t> {
    by_key: BTreeMap<&'t str, u32>,
    outputs: Vec<Type>,
    trigger: Type,
}

/// A field that a path names and that is not there.
struct Missing<'t> {
    /// The path as far as it leads.
    known: String,
    name: String,
    fields: &'t BTreeMap<String, Type>,
}

impl Scope<'_> {
    /// The type at the end of a path, or where it leads nowhere.
    fn follow(&self, path: &[String], input: &Type) -> Result<Type, Missing<'_>> {
        let (from, rest) = match path.first().map(String::as_str) {
            Some("steps") => match path.get(1).and_then(|key| self.by_key.get(key.as_str())) {
                Some(&node) => (&self.outputs[node as usize], 2),
                None => return Ok(Type::Unknown),
            },
            Some("trigger") => (&self.trigger, 1),
            // Inputs are outputs of others, whose fields are reported there as well as here.
            Some("input") => return Ok(follow(input, &path[1..]).unwrap_or(Type::Unknown)),
            _ => return Ok(Type::Unknown),
        };
        let mut at = from;
        for (index, name) in path.iter().enumerate().skip(rest) {
            let Type::Object { fields, open } = at else { return Ok(Type::Unknown) };
            match fields.get(name) {
                Some(field) => at = field,
                None if *open => return Ok(Type::Unknown),
                None => {
                    return Err(Missing { known: path[..index].join("."), name: name.clone(), fields });
                }
            }
        }
        Ok(at.clone())
    }

    /// What a parameter will give.
    fn of_parameter(&self, parameter: &Parameter, input: &Type) -> Type {
        match parameter {
            Parameter::Literal(value) => Type::of_literal(value),
            Parameter::Template(_) => Type::Text,
            Parameter::List(_) => Type::List,
            Parameter::Object(fields) => Type::Object {
                fields: fields
                    .iter()
                    .map(|(name, field)| (name.clone(), self.of_parameter(field, input)))
                    .collect(),
                open: false,
            },
            Parameter::Expression(expression) => match expression.as_path() {
                Some(_) => expression
                    .references()
                    .paths
                    .first()
                    .map_or(Type::Unknown, |path| self.follow(path, input).unwrap_or(Type::Unknown)),
                None => Type::Unknown,
            },
        }
    }
}

fn follow(from: &Type, path: &[String]) -> Option<Type> {
    path.iter()
        .try_fold(from, |at, name| match at {
            Type::Object { fields, .. } => fields.get(name),
            _ => None,
        })
        .cloned()
}

/// Warns of fields that cannot be there and of comparisons that cannot work.
pub(super) fn check(
    drafts: &[DraftNode<'_>],
    edges: &[PlanEdge],
    layout: &Layout,
    problems: &mut Vec<Problem>,
) {
    let mut scope = Scope {
        by_key: drafts.iter().zip(0..).map(|(draft, index)| (draft.node.key.as_str(), index)).collect(),
        outputs: vec![Type::Unknown; drafts.len()],
        trigger: trigger(drafts),
    };
    let mut inputs = vec![Type::Unknown; drafts.len()];
    for &index in &layout.order {
        let at = index as usize;
        inputs[at] = input(index, drafts, edges, &scope);
        scope.outputs[at] = output(index, drafts, edges, &inputs[at], &scope);
    }
    for (draft, input) in drafts.iter().zip(&inputs) {
        draft.visit_references(&mut |field, references| {
            for path in &references.paths {
                if let Err(missing) = scope.follow(path, input) {
                    problems.push(missing_field(draft, field, &missing));
                }
            }
        });
        compare(draft, &draft.parameters, &mut Vec::new(), input, &scope, problems);
    }
}

/// What `trigger` holds, where every trigger of the workflow says the same of it.
fn trigger(drafts: &[DraftNode<'_>]) -> Type {
    let mut types =
        drafts.iter().filter(|draft| draft.role() == Role::Trigger && !draft.node.disabled).map(|draft| {
            draft.spec.manifest.event.as_ref().map_or(Type::Unknown, |schema| Type::of_schema(schema, 0))
        });
    let first = types.next().unwrap_or(Type::Unknown);
    if types.all(|other| other == first) { first } else { Type::Unknown }
}

/// What comes in over the only edge of a node.
fn input(index: u32, drafts: &[DraftNode<'_>], edges: &[PlanEdge], scope: &Scope<'_>) -> Type {
    let mut arriving = edges.iter().filter(|edge| edge.target == index && !edge.again);
    let (Some(edge), None) = (arriving.next(), arriving.next()) else { return Type::Unknown };
    let source = &drafts[edge.source as usize];
    if source.is_loop() || &*source.ports[usize::from(edge.port)] == ERROR_PORT {
        return Type::Unknown;
    }
    scope.outputs[edge.source as usize].clone()
}

fn output(index: u32, drafts: &[DraftNode<'_>], edges: &[PlanEdge], input: &Type, scope: &Scope<'_>) -> Type {
    let draft = &drafts[index as usize];
    let is_error =
        |edge: &PlanEdge| edge.source == index && &*draft.ports[usize::from(edge.port)] == ERROR_PORT;
    // A failure that is taken up leaves its error where the output would be; a disabled node
    // computes nothing.
    if draft.node.disabled || edges.iter().any(is_error) {
        return Type::Unknown;
    }
    match &draft.spec.manifest.output {
        OutputShape::Any => Type::Unknown,
        OutputShape::Input => input.clone(),
        OutputShape::Schema(schema) => Type::of_schema(schema, 0),
        OutputShape::Fields { parameter, beside_input } => {
            let Some(values) = draft.parameters.get(parameter) else { return Type::Unknown };
            let beside = beside_input.as_ref().and_then(|name| draft.parameters.get(name));
            let alone = beside.is_none_or(|beside| beside.as_literal() == Some(&Json::Bool(false)));
            match scope.of_parameter(&values, input) {
                made @ Type::Object { .. } if alone => made,
                Type::Object { fields: made, .. } => match input {
                    Type::Object { fields, open } => {
                        let mut fields = fields.clone();
                        fields.extend(made);
                        Type::Object { fields, open: *open }
                    }
                    _ => Type::Object { fields: made, open: true },
                },
                _ => Type::Unknown,
            }
        }
    }
}

fn missing_field(draft: &DraftNode<'_>, field: &str, missing: &Missing<'_>) -> Problem {
    let Missing { known, name, fields } = missing;
    let problem = Problem::at_node(Code::ReferenceType, draft.node, field)
        .warning()
        .says(format!("{known} has no field \"{name}\""));
    let names = fields.keys().map(String::as_str);
    match nearest(name, names.clone()) {
        Some(near) => problem.hint(format!("did you mean {known}.{near}?")),
        None if fields.is_empty() => problem.hint(format!("{known} has no fields at all")),
        None => problem.hint(format!("its fields: {}", names.collect::<Vec<_>>().join(", "))),
    }
}

/// What the left side of an operator must be, in words, where a type does not fit.
fn wanted(operator: &str, found: &Type) -> Option<&'static str> {
    let (fits, words): (fn(&Type) -> bool, _) = match operator {
        "gt" | "gte" | "lt" | "lte" | "between" => (|found| *found == Type::Number, "compares numbers"),
        "starts_with" | "ends_with" | "matches" => (|found| *found == Type::Text, "reads text"),
        "is_true" | "is_false" => (|found| *found == Type::Boolean, "wants true or false"),
        "has_any" | "has_all" => (|found| *found == Type::List, "wants a list"),
        "contains" | "not_contains" | "length_equals" | "length_gt" | "length_gte" | "length_lt"
        | "length_lte" => (|found| matches!(found, Type::Text | Type::List), "wants text or a list"),
        "before" | "after" => (|found| matches!(found, Type::Text | Type::Number), "compares moments"),
        _ => return None,
    };
    (*found != Type::Unknown && !fits(found)).then_some(words)
}

/// Rows of conditions, wherever they stand among the parameters: an operator beside a value.
fn compare(
    draft: &DraftNode<'_>,
    parameter: &Parameter,
    path: &mut Vec<String>,
    input: &Type,
    scope: &Scope<'_>,
    problems: &mut Vec<Problem>,
) {
    match parameter {
        Parameter::Object(fields) => {
            let operator = parameter.get("operator");
            let operator = operator.as_ref().and_then(Parameter::as_literal).and_then(Json::as_str);
            if let (Some(operator), Some(value)) = (operator, parameter.get("value")) {
                let found = scope.of_parameter(&value, input);
                if let (Some(words), Parameter::Expression(expression)) = (wanted(operator, &found), &value) {
                    let field =
                        path.iter().map(String::as_str).chain(["value"]).collect::<Vec<_>>().join(".");
                    let message =
                        format!("{} is {}, but `{operator}` {words}", expression.source(), found.words());
                    problems.push(
                        Problem::at_node(Code::ReferenceType, draft.node, &field)
                            .warning()
                            .says(message)
                            .hint("choose another operator, or convert the value first"),
                    );
                }
            }
            for (name, field) in fields {
                path.push(name.clone());
                compare(draft, field, path, input, scope, problems);
                path.pop();
            }
        }
        Parameter::List(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(index.to_string());
                compare(draft, item, path, input, scope, problems);
                path.pop();
            }
        }
        _ => {}
    }
}
