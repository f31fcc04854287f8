//! What expressions and templates are and see: parameters as a workflow holds them, compiled once.
//! Not here: what a node does with its values. Called by compilation (to parse and to learn the
//! references) and by every step (to resolve).
//!
//! Three evaluators and no more: [expressions](expression) (Rhai, with a native path for plain
//! dotted paths), [templates](template) (Handlebars, with a native path for text and fields) and
//! [conditions](condition) (rows, native). They share one look-up ([`path`]) and one table of
//! [functions], so that a field, a function and an error read the same in all three.

pub mod condition;
mod convert;
pub mod expression;
pub mod functions;
mod path;
pub mod template;

use std::{borrow::Cow, sync::Arc};

use crate::{Json, Timestamp};

pub use condition::Condition;
pub use expression::Expression;
pub use path::ROOTS;
pub use template::{Escape, Template};

/// What an expression or template may see in one step.
#[derive(Clone)]
pub struct Context<'a> {
    /// The event's data.
    pub trigger: Arc<Json>,
    /// The event's envelope.
    pub event: Arc<Json>,
    /// What came over the edge.
    pub input: Arc<Json>,
    /// The item of the innermost `for_each` (or the round's input of a `loop`).
    pub item: Option<Arc<Json>>,
    /// Its index, from 0.
    pub index: Option<u64>,
    /// Workspace variables.
    pub vars: Arc<Json>,
    /// `id`, `workflow`, `version`, `test` of the run.
    pub run: Arc<Json>,
    /// The moment of the step; fixed, so that replay is exact.
    pub now: Timestamp,
    /// Time zone of `now` and of date functions, IANA name.
    pub time_zone: &'a str,
    /// Outputs of earlier steps by node key.
    pub steps: &'a dyn Steps,
}

/// Outputs of earlier steps.
pub trait Steps {
    /// The output of the node with this key, where it has run.
    fn output(&self, key: &str) -> Option<Arc<Json>>;
}

/// No step has run.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSteps;

impl Steps for NoSteps {
    fn output(&self, _key: &str) -> Option<Arc<Json>> {
        None
    }
}

/// Why a value could not be had.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ValueError {
    /// Stable code: `value.missing`, `value.type`, `expression.limit`, …
    pub code: String,
    /// What, where, and how to mend it.
    pub message: String,
    /// Line in the expression or template, from 1.
    pub line: Option<usize>,
    /// Column, from 1.
    pub column: Option<usize>,
    /// The offending text.
    pub fragment: Option<String>,
}

impl ValueError {
    /// An error without a position.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), line: None, column: None, fragment: None }
    }

    /// The same at a position of a text, where it has none yet.
    pub(crate) fn at(mut self, line: Option<usize>, column: Option<usize>, fragment: Option<String>) -> Self {
        if self.line.is_none() {
            self.line = line;
            self.column = column;
        }
        if self.fragment.is_none() {
            self.fragment = fragment;
        }
        self
    }

    /// Line, column and fragment for machines.
    pub fn details(&self) -> Json {
        serde_json::json!({"line": self.line, "column": self.column, "fragment": self.fragment})
    }
}

/// A compiled parameter: a literal, an expression, a template, or a container of such.
#[derive(Clone, Debug)]
pub enum Parameter {
    /// As it stands.
    Literal(Arc<Json>),
    /// `{"$expr": "…"}`: gives a value.
    Expression(Arc<Expression>),
    /// `{"$template": "…"}`: gives text.
    Template(Arc<Template>),
    /// An object with something computed in it, in the file's order.
    Object(Vec<(String, Parameter)>),
    /// A list with something computed in it.
    List(Vec<Parameter>),
}

/// What was wrong in a parameter, with its path.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterFault {
    /// Dotted path below the node's parameters, e.g. `fields.score`.
    pub path: String,
    /// What was wrong.
    pub error: ValueError,
}

/// What an expression or template reaches for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct References {
    /// Dotted paths from a root: `steps.check.total`, `trigger.body.name`; as far as they are static.
    pub paths: Vec<Vec<String>>,
}

impl References {
    fn add(&mut self, path: Vec<String>) {
        if !self.paths.contains(&path) {
            self.paths.push(path);
        }
    }
}

/// How deep a parameter may nest.
const MAX_DEPTH: usize = 64;

impl Parameter {
    /// Compiles a parameter tree; every fault at once. Templates give plain text.
    pub fn compile(value: &Json) -> Result<Self, Vec<ParameterFault>> {
        Self::compile_with(value, &[])
    }

    /// As [`Self::compile`], but templates at or below `html_fields` (dotted paths, the fields whose
    /// schema says `"x-field": "html"`) escape for HTML unless they name another escaping themselves.
    pub fn compile_with(value: &Json, html_fields: &[String]) -> Result<Self, Vec<ParameterFault>> {
        let mut faults = Vec::new();
        let parameter = compile(value, &mut Vec::new(), html_fields, &mut faults);
        if faults.is_empty() { Ok(parameter) } else { Err(faults) }
    }

