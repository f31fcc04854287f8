//! What expressions and templates are and see.

use std::sync::Arc;

use crate::{Json, Timestamp};

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
    /// Line, column and fragment for machines.
    pub fn details(&self) -> Json {
        serde_json::json!({"line": self.line, "column": self.column, "fragment": self.fragment})
    }
}

/// A compiled parameter: a literal, an expression, a template, or a container of such.
#[derive(Clone)]
pub enum Parameter {
    /// As it stands.
    Literal(Arc<Json>),
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

impl Parameter {
    /// Compiles a parameter tree; every fault at once.
    pub fn compile(value: &Json) -> Result<Self, Vec<ParameterFault>> {
        Ok(Self::Literal(Arc::new(value.clone())))
    }

    /// As [`Self::compile`]; templates of these top-level fields are escaped for HTML.
    pub fn compile_with(value: &Json, _html_fields: &[String]) -> Result<Self, Vec<ParameterFault>> {
        Self::compile(value)
    }

    /// The value in this context.
    pub fn resolve(&self, context: &Context<'_>) -> Result<Json, ValueError> {
        let _ = context;
        match self {
            Self::Literal(value) => Ok((**value).clone()),
            _ => Ok(Json::Null),
        }
    }

    /// A field of an object.
    pub fn get(&self, name: &str) -> Option<Self> {
        match self {
            Self::Literal(value) => value.get(name).map(|value| Self::Literal(Arc::new(value.clone()))),
            Self::Object(fields) => fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()),
            _ => None,
        }
    }

    /// Calls `visit` with the path and references of every expression and template.
    pub fn visit_references(&self, visit: &mut dyn FnMut(&str, &References)) {
        let _ = visit;
    }
}
