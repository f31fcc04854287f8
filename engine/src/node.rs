//! What the engine knows of a node's code: a pure function from a call to an outcome.
//! Transactional and external nodes are run by the executor, which reports their
//! outcome in the same words.

use std::{any::Any, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Json, Manifest, Timestamp,
    value::{Context, Parameter, Part, References, ValueError},
};

/// What compilation may prepare for a node once, e.g. a parsed condition.
pub type Prepared = Option<Arc<dyn Any + Send + Sync>>;

/// A node that computes. It may not reach anything that is not in its call.
pub trait Pure: Send + Sync {
    /// Parses once, at compile time, what every call will need. Each fault names its field path
    /// below the node's parameters (`""` is the whole).
    fn prepare(&self, _parameters: &Parameter) -> Result<Prepared, Vec<(String, String)>> {
        Ok(None)
    }

    /// Calls `visit` with the field and the references of every script or template that
    /// [`Self::prepare`] has compiled beside the parameters' own.
    fn visit_references(&self, _prepared: &Prepared, _visit: &mut dyn FnMut(&str, &References)) {}

    /// Computes the outcome of one step.
    fn run(&self, call: &Call<'_>) -> Outcome;
}

/// One call of a node.
pub struct Call<'a> {
    /// The compiled parameters.
    pub parameters: &'a Parameter,
    /// What expressions see.
    pub context: &'a Context<'a>,
    /// What [`Pure::prepare`] made.
    pub prepared: &'a Prepared,
}

impl Call<'_> {
    /// Every parameter resolved and read into `T`.
    pub fn parameters<T: serde::de::DeserializeOwned>(&self) -> Result<T, StepError> {
        let value = self.parameters.resolve(self.context)?;
        serde_json::from_value(value)
            .map_err(|error| StepError::new("parameter_invalid", error.to_string()).permanent())
    }

    /// One parameter resolved; `Null` where it is absent.
    pub fn parameter(&self, name: &str) -> Result<Json, StepError> {
        match self.parameters.get(name) {
            Some(parameter) => Ok(parameter.resolve(self.context)?),
            None => Ok(Json::Null),
        }
    }

    /// One parameter resolved, not copied where it is a part of what the step sees; `Null` where it is absent.
    pub fn part(&self, name: &str) -> Result<Part, StepError> {
        match self.parameters.get(name) {
            Some(parameter) => Ok(parameter.resolve_part(self.context)?),
            None => Ok(Json::Null.into()),
        }
    }

    /// The moment of this step.
    pub fn now(&self) -> Timestamp {
        self.context.now
    }
}

/// A value leaving by a port.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// The port's name; every other port is ruled out.
    pub port: String,
    /// `None`: the input, passed through unchanged.
    pub value: Option<Arc<Json>>,
}

impl Output {
    /// Leaves by `port` with `value`.
    pub fn new(port: impl Into<String>, value: Json) -> Self {
        Self { port: port.into(), value: Some(Arc::new(value)) }
    }

    /// Leaves by the usual port.
    pub fn out(value: Json) -> Self {
        Self::new("out", value)
    }

    /// Leaves by `port` with what came in.
    pub fn pass(port: impl Into<String>) -> Self {
        Self { port: port.into(), value: None }
    }
}

/// What one try of a step led to.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is done.
    Done(Output),
    /// It failed; whether it is tried again is the plan's business.
    Failed(StepError),
    /// It waits: for a moment, an event, a person.
    Wait(Wait),
    /// Its body runs once per item.
    ForEach(ForEach),
    /// Its body runs in rounds.
    Loop(LoopBounds),
    /// Another workflow is called.
    Call(CallWorkflow),
    /// The run ends here, well, with this value.
    Stop(Json),
    /// The run ends here as failed, whatever hangs on the error port.
    Abort(StepError),
}