    /// The value in this context.
    pub fn resolve(&self, context: &Context<'_>) -> Result<Json, ValueError> {
        match self {
            Self::Literal(value) => Ok((**value).clone()),
            Self::Expression(expression) => expression.evaluate(context),
            Self::Template(template) => template.render(context).map(Json::String),
            Self::Object(_) | Self::List(_) => {
                let mut path = Vec::new();
                self.resolve_nested(context, &mut path).map_err(|mut error| {
                    path.reverse();
                    error.message = format!("`{}`: {}", path.join("."), error.message);
                    error
                })
            }
        }
    }

    /// The value in this context, where it need not become anybody's own: a literal and a plain path
    /// are lent.
    pub fn resolve_lent<'v>(&'v self, context: &'v Context<'v>) -> Result<Lent<'v>, ValueError> {
        match self {
            Self::Literal(value) => Ok(Lent(path::Found::Borrowed(value))),
            Self::Expression(expression) => match expression.as_path() {
                Some(path) => path.look_up(context).map(Lent),
                None => Ok(Lent(path::Found::Owned(expression.evaluate(context)?))),
            },
            _ => Ok(Lent(path::Found::Owned(self.resolve(context)?))),
        }
    }

    /// The value in this context, kept as a part of what holds it where it is a plain path.
    pub fn resolve_part(&self, context: &Context<'_>) -> Result<Part, ValueError> {
        match self {
            Self::Literal(value) => Ok(Arc::clone(value).into()),
            Self::Expression(expression) => match expression.as_path() {
                Some(path) => {
                    path.look_up(context)?;
                    let (root, path) = path.root_in(context)?;
                    Ok(Part { root, path: path.to_vec() })
                }
                None => expression.evaluate(context).map(Part::from),
            },
            _ => self.resolve(context).map(Part::from),
        }
    }

    /// `path` collects, innermost first, where it failed.
    fn resolve_nested(&self, context: &Context<'_>, path: &mut Vec<String>) -> Result<Json, ValueError> {
        match self {
            Self::Object(fields) => {
                let mut map = serde_json::Map::new();
                for (key, field) in fields {
                    let value =
                        field.resolve_nested(context, path).inspect_err(|_| path.push(key.clone()))?;
                    map.insert(key.clone(), value);
                }
                Ok(Json::Object(map))
            }
            Self::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    list.push(
                        item.resolve_nested(context, path).inspect_err(|_| path.push(index.to_string()))?,
                    );
                }
                Ok(Json::Array(list))
            }
            _ => self.resolve(context),
        }
    }

    /// A field of an object.
    pub fn get(&self, name: &str) -> Option<Self> {
        match self {
            Self::Literal(value) => value.get(name).map(|value| Self::Literal(Arc::new(value.clone()))),
            Self::Object(fields) => {
                fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
            }
            _ => None,
        }
    }

    /// The value, where nothing in it is computed.
    pub fn as_literal(&self) -> Option<&Json> {
        match self {
            Self::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// Calls `visit` with the path and references of every expression and template.
    pub fn visit_references(&self, visit: &mut dyn FnMut(&str, &References)) {
        self.visit(&mut Vec::new(), visit);
    }

    fn visit(&self, path: &mut Vec<String>, visit: &mut dyn FnMut(&str, &References)) {
        match self {
            Self::Literal(_) => {}
            Self::Expression(expression) => visit(&path.join("."), expression.references()),
            Self::Template(template) => visit(&path.join("."), template.references()),
            Self::Object(fields) => {
                for (key, field) in fields {
                    path.push(key.clone());
                    field.visit(path, visit);
                    path.pop();
                }
            }
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(index.to_string());
                    item.visit(path, visit);
                    path.pop();
                }
            }
        }
    }
}

/// A value that may be a part of a larger one, which it keeps alive instead of being copied out
/// of it: a list of a hundred thousand items is there once, whoever goes through it.
#[derive(Clone)]
pub struct Part {
    root: Arc<Json>,
    /// All known to be there.
    path: Vec<path::Segment>,
}

impl Part {
    /// The value.
    pub fn as_json(&self) -> &Json {
        path::descend(&self.root, &self.path).unwrap_or(&Json::Null)
    }
}

impl From<Arc<Json>> for Part {
    fn from(root: Arc<Json>) -> Self {
        Self { root, path: Vec::new() }
    }
}

impl From<Json> for Part {
    fn from(value: Json) -> Self {
        Arc::new(value).into()
    }
}

impl std::ops::Deref for Part {
    type Target = Json;

    fn deref(&self) -> &Json {
        self.as_json()
    }
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_json().fmt(f)
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.as_json() == other.as_json()
    }
}

impl serde::Serialize for Part {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_json().serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Part {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Json::deserialize(deserializer).map(Self::from)
    }
}

/// A value that may still belong to the context.
#[derive(Debug)]
pub struct Lent<'v>(path::Found<'v>);

impl Lent<'_> {
    /// The value.
    pub fn as_json(&self) -> &Json {
        self.0.as_json()
    }

    /// The value as one's own; copied only where it was lent.
    pub fn into_json(self) -> Json {
        self.0.into_json()
    }
}