impl From<Result<Output, StepError>> for Outcome {
    fn from(result: Result<Output, StepError>) -> Self {
        match result {
            Ok(output) => Self::Done(output),
            Err(error) => Self::Failed(error),
        }
    }
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{code}: {message}")]
pub struct StepError {
    /// Stable code, e.g. `http.status`, `value.missing`.
    pub code: String,
    /// What happened, in a sentence, without secrets.
    pub message: String,
    /// Whether trying again could help.
    #[serde(default)]
    pub retryable: bool,
    /// Not before this many milliseconds, where the other side said so (`Retry-After`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// More, for machines: status, body, line, column.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub details: Json,
}

impl StepError {
    /// A failure that may pass by itself.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            retryable: true,
            retry_after_ms: None,
            details: Json::Null,
        }
    }

    /// The same, but trying again cannot help.
    pub fn permanent(mut self) -> Self {
        self.retryable = false;
        self
    }

    /// The same with details.
    pub fn with_details(mut self, details: Json) -> Self {
        self.details = details;
        self
    }
}

impl From<ValueError> for StepError {
    fn from(error: ValueError) -> Self {
        Self::new(error.code.clone(), error.to_string()).permanent().with_details(error.details())
    }
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Wait {
    /// A moment; then it leaves by `out` with its input.
    Until {
        /// The moment.
        due: Timestamp,
    },
    /// An event of this type whose correlation value equals `key`; leaves by `out` with the event's
    /// data, or by `timeout`.
    Event {
        /// Event type.
        event_type: String,
        /// What the event's `correlate` path must hold, as text; `None` takes any.
        key: Option<String>,
        /// Dotted path into the event's data; `None` compares the event's subject.
        correlate: Option<String>,
        /// Gives up then.
        deadline: Option<Timestamp>,
    },
    /// A person's decision; leaves by `approved`, `rejected` or `expired`.
    Approval {
        /// What the person reads.
        title: String,
        /// What the author chose to show.
        context: Json,
        /// Who may decide, free text until users exist.
        assignee: Option<String>,
        /// Expires then.
        deadline: Option<Timestamp>,
        /// Reminds then (an `masar.approval.reminder` event).
        remind_at: Option<Timestamp>,
    },
}

/// A `for_each` about to run its body.
#[derive(Debug, Clone, PartialEq)]
pub struct ForEach {
    /// The items, in order; must be a JSON array.
    pub items: Part,
    /// How many bodies run at the same time, at least 1.
    pub parallel: u32,
    /// What a failed body leads to.
    pub on_error: ItemFailure,
}

/// What a failed item does to its `for_each`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "snake_case")]
pub enum ItemFailure {
    /// The whole step fails.
    #[default]
    Stop,
    /// Its result is `null`; the rest goes on.
    Continue,
    /// As `continue`, and `errors` lists index and error.
    Collect,
}

/// The bounds of a `flow.loop`. At least one of the two is mandatory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoopBounds {
    /// At most this many rounds.
    pub max_rounds: u32,
    /// No new round after this moment.
    pub until: Option<Timestamp>,
}

/// A call of another workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallWorkflow {
    /// Id or name of the workflow, which must have a published version with `trigger.called`.
    pub workflow: String,
    /// The callee's trigger data.
    pub input: Json,
    /// Whether to wait for its end and take its result.
    pub wait: bool,
}

/// A node type as the engine needs it.
#[derive(Clone)]
pub struct NodeSpec {
    /// What it declares.
    pub manifest: Arc<Manifest>,
    /// Its code, where it is pure; `None` for transactional and external types.
    pub pure: Option<Arc<dyn Pure>>,
}

/// The node types that are installed.
pub trait Catalogue: Send + Sync {
    /// The type at this version, or at its newest where `version` is `None`.
    fn find(&self, node_type: &str, version: Option<u16>) -> Option<NodeSpec>;
    /// Every type's name, for suggestions.
    fn names(&self) -> Vec<String>;
}