fn compile(
    value: &Json,
    path: &mut Vec<String>,
    html_fields: &[String],
    faults: &mut Vec<ParameterFault>,
) -> Parameter {
    let literal = || Parameter::Literal(Arc::new(value.clone()));
    if path.len() > MAX_DEPTH {
        faults.push(fault(
            path,
            ValueError::new("parameter.depth", format!("a parameter nests at most {MAX_DEPTH} levels")),
        ));
        return Parameter::Literal(Arc::new(Json::Null));
    }
    match value {
        Json::Object(map) if map.keys().any(|key| key.starts_with('$')) => {
            match compile_marked(map, path, html_fields) {
                Ok(parameter) => parameter,
                Err(error) => {
                    faults.push(fault(path, error));
                    literal()
                }
            }
        }
        Json::Object(map) => {
            let mut fields = Vec::with_capacity(map.len());
            for (key, value) in map {
                path.push(key.clone());
                fields.push((key.clone(), compile(value, path, html_fields, faults)));
                path.pop();
            }
            match as_literals(fields.iter().map(|(_, field)| field)) {
                None => Parameter::Object(fields),
                // `$literal` inside makes the value differ from the text, so it is built anew.
                Some(values) => Parameter::Literal(Arc::new(Json::Object(
                    fields.iter().map(|(key, _)| key.clone()).zip(values.into_iter().cloned()).collect(),
                ))),
            }
        }
        Json::Array(list) => {
            let mut items = Vec::with_capacity(list.len());
            for (index, value) in list.iter().enumerate() {
                path.push(index.to_string());
                items.push(compile(value, path, html_fields, faults));
                path.pop();
            }
            match as_literals(items.iter()) {
                None => Parameter::List(items),
                Some(values) => {
                    Parameter::Literal(Arc::new(Json::Array(values.into_iter().cloned().collect())))
                }
            }
        }
        _ => literal(),
    }
}

fn as_literals<'a>(parameters: impl Iterator<Item = &'a Parameter>) -> Option<Vec<&'a Json>> {
    parameters.map(Parameter::as_literal).collect()
}

fn fault(path: &[String], error: ValueError) -> ParameterFault {
    ParameterFault { path: path.join("."), error }
}

/// An object with a key that begins with `$`: one of the known forms, or a fault.
fn compile_marked(
    map: &serde_json::Map<String, Json>,
    path: &[String],
    html_fields: &[String],
) -> Result<Parameter, ValueError> {
    let text = |value: &Json, marker: &str| {
        value.as_str().map(str::to_owned).ok_or_else(|| {
            ValueError::new("parameter.marker", format!("`{marker}` wants text, not {}", path::kind(value)))
        })
    };
    let known = |allowed: &[&str]| match map.keys().find(|key| !allowed.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(ValueError::new(
            "parameter.marker",
            format!(
                "`{key}` cannot stand beside `{}`; an object that is computed holds nothing else",
                allowed[0]
            ),
        )),
    };
    if let Some(source) = map.get("$expr") {
        known(&["$expr"])?;
        Expression::compile(&text(source, "$expr")?)
            .map(|expression| Parameter::Expression(Arc::new(expression)))
    } else if let Some(source) = map.get("$template") {
        known(&["$template", "escape"])?;
        let escape = match map.get("escape") {
            Some(name) => Escape::named(&text(name, "escape")?)?,
            None => {
                let path = path.join(".");
                let html = html_fields.iter().any(|field| {
                    path.strip_prefix(field.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                });
                if html { Escape::Html } else { Escape::Text }
            }
        };
        Template::compile(&text(source, "$template")?, escape)
            .map(|template| Parameter::Template(Arc::new(template)))
    } else if let Some(value) = map.get("$literal") {
        known(&["$literal"])?;
        Ok(Parameter::Literal(Arc::new(value.clone())))
    } else {
        let key = map.keys().find(|key| key.starts_with('$')).map_or("", String::as_str);
        let hint = match suggest(key, ["$expr", "$template", "$literal"].into_iter()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write {\"$literal\": …} around an object that really has such a key".to_owned(),
        };
        Err(ValueError::new(
            "parameter.marker",
            format!("`{key}` is not known: an object with `$` is `$expr`, `$template` or `$literal`; {hint}"),
        ))
    }
}

/// The name among `names` that is so near to `text` that it was probably meant.
pub(crate) fn suggest<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names
        .map(|name| (strsim::damerau_levenshtein(text, name), name))
        .filter(|(distance, name)| *distance <= (text.chars().count().max(name.chars().count()) / 3).max(1))
        .min()
        .map(|(_, name)| name)
}

/// At most 80 characters of `text`, on one line.
pub(crate) fn excerpt(text: &str) -> Cow<'_, str> {
    let line = text.lines().next().unwrap_or("");
    match line.char_indices().nth(80) {
        Some((end, _)) => Cow::Owned(format!("{}…", &line[..end])),
        None => Cow::Borrowed(line),
    }
}

#[cfg(test)]
pub(crate) mod tests;
